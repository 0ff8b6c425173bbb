"""The schema of an event file: a scenario with observed series and accepted ranges for the measures of its replay."""

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
    """Description and unit of a measure, and the price it is computed from, if any."""

    words: str
    unit: str
    price: str | None = None

    def __str__(self) -> str:
        """Return description and unit."""
        return f"{self.words}, {self.unit}"


EPISODE_MEASURES: dict[EpisodeMeasureName, EpisodeMeasure] = {
    "path_rmse_pp": EpisodeMeasure(
        "root mean squared difference between simulated and observed log USDJPY", "percentage points", "usdjpy"
    ),
    "trough_pct": EpisodeMeasure(
        "lowest close of USDJPY in the window relative to the close of its first day", "%", "usdjpy"
    ),
    "peak_pct": EpisodeMeasure(
        "highest close of USDJPY in the window relative to the close of its first day", "%", "usdjpy"
    ),
    "end_pct": EpisodeMeasure(
        "close of USDJPY at the end of the window relative to the close of its first day", "%", "usdjpy"
    ),
    "move_pct": EpisodeMeasure(
        "change of USDJPY from the close before the window to the close at its end",
        "%",
        "usdjpy",
    ),
    "unwound_share": EpisodeMeasure(
        "share of the positions of `unwound_of` on the first day that is closed by the end of the window; negative if they "
        "grew",
        "share, at most 1",
    ),
    "retrace_share": EpisodeMeasure(
        "recovery from the turning day to the best close up to the end of the window, as a share of the fall from the first "
        "day to the turning day",
        "share of the fall",
        "usdjpy",
    ),
    "us_equity_trough_pct": EpisodeMeasure(
        "lowest close of US equity in the window relative to the close of its first day", "%", "us_equity"
    ),
    "repatriation_usd_bn": EpisodeMeasure(
        "foreign assets sold by residents and converted to yen, net of purchases beyond plan", "$bn"
    ),
    "cascade_days": EpisodeMeasure("number of days with a cascade of forced orders", "days"),
}
"""Measures that an entry under `accept` may name."""
RANK_MEASURE = EpisodeMeasure("share of the runs with drawn news below the observed USDJPY", SHARE_UNIT)
"""Reported in every replay with an observed USDJPY."""
DEFAULT_MEASURES: tuple[EpisodeMeasureName, ...] = (
    "path_rmse_pp",
    "trough_pct",
    "unwound_share",
    "end_pct",
    "cascade_days",
)
"""Computed in every replay; an entry under `accept` sets their window and range."""
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
"""Columns of the daily table for which an event may give observations, and their units."""
PRICE_COLUMNS = ("usdjpy", "us_equity", "japan_equity", "bitcoin_usd")
MAX_USDJPY_FACTOR = 2.0
"""Largest ratio of an observed USDJPY to its start value, either way; the largest two-year move was 1.56 (H.10, 1990-2024)."""
MIN_PRICE = 1e-6
"""Smallest valid price, in the unit of its column."""
MAX_POLICY_CHANGE_BP = 300.0
"""Largest valid change of a policy rate or of its expected path in one day, bp: three times the largest since 1990 (Federal
Reserve, 15 March 2020: -100 bp)."""
EARLIEST_START = date(1990, 1, 1)
"""Earliest start of an event; the shipped bases go back to the 1990s."""


class ObservedSeries(Parameters):
    """An observed daily series."""

    column: str = Field(description="column of the market table, such as usdjpy, ust10_pct, jgb10_pct or us_equity")
    source: str = Field(min_length=1, description="source of the series, such as Federal Reserve H.10")
    values: dict[date, float] = Field(
        min_length=1,
        description="closes by date, such as {2024-07-31: 150.38}, in the unit of the column; equities are 100 at the start",
    )


class Expectation(Parameters):
    """The accepted range and the observed value of a measure."""

    measure: EpisodeMeasureName = Field(description="name of the measure; see docs/events.md for definitions")
    first_day: date | None = Field(None, description="first day of the window; default: the start of the event")
    turning_day: date | None = Field(None, description="day of the low, for retrace_share")
    last_day: date | None = Field(None, description="last day of the window; default: the end of the event")
    at_least: float | None = Field(None, description="lowest accepted value, in the unit of the measure")
    at_most: float | None = Field(None, description="highest accepted value, in the unit of the measure")
    observed: float | None = Field(None, description="observed value, if it does not follow from the observed series")
    source: str = Field("", description="source of the observed value")

    def accepts(self, value: float) -> bool | None:
        """Whether a value lies in the range; None without a range."""
        if self.at_least is None and self.at_most is None:
            return None
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= value <= high


class Event(Scenario):
    """A historical episode."""

    unwound_of: tuple[str, ...] = Field(
        ("carry_funds",),
        description="populations whose positions `unwound_share` measures",
        json_schema_extra={"source": "the leveraged stock of MODEL section 3"},
    )
    observed: tuple[ObservedSeries, ...] = Field((), description="observed series, each with its source")
    accept: tuple[Expectation, ...] = Field((), description="accepted ranges of measures of the replay")

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
        """Entries under `accept`, then the default measures that it does not name."""
        stated = {item.measure for item in self.accept}
        return (*self.accept, *(Expectation(measure=name) for name in DEFAULT_MEASURES if name not in stated))

    def unobserved(self, item: Expectation) -> tuple[date, ...]:
        """Days on which a measure needs an observed price and the event has none; empty without an observed series."""
        price = EPISODE_MEASURES[item.measure].price
        if item.observed is not None or item.measure == "path_rmse_pp" or price is None or not self.series(price):
            return ()
        return tuple(day for day in self.days_of(item) if day != self.start and day not in self.series(price))

    def days_of(self, item: Expectation) -> tuple[date, ...]:
        """Days whose closes a price measure compares: base day (the day before the window, for a move), turning day, last day."""
        first = item.first_day or self.start
        closed = self.end if is_business_day(self.end) else business_day_before(self.end)
        base = business_day_before(first) if item.measure == "move_pct" and first > self.start else first
        return tuple(sorted({base, item.turning_day or base, item.last_day or closed}))

    def series(self, column: str) -> dict[date, float]:
        """Observed values of a column by day."""
        return {day: value for item in self.observed if item.column == column for day, value in item.values.items()}


