"""``carryflow experiment`` and ``carryflow list experiments``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.scenario.config.catalog import shipped_files
from simulation.studies.experiment.design import experiment_question
from tests.cli.conftest import Carryflow, carryflow
from tests.cli.test_help import HEAVY
from tests.cli.test_startup import PRINT_LOADED_MODULES
from tests.studies.experiment.conftest import NAMES

__all__ = ["carryflow"]


def test_findings_on_output_place_on_error(carryflow: Carryflow, study: Path, tmp_path: Path) -> None:
    outcome = carryflow("experiment", study)
    assert outcome.code == 0
    first, second = outcome.out.splitlines()
    assert first == "Does a larger stock of carry unwind more?"
    assert second.startswith("USDJPY ends at ")
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.startswith("own_study-")
    assert outcome.err == f"Table and figure in results/{folder.name}\n"


@pytest.mark.usefixtures("unrendered")
def test_json_is_one_pure_object(carryflow: Carryflow, study: Path) -> None:
    outcome = carryflow("experiment", study, "--quick", "--seed", "3", "--json", "--quiet", "--out", "here")
    found = json.loads(outcome.out)
    assert (found["experiment"], found["quick"], found["runs"], found["seed"]) == ("own_study", True, 2, 3)
    assert found["folder"] == "here"
    assert str(round(found["values"]["mean"], 4)) in found["findings"]
    assert outcome.err == ""


@pytest.mark.usefixtures("unrendered")
def test_same_experiment_is_found_not_piled_up(carryflow: Carryflow, study: Path, tmp_path: Path) -> None:
    assert carryflow("experiment", study).err == carryflow("experiment", study).err
    assert carryflow("experiment", study, "--runs", "1").code == 0
    assert len(list((tmp_path / "results").iterdir())) == 2


@pytest.mark.usefixtures("unrendered")
def test_other_results_are_refused_unless_forced(carryflow: Carryflow, study: Path) -> None:
    carryflow("experiment", study, "--out", "here")
    refused = carryflow("experiment", study, "--out", "here", "--seed", "12")
    assert refused.code == 2
    assert refused.out == ""
    assert carryflow("experiment", study, "--out", "here", "--seed", "12", "--force").code == 0


def test_interrupt_leaves_nothing(carryflow: Carryflow, study: Path, tmp_path: Path) -> None:
    broken = study.read_text(encoding="utf-8").replace(
        "def findings(table):", "def findings(table):\n    raise KeyboardInterrupt\n"
    )
    study.write_text(broken, encoding="utf-8")
    assert carryflow("experiment", study, "--out", "here").code == 130
    assert [path.name for path in tmp_path.iterdir()] == [study.name]


def test_unknown_name_ends_with_two_and_the_nearest(carryflow: Carryflow) -> None:
    outcome = carryflow("experiment", "surprize")
    assert outcome.code == 2
    assert outcome.out == ""
    assert "surprise" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("arguments", [["--runs", "0"], ["--seed", "-1"], ["--workers", "0"], ["--set", "a=1"]])
def test_usage_errors_end_with_two(carryflow: Carryflow, study: Path, arguments: list[str]) -> None:
    assert carryflow("experiment", study, *arguments).code == 2


def test_list_shows_the_question_of_each(carryflow: Carryflow) -> None:
    listed = json.loads(carryflow("list", "experiments", "--json").out)["experiments"]
    assert {entry["name"]: entry["title"] for entry in listed} == {
        name: experiment_question(path) for name, path in shipped_files("experiments").items()
    }
    assert set(NAMES) >= {"spread", "surprise", "sequence", "guidance", "carry_size", "reservoir", "asset_classes"}


def test_listing_runs_no_experiment() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_LOADED_MODULES, "list", "experiments"], capture_output=True, text=True, check=True
    )
    exit_code, modules = json.loads(done.stderr)
    assert exit_code == 0
    assert [name for name in modules if name.startswith("carryflow_experiment")] == []
    assert "mesa" not in modules


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_LOADED_MODULES, "experiment", "--help"], capture_output=True, text=True, check=True
    )
    exit_code, modules = json.loads(done.stderr)
    assert exit_code == 0
    assert "--quick" in done.stdout
    assert [name for name in HEAVY if name in modules] == []
