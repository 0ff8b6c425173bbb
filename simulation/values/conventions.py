"""Units, signs and day count: the one place where a convention is written down.

USDJPY is yen per dollar, so up means a weaker yen.  Dollar amounts are USD billion, yen amounts JPY billion.
Rates and returns are decimals per year inside the code; percent (pct), percentage points (pp) and basis points (bp)
live in configs, tables and text and are converted here, at the border.  A purchase is positive: ``spot_usd > 0`` buys
dollars and sells yen.

Business days of a scenario: Monday to Friday without 25 December and 1 January, when Tokyo and New York are both shut.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""A state array, shape ``(runs, investors)``, ``(runs, 1)`` or ``(runs, assets)``."""
Flags = NDArray[np.bool_]
"""Yes or no per run, ``(runs,)`` or ``(runs, 1)``."""
Rows = NDArray[np.intp]
"""Row numbers of some of the runs of a batch."""
InvestorIndex = tuple[Rows, Rows]
"""Run and number of some investors, each ``(picked, 1)``: as an index it makes every one of them a row of its own."""

BASIS_POINT: Final = 1e-4
"""One basis point as a decimal."""
PERCENT: Final = 1e-2
"""One percent, or one percentage point, as a decimal."""
DAYS_PER_YEAR: Final = 365.25
"""Calendar days in a year, used for the distance to a future policy step."""
DAYS_PER_COUPON_YEAR: Final = 365.0
"""Interest and coupons accrue on actual/365."""
TRADING_DAYS_PER_YEAR: Final = 252.0
"""Business days in a year, used to turn annual volatility into daily volatility."""
MONTHS_PER_YEAR: Final = 12.0


def daily_volatility(annual: float) -> float:
    """Volatility per business day of a return whose annual volatility is `annual` (same unit)."""
    return annual / float(np.sqrt(TRADING_DAYS_PER_YEAR))


def row_sum(values: Array) -> Array:
    """Sum over investors (the last axis), shape ``(runs, 1)``.

    Every row is added in its own memory order, so a row's sum does not depend on how many runs share the batch.
    """
    total: Array = np.add.reduce(np.ascontiguousarray(values), axis=-1, keepdims=True)
    return total


def sum_by_run(values: Array, rows: Rows, runs: int) -> Array:
    """Sum of `values` of picked investors, ``(picked, 1)``, over the run that each belongs to, ``(runs, 1)``.

    Every run is added in the order of its investors, so its sum does not depend on how many runs share the batch.
    """
    return np.asarray(np.bincount(rows, values[:, 0], runs), dtype=np.float64)[:, None]


def column(value: float | Array, runs: int) -> Array:
    """A ``(runs, 1)`` array that holds `value`, one number or one per run, in every run."""
    return np.full((runs, 1), value, dtype=np.float64)


def asset_columns(values: Sequence[float | Array]) -> Array:
    """Numbers of several assets side by side: ``(assets,)``, or ``(runs, assets)`` where any of them differs between runs.

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
"""The day that is number 0."""


def closed_days(first: date, last: date) -> list[str]:
    """The days between `first` and `last` (years included whole) on which no market trades."""
    return [f"{year}-{day}" for year in range(first.year, last.year + 1) for day in ("01-01", "12-25")]


def is_business_day(day: date) -> bool:
    """Whether the model has a step on `day`."""
    return bool(np.is_busday(np.datetime64(day, "D"), holidays=closed_days(day, day)))


def business_day_before(day: date) -> date:
    """The last day before `day` on which the model has a step."""
    return next(earlier for back in range(1, 8) if is_business_day(earlier := day - timedelta(days=back)))


def business_days(first: date, last: date) -> Dates:
    """Every business day from `first` to `last`, both included, as ``datetime64[D]``."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    return days[np.is_busday(days, holidays=closed_days(first, last))]


def number_of_business_days(first: date, last: date) -> int:
    """How many business days there are from `first` to `last`, both included."""
    return int(np.busday_count(first, last + timedelta(days=1), holidays=closed_days(first, last)))


def day_numbers(dates: Dates) -> NDArray[np.int64]:
    """Days since 1970 of each date, the clock of the expected rate paths."""
    return dates.astype("datetime64[D]").astype(np.int64)


def day_number(day: date) -> int:
    """Days since 1970 of one date."""
    return day.toordinal() - EPOCH_ORDINAL


def step_indices(dates: Dates, wanted: Sequence[date]) -> list[int]:
    """Index in `dates` of each wanted day; days outside the scenario are left out."""
    index = {int(number): step for step, number in enumerate(day_numbers(dates))}
    return [index[day_number(day)] for day in wanted if day_number(day) in index]
