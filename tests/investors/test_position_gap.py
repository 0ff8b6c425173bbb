"""Why an investor trades: incentive, volatility target and rebuilding, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.compute.ensemble import run_ensemble
from simulation.day.recorder import Record
from simulation.investors.rules import PositionGap, position_gap, trade_by_cause
from simulation.scenario.counterfactual import without_policy
from simulation.values.conventions import Array
from tests.support.scenarios import shipped


def gap(target: float, reduction: float, held: float, uncut: float) -> tuple[float, float, float]:
    found = position_gap(*(np.array([[value]]) for value in (target, reduction, held, uncut)))
    return found.incentive.item(), found.volatility_target.item(), found.rebuilding.item()


def booked(trade: float, *parts: float) -> tuple[float, float, float]:
    found = trade_by_cause(np.array([[trade]]), PositionGap(*(np.array([[part]]) for part in parts)))
    return found.incentive.item(), found.volatility_target.item(), found.rebuilding.item()


def test_at_rest_there_is_no_gap() -> None:
    assert gap(100, 0, 100, 100) == (0, 0, 0)


def test_what_a_stop_took_is_rebuilt() -> None:
    # A stop has closed 60 of 100; nothing else has changed.
    assert gap(100, 0, 40, 100) == (0, 0, 60)


def test_higher_volatility_sells_and_its_fall_rebuilds() -> None:
    # Volatility takes 30 of 100: first to be sold, then, when it calls for 10 only, to be bought back.
    assert gap(100, 30, 100, 100) == (0, -30, 0)
    assert gap(100, 30, 70, 100) == (0, 0, 0)
    assert gap(100, 10, 70, 100) == (0, 0, 20)


def test_a_stop_counts_towards_the_reduction_of_the_volatility_target() -> None:
    # The stop took 60; volatility calls for 30: 30 are to be rebuilt; for 80: 20 more are to be sold.
    assert gap(100, 30, 40, 100) == (0, 0, 30)
    assert gap(100, 80, 40, 100) == (0, -20, 0)


def test_calm_markets_add_to_the_position_by_the_volatility_target() -> None:
    # After a stop: 60 rebuilt, and 20 more that calm markets allow; then volatility returns and takes the 20 back.
    assert gap(100, -20, 40, 100) == (0, 20, 60)
    assert gap(100, 0, 120, 100) == (0, -20, 0)


def test_a_change_of_target_is_incentive() -> None:
    assert gap(90, 0, 100, 100) == (-10, 0, 0)
    # Incentive has already moved the uncut position to 90; a stop took 50 of it.
    assert gap(95, 0, 40, 90) == (5, 0, 50)


def test_a_sale_has_no_rebuilding_in_it() -> None:
    # The target has fallen by 30 after a stop of 20: 10 remain to be sold, all of it by incentive.
    assert booked(-1, -30, 0, 20) == (-1, 0, 0)


def test_a_purchase_is_shared_by_what_calls_for_purchases() -> None:
    assert booked(2, 10, -20, 30) == pytest.approx((0.5, 0, 1.5))
    assert booked(2, -10, 0, 30) == (0, 0, 2)


def test_no_trade_has_no_cause() -> None:
    assert booked(0, -10, 0, 10) == (0, 0, 0)
    assert booked(0, 0, 0, 0) == (0, 0, 0)


sizes = st.floats(0, 1e3)


@given(sizes, st.floats(-0.2, 1), sizes, sizes, st.floats(1e-3, 1))
def test_parts_add_up_and_have_the_sign_of_the_trade(
    target: float, share: float, held: float, uncut: float, speed: float
) -> None:
    reduction = share * target
    parts = gap(target, reduction, held, uncut)
    wanted = target - reduction - held
    assert sum(parts) == pytest.approx(wanted, abs=1e-9)
    assert parts[2] >= 0.0
    trade = speed * wanted
    found = booked(trade, *parts)
    assert sum(found) == pytest.approx(trade, abs=1e-12)
    assert all(part * trade >= -1e-12 * abs(trade) for part in found)
    assert found[2] >= 0.0


def test_rows_are_independent() -> None:
    values = [
        np.array([[100.0], [90.0]]),
        np.array([[30.0], [0.0]]),
        np.array([[100.0], [40.0]]),
        np.array([[100.0], [90.0]]),
    ]
    both = position_gap(*values)
    for row, expected in enumerate(((0, -30, 0), (0, 0, 50))):
        assert tuple(part[row, 0] for part in (both.incentive, both.volatility_target, both.rebuilding)) == expected


# Effects by cause

FEW = {f"populations.{name}.investors": 40 for name in ("carry_funds", "yen_borrowers", "retail_fx", "life_insurers")}
RUNS = 40


@pytest.fixture(scope="module")
def hike_and_no_policy() -> tuple[Record, Record]:
    hike = shipped("december_2025_official", FEW, {"boj.meetings.0.decision": "50bp"})
    return run_ensemble(hike, RUNS), run_ensemble(without_policy(hike), RUNS)


def carry_fund_flow(record: Record, cause: str) -> Array:
    return np.asarray(record.flows["carry_funds"][f"{cause}_usd_bn"].sum(axis=1))


@pytest.mark.parametrize(
    ("cause", "sign"), [("volatility_target", 1), ("stop", 1), ("margin", 1), ("incentive", 1), ("rebuilding", -1)]
)
def test_a_hike_of_50_bp_has_the_signs_that_its_mechanisms_imply(
    hike_and_no_policy: tuple[Record, Record], cause: str, sign: int
) -> None:
    """Carry falls, volatility and losses rise, and what they cut is partly bought back; each by more than two standard errors."""
    hike, rest = hike_and_no_policy
    effect = sign * (carry_fund_flow(hike, cause) - carry_fund_flow(rest, cause))
    assert effect.mean() > 2.0 * effect.std(ddof=1) / np.sqrt(RUNS)


def test_rebuilding_never_exceeds_what_was_cut(hike_and_no_policy: tuple[Record, Record]) -> None:
    for record in hike_and_no_policy:
        for name in ("carry_funds", "yen_borrowers", "retail_fx"):
            flows = record.flows[name]
            rebuilt = -np.cumsum(flows["rebuilding_usd_bn"], axis=1)
            # Purchases in calm markets are no cuts that could be rebuilt.
            sold = np.maximum(flows["volatility_target_usd_bn"], 0.0)
            cut = np.cumsum(sold + sum(flows[f"{cause}_usd_bn"] for cause in ("margin", "stop", "liquidation")), axis=1)
            assert (np.diff(rebuilt, axis=1) >= -1e-12).all()
            assert (rebuilt <= cut + 1e-9).all()
