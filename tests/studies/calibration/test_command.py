"""``carryflow calibrate``."""

import json
from pathlib import Path

import pytest

from simulation.cli import calibrate_command
from simulation.scenario.config.parameter_sets import read_cloud
from simulation.studies.calibration.problem import load_problem
from tests.cli.conftest import Carryflow, carryflow
from tests.studies.calibration import toys

__all__ = ["carryflow"]

TOY = (
    "calibrate",
    "--problem",
    "tests.studies.calibration.toys:dying_problem",
    "--quick",
    "--workers",
    "1",
    "--seed",
    "5",
)
FILES = {
    "correlations.csv", "emulator.csv", "figure.csv", "figure.png", "figure.svg", "findings.txt", "manifest.json", "moments.csv",
    "parameters.csv", "dying.csv", "posterior_check.csv", "posterior_check.png", "prior_check.csv", "prior_check.png",
    "products.csv",
}  # fmt: skip


@pytest.mark.slow
def test_interrupted_resumed_and_compared(
    carryflow: Carryflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(toys.STOP_AFTER, str(tmp_path / "calls"))
    stopped = carryflow(*TOY, "--out", "one")
    assert stopped.code == 130
    assert stopped.err.rstrip().endswith("--out one --resume")
    assert not (tmp_path / "one").exists()
    monkeypatch.delenv(toys.STOP_AFTER)
    resumed = carryflow(*TOY, "--out", "one", "--resume", "--json", "--quiet")
    assert (resumed.code, resumed.err) == (0, "")
    assert carryflow(*TOY, "--out", "two").code == 0
    assert {path.name for path in (tmp_path / "one").iterdir()} == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls", "one", "two"]
    for name in FILES - {"manifest.json"}:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    facts = json.loads(resumed.out)
    found = read_cloud(tmp_path / "one" / "dying.csv")
    assert facts["sets"] == len(found.values) >= 200
    assert found.notes["request"] == facts["config_hash"]
    assert found.notes["fitted_events"] == "august_2024"
    assert [row["key"] for row in facts["parameters"]] == list(found.keys)
    assert set(facts["checks"]) == {"prior", "posterior"}


def test_without_resume_a_calibration_restarts(
    carryflow: Carryflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(toys.STOP_AFTER, str(tmp_path / "calls"))
    carryflow(*TOY, "--out", "one")
    other = carryflow(*TOY[:-1], "6", "--out", "one", "--resume")
    assert other.code == 2
    assert "another seed" in other.err
    (tmp_path / "calls").unlink()
    assert carryflow(*TOY, "--out", "one").code == 130


def test_batches_of_other_code_are_rejected_without_force(
    carryflow: Carryflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(toys.STOP_AFTER, str(tmp_path / "calls"))
    carryflow(*TOY, "--out", "one")
    monkeypatch.setattr("simulation.studies.calibration.run.code_fingerprint", lambda *_: "another")
    refused = carryflow(*TOY, "--out", "one", "--resume")
    assert (refused.code, "another version of the model's code" in refused.err, "--force" in refused.err) == (
        2,
        True,
        True,
    )
    # Not refused: it goes on, until it is stopped at the next call.
    assert carryflow(*TOY, "--out", "one", "--resume", "--force").code == 130


def test_a_problem_that_does_not_exist_is_a_usage_error(carryflow: Carryflow) -> None:
    outcome = carryflow("calibrate", "--problem", "nowhere:problem")
    assert outcome.code == 2
    assert "nowhere:problem" in outcome.err


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("0", "0 is too small; allowed: 64 to 10,000,000 (parameter sets), such as 12288"),
        ("-1", "-1 is too small; allowed: 64 to 10,000,000"),
        ("20000000", "20000000 is too large; allowed: 64 to 10,000,000"),
        ("text", "'text' is not a whole number; allowed: 64 to 10,000,000"),
        ("1e4", "'1e4' is not a whole number; allowed: 64 to 10,000,000"),
        (
            "300",
            "fewer than the 4,096 of a further one; allowed: 4,096 to 10,000,000; give --draws 4096 or more, or --costly-",
        ),
    ],
)
def test_invalid_numbers_of_draws_are_usage_errors(
    carryflow: Carryflow, tmp_path: Path, number: str, words: str
) -> None:
    outcome = carryflow("calibrate", "--draws", number, "--out", "one")
    assert outcome.code == 2
    assert "--draws" in outcome.err
    assert words in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_ten_thousand_draws_are_accepted() -> None:
    request = calibrate_command.calibration_request(calibrate_command.DEFAULT_PROBLEM, (10_000, None), 1, small=False)
    assert [one.sets for one in request.problem.simulators] == [10_000, 4096, 768]


def test_the_help_states_range_and_default_of_the_draws(carryflow: Carryflow) -> None:
    text = " ".join(carryflow("calibrate", "--help").out.split())
    sizes = [one.sets for one in load_problem(calibrate_command.DEFAULT_PROBLEM).simulators]
    assert text.count("64<=x<=10000000") == 2
    assert f"what the problem states, {sizes[0]:,}" in text
    assert f"what the problem states, {sizes[1]:,} and {sizes[2]:,}" in text


def test_too_few_draws_are_rejected_before_simulating(carryflow: Carryflow, tmp_path: Path) -> None:
    outcome = carryflow("calibrate", "--draws", "64", "--costly-draws", "64", "--out", "one")
    assert outcome.code == 2
    assert "64 parameter sets for simulator 'episode' leave 28 to the first stage" in outcome.err
    assert "19 parameters needs 40: allow 100 or more" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_draws_set_the_number_of_parameter_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    request = calibrate_command.calibration_request(
        "tests.studies.calibration.toys:linear_problem", (999, 111), 1, small=False
    )
    assert [one.sets for one in request.problem.simulators] == [999, 111]
    assert (
        request.hash
        != calibrate_command.calibration_request(
            "tests.studies.calibration.toys:linear_problem", (None, 111), 1, False
        ).hash
    )
