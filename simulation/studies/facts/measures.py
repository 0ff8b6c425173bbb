"""What a history is made of, observation by observation: the terms whose sums give each statistic.

Returns are log changes of USDJPY in percent, so up is a weaker yen.  The same terms serve the past and the model.

What is measured on a history: every statistic of CALIBRATION section 3, by name.

Standard errors of statistics of sums: over runs by the jackknife, over one history by resampling or in closed form.

Terms are as in `simulation.studies.facts.statistics`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np

from simulation.studies.facts.history import DayIndex, History, month_ends, quarter_numbers, week_ends
from simulation.studies.facts.statistics import (
    MIN_QUARTER_DAYS,
    correlation,
    count_terms,
    cross_terms,
    excess_kurtosis,
    group_mean,
    group_skewness,
    lag_terms,
    log_returns_pct,
    mask_terms,
    mean,
    power_terms,
    r_squared,
    ratio,
    skewness,
    slope,
    standard_deviation,
    standardised_slope,
    tail_index,
    tail_terms,
    volatility_multiple,
    window_skewness,
)
from simulation.values.conventions import DAYS_PER_COUPON_YEAR, DAYS_PER_YEAR, TRADING_DAYS_PER_YEAR, Array

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


def daily_returns_pct(history: History) -> Array:
    """Daily returns in percent, ``(runs, days - 1)``."""
    return log_returns_pct(history.usdjpy)


def returns_between_pct(history: History, days: DayIndex) -> Array:
    """Returns between the given days in percent, ``(runs, len(days) - 1)``."""
    return log_returns_pct(history.usdjpy[:, days])


def weekly_returns_pct(history: History) -> Array:
    """Returns from week end to week end in percent."""
    return returns_between_pct(history, week_ends(history.dates))


def monthly_returns_pct(history: History) -> Array:
    """Returns from month end to month end in percent."""
    return returns_between_pct(history, month_ends(history.dates))


def absolute_returns_pct(history: History) -> Array:
    """Size of daily returns in percent."""
    return np.abs(daily_returns_pct(history))


def skew_on_gap_terms(history: History) -> Array:
    """Skewness of the daily returns of each quarter on its mean two-year differential, terms per quarter."""
    period = quarter_numbers(history.dates)[1:]
    firsts = np.flatnonzero(np.diff(period, prepend=period[0] - 1) != 0)
    whole = np.diff(np.append(firsts, period.size)) >= MIN_QUARTER_DAYS
    gap = group_mean(history.two_year_gap_pp[:, 1:], firsts)[:, whole]
    return cross_terms(gap, group_skewness(daily_returns_pct(history), firsts)[:, whole])


def skew_on_position_terms(history: History) -> Array:
    """Skewness of the returns of the following days on the short yen position, terms per week end.

    A history without positions, or too short, has no terms.
    """
    starts = week_ends(history.dates)
    starts = starts[starts + SKEW_WINDOW_DAYS < len(history.dates)]
    if history.position is None or not starts.size:
        return np.zeros((history.runs, 0, 6))
    # The return that begins at the close of day i is the i-th one.
    return cross_terms(
        history.position[:, starts], window_skewness(daily_returns_pct(history), starts, SKEW_WINDOW_DAYS)
    )


def beta_terms(history: History) -> Array:
    """Weekly return of USDJPY on the change of the ten-year spread, terms per week."""
    return cross_terms(
        np.diff(history.ten_year_gap_pp[:, week_ends(history.dates)], axis=1), weekly_returns_pct(history)
    )


def equity_terms(history: History, calm: bool) -> Array:
    """Daily return of USDJPY on that of US equity, terms per day that begins calm, or under stress.

    Yesterday's volatility tells the days apart: choosing days by the size of their own return would bias the correlation
    (Forbes and Rigobon 2002).
    """
    if history.us_equity is None:
        return np.zeros((history.runs, 0, 6))
    returns = daily_returns_pct(history)
    multiple = volatility_multiple(returns)[:, :-1]
    wanted = multiple < CALM_BELOW if calm else multiple > STRESS_ABOVE
    return mask_terms(cross_terms(log_returns_pct(history.us_equity)[:, 1:], returns[:, 1:]), wanted)


def carry_terms(history: History) -> Array:
    """Length in years and return in percent of dollars held against yen, two-year interest included, terms per week.

    Financing and investment at policy rates would need Japan's before 1995; two-year yields exist throughout.
    """
    days = week_ends(history.dates)
    length = np.diff(history.dates[days]).astype(np.float64)
    interest = history.two_year_gap_pp[:, days[:-1]] * length / DAYS_PER_COUPON_YEAR
    returns = weekly_returns_pct(history) + interest
    return cross_terms(np.broadcast_to(length / DAYS_PER_YEAR, returns.shape), returns)


def gap_terms(history: History, gap_pp: tuple[float, float]) -> Array:
    """Powers of the returns of days that begin with a two-year differential in a range, low end included."""
    gap = history.two_year_gap_pp[:, :-1]
    return mask_terms(power_terms(daily_returns_pct(history)), (gap >= gap_pp[0]) & (gap < gap_pp[1]))


def threshold_terms(history: History, limit_pct: float) -> Array:
    """Whether each day's return lies beyond a limit, below it where the limit is negative."""
    returns = daily_returns_pct(history)
    return count_terms(returns < limit_pct if limit_pct < 0.0 else returns > limit_pct)


