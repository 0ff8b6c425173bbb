"""Standard errors compared with closed forms and repeated samples."""

import numpy as np
import pytest
from scipy import stats

from simulation.studies.facts.measures import (
    MEASURES_BY_NAME,
    FactMeasure,
    bootstrap_error,
    history_error,
    jackknife_error,
    least_squares_error,
    newey_west_error,
    pooled_value,
)
from simulation.studies.facts.statistics import cross_terms, mean, power_terms, skewness
from simulation.values.conventions import Array
from tests.studies.facts.conftest import MakeHistory

MEAN = FactMeasure("mean", "Mean", "", lambda history: power_terms(history.usdjpy), mean)
SKEW = MEASURES_BY_NAME["daily_skew"]


def autoregression(keep: float, days: int, seed: int) -> Array:
    shocks = np.random.default_rng(seed).normal(size=days)
    values = np.zeros(days)
    for day in range(1, days):
        values[day] = keep * values[day - 1] + shocks[day]
    return values


def test_jackknife_of_a_mean_is_the_textbook_error() -> None:
    values = np.random.default_rng(1).normal(size=(25, 1))
    sums = power_terms(values).sum(axis=1)
    assert pooled_value(MEAN, sums) == pytest.approx(values.mean())
    assert jackknife_error(MEAN, sums) == pytest.approx(stats.sem(values[:, 0]), rel=1e-10)


def test_jackknife_of_pooled_skewness_is_the_scatter_of_repeated_batches() -> None:
    stream = np.random.default_rng(2)
    batches = stream.exponential(size=(150, 40, 50)) - 1.0
    sums = power_terms(batches).sum(axis=2)
    scatter = np.std([pooled_value(SKEW, each) for each in sums], ddof=1)
    assert np.mean([jackknife_error(SKEW, each) for each in sums]) == pytest.approx(scatter, rel=0.15)


def test_one_run_has_no_error() -> None:
    assert np.isnan(jackknife_error(MEAN, np.ones((1, 5))))


def test_bootstrap_of_independent_days_is_the_textbook_error() -> None:
    values = np.random.default_rng(3).normal(size=4000)
    assert bootstrap_error(mean, power_terms(values), 5) == pytest.approx(stats.sem(values), rel=0.06)


def test_blocks_preserve_dependence() -> None:
    """For an AR(1) process with coefficient 0.9, the error of the mean is sqrt((1 + .9) / (1 - .9)) times that of white noise."""
    values = autoregression(0.9, 4000, 4)
    true = np.sqrt(1.9 / 0.1) * stats.sem(values)
    assert bootstrap_error(mean, power_terms(values), 150) == pytest.approx(true, rel=0.25)
    assert bootstrap_error(mean, power_terms(values), 4) < 0.6 * true


def test_bootstrap_draws_are_fixed() -> None:
    terms = power_terms(np.random.default_rng(5).normal(size=500))
    assert bootstrap_error(skewness, terms, 50) == bootstrap_error(skewness, terms, 50)


def test_least_squares_error_is_that_of_scipy() -> None:
    x = np.random.default_rng(6).normal(size=140)
    y = -0.1 * x + np.random.default_rng(7).normal(size=140)
    assert least_squares_error(cross_terms(x, y)) == pytest.approx(stats.linregress(x, y).stderr, rel=1e-10)


def test_newey_west_by_hand() -> None:
    # x = -1, 0, 1; the line through y = 1, 0, 4 has slope 1.5 and residuals 5/6, -5/3, 5/6, so x e = -5/6, 0, 5/6.
    terms = cross_terms(np.array([-1.0, 0.0, 1.0]), np.array([1.0, 0.0, 4.0]))
    assert newey_west_error(terms, 0) == pytest.approx(np.sqrt(2.0 * (5.0 / 6.0) ** 2) / 2.0)
    # Lag one adds nothing, lag two twice a third of minus (5/6)^2.
    assert newey_west_error(terms, 2) == pytest.approx(np.sqrt((2.0 - 2.0 / 3.0) * (5.0 / 6.0) ** 2) / 2.0)


def test_newey_west_accounts_for_overlapping_windows() -> None:
    x, y = autoregression(0.95, 3000, 8), autoregression(0.95, 3000, 9)
    terms = cross_terms(x, y)
    assert newey_west_error(terms, 40) > 3.0 * least_squares_error(terms)


def test_each_measure_uses_its_method(make_history: MakeHistory) -> None:
    stream = np.random.default_rng(10)
    history = make_history(stream.normal(size=(1, 700)), ust10_pct=4.0 + 0.1 * stream.normal(size=(1, 701)))
    beta = MEASURES_BY_NAME["spread_beta"]
    terms = beta.terms(history)[0]
    assert history_error(beta, terms) == newey_west_error(terms, 4)
    slope = MEASURES_BY_NAME["skew_slope"]
    gaps = cross_terms(stream.normal(size=20), stream.normal(size=20))
    assert history_error(slope, gaps) == least_squares_error(gaps)
    moments = SKEW.terms(history)[0]
    assert history_error(SKEW, moments) == bootstrap_error(skewness, moments, 250)
