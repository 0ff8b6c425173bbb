"""Selected columns are recorded bit for bit, and expensive columns are not computed without a request."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from simulation.day import capital_flows, recorder
from simulation.day.capital_flows import simulate
from simulation.day.recorder import REQUIRED_COLUMNS, Record
from simulation.results.metrics import METRICS, FinishedRuns, Metric, columns_read_by
from simulation.scenario.scenario import Scenario
from simulation.sweeps.run_rows import FIXED_SERIES_NAMES, daily_values, record_columns, yen_series_name
from simulation.values.conventions import Array
from tests.support.scenarios import COARSE, ONE_WEEK, official

RUNS = range(3)
FEW = (
    frozenset[str](),
    frozenset({"loop_gain"}),
    frozenset({"crowding_share", "stock_usd_bn"}),
    frozenset({"cascade", "unwound_usd_bn", "equity_usd_bn"}),
)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return official(COARSE, ONE_WEEK)


@pytest.fixture(scope="module")
def whole(scenario: Scenario) -> Record:
    return simulate(scenario, RUNS)


def of_flows(record: Record) -> Iterator[tuple[str, str, Array]]:
    for owner, table in record.flows.items():
        for name, values in table.items():
            yield owner, name, values


@pytest.mark.parametrize("columns", FEW, ids=[" ".join(sorted(few)) or "none" for few in FEW])
def test_requested_columns_are_bit_identical_to_a_full_record(
    scenario: Scenario, whole: Record, columns: frozenset[str]
) -> None:
    result = simulate(scenario, RUNS, columns=columns)
    assert list(result.market) == [name for name in whole.market if name in columns | REQUIRED_COLUMNS]
    assert all(values.tobytes() == whole.market[name].tobytes() for name, values in result.market.items())
    expected = {(owner, name): values for owner, name, values in of_flows(whole) if name in columns}
    assert {(owner, name): values.tobytes() for owner, name, values in of_flows(result)} == {
        key: values.tobytes() for key, values in expected.items()
    }
    assert list(result.flows) == list(whole.flows)
    assert result.roles == whole.roles


def test_forced_sales_are_computed_only_for_columns_that_need_them(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise RuntimeError("somebody asked")

    monkeypatch.setattr(recorder, "forced_sales", asked)
    assert simulate(scenario, RUNS, columns=frozenset({"stock_usd_bn"})).finished.all()
    for name in recorder.FRAGILITY_COLUMNS:
        with pytest.raises(RuntimeError, match="somebody asked"):
            simulate(scenario, RUNS, columns=frozenset({name}))


def test_the_ledger_is_checked_for_any_selection_of_columns(
    scenario: Scenario, whole: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = simulate(scenario, RUNS, columns=frozenset())
    assert {name: values.tobytes() for name, values in few.residuals.items()} == {
        name: values.tobytes() for name, values in whole.residuals.items()
    }
    monkeypatch.setattr(capital_flows, "ledger_residuals", lambda *_: {"made_up": np.array([0.0, 1.0, 0.0])})
    broken = simulate(scenario, RUNS, columns=frozenset({"unwound_usd_bn"}))
    assert {row: stop.name for row, stop in broken.stopped.items()} == {1: "ledger:made_up"}
    assert np.isnan(broken.market["usdjpy"][1, 1:]).all()
    assert np.isfinite(broken.market["usdjpy"][[0, 2]]).all()
    assert all(not values[1, 2:].any() for _, _, values in of_flows(broken))


@pytest.mark.parametrize("metric", METRICS, ids=[metric.name for metric in METRICS])
def test_a_metric_reads_only_its_declared_columns(whole: Record, metric: Metric) -> None:
    few = recorded(whole, columns_read_by([metric.name]))
    result, expected = metric.per_run(FinishedRuns(few)), metric.per_run(FinishedRuns(whole))
    assert (result is None) == (expected is None)
    if result is not None and expected is not None:
        assert result.tobytes() == expected.tobytes()


@pytest.mark.parametrize("series", [*FIXED_SERIES_NAMES, yen_series_name("carry_funds")])
def test_a_daily_series_reads_only_its_declared_columns(whole: Record, series: str) -> None:
    result = daily_values(recorded(whole, record_columns(series)), series)
    assert result.tobytes() == daily_values(whole, series).tobytes()


def test_a_column_that_was_not_requested_is_an_error(whole: Record) -> None:
    few = recorded(whole, frozenset({"usdjpy"}))
    with pytest.raises(LookupError, match="loop_gain was not recorded"):
        next(metric for metric in METRICS if metric.name == "loop_gain_max").per_run(FinishedRuns(few))
    with pytest.raises(LookupError, match="bitcoin_usd was not recorded"):
        daily_values(few, "bitcoin_usd")
    with pytest.raises(LookupError, match="stock_usd_bn was not recorded"):
        daily_values(few, "unwound_share_to_date")


def recorded(whole: Record, columns: frozenset[str]) -> Record:
    """A record that contains only these columns."""
    market = {name: values for name, values in whole.market.items() if name in columns | REQUIRED_COLUMNS}
    flows = {
        owner: {name: values for name, values in table.items() if name in columns}
        for owner, table in whole.flows.items()
    }
    return replace(whole, market=market, flows=flows, columns=columns)
