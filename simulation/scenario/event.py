"""What a replayed episode may be judged by: the name of each measure, what it means and its unit.

What an event file may say: a scenario with dated inputs, what was observed, and what a replay is judged by.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from simulation.scenario.scenario import Scenario
from simulation.values.conventions import business_day_before, is_business_day
from simulation.values.parameters import Parameters

EpisodeMeasureName = Literal[
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
SHARE_UNIT = "share, 0 to 1"


@dataclass(frozen=True)
class EpisodeMeasure:
    """What a number says, its unit, and the price that it is about, if it is about one."""

    words: str
    unit: str
    price: str | None = None

    def __str__(self) -> str:
        """Return words and unit."""
        return f"{self.words}, {self.unit}"


EPISODE_MEASURES: dict[EpisodeMeasureName, EpisodeMeasure] = {
    "path_rmse_pp": EpisodeMeasure(
        "root mean squared distance of the path of log USDJPY from the observed one", "percentage points", "usdjpy"
    ),
    "trough_pct": EpisodeMeasure(
        "lowest close of USDJPY in the window against the close of its first day", "%", "usdjpy"
    ),
    "peak_pct": EpisodeMeasure(
        "highest close of USDJPY in the window against the close of its first day", "%", "usdjpy"
    ),
    "end_pct": EpisodeMeasure(
        "close of USDJPY at the end of the window against the close of its first day", "%", "usdjpy"
    ),
    "move_pct": EpisodeMeasure(
        "change of USDJPY from the close before the window to the close at its end (one day if both are the same)",
        "%",
        "usdjpy",
    ),
    "unwound_share": EpisodeMeasure(
        "part of the positions of `unwound_of` held at the first day that is gone at the end of the window; negative: "
        "they grew",
        "share, at most 1",
    ),
    "retrace_share": EpisodeMeasure(
        "best close after the turning day to the end of the window, as a part of the fall from its first to the turning day",
        "share of the fall",
        "usdjpy",
    ),
    "us_equity_trough_pct": EpisodeMeasure(
        "lowest close of US equity in the window against the first day's", "%", "us_equity"
    ),
    "repatriation_usd_bn": EpisodeMeasure(
        "foreign assets that residents sold and converted to yen, net of purchases beyond plan", "$bn"
    ),
    "cascade_days": EpisodeMeasure("days with a cascade of forced orders", "days"),
}
"""Everything that a replay may be judged by."""
RANK_MEASURE = EpisodeMeasure("part of the runs with drawn news that lie below the observed USDJPY", SHARE_UNIT)
"""What a replay says besides, unasked."""
DEFAULT_MEASURES: tuple[EpisodeMeasureName, ...] = (
    "path_rmse_pp",
    "trough_pct",
    "unwound_share",
    "end_pct",
    "cascade_days",
)
"""Measured in every replay; an entry under `accept` gives them a window and a range."""
COLUMN_UNITS = {
    "usdjpy": "yen per dollar",
    "us_equity": "index, 100 at the start",
    "japan_equity": "index, 100 at the start",
    "bitcoin_usd": "dollars",
    "ust2_pct": "% per year",
    "ust10_pct": "% per year",
    "jgb2_pct": "% per year",
    "jgb10_pct": "% per year",
    "spread_10y_pp": "percentage points",
}
"""Columns of the daily table that an event may give observations of, and their units; measures are about USDJPY and US equity."""


PRICE_COLUMNS = ("usdjpy", "us_equity", "japan_equity", "bitcoin_usd")
MAX_USDJPY_FACTOR = 2.0
"""Most that an observed USDJPY may lie above or below the start, as a factor: within two years it moved by 1.56 at most (H.10,
1990-2024)."""
MIN_PRICE = 1e-6
"""Prices are above zero: the least that is taken for one, in the unit of its column."""
MAX_POLICY_CHANGE_BP = 300.0
"""Largest change of a policy rate, or of what is expected of it, in a day that is taken for meant, bp: three times the largest
since 1990 (Federal Reserve, 15 March 2020: -100 bp)."""
EARLIEST_START = date(1990, 1, 1)
"""First day that an event may start on: news, facts and bases go back to then."""


class ObservedSeries(Parameters):
    """A daily series as it was."""

    column: str = Field(description="column of the market table, such as usdjpy, ust10_pct, jgb10_pct or us_equity")
    source: str = Field(min_length=1, description="where the series comes from, such as Federal Reserve H.10")
    values: dict[date, float] = Field(
        min_length=1,
        description="closes by date, such as {2024-07-31: 150.38}, in the unit of the column; equities are 100 at the start",
    )


class Expectation(Parameters):
    """A range that a replay is held against, and what was observed."""

    measure: EpisodeMeasureName = Field(description="what is measured; docs/events.md says how")
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
        for problem in (
            *check_start_day(self),
            *check_names(self),
            *check_observed_days(self),
            *check_windows(self),
            *check_observations(self),
            *check_policy_changes(self),
        ):
            raise ValueError(problem)
        return self

    def expectations(self) -> tuple[Expectation, ...]:
        """Everything that is measured: what is stated, then what is always measured."""
        stated = {item.measure for item in self.accept}
        return (*self.accept, *(Expectation(measure=name) for name in DEFAULT_MEASURES if name not in stated))

    def unobserved(self, item: Expectation) -> tuple[date, ...]:
        """Days whose observed price a measure needs and the event does not give; none where nothing is to be compared."""
        price = EPISODE_MEASURES[item.measure].price
        if item.observed is not None or item.measure == "path_rmse_pp" or price is None or not self.series(price):
            return ()
        return tuple(day for day in self.days_of(item) if day != self.start and day not in self.series(price))

    def days_of(self, item: Expectation) -> tuple[date, ...]:
        """Days whose closes a measure of a price compares: the first of its window (the one before, for a move) to its last."""
        first = item.first_day or self.start
        closed = self.end if is_business_day(self.end) else business_day_before(self.end)
        base = business_day_before(first) if item.measure == "move_pct" and first > self.start else first
        return tuple(sorted({base, item.turning_day or base, item.last_day or closed}))

    def series(self, column: str) -> dict[date, float]:
        """Observed values of a column by day; empty where none are given."""
        return {day: value for item in self.observed if item.column == column for day, value in item.values.items()}


def check_start_day(event: Event) -> Iterator[str]:
    """A start before there is anything to compare with, or on a day that has no close."""
    if event.start < EARLIEST_START:
        yield f"start: {event.start} is too early; allowed: {EARLIEST_START} or later; choose a later episode"
    elif not is_business_day(event.start):
        before = business_day_before(event.start)
        yield (
            f"start: {event.start} is not a business day ({event.start:%A}), so that no market closed on it; allowed: Monday to "
            f"Friday without 25 December and 1 January; start at the close before, {before}, with its prices and yields"
        )


def check_names(event: Event) -> Iterator[str]:
    """Populations that the event does not have, and a low without its day."""
    for name in event.unwound_of:
        if name not in event.populations:
            yield f"unwound_of: there is no population {name!r}; known: {', '.join(event.populations)}"
    for item in event.accept:
        if (item.measure == "retrace_share") != (item.turning_day is not None):
            yield f"accept: {item.measure} and turning_day: retrace_share needs the day of the low, nothing else takes one"


def check_windows(event: Event) -> Iterator[str]:
    """Windows that run backwards, and lows after which nothing is left to come back."""
    for place, item in enumerate(event.accept):
        first, last = item.first_day or event.start, item.last_day or event.end
        if first > last:
            yield f"accept[{place}].first_day: {first} is after last_day {last}; allowed: {event.start} to {last}; exchange them"
        elif item.turning_day is not None and not first <= item.turning_day < last:
            words = f"{item.turning_day} must lie in the window and before its end; allowed: {first} to the day before {last}"
            yield f"accept[{place}].turning_day: {words}; move the day or the window"


def check_observations(event: Event) -> Iterator[str]:
    """Series that no table holds, prices that are hardly meant, ranges that are upside down."""
    for place, item in enumerate(event.observed):
        if item.column in [other.column for other in event.observed[:place]]:
            yield f"observed[{place}].column: {item.column!r} is given twice; put all its values into one series"
        if item.column not in COLUMN_UNITS:
            known = ", ".join(COLUMN_UNITS)
            yield f"observed: there is no column {item.column!r} to compare with; known: {known}; name one of them"
        low, high, unit = allowed_observations(event, item.column)
        for day, value in item.values.items():
            if not low <= value <= high:
                words = f"{item.column} {value:g} on {day} is no price of this event"
                yield f"observed[{place}].values: {words}; allowed: {low:g} to {high:g} {unit}; look at its digits"
    for wanted in event.accept:
        if wanted.at_least is not None and wanted.at_most is not None and wanted.at_least > wanted.at_most:
            yield f"accept.{wanted.measure}: at_least {wanted.at_least:g} lies above at_most {wanted.at_most:g}; exchange them"


def check_policy_changes(event: Event) -> Iterator[str]:
    """Changes of policy rates and of what is expected of them that no central bank made in a day: a percent for a basis point."""
    keys = ("decision", "step", "path_surprise", "ten_year_surprise")
    dated = [(f"news[{place}].basis", item.basis) for place, item in enumerate(event.news)]
    for bank in ("fed", "boj"):
        for kind in ("meetings", "statements"):
            for place, item in enumerate(getattr(getattr(event, bank), kind)):
                dated += [(f"{bank}.{kind}[{place}].{key}", getattr(item, key, None)) for key in keys]
    for key, change in dated:
        if change is not None and abs(change) > MAX_POLICY_CHANGE_BP:
            meant = (
                f"did you mean {change / 100.0:g}bp?"
                if abs(change) <= 100.0 * MAX_POLICY_CHANGE_BP
                else "give it in bp"
            )
            yield f"{key}: {change:+g} bp in a day is too large; allowed: {-MAX_POLICY_CHANGE_BP:g} to {MAX_POLICY_CHANGE_BP:g} bp; {meant}"


def allowed_observations(event: Event, column: str) -> tuple[float, float, str]:
    """Lowest and highest value that a column of observations may have, and their unit; any for yields."""
    start = event.start_values.usdjpy
    if column == "usdjpy":
        return start / MAX_USDJPY_FACTOR, start * MAX_USDJPY_FACTOR, "yen per dollar, around start_values.usdjpy"
    return (MIN_PRICE if column in PRICE_COLUMNS else -float("inf")), float("inf"), "in the unit of the column"


def check_observed_days(event: Event) -> Iterator[str]:
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
        elif not is_business_day(day):
            yield f"{key}: {day} is not a business day ({day:%A}); leave it out"
