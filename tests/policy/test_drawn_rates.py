"""Drawn rate paths: gaps revert to their level, policy rates follow, and USDJPY does not move."""

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate
from simulation.policy.rate_paths import DrawnRates, gap_levels, priced_step, return_to_level
from simulation.values.conventions import BASIS_POINT

SMALL = (
    *(f"populations.{name}.investors=5" for name in ("carry_funds", "yen_borrowers", "retail_fx")),
    "end=2002-12-31",
)


def test_equations_by_hand() -> None:
    rule = DrawnRates(lowest_gap_pp=1, highest_gap_pp=5)
    assert gap_levels(rule, np.array([[0.25]])) == pytest.approx(0.02)
    # Half of a gap of 2 pp is closed after the half-life.
    gap, days = 0.02, round(1.5 * 252)
    for _ in range(days):
        gap += float(return_to_level(np.array([[gap]]), np.array([[0.0]]), 1.5)[0, 0])
    assert gap == pytest.approx(0.01, rel=1e-9)
    step = priced_step(np.array([[0.0340]]), np.array([[0.0325]]))
    assert step / BASIS_POINT == pytest.approx(25.0)


def test_without_noise_nothing_moves_usdjpy_on_the_way_to_the_level() -> None:
    quiet = ("noise.scale_x=0", "populations.carry_funds.stock_usd_bn=0.001", "populations.yen_borrowers=null")
    record = simulate(
        load_scenario("long_history", (*SMALL, "end=2000-12-29", *quiet, "populations.retail_fx.stock_usd_bn=0.001")),
        (0,),
    )
    gap = (record.market["ust2_pct"] - record.market["jgb2_pct"])[0]
    assert abs(gap[-1] - gap[0]) > 0.1
    assert np.ptp(record.market["usdjpy"]) / 110 < 1e-4


def test_levels_spread_over_runs_and_policy_rates_follow() -> None:
    record = simulate(load_scenario("long_history", SMALL), range(24))
    gap = (record.market["ust2_pct"] - record.market["jgb2_pct"])[:, 504:]
    assert gap.mean(axis=1).min() < 1.8
    assert gap.mean(axis=1).max() > 3.5
    lag = record.market["ust2_pct"] - record.market["fed_rate_pct"]
    assert np.abs(lag[:, 64:]).mean() < 0.5
    assert set(np.unique(np.round(record.market["fed_rate_pct"] * 4, 9) % 1)) == {0.0}
