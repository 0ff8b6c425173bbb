"""Price impact: slope at zero, concavity, continuity, the cap on stress, and values calculated by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.market.parameters import (
    LINEAR_SCALE,
    CryptoMarket,
    CurrencyMarket,
    EquityMarket,
    JgbMarket,
    TreasuryMarket,
)
from simulation.market.prices import fast_impact, impact_table, slow_impact, stressed_slope
from tests.support.scenarios import ROUND_FX

IMPACTS = (fast_impact, slow_impact)
amounts = st.floats(-1e5, 1e5)
slopes = st.floats(1e-8, 1.0)
scales = st.floats(1e-2, 1e5)


def at(impact: object, amount: float, slope: float = 3.5e-4, scale: float = 50.0) -> float:
    assert callable(impact)
    return float(impact(np.array([[amount]]), np.array([[slope]]), np.array([scale]))[0, 0])


@pytest.mark.parametrize("impact", IMPACTS)
@pytest.mark.parametrize(("amount", "in_slopes"), [(150.0, 100.0), (-150.0, -100.0), (400.0, 200.0), (0.0, 0.0)])
def test_impact_by_hand(impact: object, amount: float, in_slopes: float) -> None:
    # 2 x 50 x (sqrt(1 + 150/50) - 1) = 100; 2 x sqrt(50) x (sqrt(200) - sqrt(50)) = 100.
    assert at(impact, amount) == pytest.approx(3.5e-4 * in_slopes, rel=1e-13)


@pytest.mark.parametrize("impact", IMPACTS)
@given(st.floats(-1e4, 1e4), slopes, scales)
def test_fast_and_slow_impact_are_the_same_function(impact: object, amount: float, slope: float, scale: float) -> None:
    # A second way to write it that loses no digits for small amounts: 2 Z / (1 + sqrt(1 + |Z|/q)).
    expected = slope * 2 * amount / (1 + np.sqrt(1 + abs(amount) / scale))
    assert at(impact, amount, slope, scale) == pytest.approx(expected, rel=1e-12, abs=1e-14 * slope * scale)


@pytest.mark.parametrize("impact", IMPACTS)
@pytest.mark.parametrize("scale", [50.0, 2000.0, 100_000.0])
def test_slope_at_zero(impact: object, scale: float) -> None:
    step = 1e-5 * scale
    slope = (at(impact, step, scale=scale) - at(impact, -step, scale=scale)) / (2 * step)
    assert slope == pytest.approx(3.5e-4, rel=1e-5)


@pytest.mark.parametrize("impact", IMPACTS)
@given(amounts, slopes, scales)
def test_impact_is_odd(impact: object, amount: float, slope: float, scale: float) -> None:
    assert at(impact, amount, slope, scale) == -at(impact, -amount, slope, scale)


@pytest.mark.parametrize("impact", IMPACTS)
@given(st.floats(0.1, 1e4), st.floats(1.01, 10.0))
def test_twice_the_flow_moves_the_price_less_than_twice(impact: object, amount: float, factor: float) -> None:
    small, large = at(impact, amount), at(impact, factor * amount)
    assert small < large < factor * small


@pytest.mark.parametrize("impact", IMPACTS)
@given(st.floats(0.1, 1e4), st.floats(0.1, 1e3))
def test_impact_is_concave(impact: object, amount: float, step: float) -> None:
    below, here, above = (at(impact, amount + shift) for shift in (0.0, step, 2 * step))
    assert above - here < here - below


@pytest.mark.parametrize("impact", IMPACTS)
def test_impact_grows_like_a_square_root(impact: object) -> None:
    assert at(impact, 4e10) / at(impact, 1e10) == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("impact", IMPACTS)
def test_no_jump_at_zero(impact: object) -> None:
    steps = np.geomspace(1e-12, 1.0, 25)
    assert all(abs(at(impact, sign * step)) <= 3.5e-4 * step + 1e-17 for step in steps for sign in (-1, 1))


@pytest.mark.parametrize("impact", IMPACTS)
@pytest.mark.parametrize("amount", [1e-6, 1e-3, 1.0])
def test_a_very_large_scale_is_linear_impact(impact: object, amount: float) -> None:
    assert at(impact, amount, scale=LINEAR_SCALE) == pytest.approx(3.5e-4 * amount, rel=1e-9)


@pytest.mark.parametrize(
    ("stress", "factor"), [(0.5, 1.0), (1.0, 1.0), (1.5, 1.4), (2.0, 1.8), (2.0000001, 1.8), (40.0, 1.8)]
)
def test_stress_raises_the_slope_up_to_its_cap(stress: float, factor: float) -> None:
    slope = stressed_slope(np.array([2.0]), np.array([[stress]]), np.array([0.8]), np.array([2.0]))
    assert slope[0, 0] == pytest.approx(2.0 * factor, rel=1e-12)


@given(st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_more_stress_never_lowers_the_slope(one: float, other: float) -> None:
    low, high = sorted((one, other))
    slopes_of = [
        stressed_slope(np.array([1.0]), np.array([[x]]), np.array([0.8]), np.array([2.0])) for x in (low, high)
    ]
    assert slopes_of[0] <= slopes_of[1]


def test_default_slopes_in_engine_units() -> None:
    markets = [CurrencyMarket(**ROUND_FX), TreasuryMarket(), JgbMarket(), EquityMarket(), CryptoMarket()]
    table = impact_table(markets)
    # .035 % per $bn; 7 bp per 100 $bn; 2 bp per 10,000 JPY bn; 3 over 62,000 $bn; 1.2 % per $bn
    np.testing.assert_allclose(table.fast, [3.5e-4, 7e-6, 2e-8, 3 / 62_000, 0.012], rtol=1e-13)
    # .012 % per $bn; 3 bp per 100 $bn; as fast; as fast; half of the fast one
    np.testing.assert_allclose(table.slow, [1.2e-4, 3e-6, 2e-8, 3 / 62_000, 0.006], rtol=1e-13)
    np.testing.assert_allclose(table.release, [0.12, 0.023, 0.12, 0.12, 0.12], rtol=1e-13)
    np.testing.assert_allclose(table.half_spread, [5e-5, 1e-4, 1e-4, 5e-5, 2e-4], rtol=1e-13)


def test_half_life_of_treasury_inventory_is_thirty_days() -> None:
    assert (1 - TreasuryMarket().release_pct_per_day / 100) ** 30 == pytest.approx(0.5, abs=0.005)
