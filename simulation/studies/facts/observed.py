"""What a history is made of, observation by observation: the terms whose sums give each statistic.

Returns are log changes of USDJPY in percent, so up is a weaker yen.  The same terms serve the past and the model.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from simulation.studies.facts.history import History, Index, month_ends, quarters, week_ends
from simulation.studies.facts.statistics import (
    LEAST_DAYS,
    count_terms,
    cross_terms,
    group_mean,
    group_skewness,
    lag_terms,
    log_returns_pct,
    only,
    power_terms,
    tail_terms,
    volatility_multiple,
    window_skewness,
)
from simulation.values.conventions import DAYS_PER_COUPON_YEAR, DAYS_PER_YEAR, Array

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
    multiple = volatility_multiple(returns)[:, :-1]
    wanted = multiple < CALM_BELOW if calm else multiple > STRESS_ABOVE
    return only(cross_terms(log_returns_pct(history.us_equity)[:, 1:], returns[:, 1:]), wanted)


def carry_terms(history: History) -> Array:
    """Length in years and return in percent of dollars held against yen, two-year interest included, terms per week.

    Financing and investment at policy rates would need Japan's before 1995; two-year yields exist throughout.
    """
    days = week_ends(history.dates)
    length = np.diff(history.dates[days]).astype(np.float64)
    interest = history.two_year_gap_pp[:, days[:-1]] * length / DAYS_PER_COUPON_YEAR
    returns = weekly(history) + interest
    return cross_terms(np.broadcast_to(length / DAYS_PER_YEAR, returns.shape), returns)


def gap_terms(history: History, gap_pp: tuple[float, float]) -> Array:
    """Powers of the returns of days that begin with a two-year differential in a range, low end included."""
    gap = history.two_year_gap_pp[:, :-1]
    return only(power_terms(daily(history)), (gap >= gap_pp[0]) & (gap < gap_pp[1]))


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


def largest(history: History) -> Array:
    """Largest daily returns in size, of all runs together."""
    return tail_terms(daily(history), TAIL_SHARE)
