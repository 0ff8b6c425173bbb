"""What a claim looks at in a finished scenario: one number per run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from simulation.market.impact import fast_impact
from simulation.policy.fiscal import interest_bill_rise
from simulation.results.metrics import FinishedRuns
from simulation.values.conventions import BASIS_POINT
from simulation.values.parameters import Parameters, Rate, quantity

if TYPE_CHECKING:
    from simulation.day.recorder import Record

FloatArray = NDArray[np.float64]
Role = Literal["levered", "resident", "retail", "other"]


class MeasureError(ValueError):
    """A measure asks for a column or a day that the scenario does not record."""


class Level(Parameters):
    """A market column at the close of a day, in the column's unit."""

    kind: Literal["level"] = "level"
    column: str = Field(min_length=1, description="market column of a record")
    day: date = Field(description="a business day of the scenario")

    def values(self, record: Record) -> FloatArray | None:
        """One value per run, ``(runs,)``; none where the scenario lacks the asset."""
        return closes(record, self.column, self.day)


class Change(Parameters):
    """Difference of a market column between two closes, in the column's unit."""

    kind: Literal["change"] = "change"
    column: str = Field(min_length=1, description="market column of a record")
    since: date = Field(description="the day whose close is the base")
    until: date = Field(description="the day whose close is compared with it")

    def values(self, record: Record) -> FloatArray | None:
        """One value per run, ``(runs,)``; none where the scenario lacks the asset."""
        before, after = closes(record, self.column, self.since), closes(record, self.column, self.until)
        return None if before is None or after is None else after - before


class Return(Parameters):
    """Percent change of a price between two closes."""

    kind: Literal["return"] = "return"
    column: str = Field(min_length=1, description="market column of a record")
    since: date = Field(description="the day whose close is the base")
    until: date = Field(description="the day whose close is compared with it")

    def values(self, record: Record) -> FloatArray | None:
        """One value per run, ``(runs,)``, percent; none where the scenario lacks the asset."""
        before, after = closes(record, self.column, self.since), closes(record, self.column, self.until)
        return None if before is None or after is None else 100.0 * (after / before - 1.0)


class Flow(Parameters):
    """Sum of a flow column over days and over some populations, USD bn."""

    kind: Literal["flow"] = "flow"
    column: str = Field(min_length=1, description="flow column of a record")
    roles: tuple[Role, ...] = Field((), description="roles whose populations are added")
    populations: tuple[str, ...] = Field((), description="populations that are added, in place of roles")
    until: date | None = Field(None, description="last day of the sum; none: the end of the scenario")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.roles) == bool(self.populations):
            raise ValueError("a flow is summed over either `roles` or `populations`")
        return self

    def values(self, record: Record) -> FloatArray | None:
        """One value per run, ``(runs,)``; none where the scenario has none of the populations."""
        finished = FinishedRuns(record)
        names = finished.populations(*self.roles) or [name for name in self.populations if name in record.flows]
        if not names:
            return None
        known = {column for name in names for column in record.flows[name]}
        if self.column not in known:
            raise MeasureError(
                f"{record.scenario.name} records no flow {self.column!r}; it has {', '.join(sorted(known))}"
            )
        last = len(record.dates) if self.until is None else row_of(record, self.until) + 1
        return all_runs(record, np.asarray(finished.flow(self.column, names)[:, :last].sum(axis=1)))


class InterestBill(Parameters):
    """Rise of Japan's yearly interest bill some years after rates have moved for good, JPY bn; the same in every run."""

    kind: Literal["interest_bill"] = "interest_bill"
    rate_change: Rate = Field(description="lasting change of rates")
    years: float = quantity(..., "years", (0, 200), "time since the change")

    def values(self, record: Record) -> FloatArray | None:
        """The scenario's fiscal block decides, no market: one value, repeated for each run."""
        rise = interest_bill_rise(self.rate_change * BASIS_POINT, self.years, record.scenario.fiscal)
        return np.full(len(record.runs), float(rise))


class TreasurySale(Parameters):
    """Rise of the ten-year Treasury yield when so much is sold at once in a calm market, bp; the same in every run."""

    kind: Literal["treasury_sale"] = "treasury_sale"
    sold_usd_bn: float = quantity(..., "$bn", (0, 1e5), "Treasuries sold")

    def values(self, record: Record) -> FloatArray | None:
        """The scenario's demand curve decides: F at the slope of normal times."""
        impact = record.scenario.markets["ust10"].impact()
        sold, slope, scale = (np.array([[part]]) for part in (self.sold_usd_bn, impact.fast, impact.fast_scale))
        rise = float(fast_impact(sold, slope, scale)[0, 0]) / BASIS_POINT
        return np.full(len(record.runs), rise)


Measure = Annotated[Level | Change | Return | Flow | InterestBill | TreasurySale, Field(discriminator="kind")]


def closes(record: Record, column: str, day: date) -> FloatArray | None:
    """A market column at the close of a day, ``(runs,)``, not-a-number for stopped runs; none where an asset is left out."""
    finished = FinishedRuns(record)
    if column not in record.market and column not in ("bitcoin_usd", "us_equity", "japan_equity"):
        raise MeasureError(f"no market column {column!r}; a record has {', '.join(sorted(record.market))}")
    values = finished.market(column)
    return None if values is None else all_runs(record, values[:, row_of(record, day)])


def all_runs(record: Record, finished: FloatArray) -> FloatArray:
    """Values of the finished runs in the place of their run, not-a-number for the others, ``(runs,)``."""
    whole = np.full(len(record.runs), np.nan)
    whole[FinishedRuns(record).rows] = finished
    return whole


def row_of(record: Record, day: date) -> int:
    """Index of a day in a record."""
    found = np.flatnonzero(record.dates == np.datetime64(day, "D"))
    if found.size == 0:
        span = f"{record.dates[0]} to {record.dates[-1]}"
        raise MeasureError(f"{day} is not a day of {record.scenario.name}, which has the business days from {span}")
    return int(found[0])


def measured(measure: Measure, record: Record, against: Record | None) -> FloatArray | None:
    """A measure run by run; with `against`, its difference between two scenarios that met the same news.

    Only runs that finished (in both) are returned.  Two scenarios meet the same news only where they have the same days,
    seed and runs: the difference is refused otherwise.
    """
    values = measure.values(record)
    if against is not None and values is not None:
        refuse_unlike(record, against)
        other = measure.values(against)
        values = None if other is None else values - other
    return None if values is None else values[np.isfinite(values)]


def refuse_unlike(record: Record, against: Record) -> None:
    """Refuse a pair that did not meet the same news."""
    same_days = np.array_equal(record.dates, against.dates)
    if not (same_days and record.scenario.seed == against.scenario.seed and np.array_equal(record.runs, against.runs)):
        raise MeasureError(
            f"{record.scenario.name} and {against.scenario.name} differ in days, seed or runs: "
            "give both cases the same `end`, so that they meet the same news"
        )
