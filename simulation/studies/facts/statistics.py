"""Moments, regressions and tail indices as functions of sums over observations.

Every statistic is a function of sums of terms, one term per observation.  Sums over the days of a run give the statistic of
that run, sums over all runs the pooled statistic, sums over all runs but one its jackknife values, and sums over resampled
blocks of days its bootstrap distribution.  The same definitions apply to observed and simulated data.

Terms have shape ``(runs, observations, k)``; sums over observations, or also over runs, have shape ``(..., k)``.
A statistic is not-a-number where its denominator is zero.
"""

from typing import Final

import numpy as np

from simulation.market.prices import VOLATILITY_MEMORY
from simulation.studies.facts.history import DayIndex
from simulation.values.conventions import PERCENT, Array, Flags

MIN_QUARTER_DAYS: Final = 40
"""Fewest returns in a quarter that is used; a full quarter has 59 to 65 business days, the first and last are incomplete."""
SMALLEST_VARIANCE_SHARE: Final = 1e-13
"""A variance denominator this share of the mean square is rounding error and counts as zero."""


def log_returns_pct(prices: Array) -> Array:
    """Log returns between consecutive prices in percent, ``(runs, observations - 1)``."""
    return np.diff(np.log(prices), axis=-1) / PERCENT


# Terms


def power_terms(values: Array) -> Array:
    """Powers 0 to 4 of each observation, ``(..., 5)``, for mean, standard deviation, skewness and kurtosis."""
    return np.stack([np.ones_like(values), values, values**2, values**3, values**4], axis=-1)


def cross_terms(x: Array, y: Array) -> Array:
    """One, x, y, x^2, xy and y^2 of each pair, ``(..., 6)``, for slope and correlation."""
    return np.stack([np.ones_like(x), x, y, x**2, x * y, y**2], axis=-1)


def lag_terms(values: Array, lag: int) -> Array:
    """Cross terms of each observation with the one `lag` before it, ``(runs, observations - lag, 6)``."""
    return cross_terms(values[..., :-lag], values[..., lag:])


def tail_terms(values: Array, share: float) -> Array:
    """One and the log excess of each value in the largest `share` by size, zero for others, ``(runs, observations, 2)``.

    The threshold is the next largest size over all runs.  Source: Hill (1975).
    """
    size = np.abs(values)
    rank = int(share * size.size)
    threshold = np.partition(size, size.size - rank - 1, axis=None)[size.size - rank - 1]
    beyond = (size > threshold) & (threshold > 0.0)
    excess = np.log(np.where(beyond, size, 1.0) / np.where(beyond, threshold, 1.0))
    return np.stack([beyond.astype(np.float64), excess], axis=-1)


def count_terms(occurred: Flags) -> Array:
    """One, and one or zero for whether the event occurred, of each observation, ``(..., 2)``."""
    return np.stack([np.ones(occurred.shape), occurred.astype(np.float64)], axis=-1)


def mask_terms(terms: Array, selected: Flags) -> Array:
    """Terms of the selected observations, zero for others."""
    return np.where(selected[..., None], terms, 0.0)


# Statistics of sums


def mean(sums: Array) -> Array:
    """Mean, from `power_terms` or `count_terms`."""
    return ratio(sums[..., 1], sums[..., 0])


def variance(sums: Array) -> Array:
    """Mean squared deviation from the mean, from the first three of `power_terms`; rounding error counts as zero."""
    first, second = ratio(sums[..., 1], sums[..., 0]), ratio(sums[..., 2], sums[..., 0])
    spread = second - first**2
    return np.where(spread <= SMALLEST_VARIANCE_SHARE * second, 0.0, spread)


def standard_deviation(sums: Array) -> Array:
    """Standard deviation with divisor n - 1, from the first three of `power_terms`."""
    count = sums[..., 0]
    return np.sqrt(ratio(count * variance(sums), count - 1.0))


def skewness(sums: Array) -> Array:
    """Third central moment over the cubed standard deviation, from `power_terms`."""
    first, second, third, _ = _raw_moments(sums)
    return ratio(third - 3.0 * first * second + 2.0 * first**3, variance(sums) ** 1.5)


