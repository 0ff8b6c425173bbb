"""What is measured on a history: every statistic of CALIBRATION section 3, by name.

The same definitions serve the past and the model.  Returns are log changes of USDJPY in percent, so up is a weaker yen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np

from simulation.conventions import DAYS_PER_COUPON_YEAR, DAYS_PER_YEAR, TRADING_DAYS_PER_YEAR, Array
from simulation.facts.history import History, Index, month_ends, quarters, week_ends
from simulation.facts.statistics import (
    LEAST_DAYS,
    correlation,
    count_terms,
    cross_terms,
    excess_kurtosis,
    group_mean,
    group_skewness,
    lag_terms,
    log_returns_pct,
    mean,
    only,
    power_terms,
    r_squared,
    skewness,
    slope,
    standard_deviation,
    standardised_slope,
    tail_index,
    tail_terms,
    volatility_ratio,
    window_skewness,
)

WEEKS_PER_YEAR: Final = DAYS_PER_YEAR / 7.0
TAIL_SHARE: Final = 0.02
"""Share of the days that the tail index is measured on (CALIBRATION section 3)."""
LARGE_GAP_PP, NO_GAP_PP = (3.0, 4.0), (0.0, 0.5)
"""Two-year differential of days with a large rate gap and with none; CALIBRATION section 3 names 3-4 pp and "no gap"."""
SKEW_WINDOW_DAYS: Final = 90
"""Business days over which future skewness is measured against a position: the window that reproduces CALIBRATION's
-0.38 per 100,000 contracts; with 60 to 125 days the slope lies between -0.34 and -0.40."""
CALM_BELOW, STRESS_ABOVE = 1.0, 1.5
"""Volatility over its long-run value below which a day is calm and above which it is under stress (assumption; on
H.10 data 1990-2024 64 % and 6 % of days, the latter including 5 to 12 August 2024)."""

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


def daily(history: History) -> Array:
    """Daily returns in percent, ``(runs, days - 1)``."""
    return log_returns_pct(history.usdjpy)


def sampled(history: History, days: Index) -> Array:
    """Returns between the given days in percent, ``(runs, len(days) - 1)``."""
    return log_returns_pct(history.usdjpy[:, days])


def weekly(history: History) -> Array:
    """Returns from week end to week end in percent."""
    return sampled(history, week_ends(history.dates))


def monthly(history: History) -> Array:
    """Returns from month end to month end in percent."""
    return sampled(history, month_ends(history.dates))


def absolute(history: History) -> Array:
    """Size of daily returns in percent."""
    return np.abs(daily(history))


def skew_on_gap(history: History) -> Array:
    """Skewness of the daily returns of each quarter on its mean two-year differential, terms per quarter."""
    period = quarters(history.dates)[1:]
    firsts = np.flatnonzero(np.diff(period, prepend=period[0] - 1) != 0)
    whole = np.diff(np.append(firsts, period.size)) >= LEAST_DAYS
    gap = group_mean(history.two_year_gap_pp[:, 1:], firsts)[:, whole]
    return cross_terms(gap, group_skewness(daily(history), firsts)[:, whole])


def skew_on_position(history: History) -> Array:
    """Skewness of the returns of the following days on the short yen position, terms per week end.

    A history without positions, or too short, has no terms.
    """
    starts = week_ends(history.dates)
    starts = starts[starts + SKEW_WINDOW_DAYS < len(history.dates)]
    if history.position is None or not starts.size:
        return np.zeros((history.runs, 0, 6))
    # The return that begins at the close of day i is the i-th one.
    return cross_terms(history.position[:, starts], window_skewness(daily(history), starts, SKEW_WINDOW_DAYS))


def beta_terms(history: History) -> Array:
    """Weekly return of USDJPY on the change of the ten-year spread, terms per week."""
    return cross_terms(np.diff(history.ten_year_gap_pp[:, week_ends(history.dates)], axis=1), weekly(history))


def equity_terms(history: History, calm: bool) -> Array:
    """Daily return of USDJPY on that of US equity, terms per day that begins calm, or under stress.

    Yesterday's volatility tells the days apart: choosing days by the size of their own return would bias the correlation
    (Forbes and Rigobon 2002).
    """
    if history.us_equity is None:
        return np.zeros((history.runs, 0, 6))
    returns = daily(history)
    ratio = volatility_ratio(returns)[:, :-1]
    wanted = ratio < CALM_BELOW if calm else ratio > STRESS_ABOVE
    return only(cross_terms(log_returns_pct(history.us_equity)[:, 1:], returns[:, 1:]), wanted)


def carry_terms(history: History) -> Array:
    """Weekly return in percent of dollars held against yen, interest at the two-year yields included, terms per week.

    Financing and investment at policy rates would need Japan's before 1995; two-year yields exist throughout.
    """
    days = week_ends(history.dates)
    years = np.diff(history.dates[days]).astype(np.float64) / DAYS_PER_COUPON_YEAR
    return power_terms(weekly(history) + history.two_year_gap_pp[:, days[:-1]] * years)


def carry_per_year(sums: Array) -> Array:
    """Mean weekly return times weeks per year, percent."""
    return mean(sums) * WEEKS_PER_YEAR


def sharpe_ratio(sums: Array) -> Array:
    """Mean return over its standard deviation, per year."""
    deviation = standard_deviation(sums)
    return np.where(deviation > 0.0, mean(sums) / np.where(deviation > 0.0, deviation, 1.0), np.nan) * np.sqrt(
        WEEKS_PER_YEAR
    )


def gap_terms(history: History, gap_pp: tuple[float, float]) -> Array:
    """Powers of the returns of days that begin with a two-year differential in a range, low end included."""
    gap = history.two_year_gap_pp[:, :-1]
    return only(power_terms(daily(history)), (gap >= gap_pp[0]) & (gap < gap_pp[1]))


def per_year(sums: Array) -> Array:
    """Frequency per day times business days per year."""
    return mean(sums) * TRADING_DAYS_PER_YEAR


def beyond(history: History, limit_pct: float) -> Array:
    """Whether each day's return lies beyond a limit, below it where the limit is negative."""
    returns = daily(history)
    return count_terms(returns < limit_pct if limit_pct < 0.0 else returns > limit_pct)


