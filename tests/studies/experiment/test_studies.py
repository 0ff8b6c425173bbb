"""The shipped experiments: question, imports, variants and quick version."""

import ast
from pathlib import Path

import pytest

from simulation.scenario.config.catalog import shipped_files
from simulation.studies.experiment.design import ExperimentScale, experiment_question
from simulation.studies.experiment.runner import plan_experiment
from tests.studies.experiment.conftest import NAMES, check_output, small, study_of


@pytest.mark.parametrize("name", NAMES)
def test_first_line_is_the_question(name: str) -> None:
    assert experiment_question(shipped_files("experiments")[name]).endswith("?")


@pytest.mark.parametrize("name", NAMES)
def test_only_the_package_and_its_libraries_are_used(name: str) -> None:
    tree = ast.parse(shipped_files("experiments")[name].read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {module.split(".")[0] for module in modules} <= {
        "collections", "dataclasses", "itertools", "matplotlib", "numpy", "pandas", "simulation",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_private_name_of_the_package_is_used(name: str) -> None:
    tree = ast.parse(shipped_files("experiments")[name].read_text(encoding="utf-8"))
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert [each for each in imported + attributes if each.startswith("_")] == []


@pytest.mark.parametrize("name", NAMES)
def test_variants_are_told_apart_by_their_labels(name: str) -> None:
    for quick in (True, False):
        variants = study_of(name).design(ExperimentScale(10, quick))
        labels = [tuple(variant.labels.items()) for variant in variants]
        assert len(set(labels)) == len(labels)
        assert len({tuple(variant.labels) for variant in variants}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_quick_is_smaller_and_its_scenarios_are_valid(name: str) -> None:
    quick, full = plan_experiment(name, quick=True), plan_experiment(name)
    assert quick.scale.runs < full.scale.runs
    assert len(quick.variants) <= len(full.variants)
    assert quick.study.QUICK_NOTE
    assert len(quick.scenarios) == len(quick.variants)
    assert quick.folder != full.folder


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_quick_version_as_shipped(name: str, tmp_path: Path) -> None:
    with small(name, plan_experiment(name, quick=True).scale.runs, {}) as outcome:
        check_output(outcome, tmp_path / "out")
