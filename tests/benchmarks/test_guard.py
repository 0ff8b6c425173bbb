"""The guarded speed ratio: alternating measurements, median, exit code."""

import sys

import numpy as np
import pytest

from benchmarks import guard
from benchmarks.__main__ import main
from simulation.day.capital_flows import scenario_days

REFERENCE_TOTAL = 97.19631595260626
"""What one day of the reference adds up to on two small blocks."""


def test_engine_and_reference_alternate_and_the_first_round_does_not_count() -> None:
    log: list[str] = []

    def stopwatch(name: str, seconds: float) -> float:
        log.append(name)
        return seconds if len(log) > 2 else 1e9

    found = guard.ratios(3, lambda: stopwatch("e", 3.0), lambda: stopwatch("r", 2.0))
    assert found == [1.5, 1.5, 1.5]
    assert "".join(log) == "er" + "re" + "er" + "re"


@pytest.mark.parametrize(("bound", "code"), [(1.6, 0), (1.4, 1)])
def test_the_exit_code_follows_the_median(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bound: float, code: int
) -> None:
    monkeypatch.setattr(guard, "measure_ratios", lambda rounds: [1.0, 1.5, 9.0])
    monkeypatch.setattr(sys, "argv", ["benchmarks", "guard", "--bound", str(bound)])
    assert main() == code
    said = capsys.readouterr().out.splitlines()
    assert all("median 1.50" in line for line in said)
    assert len(said) == (1 if code == 0 else guard.TRIES)


def test_one_measurement_within_the_bound_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = iter([[2.0], [1.5], [9.0]])
    monkeypatch.setattr(guard, "measure_ratios", lambda rounds: next(measured))
    assert [passed for passed, _ in guard.repeated_checks(1, 1.8)] == [False, True]
    assert next(measured) == [9.0]


def test_the_bound_is_the_middle_measurement_with_a_margin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = iter([[1.0], [9.0], [1.5]])
    monkeypatch.setattr(guard, "measure_ratios", lambda rounds: next(measured))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "guard", "--measure-bound"])
    assert main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "BOUND = 2.1"


def test_the_reference_is_what_the_bound_was_measured_with() -> None:
    # A changed reference would move the ratio without any change of the engine.
    drawn = np.random.default_rng(1)
    blocks, personal = ([drawn.random((4, width)) + 0.5 for width in (30, 10)] for _ in range(2))
    assert guard.reference_day(blocks, personal) == pytest.approx(REFERENCE_TOTAL, rel=1e-12)
    assert guard.BLOCKS == (1000, 600, 200, 200, 200, 100, 100, 100, 100, 100)
    assert (guard.PASSES, guard.RUNS) == (40, 32)


def test_the_guarded_scenario_has_the_default_cast() -> None:
    scenario = guard.guard_scenario()
    assert sorted((part.investors for part in scenario.populations.values()), reverse=True) == list(guard.BLOCKS)
    assert len(scenario_days(scenario)) - 1 == 10
