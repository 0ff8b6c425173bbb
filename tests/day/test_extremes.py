"""Extreme parameters: every run is complete and finite or has a dated, named stop, without loops or warnings."""

import warnings
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.scenario.scenario import Scenario
from tests.support.outcomes import assert_complete_or_stopped, assert_flows_add_up
from tests.support.scenarios import AROUND_THE_HIKE, COARSE, POPULATIONS, SWITCHES, Changes, official, switched


def hundredfold() -> dict[str, Any]:
    """Impact of every market times a hundred."""
    defaults = {
        "usdjpy.fast_impact_pct_per_usd_bn": 0.035, "usdjpy.slow_impact_pct_per_usd_bn": 0.012,
        "ust10.fast_impact_bp_per_100_usd_bn": 7, "ust10.slow_impact_bp_per_100_usd_bn": 3,
        "jgb10.impact_bp_per_10_jpy_tn": 2, "us_equity.multiplier_x": 3, "japan_equity.multiplier_x": 3,
        "bitcoin.impact_pct_per_usd_bn": 1.2, "bitcoin.slow_impact_pct_per_usd_bn": 0.6,
    }  # fmt: skip
    return {f"markets.{name}": 100 * value for name, value in defaults.items()}


def no_volatility() -> dict[str, Any]:
    """Every market without own news."""
    keys = ("usdjpy.own_volatility_pct", "ust10.yield_volatility_bp", "jgb10.yield_volatility_bp",
            "us_equity.own_volatility_pct", "japan_equity.own_volatility_pct", "bitcoin.own_volatility_pct")  # fmt: skip
    return {f"markets.{key}": 0 for key in keys}


def stocks(factor: float) -> dict[str, Any]:
    """Every stock times a factor, with enough assets outstanding."""
    size = {"carry_funds": 250, "crypto_traders": 28, "life_insurers": 620, "real_money_japan": 1750}
    room = {"markets.ust10.outstanding_usd_bn": 1e6, "markets.us_equity.size": 1e8, "markets.bitcoin.size_usd_bn": 1e6}
    return {f"populations.{name}.stock_usd_bn": factor * value for name, value in size.items()} | room


IMPACT_X100 = hundredfold()
LEVERAGE_50 = {
    "populations.carry_funds.leverage_x": {"median": 50, "highest": 100},
    "populations.carry_funds.leverage_cap_x": 200,
}
UNMARGINED = LEVERAGE_50 | {"populations.carry_funds.switches.margin": False}
EXTREMES: dict[str, Changes] = {
    "impact x100": IMPACT_X100,
    "leverage 50": LEVERAGE_50,
    "leverage 50, low margins": LEVERAGE_50 | {
        "populations.carry_funds.margin": {"floor_pct": 0.1, "quantile": 0.0}},
    "leverage 50, no margin calls": UNMARGINED,
    "no volatility": no_volatility(),
    "no volatility of usdjpy": {"markets.usdjpy.own_volatility_pct": 0},
    "no news": {"noise.scale_x": 0},
    "ten times the news": {"noise.scale_x": 10, "noise.student_t_df": 2.5, "noise.clustering": 2},
    "impact x100, leverage 50, no margin calls": IMPACT_X100 | UNMARGINED,
    "impact x100, no volatility": IMPACT_X100 | no_volatility(),
    "impact x100, leverage 50, ten times the news": IMPACT_X100 | UNMARGINED | {"noise.scale_x": 10},
    "stocks near zero": stocks(1e-9),
    "no stocks": stocks(0.0),
    "stocks x15": stocks(15),
    "stocks x15, impact x100": stocks(15) | IMPACT_X100,
    "one investor each": {f"populations.{name}.investors": 1 for name in POPULATIONS},
    "instant stops": {"populations.carry_funds.trailing_stop": {"distance_pct": {"median": 0.01}, "cut_share": 1}},
    "stops that cut nothing": {"populations.carry_funds.trailing_stop.cut_share": 0},
    "huge surprise": {"boj.meetings.0.decision": "2000bp"},
    "huge surprise the other way": {"boj.meetings.0.decision": "-2000bp"},
    "all at once": {"populations.carry_funds.adjustment": {"band_pct": 0, "cut_pct_per_day": 100, "rebuild_pct_per_day": 100}},
    "no tolerance": {"limits.cascade_tolerance_usd_bn": 1e-9, "limits.cascade_rounds": 1000},
    "free lunch": {"populations.carry_funds.funding_spread_bp": 0, "start_values.jgb2_pct": -2, "boj.rate_pct": -2},
    "loan sharks": {"populations.carry_funds.funding_spread_bp": 5000},
    "no curvature": {"markets.usdjpy.fast_scale_usd_bn": 1e9, "markets.usdjpy.slow_scale_usd_bn": 1e9},
    "all curvature": {"markets.usdjpy.fast_scale_usd_bn": 1e-3, "markets.usdjpy.slow_scale_usd_bn": 1e-3},
    "dealers who keep everything": {"markets.usdjpy.release_pct_per_day": 0},
    "dealers who keep nothing": {"markets.usdjpy.release_pct_per_day": 100},
    "no lasting memory": {"noise.clustering_memory": 0, "noise.clustering": 2},
}  # fmt: skip


