"""Metrics against numbers worked by hand from the records of conftest."""

import numpy as np
import pytest

from simulation.results.metrics import (
    METRICS,
    FinishedRuns,
    metric_bands,
    metric_values,
    quantile_band,
    yen_bought_by_population,
)
from tests.results.conftest import MakeRecord

# Five runs; usdjpy ends at 147 + run and starts at 150; the middle run is run 2.
BY_HAND = {
    "levered_unwind_usd_bn": 40.0,
    "levered_unwind_share": 40.0 / 250.0,
    "levered_unwind_on_announcement_days_usd_bn": 0.0,  # the meetings of the scenario fall on later days
    "repatriation_usd_bn": 8.0,
    "unwound_usd_bn": 52.0,
    "unwound_share": 52.0 / 850.0,
    "unwound_incentive_usd_bn": 0.0,
    "unwound_volatility_target_usd_bn": 0.0,
    "unwound_margin_usd_bn": 0.0,
    "unwound_stop_usd_bn": 52.0,
    "unwound_liquidation_usd_bn": 0.0,
    "unwound_slow_repatriation_usd_bn": 0.0,
    "yen_bought_usd_bn": 56.0,
    "usdjpy_change_pct": 100.0 * (149.0 / 150.0 - 1.0),
    "usdjpy_trough_pct": 100.0 * (143.0 / 150.0 - 1.0),
    "ust10_change_bp": -10.0,
    "jgb10_change_bp": 5.0,
    "us_equity_change_pct": -4.0,
    "japan_equity_change_pct": 2.0,
    "bitcoin_change_pct": -20.0,
    "loop_gain_max": 0.8,
    "cascade_days": 2.0,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_median_of_every_metric(make_record: MakeRecord, name: str) -> None:
    assert metric_bands(make_record())[name].p50 == pytest.approx(BY_HAND[name], rel=1e-12)


def test_every_metric_is_worked_by_hand() -> None:
    assert {metric.name for metric in METRICS} == {*BY_HAND, "retail_unwind_usd_bn"}


def test_retail_traders_are_in_the_whole_and_in_a_line_of_their_own(make_record: MakeRecord) -> None:
    record = make_record()
    assert metric_bands(record)["retail_unwind_usd_bn"].p50 is None
    record.flows["retail_fx"] = {name: 0.5 * values for name, values in record.flows["carry_funds"].items()}
    record.roles["retail_fx"] = "retail"
    bands = metric_bands(record)
    del record.roles["retail_fx"]
    assert bands["retail_unwind_usd_bn"].p50 == pytest.approx(20.0)
    assert bands["unwound_usd_bn"].p50 == pytest.approx(52.0 + 20.0)
    assert bands["unwound_share"].p50 == pytest.approx(72.0 / (850.0 + 125.0))
    assert bands["levered_unwind_usd_bn"].p50 == pytest.approx(40.0)


def test_band_is_the_quantiles_over_runs(make_record: MakeRecord) -> None:
    found = metric_bands(make_record())["usdjpy_change_pct"]
    ends = 100.0 * (np.array([147.0, 148.0, 149.0, 150.0, 151.0]) / 150.0 - 1.0)
    assert (found.p10, found.p50, found.p90) == pytest.approx(tuple(np.quantile(ends, [0.1, 0.5, 0.9])))


def test_stopped_runs_are_left_out(make_record: MakeRecord) -> None:
    everyone, rest = make_record(), make_record(stopped=(0, 1))
    assert FinishedRuns(rest).count == 3
    values = metric_values(rest)["usdjpy_change_pct"]
    assert values is not None
    complete = metric_values(everyone)["usdjpy_change_pct"]
    assert complete is not None
    np.testing.assert_array_equal(values, complete[2:])


def test_all_runs_stopped_leaves_nothing_to_measure(make_record: MakeRecord) -> None:
    bands = metric_bands(make_record(stopped=(0, 1, 2, 3, 4)))
    assert all((one.p10, one.p50, one.p90) == (None, None, None) for one in bands.values())


def test_scenario_without_bitcoin(make_record: MakeRecord) -> None:
    bands = metric_bands(make_record(without=("bitcoin_usd",)))
    assert bands["bitcoin_change_pct"].to_dict() == {"p10": None, "p50": None, "p90": None, "mean": None, "unit": "%"}
    assert bands["us_equity_change_pct"].p50 == pytest.approx(-4.0)


def test_column_of_an_absent_asset_may_hold_nothing_at_all(make_record: MakeRecord) -> None:
    record = make_record()
    record.market["bitcoin_usd"][:] = np.nan
    assert metric_bands(record)["bitcoin_change_pct"].p50 is None


def test_trough_of_a_rise_is_zero(make_record: MakeRecord) -> None:
    record = make_record()
    record.market["usdjpy"][:] = np.linspace(150.0, 160.0, 5)
    assert metric_bands(record)["usdjpy_trough_pct"].p50 == 0.0


def test_share_of_no_stock_is_not_a_number_but_nothing(make_record: MakeRecord) -> None:
    record = make_record()
    record.flows["carry_funds"]["stock_usd_bn"][:] = 0.0
    assert metric_bands(record)["levered_unwind_share"].p50 is None


def test_everyone_buys_what_everyone_sells(make_record: MakeRecord) -> None:
    bought = yen_bought_by_population(make_record())
    assert sum(one.p50 or 0.0 for one in bought.values()) == pytest.approx(0.0)
    assert bought["carry_funds"].p50 == 48.0
    assert bought["dealers"].p50 == -20.0


def test_no_minus_zero() -> None:
    found = quantile_band(np.array([-0.0, -0.0]), "USD bn")
    assert str(found.p50) == "0.0"