def excess_kurtosis(sums: Array) -> Array:
    """Fourth central moment over the squared variance, less three, from `power_terms`."""
    first, second, third, fourth = _raw_moments(sums)
    central = fourth - 4.0 * first * third + 6.0 * first**2 * second - 3.0 * first**4
    return ratio(central, variance(sums) ** 2) - 3.0


def _raw_moments(sums: Array) -> tuple[Array, Array, Array, Array]:
    """Means of the first four powers."""
    first, second, third, fourth = np.moveaxis(ratio(sums[..., 1:], sums[..., :1]), -1, 0)
    return first, second, third, fourth


def slope(sums: Array) -> Array:
    """Least-squares slope of y on x, from `cross_terms`."""
    return ratio(_covariance(sums, 1, 2, 4), _covariance(sums, 1, 1, 3))


def standardised_slope(sums: Array) -> Array:
    """Change of y for one standard deviation of x, from `cross_terms`."""
    return slope(sums) * np.sqrt(ratio(_covariance(sums, 1, 1, 3), sums[..., 0]))


def correlation(sums: Array) -> Array:
    """Correlation of x and y, from `cross_terms`; the autocorrelation with `lag_terms`."""
    return ratio(_covariance(sums, 1, 2, 4), np.sqrt(_covariance(sums, 1, 1, 3) * _covariance(sums, 2, 2, 5)))


def r_squared(sums: Array) -> Array:
    """Share of the variance of y explained by x, from `cross_terms`."""
    return correlation(sums) ** 2


def tail_index(sums: Array) -> Array:
    """Hill's index of a power-law tail, from `tail_terms`: ``1 / mean log excess``; a larger index is a thinner tail."""
    return ratio(sums[..., 0], sums[..., 1])


def _covariance(sums: Array, left: int, right: int, product: int) -> Array:
    """Number of observations times the covariance of two columns of cross sums; rounding error counts as zero."""
    spread = sums[..., product] - ratio(sums[..., left] * sums[..., right], sums[..., 0])
    smallest = SMALLEST_VARIANCE_SHARE * np.abs(sums[..., product])
    return np.where((left == right) & (spread <= smallest), 0.0, spread)


def ratio(numerator: Array, denominator: Array) -> Array:
    """Quotient; not-a-number where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator == 0.0, np.nan, numerator / denominator)


# Statistics of groups and windows of observations


def group_skewness(returns: Array, firsts: DayIndex) -> Array:
    """Skewness of consecutive groups of returns that begin at `firsts`, ``(runs, groups)``."""
    return skewness(np.add.reduceat(power_terms(returns), firsts, axis=-2))


def group_mean(values: Array, firsts: DayIndex) -> Array:
    """Mean of consecutive groups that begin at `firsts`, ``(runs, groups)``."""
    sizes = np.diff(np.append(firsts, values.shape[-1]))
    return np.asarray(np.add.reduceat(values, firsts, axis=-1) / sizes)


def window_skewness(returns: Array, starts: DayIndex, days: int) -> Array:
    """Skewness of the `days` returns beginning at each start, ``(runs, starts)``."""
    windows = starts[:, None] + np.arange(days)
    return skewness(power_terms(returns[..., windows]).sum(axis=-2))


def volatility_multiple(returns: Array) -> Array:
    """Estimated volatility at the close of each day over its long-run value, ``(runs, days)``.

    ``v <- m v + (1 - m) r^2``, starting at the long-run variance, the mean of r^2 over all days and runs; m is the model's
    parameter.
    """
    squares = returns**2
    long_run = float(squares.mean())
    if long_run == 0.0:
        return np.ones_like(returns)
    estimate, multiple = np.full(returns.shape[0], long_run), np.empty_like(returns)
    for day in range(returns.shape[1]):
        estimate = VOLATILITY_MEMORY * estimate + (1.0 - VOLATILITY_MEMORY) * squares[:, day]
        multiple[:, day] = np.sqrt(estimate / long_run)
    return multiple
