"""Heterogeneity of investors: sizes, personal parameters, and independence of the number of investors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulation.investors.population import Lognormal, ParetoSizes
from simulation.values.randomness import named_generator, stratified_uniform


@given(st.integers(1, 400), st.integers(0, 1000))
def test_one_draw_in_each_stratum(count: int, seed: int) -> None:
    drawn = stratified_uniform(np.random.default_rng(seed), count)
    np.testing.assert_array_equal(np.sort(np.floor(drawn * count)), np.arange(count))
    assert ((drawn >= 0.0) & (drawn < 1.0)).all()


@given(st.integers(1, 3000), st.floats(2.0, 20.0), st.floats(1.0, 1e4))
def test_sizes_are_shares_of_the_whole(count: int, shape: float, largest: float) -> None:
    shares = ParetoSizes(shape=shape, largest_x=largest).shares(np.random.default_rng(1), count)
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    assert (shares > 0.0).all()
    assert shares.max() <= largest * shares.min() * (1 + 1e-12)


def test_one_investor_is_never_the_market() -> None:
    shares = [ParetoSizes().shares(named_generator(1, run, "sizes"), 1000).max() for run in range(20)]
    # The largest is 25 times the smallest; the mean of a Pareto with exponent 2.2 is 1.83 times the smallest.
    assert max(shares) < 25 / 1.7 / 1000


def test_wealth_per_investor_shrinks_as_investors_grow_in_number() -> None:
    few, many = (ParetoSizes().shares(np.random.default_rng(3), count) for count in (100, 1000))
    assert many.mean() == pytest.approx(few.mean() / 10, rel=1e-12)
    assert np.median(many) == pytest.approx(np.median(few) / 10, rel=0.05)


def test_a_fatter_tail_is_more_unequal() -> None:
    top = [
        np.sort(ParetoSizes(shape=shape).shares(np.random.default_rng(3), 1000))[-100:].sum()
        for shape in (2.0, 3.0, 6.0)
    ]
    assert top[0] > top[1] > top[2] > 0.1


@pytest.mark.parametrize("count", [101, 1001])
def test_lognormal_quantiles_do_not_need_many_investors(count: int) -> None:
    drawn = Lognormal(median=8.2, log_sd=0.5).sample(np.random.default_rng(5), count)
    assert np.median(drawn) == pytest.approx(8.2, rel=0.02)
    assert np.log(drawn).std() == pytest.approx(0.5, rel=0.05)
    assert (drawn < 8.2 * np.exp(-0.5)).mean() == pytest.approx(0.1587, abs=0.01)


def test_lognormal_is_clipped_at_its_bounds() -> None:
    drawn = Lognormal(median=4, log_sd=1, lowest=2, highest=12).sample(np.random.default_rng(5), 1000)
    assert (drawn.min(), drawn.max()) == (2.0, 12.0)
    assert np.median(drawn) == pytest.approx(4.0, rel=0.01)


def test_zero_standard_deviation_gives_equal_values() -> None:
    np.testing.assert_array_equal(Lognormal(median=4, log_sd=0).sample(np.random.default_rng(5), 7), 4.0)


def test_sizes_and_leverage_are_drawn_independently() -> None:
    stream = np.random.default_rng(8)
    sizes, leverage = ParetoSizes().shares(stream, 4000), Lognormal(median=4).sample(stream, 4000)
    ranks = np.corrcoef(sizes.argsort().argsort(), leverage.argsort().argsort())[0, 1]
    assert abs(ranks) < 4 / np.sqrt(4000)


def test_a_median_outside_its_bounds_is_refused() -> None:
    with pytest.raises(ValidationError, match="median 50 must lie between"):
        Lognormal(median=50, highest=12)
