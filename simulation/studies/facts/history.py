"""Daily prices, yields and positions on common dates, one row per run; observed history is a single run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from simulation.values.conventions import Array, Dates, day_numbers

DayIndex = NDArray[np.intp]
HISTORY_COLUMNS: Final = ("usdjpy", "ust2_pct", "jgb2_pct", "ust10_pct", "jgb10_pct", "us_equity", "position")
FIRST_SATURDAY: Final = 2
"""Day number of the first Saturday after 1 January 1970, a Thursday: weeks run from Saturday to Friday."""


@dataclass(frozen=True)
class History:
    """Daily closing values without missing numbers.

    Attributes
    ----------
    dates
        Business days in order, ``(days,)``.
    usdjpy
        Yen per dollar, ``(runs, days)``.
    ust2_pct, jgb2_pct, ust10_pct, jgb10_pct
        Yields in percent, ``(runs, days)``.
    us_equity
        Index of US equity, ``(runs, days)``; None if unknown.
    position
        Short yen position, ``(runs, days)``: hundred thousand contracts in observed data, $bn in the model; None without
        position data.

    Raises
    ------
    ValueError
        If the shape of a column differs from that of USDJPY, or a value is not a number.
    """

    dates: Dates
    usdjpy: Array
    ust2_pct: Array
    jgb2_pct: Array
    ust10_pct: Array
    jgb10_pct: Array
    us_equity: Array | None = None
    position: Array | None = None

    def __post_init__(self) -> None:
        for name in HISTORY_COLUMNS:
            values = getattr(self, name)
            if values is not None and values.shape != (self.runs, len(self.dates)):
                raise ValueError(
                    f"{name} has shape {values.shape}; expected {(self.runs, len(self.dates))} (runs, days)"
                )
            if values is not None and not np.isfinite(values).all():
                raise ValueError(f"{name} contains values that are not numbers; leave out these days or runs")

    @property
    def runs(self) -> int:
        """Number of runs."""
        return int(self.usdjpy.shape[0])

    @property
    def two_year_gap_pp(self) -> Array:
        """Two-year yield, US minus Japan, percentage points, ``(runs, days)``."""
        return self.ust2_pct - self.jgb2_pct

    @property
    def ten_year_gap_pp(self) -> Array:
        """Ten-year yield, US minus Japan, percentage points, ``(runs, days)``."""
        return self.ust10_pct - self.jgb10_pct

    def between(self, first: date, last: date) -> Self:
        """Return the days from `first` to `last`, both included."""
        inside = (self.dates >= np.datetime64(first, "D")) & (self.dates <= np.datetime64(last, "D"))
        columns: dict[str, Any] = {name: getattr(self, name) for name in HISTORY_COLUMNS}
        selected: dict[str, Any] = {
            name: None if values is None else values[:, inside] for name, values in columns.items()
        }
        return replace(self, dates=self.dates[inside], **selected)


def concatenate_runs(parts: Sequence[History]) -> History:
    """Return the runs of several histories of the same days as one history, in the given order."""
    columns = {name: [getattr(part, name) for part in parts] for name in HISTORY_COLUMNS}
    concatenated: dict[str, Any] = {
        name: None if rows[0] is None else np.concatenate(rows) for name, rows in columns.items()
    }
    return History(parts[0].dates, **concatenated)


def period_ends(periods: NDArray[np.int64]) -> DayIndex:
    """Index of the last day of each period; `periods` is the non-decreasing period number of each day."""
    return np.flatnonzero(np.append(np.diff(periods) != 0, True))


def week_ends(dates: Dates) -> DayIndex:
    """Index of the last business day of each week, usually Friday; the first week may be incomplete."""
    return period_ends((day_numbers(dates) - FIRST_SATURDAY) // 7)


def month_ends(dates: Dates) -> DayIndex:
    """Index of the last business day of each month."""
    return period_ends(dates.astype("datetime64[M]").astype(np.int64))


def quarter_numbers(dates: Dates) -> NDArray[np.int64]:
    """Number of the calendar quarter of each day."""
    return dates.astype("datetime64[M]").astype(np.int64) // 3
