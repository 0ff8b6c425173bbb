"""Statistics of a history by name (CALIBRATION section 3), with their terms and standard errors.

Returns are log changes of USDJPY in percent: a positive return is a weaker yen.  Terms are those of
`simulation.studies.facts.statistics`, for observed and simulated data alike.
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
"""Share of days in the tail that the tail index uses (CALIBRATION section 3)."""
LARGE_GAP_PP, NO_GAP_PP = (3.0, 4.0), (0.0, 0.5)
"""Two-year yield differential of days with a large rate gap and with none; CALIBRATION section 3: 3-4 pp and "no gap"."""
SKEW_WINDOW_DAYS: Final = 90
"""Business days of returns after a position over which skewness is measured.  This window reproduces the slope of -0.38 per
100,000 contracts in CALIBRATION; with 60 to 125 days it lies between -0.34 and -0.40."""
CALM_BELOW, STRESS_ABOVE = 1.0, 1.5
"""Volatility over its long-run value below which a day is calm and above which it is under stress (assumption).  In
H.10 data for 1990-2024 these are 64 % and 6 % of days, the latter including 5 to 12 August 2024."""


def daily_returns_pct(history: History) -> Array:
    """Daily returns in percent, ``(runs, days - 1)``."""
    return log_returns_pct(history.usdjpy)


def returns_between_pct(history: History, days: DayIndex) -> Array:
    """Returns between the given days in percent, ``(runs, len(days) - 1)``."""
    return log_returns_pct(history.usdjpy[:, days])


def weekly_returns_pct(history: History) -> Array:
    """Returns between week ends in percent."""
    return returns_between_pct(history, week_ends(history.dates))


def monthly_returns_pct(history: History) -> Array:
    """Returns between month ends in percent."""
    return returns_between_pct(history, month_ends(history.dates))


def absolute_returns_pct(history: History) -> Array:
    """Absolute daily returns in percent."""
    return np.abs(daily_returns_pct(history))


def skew_on_gap_terms(history: History) -> Array:
    """Cross terms per quarter: skewness of daily returns on the mean two-year differential."""
    period = quarter_numbers(history.dates)[1:]
    firsts = np.flatnonzero(np.diff(period, prepend=period[0] - 1) != 0)
    complete = np.diff(np.append(firsts, period.size)) >= MIN_QUARTER_DAYS
    gap = group_mean(history.two_year_gap_pp[:, 1:], firsts)[:, complete]
    return cross_terms(gap, group_skewness(daily_returns_pct(history), firsts)[:, complete])


def skew_on_position_terms(history: History) -> Array:
    """Cross terms per week end: skewness of subsequent returns on the short yen position.

    Without positions, or if the history is too short, there are no terms.
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
    """Cross terms per week: return of USDJPY on the change of the ten-year spread."""
    return cross_terms(
        np.diff(history.ten_year_gap_pp[:, week_ends(history.dates)], axis=1), weekly_returns_pct(history)
    )


def equity_terms(history: History, calm: bool) -> Array:
    """Cross terms per day: return of USDJPY on that of US equity, on days that begin calm or under stress.

    Days are classified by the volatility of the previous day: selection by the size of the day's own return would bias the
    correlation (Forbes and Rigobon 2002).
    """
    if history.us_equity is None:
        return np.zeros((history.runs, 0, 6))
    returns = daily_returns_pct(history)
    multiple = volatility_multiple(returns)[:, :-1]
    selected = multiple < CALM_BELOW if calm else multiple > STRESS_ABOVE
    return mask_terms(cross_terms(log_returns_pct(history.us_equity)[:, 1:], returns[:, 1:]), selected)


def carry_terms(history: History) -> Array:
    """Cross terms per week: length in years, and return in percent on dollars held against yen, including two-year interest.

    Policy rates would require Japanese data before 1995; two-year yields exist for the whole sample.
    """
    days = week_ends(history.dates)
    length = np.diff(history.dates[days]).astype(np.float64)
    interest = history.two_year_gap_pp[:, days[:-1]] * length / DAYS_PER_COUPON_YEAR
    returns = weekly_returns_pct(history) + interest
    return cross_terms(np.broadcast_to(length / DAYS_PER_YEAR, returns.shape), returns)


def gap_terms(history: History, gap_pp: tuple[float, float]) -> Array:
    """Power terms of returns on days that begin with a two-year differential in a range, lower end included."""
    gap = history.two_year_gap_pp[:, :-1]
    return mask_terms(power_terms(daily_returns_pct(history)), (gap >= gap_pp[0]) & (gap < gap_pp[1]))


def threshold_terms(history: History, limit_pct: float) -> Array:
    """Count terms of returns beyond a limit: below it if the limit is negative, otherwise above it."""
    returns = daily_returns_pct(history)
    return count_terms(returns < limit_pct if limit_pct < 0.0 else returns > limit_pct)


def moment_terms(returns: Callable[[History], Array], history: History) -> Array:
    """Power terms of returns."""
    return power_terms(returns(history))


def autocorrelation_terms(series: Callable[[History], Array], lag: int, history: History) -> Array:
    """Cross terms of a series with its value `lag` days before; none if the history is too short."""
    values = series(history)
    return lag_terms(values, lag) if values.shape[1] > lag else np.zeros((history.runs, 0, 6))


def hill_terms(history: History) -> Array:
    """Tail terms of the largest absolute daily returns over all runs."""
    return tail_terms(daily_returns_pct(history), TAIL_SHARE)