def powers(returns: Callable[[History], Array], history: History) -> Array:
    """Powers of returns."""
    return power_terms(returns(history))


def lagged(series: Callable[[History], Array], lag: int, history: History) -> Array:
    """Terms of a series and itself `lag` days before; none in a history that is too short."""
    values = series(history)
    return lag_terms(values, lag) if values.shape[1] > lag else np.zeros((history.runs, 0, 6))


def _moments(period: str, returns: Callable[[History], Array], block: int) -> list[Measure]:
    terms = partial(powers, returns)
    return [
        Measure(f"{period}_sd_pct", f"Standard deviation, {period}", "%", terms, standard_deviation, block),
        Measure(f"{period}_skew", f"Skewness, {period}", "", terms, skewness, block),
        Measure(f"{period}_kurtosis", f"Excess kurtosis, {period}", "", terms, excess_kurtosis, block),
    ]


def _autocorrelations(name: str, label: str, series: Callable[[History], Array]) -> list[Measure]:
    return [
        Measure(f"{name}_{lag}", f"Autocorrelation of {label}, lag {lag}", "", partial(lagged, series, lag), correlation)
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
    Measure("tail_index", "Hill tail index, largest 2 %", "", lambda h: tail_terms(daily(h), TAIL_SHARE), tail_index),
    *_autocorrelations("acf", "returns", daily),
    *_autocorrelations("acf_size", "|returns|", absolute),
    *(_count(limit) for limit in (-2.0, 2.0, -3.0, 3.0)),
    Measure("skew_slope", "Quarterly skewness on 2-year gap", "per pp", skew_on_gap, slope, 4, "least squares"),
    _on_gap("skew_large_gap", "Daily skewness, gap 3 to 4 pp", LARGE_GAP_PP),
    _on_gap("skew_no_gap", "Daily skewness, gap 0 to 0.5 pp", NO_GAP_PP),
    Measure("skew_on_position", "Future skewness on position", "per sd", skew_on_position, standardised_slope, 52),
    Measure("spread_beta", "Weekly beta to 10-year spread", "% per pp", beta_terms, slope, 52, "Newey-West", 4),
    Measure("spread_r2", "Weekly R² with 10-year spread", "", beta_terms, r_squared, 52),
    Measure("equity_calm", "Correlation, US equity, calm", "", partial(equity_terms, calm=True), correlation),
    Measure("equity_stress", "Correlation, US equity, stress", "", partial(equity_terms, calm=False), correlation),
    Measure("carry_pct", "Carry return, unlevered", "% per year", carry_terms, carry_per_year, 52),
    Measure("carry_sharpe", "Carry Sharpe ratio", "per year", carry_terms, sharpe_ratio, 52),
)
"""Every statistic, in the order of a table."""

BY_NAME: Final = {measure.name: measure for measure in MEASURES}
