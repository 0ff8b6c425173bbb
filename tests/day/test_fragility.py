"""Fragility: loop gain, distances, crowding and depth-weighted stock by hand and in limiting cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.day.fragility import (
    CROWDING_FALL,
    LOOP_GAIN_FALLS,
    USDJPY_FALLS,
    ForcedSales,
    cascade_distance,
    crowding,
    depth_weighted_stock,
    first_fall_reaching,
    forced_sales,
    gain_curve,
    loop_gain,
    tipping_distance,
)
from simulation.day.model import CapitalFlowModel
from simulation.day.recorder import CASCADE_USD_BN, carry_to_volatility
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import Array, column
from tests.support.scenarios import CALM, COARSE, ONE_WEEK, Changes, official, one_fund, shocks, switched

SLOPE = 3.5e-4


def sales_of(scenario: Scenario, slope: float = SLOPE) -> ForcedSales:
    model = CapitalFlowModel(scenario)
    return forced_sales(model.populations, model.information(), column(slope, 1))


def gain_of(scenario: Scenario, slope: float = SLOPE) -> float:
    return float(loop_gain(sales_of(scenario, slope))[0, 0])


STOP = one_fund(switched(trailing_stop=True))
"""One fund of 100 $bn whose stop at 8.2 % cuts 60 %."""


def curve(*sold: float, slope: float = 1e-3, levered: float = 100.0) -> ForcedSales:
    """Given forced sales after each of USDJPY_FALLS."""
    return ForcedSales(np.array([sold]), column(slope, 1), column(levered, 1), column(levered, 1))


def test_loop_gain_of_a_stop_by_hand() -> None:
    # A stop at 8.2 % is hit by the fall of 10 % only: 60 % of 100/.9 $bn are sold, a fall of -ln(.9).
    sold = 0.6 * 100 / 0.9
    assert gain_of(one_fund(switched(trailing_stop=True))) == pytest.approx(SLOPE * sold / -np.log(0.9), rel=1e-9)


def test_loop_gain_of_a_total_loss_by_hand() -> None:
    # At leverage 15 a fall of 10 % exhausts equity and closes the position; the falls of 3 and 6 % matter less.
    fifteen: Changes = {"populations.carry_funds.leverage_x": {"median": 15, "log_sd": 0, "highest": 100}}
    result = gain_of(one_fund(switched(margin=True), fifteen))
    assert result >= SLOPE * 100 / 0.9 / -np.log(0.9) * (1 - 1e-12)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_loop_gain_is_proportional_to_impact_and_to_the_stock(factor: float) -> None:
    base = official(COARSE, CALM)
    larger = official(COARSE, CALM, {"populations.carry_funds.stock_usd_bn": 250 * factor})
    assert gain_of(base, SLOPE * factor) == pytest.approx(factor * gain_of(base), rel=1e-12)
    assert gain_of(larger) == pytest.approx(factor * gain_of(base), rel=1e-9)


def test_loop_gain_is_zero_without_forced_sales() -> None:
    assert gain_of(one_fund()) == 0.0


def test_more_leverage_is_a_larger_loop_gain() -> None:
    low, middle, high = (
        gain_of(
            official(CALM, {"populations.carry_funds.leverage_x": {"median": median, "log_sd": 0.35, "highest": 12}})
        )
        for median in (2.0, 4.0, 8.0)
    )
    assert low < middle < high


def test_the_tipping_distance_by_hand() -> None:
    # The stop lies between 6 and 10 %; with an impact that makes the gain 2 at 10 %, it is 1 half way.
    slope = 2.0 * -np.log(0.9) / (0.6 * 100 / 0.9)
    assert tipping_distance(sales_of(STOP, slope))[0, 0] == pytest.approx(0.08, rel=1e-9)


def test_the_distance_to_a_cascade_by_hand() -> None:
    # 66.7 $bn at 10 %, nothing at 6 %: 5 $bn on the straight line between them.
    expected = 0.06 + 0.04 * 5.0 / (0.6 * 100 / 0.9)
    assert cascade_distance(sales_of(STOP), 5.0)[0, 0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("stop_pct", "share"), [(1.9, 0.6), (2.1, 0.0)])
def test_crowding_by_hand(stop_pct: float, share: float) -> None:
    # There is one fund; it closes 60 % if its stop is closer than the fall of 2 %.
    nearer: Changes = {"populations.carry_funds.trailing_stop.distance_pct.median": stop_pct}
    assert crowding(sales_of(one_fund(switched(trailing_stop=True), nearer)))[0, 0] == pytest.approx(share, rel=1e-12)


def test_crowding_is_one_if_every_position_is_closed() -> None:
    # At leverage 60 a fall of 2 % exhausts equity: lenders close the position.
    sixty: Changes = {"populations.carry_funds.leverage_x": {"median": 60, "log_sd": 0, "highest": 100}}
    assert crowding(sales_of(one_fund(switched(margin=True), sixty)))[0, 0] == pytest.approx(1.0, rel=1e-12)


def test_depth_weighted_stock_by_hand() -> None:
    # 100 $bn at 0.035 % per $bn.
    assert depth_weighted_stock(sales_of(one_fund()))[0, 0] == pytest.approx(0.035, rel=1e-12)


def test_distances_are_the_largest_fall_without_investors_that_can_be_forced() -> None:
    threshold: Changes = {"unwind.rule": "threshold"}
    for scenario in (one_fund(), official(COARSE, CALM, threshold)):
        sales = sales_of(scenario)
        assert tipping_distance(sales)[0, 0] == cascade_distance(sales, 5.0)[0, 0] == USDJPY_FALLS[-1]
        assert crowding(sales)[0, 0] == loop_gain(sales)[0, 0] == 0.0
    assert depth_weighted_stock(sales)[0, 0] == 0.0


def test_a_gain_above_one_at_the_first_fall_is_a_distance_of_that_fall() -> None:
    assert tipping_distance(curve(20.0, 20.0, 20.0, 20.0, 20.0))[0, 0] == USDJPY_FALLS[0]


def test_the_first_of_two_crossings_counts() -> None:
    # Gains .5, 1.5, .3, .2, 3 (times the fall's logarithm over the slope): one is reached between 1 and 2 %.
    sold = [gain * -np.log1p(-fall) / 1e-3 for gain, fall in zip((0.5, 1.5, 0.3, 0.2, 3.0), USDJPY_FALLS, strict=True)]
    assert tipping_distance(curve(*sold))[0, 0] == pytest.approx(0.015, rel=1e-12)


@given(st.lists(st.floats(0.0, 50.0), min_size=5, max_size=5), st.floats(0.1, 60.0))
def test_no_smaller_fall_reaches_the_level(values: list[float], level: float) -> None:
    result = float(first_fall_reaching(USDJPY_FALLS, np.array([values]), level)[0, 0])
    below = np.linspace(USDJPY_FALLS[0], result, 50, endpoint=False) if result > USDJPY_FALLS[0] else np.array([])
    reached = bool(max(values) >= level)
    assert (np.interp(below, USDJPY_FALLS, values) < level * (1 + 1e-9)).all()
    assert np.interp(result, USDJPY_FALLS, values) >= level * (1 - 1e-9) if reached else result == USDJPY_FALLS[-1]


def test_the_loop_gain_is_the_largest_at_its_own_falls() -> None:
    # The fall of 2 % belongs to the distances and to crowding, not to the definition of the loop gain.
    assert set(LOOP_GAIN_FALLS) == set(USDJPY_FALLS) - {CROWDING_FALL}
    result = curve(0.0, 90.0, 1.0, 0.0, 0.0)
    assert loop_gain(result)[0, 0] == pytest.approx(1e-3 * 1.0 / -np.log(0.97), rel=1e-12)
    assert gain_curve(result).max() == pytest.approx(1e-3 * 90.0 / -np.log(0.98), rel=1e-12)


def readings(*changes: Changes) -> Array:
    """Loop gain, crowding, distance to a cascade and depth-weighted stock at the start, mean over runs."""
    model = CapitalFlowModel(official(CALM, *changes), range(24))
    sales = forced_sales(model.populations, model.information(), column(SLOPE, 24))
    return np.array(
        [each.mean() for each in (loop_gain(sales), crowding(sales), cascade_distance(sales, 5.0), sales.levered_usd)]
    )


def test_closer_stops_raise_crowding_and_reduce_the_distance_to_a_cascade() -> None:
    far, near = (readings({"populations.carry_funds.trailing_stop.distance_pct.median": at}) for at in (12.0, 6.0))
    assert near[0] > far[0]
    assert near[1] > 2.0 * far[1]
    assert near[2] < far[2]
    assert near[3] == pytest.approx(far[3], rel=1e-12)


def test_the_number_of_investors_is_a_resolution() -> None:
    near: Changes = {"populations.carry_funds.trailing_stop.distance_pct.median": 4.0}
    coarse, fine = (readings(near, {"populations.carry_funds.investors": count}) for count in (500, 8000))
    np.testing.assert_allclose(coarse, fine, rtol=0.12)


def test_fragility_rises_after_a_fall() -> None:
    # A fall of 3 % reduces the distance to all stops that it did not hit.
    market = simulate(official(CALM, ONE_WEEK, shocks({"2025-12-02": 0.03})), range(4)).market
    assert (market["cascade_distance_pct"][:, 2] < market["cascade_distance_pct"][:, 1] - 0.5).all()
    assert (market["crowding_share"][:, 2] > market["crowding_share"][:, 1]).all()


def test_columns_have_their_units_and_ranges() -> None:
    market = simulate(official(COARSE, ONE_WEEK), range(3)).market
    np.testing.assert_allclose(
        market["carry_to_volatility"], market["carry_pct"] / market["usdjpy_volatility_pct"], rtol=1e-12
    )
    for name in ("tipping_distance_pct", "cascade_distance_pct"):
        assert ((market[name] >= 0.0) & (market[name] <= 100.0 * USDJPY_FALLS[-1])).all()
    assert ((market["crowding_share"] >= 0.0) & (market["crowding_share"] <= 1.0)).all()
    # 250 $bn of carry funds at the default 0.035 % per $bn.
    np.testing.assert_allclose(market["depth_weighted_stock_pct"][:, 0], 8.75, rtol=1e-12)
    assert CASCADE_USD_BN == 5.0


def test_carry_to_volatility_without_volatility_is_zero() -> None:
    result = carry_to_volatility(np.array([[0.03], [0.03]]), np.array([[0.1], [0.0]]))
    np.testing.assert_allclose(result, [[0.3], [0.0]], rtol=1e-12)