ErrorMethod = Literal["block bootstrap", "least squares", "Newey-West"]
TermsFunction = Callable[[History], Array]
StatisticFunction = Callable[[Array], Array]


@dataclass(frozen=True)
class FactMeasure:
    """A statistic with its label, unit, terms and the function of their sums.

    Attributes
    ----------
    block
        Observations per block of the bootstrap: about a year, or less where dependence is shorter.
    error
        Method for the standard error of a historical value; over simulated runs it is always the jackknife.
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
        """Statistic of each run, ``(runs,)``; not-a-number where it cannot be computed."""
        return self.statistic(self.terms(history).sum(axis=1))


def annual_carry_pct(sums: Array) -> Array:
    """Total return over total years, from `carry_terms`, percent per year."""
    return ratio(sums[..., 2], sums[..., 1])


def sharpe_ratio(sums: Array) -> Array:
    """Annual return over its standard deviation, from `carry_terms`; weekly returns are taken as independent."""
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
        "skew_on_position", "Later skewness on position", "per sd", skew_on_position_terms, standardised_slope, 52
    ),
    FactMeasure("spread_beta", "Beta to 10-year spread", "% per pp", beta_terms, slope, 52, "Newey-West", 4),
    FactMeasure("spread_r2", "R² with 10-year spread", "", beta_terms, r_squared, 52),
    FactMeasure("equity_calm", "Correlation, US equity, calm", "", partial(equity_terms, calm=True), correlation),
    FactMeasure("equity_stress", "Correlation, US equity, stress", "", partial(equity_terms, calm=False), correlation),
    FactMeasure("carry_pct", "Carry return, unlevered", "% per year", carry_terms, annual_carry_pct, 52),
    FactMeasure("carry_sharpe", "Carry Sharpe ratio", "per year", carry_terms, sharpe_ratio, 52),
)
"""All statistics in the order of a table."""

MEASURES_BY_NAME: Final = {measure.name: measure for measure in MEASURES}


BOOTSTRAP_REPLICATIONS: Final = 2000
BOOTSTRAP_SEED: Final = 19900102
"""Fixed seed of the bootstrap, so that stored errors can be reproduced."""
MIN_JACKKNIFE_RUNS: Final = 2


def pooled_value(measure: FactMeasure, sums: Array) -> float:
    """Statistic of all runs together; `sums` over the observations of each run are ``(runs, k)``."""
    return float(measure.statistic(sums.sum(axis=0)))


def jackknife_error(measure: FactMeasure, sums: Array) -> float:
    """Standard error of `pooled_value` for independent runs, from the statistic of all runs but one.

    ``var = (R - 1) / R sum (T_-r - mean T_-r)^2``; not-a-number for a single run.  Source: Efron and Stein (1981).
    """
    runs = sums.shape[0]
    if runs < MIN_JACKKNIFE_RUNS:
        return float("nan")
    left_out = measure.statistic(sums.sum(axis=0) - sums)
    return float(np.sqrt((runs - 1) / runs * ((left_out - left_out.mean()) ** 2).sum()))


def history_error(measure: FactMeasure, terms: Array) -> float:
    """Standard error of a statistic of one history, by the method of the measure; `terms` are ``(observations, k)``."""
    if measure.error == "block bootstrap":
        return bootstrap_error(measure.statistic, terms, measure.block)
    return least_squares_error(terms) if measure.error == "least squares" else newey_west_error(terms, measure.lags)


def bootstrap_error(statistic: StatisticFunction, terms: Array, block: int) -> float:
    """Standard deviation of a statistic over histories of random blocks, with the end joined to the start.

    Source: Politis and Romano (1992), circular block bootstrap.
    """
    count = terms.shape[0]
    blocks = -(-count // block)
    starts = np.random.Generator(np.random.PCG64(BOOTSTRAP_SEED)).integers(0, count, (BOOTSTRAP_REPLICATIONS, blocks))
    before = np.concatenate([np.zeros((1, terms.shape[1])), np.cumsum(np.concatenate([terms, terms[:block]]), axis=0)])
    totals = np.asarray((before[starts + block] - before[starts]).sum(axis=1))
    return float(np.std(statistic(totals), ddof=1))


def least_squares_error(terms: Array) -> float:
    """Standard error of the slope of `cross_terms` for independent errors of equal variance.

    ``s / sqrt(sum (x - mean x)^2)`` with ``s^2 = sum e^2 / (n - 2)``.
    """
    x, _, residual = _regression(terms)
    return float(np.sqrt((residual**2).sum() / (x.size - 2) / (x**2).sum()))


def newey_west_error(terms: Array, lags: int) -> float:
    """Standard error of the slope of `cross_terms` for errors that are dependent over `lags` observations.

    Source: Newey and West (1987), Bartlett weights.
    """
    x, _, residual = _regression(terms)
    moment = x * residual
    spread = (moment**2).sum()
    for lag in range(1, lags + 1):
        spread += 2.0 * (1.0 - lag / (lags + 1.0)) * (moment[lag:] * moment[:-lag]).sum()
    return float(np.sqrt(spread) / (x**2).sum())


def _regression(terms: Array) -> tuple[Array, Array, Array]:
    """Demeaned x and y of `cross_terms`, and the regression residuals."""
    x, y = (terms[:, column] - terms[:, column].mean() for column in (1, 2))
    return x, y, y - x * ((x * y).sum() / (x**2).sum())