def moment_terms(returns: Callable[[History], Array], history: History) -> Array:
    """Powers of returns."""
    return power_terms(returns(history))


def autocorrelation_terms(series: Callable[[History], Array], lag: int, history: History) -> Array:
    """Terms of a series and itself `lag` days before; none in a history that is too short."""
    values = series(history)
    return lag_terms(values, lag) if values.shape[1] > lag else np.zeros((history.runs, 0, 6))


def hill_terms(history: History) -> Array:
    """Largest daily returns in size, of all runs together."""
    return tail_terms(daily_returns_pct(history), TAIL_SHARE)


ErrorMethod = Literal["block bootstrap", "least squares", "Newey-West"]
TermsFunction = Callable[[History], Array]
StatisticFunction = Callable[[Array], Array]


@dataclass(frozen=True)
class FactMeasure:
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
    terms: TermsFunction
    statistic: StatisticFunction
    block: int = 250
    error: ErrorMethod = "block bootstrap"
    lags: int = 0

    def by_run(self, history: History) -> Array:
        """Statistic of each run by itself, ``(runs,)``; not a number where nothing can be measured."""
        return self.statistic(self.terms(history).sum(axis=1))


def annual_carry_pct(sums: Array) -> Array:
    """Sum of the returns over the sum of the years, from `carry_terms`, percent."""
    return ratio(sums[..., 2], sums[..., 1])


def sharpe_ratio(sums: Array) -> Array:
    """Return per year over its standard deviation, from `carry_terms`; the variance of weeks adds up."""
    weeks_per_year = ratio(sums[..., 0], sums[..., 1])
    deviation = standard_deviation(sums[..., [0, 2, 5]]) * np.sqrt(weeks_per_year)
    return ratio(annual_carry_pct(sums), deviation)


def frequency_per_year(sums: Array) -> Array:
    """Frequency per day times business days per year."""
    return mean(sums) * TRADING_DAYS_PER_YEAR


def _moment_measures(period: str, returns: Callable[[History], Array], block: int) -> list[FactMeasure]:
    terms = partial(moment_terms, returns)
    return [
        FactMeasure(f"{period}_sd_pct", f"Standard deviation, {period}", "%", terms, standard_deviation, block),
        FactMeasure(f"{period}_skew", f"Skewness, {period}", "", terms, skewness, block),
        FactMeasure(f"{period}_kurtosis", f"Excess kurtosis, {period}", "", terms, excess_kurtosis, block),
    ]


def _autocorrelation_measures(name: str, label: str, series: Callable[[History], Array]) -> list[FactMeasure]:
    return [
        FactMeasure(
            f"{name}_{lag}",
            f"Autocorrelation of {label}, lag {lag}",
            "",
            partial(autocorrelation_terms, series, lag),
            correlation,
        )
        for lag in (1, 20, 100)
    ]


def _threshold_measure(limit_pct: float) -> FactMeasure:
    side = "below" if limit_pct < 0 else "above"
    label = f"Days {side} {limit_pct:+.0f} %".replace("-", "−")
    terms = partial(threshold_terms, limit_pct=limit_pct)
    return FactMeasure(f"days_{side}_{abs(limit_pct):.0f}", label, "per year", terms, frequency_per_year)


