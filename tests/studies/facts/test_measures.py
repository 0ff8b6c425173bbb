"""Measures of histories with known values."""

from datetime import date

import numpy as np
import pytest
from scipy import stats

from simulation.studies.facts.history import week_ends
from simulation.studies.facts.measures import (
    MEASURES,
    MEASURES_BY_NAME,
    SKEW_WINDOW_DAYS,
    skew_on_gap_terms,
    skew_on_position_terms,
)
from simulation.values.conventions import Array, business_days
from tests.studies.facts.conftest import YIELDS, MakeHistory


def draws(seed: int, runs: int = 2, days: int = 600) -> Array:
    return np.random.default_rng(seed).normal(scale=0.7, size=(runs, days))


def test_names_are_unique_and_every_measure_gives_one_number_per_run(make_history: MakeHistory) -> None:
    returns = draws(1)
    equity = 100.0 * np.exp(np.cumsum(draws(2, 2, 601), axis=1) / 100.0)
    stock = 250.0 + np.cumsum(draws(3, 2, 601), axis=1)
    rates = 4.0 + 0.05 * np.cumsum(draws(4, 2, 601), axis=1)
    history = make_history(returns, us_equity=equity, position=stock, ust10_pct=rates, ust2_pct=rates)
    assert len(MEASURES_BY_NAME) == len(MEASURES)
    for measure in MEASURES:
        assert measure.by_run(history).shape == (2,), measure.name
        assert measure.terms(history).shape[0] == 2


def test_counts_are_per_year(make_history: MakeHistory) -> None:
    returns = np.zeros((1, 504))
    returns[0, [10, 20, 30]] = (-2.5, -3.5, 2.1)
    history = make_history(returns)
    found = {
        name: float(MEASURES_BY_NAME[name].by_run(history)[0]) for name in MEASURES_BY_NAME if name.startswith("days_")
    }
    assert found == pytest.approx(
        {"days_below_2": 1.0, "days_above_2": 0.5, "days_below_3": 0.5, "days_above_3": 0.0}, abs=1e-12
    )


def test_carry_is_the_differential_when_the_rate_stands_still(make_history: MakeHistory) -> None:
    history = make_history(np.zeros((1, 521)))
    # Three percentage points on actual/365.
    assert MEASURES_BY_NAME["carry_pct"].by_run(history) == pytest.approx([3.0 * 365.25 / 365.0])
    falling = make_history(np.full((1, 521), -0.01))
    years = (falling.dates[-1] - falling.dates[4]).astype(float) / 365.25
    assert MEASURES_BY_NAME["carry_pct"].by_run(falling) == pytest.approx(
        [3.0 * 365.25 / 365.0 - 0.01 * (521 - 4) / years]
    )


def test_sharpe_ratio_does_not_depend_on_the_size_of_the_position(make_history: MakeHistory) -> None:
    returns = draws(5, 1)
    level = {name: np.zeros((1, 601)) for name in YIELDS}
    once, twice = (make_history(size * returns, **level) for size in (1.0, 2.0))
    assert MEASURES_BY_NAME["carry_sharpe"].by_run(once) == pytest.approx(
        MEASURES_BY_NAME["carry_sharpe"].by_run(twice), rel=1e-9
    )
    days = week_ends(once.dates)
    weekly = 100.0 * np.diff(np.log(once.usdjpy[0, days]))
    years = (once.dates[days][-1] - once.dates[days][0]).astype(float) / 365.25
    expected = weekly.sum() / years / (weekly.std(ddof=1) * np.sqrt(weekly.size / years))
    assert MEASURES_BY_NAME["carry_sharpe"].by_run(once) == pytest.approx([expected])


def test_beta_of_a_rate_that_follows_the_spread(make_history: MakeHistory) -> None:
    spread = 0.03 * np.cumsum(draws(6, 1, 601), axis=1)
    history = make_history(6.0 * np.diff(spread, axis=1), ust10_pct=4.0 + spread)
    assert MEASURES_BY_NAME["spread_beta"].by_run(history) == pytest.approx([6.0])
    assert MEASURES_BY_NAME["spread_r2"].by_run(history) == pytest.approx([1.0])


def test_a_day_is_classified_by_its_initial_gap(make_history: MakeHistory) -> None:
    returns, gap = draws(7, 1, 400), np.full((1, 401), 0.2)
    gap[0, 100:250] = 3.5
    history = make_history(returns, ust2_pct=gap, jgb2_pct=np.zeros((1, 401)))
    assert MEASURES_BY_NAME["skew_large_gap"].by_run(history) == pytest.approx(
        [stats.skew(returns[0, 100:250])], rel=1e-9
    )
    rest = np.concatenate([returns[0, :100], returns[0, 250:]])
    assert MEASURES_BY_NAME["skew_no_gap"].by_run(history) == pytest.approx([stats.skew(rest)], rel=1e-9)


def test_quarters_are_complete_and_use_their_mean_gap(make_history: MakeHistory) -> None:
    days = len(business_days(date(2023, 2, 20), date(2024, 1, 31))) - 1
    returns = draws(8, 1, days)
    gap = np.linspace(1.0, 4.0, days + 1)[None, :]
    history = make_history(returns, first=date(2023, 2, 20), ust2_pct=gap, jgb2_pct=np.zeros_like(gap))
    terms = skew_on_gap_terms(history)
    # Six weeks of the first quarter and January are too few days; April to December are three quarters.
    assert terms.shape == (1, 3, 6)
    spring = (history.dates >= np.datetime64("2023-04-01")) & (history.dates < np.datetime64("2023-07-01"))
    assert terms[0, 0, 1] == pytest.approx(gap[0, spring].mean())
    assert terms[0, 0, 2] == pytest.approx(stats.skew(returns[0, spring[1:]]), rel=1e-9)


def test_future_skewness_starts_after_the_position_is_taken(make_history: MakeHistory) -> None:
    returns = draws(9, 1, 300)
    position = np.arange(301.0)[None, :]
    terms = skew_on_position_terms(make_history(returns, position=position))
    start = int(terms[0, 3, 1])
    assert terms[0, 3, 2] == pytest.approx(stats.skew(returns[0, start : start + SKEW_WINDOW_DAYS]), rel=1e-9)
    assert int(terms[0, -1, 1]) + SKEW_WINDOW_DAYS <= 300
    crash = returns.copy()
    crash[0, start - 1] = -9.0
    assert skew_on_position_terms(make_history(crash, position=position))[0, 3, 2] == pytest.approx(terms[0, 3, 2])


def test_co_movement_is_measured_separately_under_stress(make_history: MakeHistory) -> None:
    """Equity moves with USDJPY in the wild half only."""
    quiet, wild = draws(10, 1, 1000) * 0.5, draws(11, 1, 300) * 3.0
    returns = np.concatenate([quiet, wild], axis=1)
    other = draws(12, 1, 1300)
    moves = np.concatenate([np.zeros((1, 1)), np.where(np.arange(1300) < 1000, other, returns)], axis=1)
    history = make_history(returns, us_equity=100.0 * np.exp(np.cumsum(moves, axis=1) / 100.0))
    assert abs(MEASURES_BY_NAME["equity_calm"].by_run(history)[0]) < 0.15
    assert MEASURES_BY_NAME["equity_stress"].by_run(history)[0] > 0.95


def test_missing_data_give_no_estimate(make_history: MakeHistory) -> None:
    short = make_history(draws(13, 2, 30))
    for name in ("equity_calm", "skew_on_position", "skew_slope", "acf_100", "skew_no_gap"):
        assert np.isnan(MEASURES_BY_NAME[name].by_run(short)).all(), name