def check_start_day(event: Event) -> Iterator[str]:
    """The start is a business day since 1990."""
    if event.start < EARLIEST_START:
        yield f"start: {event.start} is too early; allowed: {EARLIEST_START} or later; choose a later start"
    elif not is_business_day(event.start):
        before = business_day_before(event.start)
        yield (
            f"start: {event.start} is not a business day ({event.start:%A}) and has no closing prices; allowed: Monday to Friday "
            f"except 25 December and 1 January; start on the business day before, {before}, with its prices and yields"
        )


def check_names(event: Event) -> Iterator[str]:
    """Populations exist, and exactly the measure retrace_share has a turning day."""
    for name in event.unwound_of:
        if name not in event.populations:
            yield f"unwound_of: unknown population {name!r}; known: {', '.join(event.populations)}"
    for place, item in enumerate(event.accept):
        if (item.measure == "retrace_share") != (item.turning_day is not None):
            cure = "remove it" if item.turning_day else "set it to the day of the low"
            yield f"accept[{place}]: turning_day is required for retrace_share and not allowed for other measures; {cure}"


def check_windows(event: Event) -> Iterator[str]:
    """Windows end after they start, and a turning day lies before the end of its window."""
    for place, item in enumerate(event.accept):
        first, last = item.first_day or event.start, item.last_day or event.end
        if first > last:
            yield f"accept[{place}].first_day: {first} is after last_day {last}; allowed: {event.start} to {last}; swap them"
        elif item.turning_day is not None and not first <= item.turning_day < last:
            yield (
                f"accept[{place}].turning_day: {item.turning_day} must lie in the window and before its end; "
                f"allowed: {first} to the day before {last}; change the day or the window"
            )


def check_observations(event: Event) -> Iterator[str]:
    """Observed columns exist once, their values are plausible, and accepted ranges are not empty."""
    for place, item in enumerate(event.observed):
        if item.column in [other.column for other in event.observed[:place]]:
            yield f"observed[{place}].column: {item.column!r} is given twice; combine its values into one series"
        if item.column not in COLUMN_UNITS:
            known = ", ".join(COLUMN_UNITS)
            yield f"observed: unknown column {item.column!r}; known: {known}"
        low, high, unit = allowed_observations(event, item.column)
        for day, value in item.values.items():
            if not low <= value <= high:
                yield (
                    f"observed[{place}].values: {item.column} {value:g} on {day} is out of range; "
                    f"allowed: {low:g} to {high:g} {unit}; check the digits"
                )
    for place, entry in enumerate(event.accept):
        if entry.at_least is not None and entry.at_most is not None and entry.at_least > entry.at_most:
            limits = f"at_least {entry.at_least:g} is above at_most {entry.at_most:g}"
            yield f"accept[{place}].at_least: {entry.measure}: {limits}; swap them"


def check_policy_changes(event: Event) -> Iterator[str]:
    """Changes of policy rates and of their expected path have a plausible size (% and bp are easily confused)."""
    keys = ("decision", "step", "path_surprise", "ten_year_surprise")
    dated = [(f"news[{place}].basis", item.basis) for place, item in enumerate(event.news)]
    for bank in ("fed", "boj"):
        for kind in ("meetings", "statements"):
            for place, item in enumerate(getattr(getattr(event, bank), kind)):
                dated += [(f"{bank}.{kind}[{place}].{key}", getattr(item, key, None)) for key in keys]
    for key, change in dated:
        if change is not None and abs(change) > MAX_POLICY_CHANGE_BP:
            likely = abs(change) <= 100.0 * MAX_POLICY_CHANGE_BP
            cure = f"did you mean {change / 100.0:g}bp?" if likely else "state it in bp"
            limits = f"{-MAX_POLICY_CHANGE_BP:g} to {MAX_POLICY_CHANGE_BP:g} bp"
            yield f"{key}: {change:+g} bp in a day is too large; allowed: {limits}; {cure}"


def allowed_observations(event: Event, column: str) -> tuple[float, float, str]:
    """Lowest and highest valid value of an observed column, and their unit; unbounded for yields."""
    start = event.start_values.usdjpy
    if column == "usdjpy":
        return start / MAX_USDJPY_FACTOR, start * MAX_USDJPY_FACTOR, "yen per dollar, around start_values.usdjpy"
    return (MIN_PRICE if column in PRICE_COLUMNS else -float("inf")), float("inf"), "in the unit of the column"


def check_observed_days(event: Event) -> Iterator[str]:
    """Days of observations and windows are business days of the event."""
    dated = [(f"observed[{place}].values", day) for place, item in enumerate(event.observed) for day in item.values]
    dated += [
        (f"accept[{place}]", day)
        for place, item in enumerate(event.accept)
        for day in (item.first_day, item.turning_day, item.last_day)
        if day is not None
    ]
    for key, day in dated:
        if not event.start <= day <= event.end:
            yield f"{key}: {day} is outside the event; allowed: {event.start} to {event.end}; remove it or change start or end"
        elif not is_business_day(day):
            yield f"{key}: {day} is not a business day ({day:%A}); remove it"
