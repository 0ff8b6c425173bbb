"""Standard errors of statistics of sums: over runs by the jackknife, over one history by resampling or in closed form.

Terms are as in `simulation.studies.facts.statistics`.
"""

from typing import Final

import numpy as np

from simulation.studies.facts.measured import Measure, Statistic
from simulation.values.conventions import Array

REPLICATIONS: Final = 2000
SEED: Final = 19900102
"""Of the bootstrap's draws, fixed so that stored errors can be reproduced."""
LEAST_RUNS: Final = 2


def pooled(measure: Measure, sums: Array) -> float:
    """Statistic of all runs together; `sums` over the observations of each run are ``(runs, k)``."""
    return float(measure.statistic(sums.sum(axis=0)))


def jackknife_error(measure: Measure, sums: Array) -> float:
    """Standard error of `pooled` when runs are independent: the statistic of all runs but one, for each run.

    ``var = (R - 1) / R sum (T_-r - mean T_-r)^2``; not a number for a single run.  Source: Efron and Stein (1981).
    """
    runs = sums.shape[0]
    if runs < LEAST_RUNS:
        return float("nan")
    left_out = measure.statistic(sums.sum(axis=0) - sums)
    return float(np.sqrt((runs - 1) / runs * ((left_out - left_out.mean()) ** 2).sum()))


def history_error(measure: Measure, terms: Array) -> float:
    """Standard error of a statistic of one history, by the measure's method; `terms` are ``(observations, k)``."""
    if measure.error == "block bootstrap":
        return bootstrap_error(measure.statistic, terms, measure.block)
    return least_squares_error(terms) if measure.error == "least squares" else newey_west_error(terms, measure.lags)


def bootstrap_error(statistic: Statistic, terms: Array, block: int) -> float:
    """Standard deviation of a statistic over histories made of random blocks of the past, its end joined to its start.

    Source: Politis and Romano (1992), circular block bootstrap.
    """
    count = terms.shape[0]
    blocks = -(-count // block)
    starts = np.random.Generator(np.random.PCG64(SEED)).integers(0, count, (REPLICATIONS, blocks))
    before = np.concatenate([np.zeros((1, terms.shape[1])), np.cumsum(np.concatenate([terms, terms[:block]]), axis=0)])
    totals = np.asarray((before[starts + block] - before[starts]).sum(axis=1))
    return float(np.std(statistic(totals), ddof=1))


def least_squares_error(terms: Array) -> float:
    """Standard error of the slope of `cross_terms` when the observations are independent and alike.

    ``s / sqrt(sum (x - mean x)^2)`` with ``s^2 = sum e^2 / (n - 2)``.
    """
    x, _, residual = _regression(terms)
    return float(np.sqrt((residual**2).sum() / (x.size - 2) / (x**2).sum()))


def newey_west_error(terms: Array, lags: int) -> float:
    """Standard error of the slope of `cross_terms` with errors that depend on each other over so many observations.

    Source: Newey and West (1987), Bartlett weights.
    """
    x, _, residual = _regression(terms)
    moment = x * residual
    spread = (moment**2).sum()
    for lag in range(1, lags + 1):
        spread += 2.0 * (1.0 - lag / (lags + 1.0)) * (moment[lag:] * moment[:-lag]).sum()
    return float(np.sqrt(spread) / (x**2).sum())


def _regression(terms: Array) -> tuple[Array, Array, Array]:
    """Demeaned x and y of `cross_terms` and the residual of the regression."""
    x, y = (terms[:, column] - terms[:, column].mean() for column in (1, 2))
    return x, y, y - x * ((x * y).sum() / (x**2).sum())