def extreme(*changes: Changes) -> Scenario:
    surprise: Changes = {**AROUND_THE_HIKE, "end": "2026-01-02", "boj.meetings.0.priced_probability": 0.0}
    return official(COARSE, surprise, *changes)


def outcome(scenario: Scenario, runs: int = 4) -> Record:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = simulate(scenario, range(runs))
    assert_complete_or_stopped(record)
    assert_flows_add_up(record)
    return record


@pytest.mark.parametrize("changes", EXTREMES.values(), ids=EXTREMES.keys())
def test_extreme_parameters_give_finite_runs_or_a_named_stop(changes: Changes) -> None:
    outcome(extreme(changes))


def reasons(*changes: Changes) -> set[str]:
    record = outcome(extreme(*changes))
    assert len(record.stopped) == len(record.runs)
    return {stop.name for stop in record.stopped.values()}


def test_impossible_starts_stop_on_the_first_day() -> None:
    assert reasons(LEVERAGE_50) == {"forced_at_start"}
    assert reasons(no_volatility()) == {"zero_volatility"}
    for changes in (LEVERAGE_50, no_volatility()):
        record = outcome(extreme(changes))
        assert {stop.date for stop in record.stopped.values()} == {record.dates[1].astype(object)}


def test_a_price_explosion_stops_the_run_as_a_runaway() -> None:
    assert reasons(IMPACT_X100, {"populations.carry_funds.stock_usd_bn": 2500}) == {"price_runaway"}
    record = outcome(extreme(IMPACT_X100, {"populations.carry_funds.stock_usd_bn": 2500}))
    for stop in record.stopped.values():
        assert stop.date >= record.dates[1].astype(object)
        assert "left its plausible range" in stop.message


def test_stopped_runs_do_not_affect_other_runs() -> None:
    record = outcome(extreme({"noise.scale_x": 6, "markets.usdjpy.fast_impact_pct_per_usd_bn": 0.6}), runs=16)
    assert 0 < len(record.stopped) < 16


def test_no_stock_no_flow() -> None:
    record = outcome(extreme(stocks(0.0)))
    assert not record.stopped
    for name in POPULATIONS:
        assert not any(values.any() for values in record.flows[name].values()), name


def test_tiny_stocks_have_no_price_effect() -> None:
    tiny, none = (outcome(extreme(stocks(factor))).market for factor in (1e-9, 0.0))
    for name in ("usdjpy", "ust10_pct", "us_equity", "bitcoin_usd"):
        np.testing.assert_allclose(tiny[name], none[name], rtol=1e-9, err_msg=name)


def test_larger_stocks_cause_a_larger_fall() -> None:
    # With the same news, USDJPY falls more after the surprise if carry positions are larger.
    lows = [
        outcome(extreme({"populations.carry_funds.stock_usd_bn": stock})).market["usdjpy"].min(axis=1)
        for stock in (50, 250, 750)
    ]
    assert (lows[0] > lows[1]).all()
    assert (lows[1] > lows[2]).all()


def test_with_every_switch_off_nothing_is_forced() -> None:
    record = outcome(extreme(switched(), {"noise.scale_x": 3}))
    assert len(SWITCHES) == 6
    assert not record.flows["carry_funds"]["unwound_usd_bn"].any()
