"""What an event file may say: a scenario with dated inputs, what was observed, and what a replay is judged by."""

from collections.abc import Iterator
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from simulation.calendar import is_business_day
from simulation.parameters import Parameters
from simulation.scenario import Scenario

Measure = Literal[
    "path_rmse_pp",
    "trough_pct",
    "peak_pct",
    "end_pct",
    "move_pct",
    "unwound_share",
    "retrace_share",
    "us_equity_trough_pct",
    "repatriation_usd_bn",
    "cascade_days",
]
MEASURES: dict[str, str] = {
    "path_rmse_pp": "root mean squared distance of the path of log USDJPY from the observed one, percentage points",
    "trough_pct": "lowest close of USDJPY in the window against the close of its first day, %",
    "peak_pct": "highest close of USDJPY in the window against the close of its first day, %",
    "end_pct": "close of USDJPY at the end of the window against the close of its first day, %",
    "move_pct": "change of USDJPY from the close before the window to the close at its end, %: one day if both are the same",
    "unwound_share": "part of the positions of `unwound_of` held at the first day that is gone at the end of the window",
    "retrace_share": "best close from the turning day to the end of the window, over the fall from its first to the turning day",
    "us_equity_trough_pct": "lowest close of US equity in the window against the first day's, %",
    "repatriation_usd_bn": "foreign assets that residents sold and converted to yen, net of purchases beyond plan, $bn",
    "cascade_days": "days with a cascade of forced orders",
}
"""What a replay may be judged by, with its meaning and unit."""
ALWAYS: tuple[Measure, ...] = ("path_rmse_pp", "trough_pct", "unwound_share", "end_pct", "cascade_days")
"""Measured in every replay; an entry under `accept` gives them a window and a range."""


PRICES = ("usdjpy", "us_equity", "japan_equity", "bitcoin_usd")
MOST_APART = 2.0
"""Most that an observed USDJPY may lie above or below the start, as a factor: within two years it moved by 1.56 at most (H.10,
1990-2024)."""
LEAST_PRICE = 1e-6
"""Prices are above zero: the least that is taken for one, in the unit of its column."""
FIRST_START = date(1990, 1, 1)
"""First day that an event may start on: news, facts and bases go back to then."""
COLUMNS = (*PRICES, "ust2_pct", "ust10_pct", "jgb2_pct", "jgb10_pct", "spread_10y_pp")
"""Columns of the daily table that an event may give observations of; measures are about usdjpy and us_equity."""


class ObservedSeries(Parameters):
    """A daily series as it was."""

    column: str = Field(description="column of the market table, such as usdjpy, ust10_pct, jgb10_pct or us_equity")
    source: str = Field(min_length=1, description="where the series comes from")
    values: dict[date, float] = Field(
        min_length=1, description="in the unit of the column; us_equity is 100 at the start"
    )


class Expectation(Parameters):
    """A range that a replay is held against, and what was observed."""

    measure: Measure = Field(description="what is measured; docs/events.md says how")
    first_day: date | None = Field(None, description="first day of the window; none: the start of the event")
    turning_day: date | None = Field(None, description="for retrace_share: the day of the low")
    last_day: date | None = Field(None, description="last day of the window; none: the end of the event")
    at_least: float | None = Field(None, description="lowest value accepted, in the unit of the measure")
    at_most: float | None = Field(None, description="highest value accepted")
    observed: float | None = Field(None, description="what was observed, where it does not follow from `observed`")
    source: str = Field("", description="where the observed value comes from")

    def accepts(self, value: float) -> bool | None:
        """Whether a value lies in the range; none where there is no range."""
        if self.at_least is None and self.at_most is None:
            return None
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= value <= high


class Event(Scenario):
    """An episode of history."""

    unwound_of: tuple[str, ...] = Field(
        ("carry_funds",),
        description="populations whose unwinding is measured",
        json_schema_extra={"source": "the levered stock of MODEL section 3"},
    )
    observed: tuple[ObservedSeries, ...] = Field((), description="what was observed, each series with its source")
    accept: tuple[Expectation, ...] = Field((), description="ranges that the replay is held against")

    @model_validator(mode="after")
    def _check_event(self) -> Self:
        for problem in (*too_early(self), *strangers(self), *days_outside(self), *unlikely(self)):
            raise ValueError(problem)
        return self

    def expectations(self) -> tuple[Expectation, ...]:
        """Everything that is measured: what is stated, then what is always measured."""
        stated = {item.measure for item in self.accept}
        return (*self.accept, *(Expectation(measure=name) for name in ALWAYS if name not in stated))

    def series(self, column: str) -> dict[date, float]:
        """Observed values of a column by day; empty where none are given."""
        return {day: value for item in self.observed if item.column == column for day, value in item.values.items()}


def too_early(event: Event) -> Iterator[str]:
    """A start before there is anything to compare with."""
    if event.start < FIRST_START:
        yield f"start: {event.start} is too early; allowed: {FIRST_START} or later; choose a later episode"


def strangers(event: Event) -> Iterator[str]:
    """Populations that the event does not have, and a low without its day."""
    for name in event.unwound_of:
        if name not in event.populations:
            yield f"unwound_of: there is no population {name!r}; known: {', '.join(event.populations)}"
    for item in event.accept:
        if (item.measure == "retrace_share") != (item.turning_day is not None):
            yield f"accept: {item.measure} and turning_day: retrace_share needs the day of the low, nothing else takes one"


def unlikely(event: Event) -> Iterator[str]:
    """Series that no table holds, prices that are hardly meant, ranges that are upside down."""
    for place, item in enumerate(event.observed):
        if item.column not in COLUMNS:
            yield f"observed: there is no column {item.column!r} to compare with; known: {', '.join(COLUMNS)}"
        low, high, unit = prices_allowed(event, item.column)
        for day, value in item.values.items():
            if not low <= value <= high:
                words = f"{item.column} {value:g} on {day} is no price of this event"
                yield f"observed[{place}].values: {words}; allowed: {low:g} to {high:g} {unit}; look at its digits"
    for wanted in event.accept:
        if wanted.at_least is not None and wanted.at_most is not None and wanted.at_least > wanted.at_most:
            yield f"accept.{wanted.measure}: at_least {wanted.at_least:g} lies above at_most {wanted.at_most:g}; exchange them"


def prices_allowed(event: Event, column: str) -> tuple[float, float, str]:
    """Lowest and highest value that a column of observations may have, and their unit; any for yields."""
    start = event.start_values.usdjpy
    if column == "usdjpy":
        return start / MOST_APART, start * MOST_APART, "yen per dollar, around start_values.usdjpy"
    return (LEAST_PRICE if column in PRICES else -float("inf")), float("inf"), "in the unit of the column"


def days_outside(event: Event) -> Iterator[str]:
    """Days of observations and windows at which the event has no close."""
    dated = [(f"observed[{place}].values", day) for place, item in enumerate(event.observed) for day in item.values]
    dated += [
        (f"accept[{place}]", day)
        for place, item in enumerate(event.accept)
        for day in (item.first_day, item.turning_day, item.last_day)
        if day is not None
    ]
    for key, day in dated:
        if not event.start <= day <= event.end:
            yield f"{key}: {day} is outside the event, {event.start} to {event.end}"
        elif not is_business_day(day) and day != event.start:
            yield f"{key}: {day} is not a business day ({day:%A}); leave it out"
