"""News: size, tails, correlation, clustering, and the long-run volatility they imply."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.market.fundamentals import (
    Noise,
    clustered_scale,
    correlation_matrix,
    daily_news,
    long_run_variance,
    price_response_to_news,
)
from simulation.scenario.scenario import Scenario
from simulation.values.assets import STANDARD_ORDER, Roster
from simulation.values.conventions import Array
from simulation.values.randomness import Streams
from tests.support.scenarios import COARSE, GONE, NO_IMPACT, Changes, official

STILL: Changes = {
    "fed.meetings": [],
    "boj.meetings": [],
    "fed.guidance": "unchanged",
    "boj.guidance": "unchanged",
    "fed.balance_sheet": [],
}


def roster_of(scenario: Scenario) -> Roster:
    names = tuple(name for name in STANDARD_ORDER if name in scenario.markets)
    return Roster(names, tuple(scenario.markets[name].yen_priced for name in names))


def news_of(scenario: Scenario, days: int, runs: int) -> Array:
    return daily_news(roster_of(scenario), scenario.markets, scenario.noise, days, Streams(scenario.seed, range(runs)))


@pytest.fixture(scope="module")
def long_news() -> Array:
    """A thousand days of a hundred runs without clustering, per daily standard deviation stated in the config."""
    scenario = official({"noise.clustering": 0})
    stated = np.array([9.0, 0.90, 0.45, 15.0, 14.0, 40.0]) / 100 / np.sqrt(252)
    return np.asarray(news_of(scenario, 1000, 100) / stated)


def test_news_have_the_stated_volatility_and_no_mean(long_news: Array) -> None:
    # 100,000 draws of kurtosis 9: the standard error of a variance is sqrt(8 / 1e5) = .9 %.
    np.testing.assert_allclose(long_news.var(axis=(0, 1)), 1.0, atol=4 * 0.009)
    np.testing.assert_allclose(long_news.mean(axis=(0, 1)), 0.0, atol=4 / np.sqrt(1e5))


def test_news_are_correlated_as_stated(long_news: Array) -> None:
    stated = {("jgb10", "ust10"): 0.35, ("us_equity", "ust10"): 0.1, ("usdjpy", "us_equity"): 0.1}
    found = np.asarray(np.corrcoef(long_news.reshape(-1, 6).T))
    for row, first in enumerate(STANDARD_ORDER):
        for column, second in enumerate(STANDARD_ORDER[:row]):
            expected = stated.get((first, second), stated.get((second, first), 0.0))
            # Tails make the standard error larger than 1 / sqrt(1e5) = .003.
            assert found[row, column] == pytest.approx(expected, abs=0.02), (first, second)


def test_news_have_tails_and_fatter_ones_with_fewer_degrees_of_freedom(long_news: Array) -> None:
    fat = (np.abs(long_news[:, :, 0]) > 4.0).mean()
    thin = news_of(official({"noise.clustering": 0, "noise.student_t_df": 200}), 1000, 100)[:, :, 0]
    assert fat > 5 * (np.abs(thin / thin.std()) > 4.0).mean()


def test_scale_multiplies_all_news() -> None:
    single, double = (news_of(official({"noise.scale_x": scale}), 20, 2) for scale in (1, 2))
    np.testing.assert_allclose(double, 2 * single, rtol=1e-14)
    assert not news_of(official({"noise.scale_x": 0}), 20, 2).any()


def test_large_days_follow_large_days() -> None:
    absolute = np.abs(news_of(official({"noise.clustering": 0.8}), 400, 60)[:, :, 0])
    centred = absolute - absolute.mean(axis=0)
    together = (centred[1:] * centred[:-1]).mean() / centred.var()
    assert together > 0.1


@given(st.floats(0.05, 1.5), st.floats(0.0, 0.995))
def test_clustering_leaves_the_mean_square_at_one(spread: float, memory: float) -> None:
    # log scale + s^2 is linear in the draws: its standard deviation is s on every day, so E scale^2 = exp(2 s^2 - 2 s^2).
    days = 12
    loadings = np.stack([np.log(clustered_scale(unit, spread, memory)) + spread**2 for unit in np.eye(days)])
    np.testing.assert_allclose(np.sqrt((loadings**2).sum(axis=0)), spread, rtol=1e-9)


def test_no_clustering_is_a_constant_scale() -> None:
    np.testing.assert_array_equal(clustered_scale(np.array([1.0, -2.0, 0.5]), 0.0, 0.98), 1.0)


def test_response_to_news_by_hand() -> None:
    response = price_response_to_news(roster_of(official()), official().markets)
    row = {name: dict(zip(STANDARD_ORDER, response[at], strict=True)) for at, name in enumerate(STANDARD_ORDER)}
    # beta_2 x two-year share: 4.5 x .9 and -4.5 x .5 per unit of yield.
    assert row["usdjpy"]["ust10"] == pytest.approx(4.05)
    assert row["usdjpy"]["jgb10"] == pytest.approx(-2.25)
    assert row["ust10"] == {name: (-8.1 if name == "ust10" else 0) for name in STANDARD_ORDER}
    assert row["us_equity"]["ust10"] == pytest.approx(-3.0)
    # Exporters .4 x 4.05 and global equity .6 x (-3): 1.62 - 1.80 = -.18.
    assert row["japan_equity"]["ust10"] == pytest.approx(-0.18)
    assert row["bitcoin"]["us_equity"] == pytest.approx(1.3)
    assert row["bitcoin"]["ust10"] == pytest.approx(-3.9)


def test_long_run_volatility_of_usdjpy_by_hand() -> None:
    # Own 9 %, US yields 4.05 x .90, Japanese yields -2.25 x .45, and the correlation of the two, in % per year.
    own, us, japan = 9.0, 4.05 * 0.90, -2.25 * 0.45
    expected = own**2 + us**2 + japan**2 + 2 * 0.35 * us * japan
    scenario = official()
    variance = long_run_variance(roster_of(scenario), scenario.markets, scenario.noise)
    assert variance[0] * 252 * 1e4 == pytest.approx(expected, rel=1e-12)
    assert 9.0 < np.sqrt(expected) < 10.5  # H.10, 1990-2024: .66 % a day is 10.5 % a year


def test_long_run_volatility_is_what_prices_show_when_only_news_move_them() -> None:
    # The second route: simulate without flow impact and look at the returns.
    scenario = official(COARSE, NO_IMPACT, STILL, {"noise.clustering": 0, "noise.student_t_df": 200})
    market = simulate(scenario, range(96)).market
    expected = long_run_variance(roster_of(scenario), scenario.markets, scenario.noise)
    for name, column in (("usdjpy", 0), ("us_equity", 3), ("japan_equity", 4), ("bitcoin_usd", 5)):
        found = np.diff(np.log(market[name]), axis=1).var()
        # 96 x 63 nearly normal returns: a standard error of sqrt(2 / 6048) = 1.8 %.
        assert found == pytest.approx(expected[column], rel=0.075), name
    for name, column, duration in (("ust10_pct", 1, 8.1), ("jgb10_pct", 2, 9.0)):
        found = np.diff(market[name] / 100, axis=1).var() * duration**2
        assert found == pytest.approx(expected[column], rel=0.075), name


def test_correlations_that_contradict_each_other_are_refused() -> None:
    pairs = {"usdjpy": {"ust10": 0.95, "jgb10": 0.95}, "ust10": {"jgb10": -0.95}}
    with pytest.raises(ValueError, match=r"noise\.correlations"):
        correlation_matrix(roster_of(official()), pairs)


def test_default_correlations_are_symmetric_with_a_unit_diagonal() -> None:
    matrix = correlation_matrix(roster_of(official()), Noise().correlations)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 1.0)


def test_a_missing_asset_redraws_no_other() -> None:
    whole, less = official(), official({"markets.bitcoin": None, "populations.crypto_traders": GONE})
    with_bitcoin, without = news_of(whole, 30, 3), news_of(less, 30, 3)
    assert without.shape == (30, 3, 5)
    np.testing.assert_array_equal(without, with_bitcoin[:, :, :5])


def test_news_of_a_run_do_not_depend_on_the_batch_or_the_horizon() -> None:
    scenario = official()
    many, long = news_of(scenario, 12, 7), news_of(scenario, 12, 2)
    np.testing.assert_array_equal(many[:, :2], long)
