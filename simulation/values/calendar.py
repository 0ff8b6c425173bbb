"""Business days of a scenario: Monday to Friday without 25 December and 1 January, when Tokyo and New York are both shut."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.datetime64]
FIRST_DAY = date(1970, 1, 1).toordinal()
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
    return day.toordinal() - FIRST_DAY


def steps_of(dates: Dates, wanted: Sequence[date]) -> list[int]:
    """Index in `dates` of each wanted day; days outside the scenario are left out."""
    index = {int(number): step for step, number in enumerate(day_numbers(dates))}
    return [index[day_number(day)] for day in wanted if day_number(day) in index]
