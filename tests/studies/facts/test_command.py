"""``carryflow facts``: output, files and errors."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulation.cli.facts_command import facts
from simulation.results.output_folder import OutputError, read_manifest
from tests.support.places import SMALL_SCENARIO

SMALL = SMALL_SCENARIO
Facts = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Facts:
    """Return a function that runs the command for a scenario of one month in a temporary folder."""
    monkeypatch.chdir(tmp_path)
    arguments = ["--scenario", str(SMALL), "--runs", "3"]
    return lambda *more: CliRunner().invoke(facts, [*arguments, *more])


def test_table_and_files(command: Facts, tmp_path: Path) -> None:
    outcome = command("--out", "here")
    assert outcome.exit_code == 0
    assert "Stylised facts of USDJPY, 1990-2024" in outcome.stdout
    assert "scenario small, 2025-12-05 to 2025-12-30, seed 7, 3 runs" in outcome.stdout
    assert "Skewness, daily" in outcome.stdout
    assert "Table and figure in here" in outcome.stderr
    manifest = read_manifest(tmp_path / "here")
    assert (manifest["kind"], manifest["runs"], manifest["seed"]) == ("facts", 3, 7)
    assert sorted(manifest["files"]) == ["facts.csv", "figure.csv", "figure.png", "figure.svg"]


@pytest.mark.usefixtures("unrendered")
def test_json_is_one_object(command: Facts) -> None:
    outcome = command("--json", "--quiet")
    found = json.loads(outcome.stdout)
    assert outcome.stderr == ""
    assert (found["scenario"], found["runs"], found["runs_failed"]) == ("small", 3, 0)
    assert found["parameter_sets"] is None
    by_name = {item["name"]: item for item in found["facts"]}
    assert by_name["daily_skew"]["historical"]["value"] == -0.4775
    assert by_name["amplification_frozen"]["simulated"]["value"] == pytest.approx(1.0, abs=0.02)
    assert by_name["skew_slope"]["verdict"] == "not measured"


@pytest.mark.usefixtures("unrendered")
def test_same_seed_same_bytes_whatever_the_workers(command: Facts, tmp_path: Path) -> None:
    command("--out", "one", "--workers", "1")
    two = command("--out", "two", "--workers", "2")
    assert two.exception is None
    command("--out", "other", "--seed", "8")
    texts = [(tmp_path / folder / "facts.csv").read_bytes() for folder in ("one", "two", "other")]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.usefixtures("unrendered")
def test_a_folder_of_other_facts_is_rejected_without_force(command: Facts) -> None:
    command("--out", "here")
    refused = command("--out", "here", "--set", "end=2025-12-29")
    assert isinstance(refused.exception, OutputError)
    assert command("--out", "here", "--set", "end=2025-12-29", "--force").exit_code == 0


@pytest.mark.usefixtures("unrendered")
def test_parameter_sets_are_used_and_named(command: Facts, tmp_path: Path) -> None:
    outcome = command("--posterior", "--out", "here")
    assert "3 runs, parameter sets august_2024" in outcome.stdout
    assert read_manifest(tmp_path / "here")["parameter_sets"] == "august_2024"
    assert isinstance(command("--out", "here").exception, OutputError)


@pytest.mark.usefixtures("unrendered")
def test_failed_runs_give_exit_code_three(command: Facts) -> None:
    outcome = command(
        "--set", "populations.carry_funds.leverage_x={median: 90, highest: 100}",
        "--set", "populations.carry_funds.leverage_cap_x=100",
    )  # fmt: skip
    assert outcome.exit_code == 3
    assert "3 of 3 runs stopped early" in outcome.stdout
    assert "inside" not in outcome.stdout.splitlines()[4]
