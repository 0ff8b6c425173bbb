"""Histories from the model, and independence of blocks and workers."""

from datetime import date

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario, run_ensemble
from simulation.scenario.config.parameter_sets import Cloud
from simulation.scenario.scenario import Scenario
from simulation.studies.facts import simulated as module
from simulation.studies.facts.history import History
from simulation.studies.facts.measures import MEASURES_BY_NAME
from simulation.studies.facts.simulated import (
    SimulatedHistories,
    fact_estimate,
    fact_estimates,
    first_measured_day,
    history_from_record,
    run_blocks,
    simulate_histories,
)
from tests.studies.facts.conftest import MakeHistory
from tests.support.scenarios import COARSE, TWO_WEEKS, official


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return official(COARSE, TWO_WEEKS)


def same(first: History, second: History) -> bool:
    return bool(np.array_equal(first.usdjpy, second.usdjpy) and np.array_equal(first.ust2_pct, second.ust2_pct))


def test_a_history_equals_the_columns_of_the_record(scenario: Scenario) -> None:
    record = run_ensemble(scenario, 3)
    history = history_from_record(record)
    assert np.array_equal(history.usdjpy, record.market["usdjpy"])
    assert history.us_equity is not None
    assert history.us_equity[:, 0] == pytest.approx(100.0)
    # The levered holders of this cast are the carry funds.
    assert history.position == pytest.approx(record.flows["carry_funds"]["stock_usd_bn"])
    assert history.two_year_gap_pp == pytest.approx(record.market["ust2_pct"] - record.market["jgb2_pct"])


def test_blocks_do_not_affect_the_result(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate_histories(scenario, 5)
    monkeypatch.setattr(module, "MAX_RUN_DAYS", 25)
    assert [len(block) for block in run_blocks(scenario, 5)] == [2, 2, 1]
    done: list[tuple[int, int]] = []
    parts = simulate_histories(scenario, 5, progress=lambda *counts: done.append(counts))
    assert same(whole.history, parts.history)
    assert done == [(2, 5), (4, 5), (5, 5)]


def test_every_worker_gets_a_block_and_none_is_too_large(scenario: Scenario) -> None:
    assert [len(block) for block in run_blocks(scenario, 6, workers=2)] == [3, 3]
    assert sum(len(block) for block in run_blocks(scenario, 30_000, workers=2)) == 30_000
    assert max(len(block) for block in run_blocks(scenario, 30_000)) * 11 <= module.MAX_RUN_DAYS


def test_each_run_takes_its_parameter_set(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "markets.usdjpy.fast_impact_pct_per_usd_bn"
    cloud = Cloud("two", (key,), np.array([[0.03], [0.06]]), np.array([0.5, 0.5]), {})
    monkeypatch.setattr(module, "MAX_RUN_DAYS", 25)
    mixed = simulate_histories(scenario, 4, cloud=cloud)
    for run in range(4):
        alone = simulate_histories(official(COARSE, TWO_WEEKS, {key: cloud.for_run(run)[key]}), 4)
        assert np.array_equal(mixed.history.usdjpy[run], alone.history.usdjpy[run])


def test_the_warm_up_is_excluded(scenario: Scenario) -> None:
    # A sixth of two weeks are two days; a sixth of eighteen years would be three, two count.
    assert (scenario.start, first_measured_day(scenario)) == (date(2025, 11, 28), date(2025, 11, 30))
    assert simulate_histories(scenario, 1).history.dates[0] == np.datetime64("2025-12-01")
    longer = scenario.model_copy(update={"end": date(2043, 11, 28)})
    assert first_measured_day(longer) == date(2027, 11, 28)
    assert first_measured_day(load_scenario("long_history")) == date(2001, 12, 30)


def test_stopped_runs_are_excluded_and_counted() -> None:
    wild = official(COARSE, TWO_WEEKS, {"populations.carry_funds.leverage_x": {"median": 90, "highest": 100}},
                    {"populations.carry_funds.leverage_cap_x": 100})  # fmt: skip
    found = simulate_histories(wild, 3)
    assert (found.history.runs, found.failed) == (0, 3)
    assert fact_estimates(found.history) == {}


def test_pooled_value_its_error_and_single_runs(make_history: MakeHistory) -> None:
    returns = np.random.default_rng(1).normal(size=(50, 300))
    found = fact_estimate(MEASURES_BY_NAME["daily_sd_pct"], make_history(returns))
    assert found.value == pytest.approx(returns.std(ddof=1), rel=1e-9)
    # The error of a standard deviation of n independent normal numbers is sd / sqrt(2 n).
    assert found.error == pytest.approx(1.0 / np.sqrt(2 * returns.size), rel=0.3)
    single = returns.std(axis=1, ddof=1)
    assert (found.p10, found.p50, found.p90) == pytest.approx(tuple(np.quantile(single, (0.1, 0.5, 0.9))), rel=1e-9)


def test_years_count_finished_runs(make_history: MakeHistory) -> None:
    found = SimulatedHistories(make_history(np.zeros((4, 521))), runs=5)
    span = float((found.history.dates[-1] - found.history.dates[0]).astype(float))
    assert found.years == pytest.approx(4 * span / 365.25)
    assert found.failed == 1
