"""Units, signs, day counts, array types and the business-day calendar.

USDJPY is yen per dollar: an increase is a weaker yen.  Dollar amounts are USD billion, yen amounts JPY billion.  Rates and
returns are decimals per year in the code; percent (pct), percentage points (pp) and basis points (bp) appear only in configs,
tables and text.  Purchases are positive: ``spot_usd > 0`` buys dollars and sells yen.  Business days are Monday to Friday
except 25 December and 1 January.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""A state array, shape ``(runs, investors)``, ``(runs, 1)`` or ``(runs, assets)``."""
Flags = NDArray[np.bool_]
"""Boolean per run, ``(runs,)`` or ``(runs, 1)``."""
Rows = NDArray[np.intp]
"""Row numbers of some runs of a batch."""
InvestorIndex = tuple[Rows, Rows]
"""Run and number of selected investors, each ``(selected, 1)``; as an index it gives one row per investor."""

BASIS_POINT: Final = 1e-4
"""One basis point as a decimal."""
PERCENT: Final = 1e-2
"""One percent, or one percentage point, as a decimal."""
DAYS_PER_YEAR: Final = 365.25
"""Calendar days per year, for the time to a future policy step."""
DAYS_PER_COUPON_YEAR: Final = 365.0
"""Day-count basis of interest and coupons, actual/365."""
TRADING_DAYS_PER_YEAR: Final = 252.0
"""Business days per year, for the conversion of annual to daily volatility."""
MONTHS_PER_YEAR: Final = 12.0


def daily_volatility(annual: float) -> float:
    """Volatility per business day for an annual volatility (same unit)."""
    return annual / float(np.sqrt(TRADING_DAYS_PER_YEAR))


def row_sum(values: Array) -> Array:
    """Sum over investors (the last axis), shape ``(runs, 1)``.

    Each row is summed in its memory order, so its sum does not depend on the number of runs in the batch.
    """
    total: Array = np.add.reduce(np.ascontiguousarray(values), axis=-1, keepdims=True)
    return total


def sum_by_run(values: Array, rows: Rows, runs: int) -> Array:
    """Sum of `values` of selected investors, ``(selected, 1)``, by run, ``(runs, 1)``.

    Each run is summed in the order of its investors, so its sum does not depend on the number of runs in the batch.
    """
    return np.asarray(np.bincount(rows, values[:, 0], runs), dtype=np.float64)[:, None]


def column(value: float | Array, runs: int) -> Array:
    """A ``(runs, 1)`` array of `value`, one number or one per run."""
    return np.full((runs, 1), value, dtype=np.float64)


def asset_columns(values: Sequence[float | Array]) -> Array:
    """Values of several assets as ``(assets,)``, or ``(runs, assets)`` if any differs between runs.

    Parameters
    ----------
    values
        A number per asset, or a column ``(runs, 1)``.
    """
    runs = max((np.shape(value)[0] for value in values if np.ndim(value)), default=0)
    if not runs:
        return np.array(values, dtype=np.float64)
    return np.concatenate([column(value, runs) for value in values], axis=1)


Dates = NDArray[np.datetime64]
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
"""Ordinal of the day with number 0."""


def closed_days(first: date, last: date) -> list[str]:
    """Holidays from the year of `first` to the year of `last`, as ISO dates."""
    return [f"{year}-{day}" for year in range(first.year, last.year + 1) for day in ("01-01", "12-25")]


def is_business_day(day: date) -> bool:
    """Whether `day` is a business day."""
    return bool(np.is_busday(np.datetime64(day, "D"), holidays=closed_days(day, day)))


def business_day_before(day: date) -> date:
    """The last business day before `day`."""
    return next(earlier for back in range(1, 8) if is_business_day(earlier := day - timedelta(days=back)))


def business_days(first: date, last: date) -> Dates:
    """All business days from `first` to `last`, both included, as ``datetime64[D]``."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    return days[np.is_busday(days, holidays=closed_days(first, last))]


def number_of_business_days(first: date, last: date) -> int:
    """Number of business days from `first` to `last`, both included."""
    return int(np.busday_count(first, last + timedelta(days=1), holidays=closed_days(first, last)))


def day_numbers(dates: Dates) -> NDArray[np.int64]:
    """Day number of each date: days since 1 January 1970."""
    return dates.astype("datetime64[D]").astype(np.int64)


def day_number(day: date) -> int:
    """Day number of a date: days since 1 January 1970."""
    return day.toordinal() - EPOCH_ORDINAL


def step_indices(dates: Dates, days: Sequence[date]) -> list[int]:
    """Index in `dates` of each of `days`; other days are omitted."""
    index = {int(number): step for step, number in enumerate(day_numbers(dates))}
    return [index[day_number(day)] for day in days if day_number(day) in index]
