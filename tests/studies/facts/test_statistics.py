"""Statistics of sums compared with scipy, known distributions and known values."""

import numpy as np
import pytest
from scipy import stats

from simulation.studies.facts import statistics as of
from simulation.studies.facts.history import DayIndex
from simulation.values.conventions import Array


def heavy(seed: int, shape: tuple[int, ...] = (4, 500)) -> Array:
    return np.asarray(stats.t(4).rvs(shape, random_state=np.random.default_rng(seed)) - 0.1)


def sums(values: Array) -> Array:
    return np.asarray(of.power_terms(values).sum(axis=-2))


def test_moments_are_those_of_scipy() -> None:
    values = heavy(1)
    assert of.mean(sums(values)) == pytest.approx(values.mean(axis=1), abs=1e-13)
    assert of.standard_deviation(sums(values)) == pytest.approx(values.std(axis=1, ddof=1), rel=1e-12)
    assert of.skewness(sums(values)) == pytest.approx(stats.skew(values, axis=1), rel=1e-10)
    assert of.excess_kurtosis(sums(values)) == pytest.approx(stats.kurtosis(values, axis=1), rel=1e-10)


def test_sums_of_runs_are_the_statistic_of_all_runs_together() -> None:
    values = heavy(2)
    pooled = sums(values).sum(axis=0)
    assert of.skewness(pooled) == pytest.approx(stats.skew(values.ravel()), rel=1e-10)
    assert of.skewness(pooled) != pytest.approx(float(of.skewness(sums(values)).mean()), rel=0.01)


def test_hand_worked_skewness() -> None:
    # Mean 1, deviations -1, -1, 2: third moment 2, variance 2, skewness 2 / 2^1.5.
    assert of.skewness(sums(np.array([0.0, 0.0, 3.0]))) == pytest.approx(1.0 / np.sqrt(2.0))


def test_skewness_has_the_sign_of_the_tail_and_no_unit() -> None:
    values = heavy(3)
    assert of.skewness(sums(-values)) == pytest.approx(-of.skewness(sums(values)), rel=1e-10)
    assert of.skewness(sums(250.0 * values)) == pytest.approx(of.skewness(sums(values)), rel=1e-10)
    assert of.excess_kurtosis(sums(250.0 * values)) == pytest.approx(of.excess_kurtosis(sums(values)), rel=1e-10)


def test_regression_is_that_of_scipy() -> None:
    x, noise = heavy(4, (300,)), heavy(5, (300,))
    y = 1.5 - 0.4 * x + noise
    found, line = of.cross_terms(x, y).sum(axis=0), stats.linregress(x, y)
    assert of.slope(found) == pytest.approx(line.slope, rel=1e-10)
    assert of.correlation(found) == pytest.approx(line.rvalue, rel=1e-10)
    assert of.r_squared(found) == pytest.approx(line.rvalue**2, rel=1e-10)
    assert of.standardised_slope(found) == pytest.approx(line.slope * x.std(), rel=1e-10)


def test_autocorrelation_of_an_autoregression() -> None:
    """An AR(1) process with coefficient 0.8 has autocorrelation 0.8^k at lag k."""
    shocks, values = np.random.default_rng(6).normal(size=(40, 3000)), np.zeros((40, 3000))
    for day in range(1, 3000):
        values[:, day] = 0.8 * values[:, day - 1] + shocks[:, day]
    for lag in (1, 3, 8):
        found = of.correlation(of.lag_terms(values, lag).sum(axis=(0, 1)))
        assert found == pytest.approx(0.8**lag, abs=0.02)


def test_hand_worked_tail_index() -> None:
    # The largest two of five: log excesses 1 and 2 over the third, 1.
    values = np.array([[0.5, -np.e, 1.0, np.e**2, 0.2]])
    assert of.tail_index(of.tail_terms(values, 0.4).sum(axis=1)) == pytest.approx([2.0 / 3.0])


@pytest.mark.parametrize("index", [2.0, 3.5])
def test_tail_index_of_a_pareto_tail(index: float) -> None:
    values = stats.pareto(index).rvs((1, 200_000), random_state=np.random.default_rng(7))
    assert of.tail_index(of.tail_terms(values, 0.02).sum(axis=(0, 1))) == pytest.approx(index, rel=0.05)


def test_tail_index_of_student_t_is_its_degrees_of_freedom() -> None:
    values = stats.t(3).rvs((1, 400_000), random_state=np.random.default_rng(8))
    assert of.tail_index(of.tail_terms(values, 0.002).sum(axis=(0, 1))) == pytest.approx(3.0, rel=0.08)
    # In percent or in decimals: the index has no unit.
    scaled = of.tail_index(of.tail_terms(100.0 * values, 0.002).sum(axis=(0, 1)))
    assert scaled == pytest.approx(of.tail_index(of.tail_terms(values, 0.002).sum(axis=(0, 1))))


def test_groups_and_windows_are_slices() -> None:
    returns = heavy(9, (2, 200))
    firsts: DayIndex = np.array([0, 60, 130])
    expected = [stats.skew(returns[:, first:last], axis=1) for first, last in ((0, 60), (60, 130), (130, 200))]
    assert of.group_skewness(returns, firsts) == pytest.approx(np.stack(expected, axis=1), rel=1e-9)
    assert of.group_mean(returns, firsts)[:, 1] == pytest.approx(returns[:, 60:130].mean(axis=1))
    windows = of.window_skewness(returns, np.array([5, 100]), 90)
    assert windows[:, 1] == pytest.approx(stats.skew(returns[:, 100:190], axis=1), rel=1e-9)


def test_masked_observations_have_no_effect() -> None:
    values = heavy(10, (1, 300))
    wanted = values > 0.0
    found = of.skewness(of.mask_terms(of.power_terms(values), wanted).sum(axis=1))
    assert found == pytest.approx([stats.skew(values[wanted])], rel=1e-10)


def test_volatility_multiple_follows_the_model_s_memory() -> None:
    steady = of.volatility_multiple(np.array([[1.0, -1.0, 1.0, -1.0]]))
    assert steady == pytest.approx(1.0)
    # Long-run variance (0 + 0 + 9) / 3 = 3; the estimate falls by 0.94 twice, then takes in 0.06 x 9.
    multiple = of.volatility_multiple(np.array([[0.0, 0.0, 3.0]]))
    expected = [0.94, 0.94**2, 0.94**3 + 0.06 * 3.0]
    assert multiple**2 == pytest.approx(np.array([expected]))


def test_constant_prices_have_no_skewness() -> None:
    still = sums(np.full((1, 50), 0.1))
    assert np.isnan([of.skewness(still), of.excess_kurtosis(still)]).all()
    assert np.isnan(of.slope(of.cross_terms(np.full(9, 0.1), np.arange(9.0)).sum(axis=0)))
    assert np.isnan(of.tail_index(of.tail_terms(np.zeros((1, 100)), 0.02).sum(axis=1))).all()
    assert np.isnan(of.mean(np.zeros(5)))
