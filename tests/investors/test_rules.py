"""Shared equations against hand-computed values and their stated properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.investors.rules import (
    has_margin_call,
    hedged_incentive,
    is_stopped,
    margin_call,
    margin_requirement,
    outside_band,
    partial_adjustment,
    stop_level,
    unhedged_incentive,
    volatility_ratio,
)
from simulation.values.conventions import Array


def one(value: float) -> Array:
    return np.array([[value]])


@pytest.mark.parametrize(("volatility", "held"), [(2.0, 0.5), (1.25, 0.8), (1.0, 1.0), (0.9, 1 / 0.9), (0.5, 1.2)])
def test_volatility_target_is_inverse_to_volatility_up_to_a_cap(volatility: float, held: float) -> None:
    ratio = volatility_ratio(one(4e-5 * volatility**2), 4e-5, 1.2)
    assert ratio[0, 0] == pytest.approx(held, rel=1e-12)


@pytest.mark.parametrize(("gap", "left"), [(9.99, 0.0), (-9.99, 0.0), (10.0, 0.0), (10.01, 10.01), (-25.0, -25.0)])
def test_gaps_inside_the_band_are_zero(gap: float, left: float) -> None:
    assert outside_band(one(gap), one(100.0), 0.1)[0, 0] == left


def test_without_a_band_every_gap_is_traded() -> None:
    np.testing.assert_array_equal(outside_band(np.array([[1e-9, -1e-9, 0.0]]), one(100.0), 0.0), [[1e-9, -1e-9, 0.0]])


@pytest.mark.parametrize(("gap", "step"), [(20.0, 0.2), (-20.0, -1.5), (0.0, 0.0)])
def test_positions_are_rebuilt_slowly_and_cut_faster(gap: float, step: float) -> None:
    assert partial_adjustment(one(gap), 0.01, 0.075)[0, 0] == pytest.approx(step, rel=1e-13)


@pytest.mark.parametrize(
    ("daily_volatility", "margin"),
    [(0.001, 0.04), (0.0066, 2.33 * 0.0066 * np.sqrt(10)), (0.02, 2.33 * 0.02 * np.sqrt(10))],
)
def test_margin_is_value_at_risk_with_a_floor(daily_volatility: float, margin: float) -> None:
    assert margin_requirement(one(daily_volatility**2), 0.04, 2.33, 10)[0, 0] == pytest.approx(margin, rel=1e-12)


@pytest.mark.parametrize(
    ("equity", "notional", "closed"),
    [
        (5.0, 100.0, 0.0),  # exactly covered
        (5.1, 100.0, 0.0),
        (4.0, 100.0, 1 - 0.9 * 4.0 / 5.0),  # down to .9 x 4 / .05 = 72
        (1.0, 100.0, 1 - 0.9 * 1.0 / 5.0),
        (0.0, 100.0, 1.0),
        (-3.0, 100.0, 1.0),
        (-3.0, 0.0, 0.0),  # nothing left to close
    ],
)
def test_margin_call_by_hand(equity: float, notional: float, closed: float) -> None:
    share = margin_call(one(equity), one(notional), one(0.05), 0.9)
    assert share[0, 0] == pytest.approx(closed, rel=1e-12)


@given(st.floats(-50.0, 50.0), st.floats(1e-3, 1e3), st.floats(0.01, 0.9), st.floats(0.1, 1.0))
def test_a_margin_call_restores_its_share_of_the_limit(
    equity: float, notional: float, requirement: float, restore: float
) -> None:
    share = margin_call(one(equity), one(notional), one(requirement), restore)[0, 0]
    kept = notional * (1.0 - share)
    assert 0.0 <= share <= 1.0
    if equity >= requirement * notional:
        assert share == 0.0
    else:
        assert kept == pytest.approx(restore * max(equity, 0.0) / requirement, rel=1e-9, abs=1e-12 * notional)
        assert (
            not has_margin_call(one(equity * (1 + 1e-12)), one(kept), one(requirement))[0, 0]
            or equity < 0.0
            or restore > 0.99
        )


@given(st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_less_equity_never_closes_less(one_equity: float, other_equity: float) -> None:
    low, high = sorted((one_equity, other_equity))
    closed = margin_call(np.array([[low, high]]), one(100.0), one(0.05), 0.9)
    assert closed[0, 0] >= closed[0, 1]


@pytest.mark.parametrize(("usdjpy", "hit"), [(144.01, False), (143.99, True), (157.0, False), (100.0, True)])
def test_a_stop_is_hit_at_its_distance_from_the_high(usdjpy: float, hit: bool) -> None:
    assert is_stopped(one(usdjpy), stop_level(one(160.0), one(0.1)))[0, 0] == hit


def test_a_stop_without_a_high_is_always_hit() -> None:
    # An infinite high would trigger every stop; the code takes the minimum with the market's high.
    assert is_stopped(one(150.0), stop_level(one(np.inf), one(0.1)))[0, 0]


def test_unhedged_incentive_by_hand() -> None:
    # 4.02 - 1.81 - .05 x 10 % = 1.71 %
    assert unhedged_incentive(one(0.0402), one(0.0181), one(0.1**2 / 252), 0.05)[0, 0] == pytest.approx(
        0.0171, rel=1e-12
    )


def test_hedged_incentive_by_hand() -> None:
    # 4.02 - 3.625 - 3.34 = -2.945 %: hedged Treasuries yielded less than long yen bonds in December 2025.
    assert hedged_incentive(one(0.0402), one(0.03625), one(0.0334))[0, 0] == pytest.approx(-0.02945, rel=1e-12)
