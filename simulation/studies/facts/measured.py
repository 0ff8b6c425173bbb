"""What is measured on a history: every statistic of CALIBRATION section 3, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np

from simulation.studies.facts.history import History
from simulation.studies.facts.observed import (
    LARGE_GAP_PP,
    NO_GAP_PP,
    absolute,
    beta_terms,
    beyond,
    carry_terms,
    daily,
    equity_terms,
    gap_terms,
    lagged,
    largest,
    monthly,
    powers,
    skew_on_gap,
    skew_on_position,
    weekly,
)
from simulation.studies.facts.statistics import (
    correlation,
    excess_kurtosis,
    mean,
    r_squared,
    ratio,
    skewness,
    slope,
    standard_deviation,
    standardised_slope,
    tail_index,
)
from simulation.values.conventions import TRADING_DAYS_PER_YEAR, Array

ErrorMethod = Literal["block bootstrap", "least squares", "Newey-West"]
Terms = Callable[[History], Array]
Statistic = Callable[[Array], Array]


@dataclass(frozen=True)
class Measure:
    """One statistic: the words a reader sees, its terms, the function of their sums, and how long memory lasts.

    Attributes
    ----------
    block
        Observations per resampled block of the past: about a year, unless memory is shorter.
    error
        How the standard error of the past is computed; over runs it is always the jackknife.
    lags
        Lags of the Newey-West error, in observations.
    """

    name: str
    label: str
    unit: str
    terms: Terms
    statistic: Statistic
    block: int = 250
    error: ErrorMethod = "block bootstrap"
    lags: int = 0

    def by_run(self, history: History) -> Array:
        """Statistic of each run by itself, ``(runs,)``; not a number where nothing can be measured."""
        return self.statistic(self.terms(history).sum(axis=1))


def carry_per_year(sums: Array) -> Array:
    """Sum of the returns over the sum of the years, from `carry_terms`, percent."""
    return ratio(sums[..., 2], sums[..., 1])


def sharpe_ratio(sums: Array) -> Array:
    """Return per year over its standard deviation, from `carry_terms`; the variance of weeks adds up."""
    weeks_per_year = ratio(sums[..., 0], sums[..., 1])
    deviation = standard_deviation(sums[..., [0, 2, 5]]) * np.sqrt(weeks_per_year)
    return ratio(carry_per_year(sums), deviation)


def per_year(sums: Array) -> Array:
    """Frequency per day times business days per year."""
    return mean(sums) * TRADING_DAYS_PER_YEAR


def _moments(period: str, returns: Callable[[History], Array], block: int) -> list[Measure]:
    terms = partial(powers, returns)
    return [
        Measure(f"{period}_sd_pct", f"Standard deviation, {period}", "%", terms, standard_deviation, block),
        Measure(f"{period}_skew", f"Skewness, {period}", "", terms, skewness, block),
        Measure(f"{period}_kurtosis", f"Excess kurtosis, {period}", "", terms, excess_kurtosis, block),
    ]


def _autocorrelations(name: str, label: str, series: Callable[[History], Array]) -> list[Measure]:
    return [
        Measure(
            f"{name}_{lag}", f"Autocorrelation of {label}, lag {lag}", "", partial(lagged, series, lag), correlation
        )
        for lag in (1, 20, 100)
    ]


def _count(limit_pct: float) -> Measure:
    side = "below" if limit_pct < 0 else "above"
    label = f"Days {side} {limit_pct:+.0f} %".replace("-", "−")
    terms = partial(beyond, limit_pct=limit_pct)
    return Measure(f"days_{side}_{abs(limit_pct):.0f}", label, "per year", terms, per_year)


def _on_gap(name: str, label: str, gap_pp: tuple[float, float]) -> Measure:
    return Measure(name, label, "", partial(gap_terms, gap_pp=gap_pp), skewness)


MEASURES: Final = (
    *_moments("daily", daily, 250),
    *_moments("weekly", weekly, 52),
    *_moments("monthly", monthly, 12),
    Measure("tail_index", "Hill tail index, largest 2 %", "", largest, tail_index),
    *_autocorrelations("acf", "returns", daily),
    *_autocorrelations("acf_size", "|returns|", absolute),
    *(_count(limit) for limit in (-2.0, 2.0, -3.0, 3.0)),
    Measure("skew_slope", "Skewness on 2-year gap", "per pp", skew_on_gap, slope, 4, "least squares"),
    _on_gap("skew_large_gap", "Daily skewness, gap 3 to 4 pp", LARGE_GAP_PP),
    _on_gap("skew_no_gap", "Daily skewness, gap 0 to 0.5 pp", NO_GAP_PP),
    Measure("skew_on_position", "Skewness to come on position", "per sd", skew_on_position, standardised_slope, 52),
    Measure("spread_beta", "Beta to 10-year spread", "% per pp", beta_terms, slope, 52, "Newey-West", 4),
    Measure("spread_r2", "R² with 10-year spread", "", beta_terms, r_squared, 52),
    Measure("equity_calm", "Correlation, US equity, calm", "", partial(equity_terms, calm=True), correlation),
    Measure("equity_stress", "Correlation, US equity, stress", "", partial(equity_terms, calm=False), correlation),
    Measure("carry_pct", "Carry return, unlevered", "% per year", carry_terms, carry_per_year, 52),
    Measure("carry_sharpe", "Carry Sharpe ratio", "per year", carry_terms, sharpe_ratio, 52),
)
"""Every statistic, in the order of a table."""

BY_NAME: Final = {measure.name: measure for measure in MEASURES}