def _gap_measure(name: str, label: str, gap_pp: tuple[float, float]) -> FactMeasure:
    return FactMeasure(name, label, "", partial(gap_terms, gap_pp=gap_pp), skewness)


MEASURES: Final = (
    *_moment_measures("daily", daily_returns_pct, 250),
    *_moment_measures("weekly", weekly_returns_pct, 52),
    *_moment_measures("monthly", monthly_returns_pct, 12),
    FactMeasure("tail_index", "Hill tail index, largest 2 %", "", hill_terms, tail_index),
    *_autocorrelation_measures("acf", "returns", daily_returns_pct),
    *_autocorrelation_measures("acf_size", "|returns|", absolute_returns_pct),
    *(_threshold_measure(limit) for limit in (-2.0, 2.0, -3.0, 3.0)),
    FactMeasure("skew_slope", "Skewness on 2-year gap", "per pp", skew_on_gap_terms, slope, 4, "least squares"),
    _gap_measure("skew_large_gap", "Daily skewness, gap 3 to 4 pp", LARGE_GAP_PP),
    _gap_measure("skew_no_gap", "Daily skewness, gap 0 to 0.5 pp", NO_GAP_PP),
    FactMeasure(
        "skew_on_position", "Skewness to come on position", "per sd", skew_on_position_terms, standardised_slope, 52
    ),
    FactMeasure("spread_beta", "Beta to 10-year spread", "% per pp", beta_terms, slope, 52, "Newey-West", 4),
    FactMeasure("spread_r2", "R² with 10-year spread", "", beta_terms, r_squared, 52),
    FactMeasure("equity_calm", "Correlation, US equity, calm", "", partial(equity_terms, calm=True), correlation),
    FactMeasure("equity_stress", "Correlation, US equity, stress", "", partial(equity_terms, calm=False), correlation),
    FactMeasure("carry_pct", "Carry return, unlevered", "% per year", carry_terms, annual_carry_pct, 52),
    FactMeasure("carry_sharpe", "Carry Sharpe ratio", "per year", carry_terms, sharpe_ratio, 52),
)
"""Every statistic, in the order of a table."""

MEASURES_BY_NAME: Final = {measure.name: measure for measure in MEASURES}


BOOTSTRAP_REPLICATIONS: Final = 2000
BOOTSTRAP_SEED: Final = 19900102
"""Of the bootstrap's draws, fixed so that stored errors can be reproduced."""
MIN_JACKKNIFE_RUNS: Final = 2


def pooled_value(measure: FactMeasure, sums: Array) -> float:
    """Statistic of all runs together; `sums` over the observations of each run are ``(runs, k)``."""
    return float(measure.statistic(sums.sum(axis=0)))


def jackknife_error(measure: FactMeasure, sums: Array) -> float:
    """Standard error of `pooled` when runs are independent: the statistic of all runs but one, for each run.

    ``var = (R - 1) / R sum (T_-r - mean T_-r)^2``; not a number for a single run.  Source: Efron and Stein (1981).
    """
    runs = sums.shape[0]
    if runs < MIN_JACKKNIFE_RUNS:
        return float("nan")
    left_out = measure.statistic(sums.sum(axis=0) - sums)
    return float(np.sqrt((runs - 1) / runs * ((left_out - left_out.mean()) ** 2).sum()))


def history_error(measure: FactMeasure, terms: Array) -> float:
    """Standard error of a statistic of one history, by the measure's method; `terms` are ``(observations, k)``."""
    if measure.error == "block bootstrap":
        return bootstrap_error(measure.statistic, terms, measure.block)
    return least_squares_error(terms) if measure.error == "least squares" else newey_west_error(terms, measure.lags)


def bootstrap_error(statistic: StatisticFunction, terms: Array, block: int) -> float:
    """Standard deviation of a statistic over histories made of random blocks of the past, its end joined to its start.

    Source: Politis and Romano (1992), circular block bootstrap.
    """
    count = terms.shape[0]
    blocks = -(-count // block)
    starts = np.random.Generator(np.random.PCG64(BOOTSTRAP_SEED)).integers(0, count, (BOOTSTRAP_REPLICATIONS, blocks))
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
