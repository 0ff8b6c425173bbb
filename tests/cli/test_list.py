"""``carryflow list``."""

import json
from pathlib import Path

import pytest

from simulation.cli.list_command import LISTED_KINDS, docstring_title, yaml_title
from simulation.results.metrics import METRICS
from tests.cli.conftest import Carryflow


@pytest.mark.parametrize("kind", LISTED_KINDS)
def test_each_kind_lists_on_its_own(carryflow: Carryflow, kind: str) -> None:
    outcome = carryflow("list", kind, "--json")
    assert outcome.code == 0
    assert list(json.loads(outcome.out)) == [kind]
    assert carryflow("list", kind).code == 0


def test_everything_without_an_argument(carryflow: Carryflow) -> None:
    assert list(json.loads(carryflow("list", "--json").out)) == list(LISTED_KINDS)
    text = carryflow("list").out
    assert "december_2025_article" in text
    assert all(metric.name in text for metric in METRICS)


def test_scenarios_come_with_their_titles(carryflow: Carryflow) -> None:
    scenarios = json.loads(carryflow("list", "scenarios", "--json").out)["scenarios"]
    titles = {entry["name"]: entry["title"] for entry in scenarios}
    assert "article" in titles["december_2025_article"]


def test_unknown_kind_is_a_usage_error(carryflow: Carryflow) -> None:
    assert carryflow("list", "unicorns").code == 2


def test_a_broken_config_does_not_break_the_list(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("extends: nowhere.yaml\n")
    assert "config check" in yaml_title("scenarios", broken)
    broken.write_text("name: x\n")
    assert "base" in yaml_title("scenarios", broken)


def test_an_experiment_is_titled_by_its_docstring(tmp_path: Path) -> None:
    study = tmp_path / "study.py"
    study.write_text('"""Who moves first?\n\nMore words."""\n')
    assert docstring_title(study) == "Who moves first?"
