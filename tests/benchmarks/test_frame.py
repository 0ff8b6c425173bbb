"""Measurement in rounds, skipped contestants with reasons, and comparison of results with the engine."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import models
from benchmarks.contestants import (
    DECISION,
    INVESTOR_DAY,
    CannotBeMeasuredError,
    Contestant,
    Measurement,
    Setting,
    skipped_contestant,
)
from benchmarks.models import FUNDS, KERNEL, REFERENCE, TWIN, engines, kernels, twins
from benchmarks.peers import environment
from benchmarks.report import Report, markdown
from benchmarks.rounds import Result, measure
from simulation.day.capital_flows import scenario_days
from tests.support.scenarios import COARSE, ONE_WEEK, official


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(official(COARSE, ONE_WEEK), tmp_path)


def clocked(name: str, seconds: float, log: list[str], unit: str = INVESTOR_DAY) -> Contestant:
    def once() -> Measurement:
        log.append(name)
        return Measurement(seconds)

    return Contestant(name, f"what {name} runs", unit, 1000, once)


def silent(line: str) -> None:
    assert line


def test_each_takes_part_once_a_round_and_another_one_begins() -> None:
    log: list[str] = []
    taking_part = [clocked("a", 1.0, log), clocked("b", 2.0, log), clocked("c", 3.0, log)]
    results = measure(taking_part, 4, silent)
    assert "".join(log) == "abc" + "bca" + "cab" + "abc"
    assert [result.nanoseconds for result in results] == [[1e6] * 4, [2e6] * 4, [3e6] * 4]
    assert [result.middle for result in results] == [1e6, 2e6, 3e6]


def test_who_is_skipped_is_never_run_and_says_why() -> None:
    missing = skipped_contestant("away", "nothing", DECISION, "no wheel for this Python")
    (result,) = measure([missing], 2, silent)
    assert result.middle is None
    assert "no wheel for this Python" in markdown(Report([result], "machine", "scenario"))
    with pytest.raises(RuntimeError, match="no wheel for this Python"):
        missing.once()


def test_who_fails_on_the_way_is_skipped_with_the_reason_and_the_others_go_on() -> None:
    log: list[str] = []

    def second_time() -> Measurement:
        log.append("b")
        if log.count("b") == 2:
            raise CannotBeMeasuredError("the example ended early")
        return Measurement(2.0)

    taking_part = [clocked("a", 1.0, log), replace(clocked("b", 2.0, log), once=second_time), clocked("c", 3.0, log)]
    results = measure(taking_part, 3, silent)
    assert "".join(log) == "abc" + "bca" + "ca"
    assert [result.middle for result in results] == [1e6, None, 3e6]
    assert "| b | skipped: the example ended early |" in markdown(Report(results, "machine", "scenario"))


def test_an_unsupported_scenario_skips_the_twin(tmp_path: Path) -> None:
    by_threshold = Setting(official(COARSE, ONE_WEEK, {"unwind.rule": "threshold"}), tmp_path)
    results = measure(twins(by_threshold), 1, silent)
    assert all("unwind.rule" in result.contestant.skipped for result in results)
    assert "skipped" in markdown(Report(results, "machine", "scenario")), "no peers were asked for"


def test_runs_that_end_early_are_not_divided_by_days_that_never_came(tmp_path: Path) -> None:
    at_the_limit = Setting(
        official(COARSE, ONE_WEEK, {"populations.carry_funds.leverage_x": {"median": 20, "highest": 30}}), tmp_path
    )
    single, *_ = engines(at_the_limit)
    results = measure([single, *twins(at_the_limit)], 1, silent)
    assert all("under margin calls at start prices" in result.contestant.skipped for result in results)


def test_ratios_are_to_the_batch_of_64_and_for_investor_days_only() -> None:
    log: list[str] = []
    peer = clocked("peer", 50.0, log, DECISION)
    kernel = replace(clocked(KERNEL, 1.0, log), against=FUNDS)
    taking_part = [clocked(REFERENCE, 2.0, log), clocked(FUNDS, 3.0, log), clocked(TWIN, 500.0, log), kernel, peer]
    results = measure(taking_part, 3, silent)
    report = Report(results, "machine", "scenario")
    assert [report.times_reference(result) for result in results] == [1.0, 1.5, 250.0, pytest.approx(1 / 3), None]
    assert "250 times as long" in report.verdict()
    assert "3.0 times as long as the fused kernel" in report.verdict()
    assert "not measured" in Report(results[2:3], "machine", "scenario").verdict()


def test_models_are_timed_on_the_same_investors_and_days(setting: Setting) -> None:
    days = len(scenario_days(setting.scenario)) - 1
    assert days == 5
    single, *batches = engines(setting)
    assert single.units == 4 * 8 * days
    assert [batch.units // single.units for batch in batches] == [8, 64, 256]
    assert {contestant.units for contestant in twins(setting)} == {single.units}


def test_equality_is_measured_where_speed_is(setting: Setting) -> None:
    single, eight, *_ = engines(setting)
    results = measure([single, eight, *twins(setting)], 1, silent)
    report = Report(results, "machine", "scenario")
    for result in results:
        difference = report.metric_difference(result)
        assert difference is not None
        assert difference <= 1e-9
    assert report.metric_difference(Result(skipped_contestant("away", "", DECISION, "reason"))) is None


def test_a_kernel_is_plugged_in_by_its_module(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def prepared(scenario: Any, runs: int) -> Callable[[], None]:
        asked.append((scenario, runs))
        return lambda: None

    made_up = SimpleNamespace(prepared=prepared, funds_only=lambda scenario: scenario)
    monkeypatch.setitem(sys.modules, "benchmarks.made_up_kernel", made_up)
    monkeypatch.setattr(models, "KERNEL_MODULE", "benchmarks.made_up_kernel")
    engine, kernel = kernels(setting)
    assert (kernel.against, kernel.units) == (engine.name, engine.units)
    assert engine.once().record is None, "other investors: no metrics to compare"
    assert asked == [(setting.scenario, 64)]
    assert kernel.units == engines(setting)[2].units
    assert kernel.once().record is None


def test_a_kernel_that_differs_from_the_engine_is_not_measured(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepared(scenario: Any, runs: int) -> Callable[[], None]:
        raise ArithmeticError("usdjpy differs")

    broken = SimpleNamespace(prepared=prepared, funds_only=lambda scenario: scenario)
    monkeypatch.setattr(importlib, "import_module", lambda name: broken)
    (kernel,) = kernels(setting)
    assert kernel.skipped == "usdjpy differs"


@pytest.mark.parametrize(
    ("missing", "reason"), [("benchmarks.fused_kernel", "not in this checkout"), ("numba", "numba is not installed")]
)
def test_a_kernel_that_is_absent_says_why(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, missing: str, reason: str
) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError(name, name=missing)

    monkeypatch.setattr(importlib, "import_module", fail)
    (kernel,) = kernels(setting)
    assert kernel.skipped == reason


def test_a_peer_that_cannot_be_installed_is_skipped_with_the_reason(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: Any, seconds: int) -> str:
        raise environment.PeerError("no matching distribution")

    monkeypatch.setattr(environment, "command_output", fail)
    assert {contestant.skipped for contestant in environment.peers(setting)} == {"no matching distribution"}


def test_a_command_that_fails_gives_its_error_line() -> None:
    script = "import sys; print('ERROR: no such package\\nnote: ask', file=sys.stderr); sys.exit(1)"
    with pytest.raises(environment.PeerError, match=r"^no such package$"):
        environment.command_output([sys.executable, "-c", script], 60)
    assert environment.command_output([sys.executable, "-c", "print(3)"], 60) == "3\n"
    with pytest.raises(environment.PeerError):
        environment.command_output(["/no/such/program"], 60)


def test_a_peer_is_measured_by_its_script(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    said = '{"seconds": 2.0, "decisions": 500, "version": "1"}'
    monkeypatch.setattr(environment, "command_output", lambda command, seconds: said)
    monkeypatch.setattr(environment, "environment", lambda peer, environments: Path("python"))
    measured = measure(environment.peers(setting), 2, silent)
    assert [result.nanoseconds for result in measured] == [[4e6, 4e6]] * len(environment.peers(setting))
    assert len(measured) > 0
