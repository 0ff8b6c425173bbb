"""Measures of a simulated scenario, one value per run, and the rules that compare them with a claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from simulation.market.prices import fast_impact
from simulation.policy.ministry_of_finance import interest_bill_rise
from simulation.results.metrics import Band, FinishedRuns, quantile_band
from simulation.values.conventions import BASIS_POINT
from simulation.values.parameters import Parameters, Rate, quantity

if TYPE_CHECKING:
    from simulation.day.recorder import Record

RunValues = NDArray[np.float64]
"""One value per finished run, ``(runs,)``."""
ClaimOutcome = Literal["agrees", "compatible", "by construction", "disagrees", "undecided", "not tested"]
CLAIM_OUTCOMES: tuple[ClaimOutcome, ...] = get_args(ClaimOutcome)
CLEAR_SHARE = 0.8
"""Share of runs needed for a clear outcome: four in five, the width of a p10-p90 band."""
RELATIVE_TOLERANCE = 1e-9
"""A value this close to a limit, relative to the limit, counts as equal to it."""
HolderRole = Literal["levered", "resident", "retail", "other"]


class MeasureError(ValueError):
    """A measure refers to a column or a day that the scenario does not record."""


class LevelMeasure(Parameters):
    """Level of a market column at the close of a day, in the column's unit."""

    kind: Literal["level"] = "level"
    column: str = Field(min_length=1, description="market column of a record")
    day: date = Field(description="a business day of the scenario")

    def values(self, record: Record) -> RunValues | None:
        """Return one value per run, ``(runs,)``; None if the scenario lacks the asset."""
        return closing_values(record, self.column, self.day)


class ChangeMeasure(Parameters):
    """Change of a market column between two closes, in the column's unit."""

    kind: Literal["change"] = "change"
    column: str = Field(min_length=1, description="market column of a record")
    since: date = Field(description="the day whose close is the base")
    until: date = Field(description="the day whose close is compared with it")

    def values(self, record: Record) -> RunValues | None:
        """Return one value per run, ``(runs,)``; None if the scenario lacks the asset."""
        before, after = closing_values(record, self.column, self.since), closing_values(record, self.column, self.until)
        return None if before is None or after is None else after - before


class ReturnMeasure(Parameters):
    """Percent change of a price between two closes."""

    kind: Literal["return"] = "return"
    column: str = Field(min_length=1, description="market column of a record")
    since: date = Field(description="the day whose close is the base")
    until: date = Field(description="the day whose close is compared with it")

    def values(self, record: Record) -> RunValues | None:
        """Return one value per run, ``(runs,)``, percent; None if the scenario lacks the asset."""
        before, after = closing_values(record, self.column, self.since), closing_values(record, self.column, self.until)
        return None if before is None or after is None else 100.0 * (after / before - 1.0)


class FlowMeasure(Parameters):
    """Sum of a flow column over days and populations, USD bn."""

    kind: Literal["flow"] = "flow"
    column: str = Field(min_length=1, description="flow column of a record")
    roles: tuple[HolderRole, ...] = Field((), description="roles whose populations are summed")
    populations: tuple[str, ...] = Field((), description="populations to sum, instead of roles")
    until: date | None = Field(None, description="last day of the sum; default: the end of the scenario")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.roles) == bool(self.populations):
            raise ValueError("give either `roles` or `populations` to sum the flow over, not both or neither")
        return self

    def values(self, record: Record) -> RunValues | None:
        """Return one value per run, ``(runs,)``; None if the scenario has none of the populations."""
        finished = FinishedRuns(record)
        names = finished.populations(*self.roles) or [name for name in self.populations if name in record.flows]
        if not names:
            return None
        known = {column for name in names for column in record.flows[name]}
        if self.column not in known:
            raise MeasureError(
                f"{record.scenario.name} records no flow {self.column!r}; it has {', '.join(sorted(known))}"
            )
        last = len(record.dates) if self.until is None else day_index(record, self.until) + 1
        return values_by_run(record, np.asarray(finished.flow(self.column, names)[:, :last].sum(axis=1)))


class InterestBillMeasure(Parameters):
    """Rise of Japan's annual interest bill some years after a lasting change in rates, JPY bn; the same in every run."""

    kind: Literal["interest_bill"] = "interest_bill"
    rate_change: Rate = Field(description="lasting change of rates")
    years: float = quantity(..., "years", (0, 200), "time since the change")

    def values(self, record: Record) -> RunValues | None:
        """Return the rise from the scenario's `fiscal` parameters, repeated for each run."""
        rise = interest_bill_rise(self.rate_change * BASIS_POINT, self.years, record.scenario.fiscal)
        return np.full(len(record.runs), float(rise))


class TreasurySaleMeasure(Parameters):
    """Rise of the ten-year Treasury yield after a sale at once in a calm market, bp; the same in every run."""

    kind: Literal["treasury_sale"] = "treasury_sale"
    sold_usd_bn: float = quantity(..., "$bn", (0, 1e5), "Treasuries sold")

    def values(self, record: Record) -> RunValues | None:
        """Return the fast price impact of the sale at the slope of normal times, repeated for each run."""
        impact = record.scenario.markets["ust10"].impact()
        sold, slope, scale = (np.array([[part]]) for part in (self.sold_usd_bn, impact.fast, impact.fast_scale))
        rise = float(fast_impact(sold, slope, scale)[0, 0]) / BASIS_POINT
        return np.full(len(record.runs), rise)


ClaimMeasure = Annotated[
    LevelMeasure | ChangeMeasure | ReturnMeasure | FlowMeasure | InterestBillMeasure | TreasurySaleMeasure,
    Field(discriminator="kind"),
]


def closing_values(record: Record, column: str, day: date) -> RunValues | None:
    """Return a market column at the close of a day, ``(runs,)``; NaN for stopped runs, None if the asset is omitted."""
    finished = FinishedRuns(record)
    if column not in record.market and column not in ("bitcoin_usd", "us_equity", "japan_equity"):
        raise MeasureError(f"no market column {column!r}; a record has {', '.join(sorted(record.market))}")
    values = finished.market(column)
    return None if values is None else values_by_run(record, values[:, day_index(record, day)])


def values_by_run(record: Record, finished: RunValues) -> RunValues:
    """Return the values of finished runs at the index of their run, ``(runs,)``; NaN for stopped runs."""
    whole = np.full(len(record.runs), np.nan)
    whole[FinishedRuns(record).rows] = finished
    return whole


def day_index(record: Record, day: date) -> int:
    """Return the index of a day in a record; `MeasureError` if it is not a business day of the scenario."""
    matches = np.flatnonzero(record.dates == np.datetime64(day, "D"))
    if matches.size == 0:
        span = f"{record.dates[0]} to {record.dates[-1]}"
        raise MeasureError(f"{day} is not a day of {record.scenario.name}, which has the business days from {span}")
    return int(matches[0])


def measured_values(measure: ClaimMeasure, record: Record, against: Record | None) -> RunValues | None:
    """Return a measure for each finished run; with `against`, the difference between two scenarios run by run.

    Raises
    ------
    MeasureError
        If the two scenarios differ in days, seed or runs: they then do not share the same random news.
    """
    values = measure.values(record)
    if against is not None and values is not None:
        require_same_news(record, against)
        other = measure.values(against)
        values = None if other is None else values - other
    return None if values is None else values[np.isfinite(values)]


def require_same_news(record: Record, against: Record) -> None:
    """Raise `MeasureError` if two records do not share the same random news."""
    same_days = np.array_equal(record.dates, against.dates)
    if not (same_days and record.scenario.seed == against.scenario.seed and np.array_equal(record.runs, against.runs)):
        raise MeasureError(
            f"{record.scenario.name} and {against.scenario.name} differ in days, seed or runs: "
            "give both cases the same `end`, so that they share the same random news"
        )


class StatedFigure(Parameters):
    """A published figure: a value, or a range up to `upper`, and a text to show in place of the digits."""

    value: float | None = None
    upper: float | None = None
    text: str = ""


class InBandRule(Parameters):
    """The stated value lies between p10 and p90: compatible with the model, but no confirmation."""

    rule: Literal["in_band"] = "in_band"


class InRangeRule(Parameters):
    """Runs inside the stated range support it."""

    rule: Literal["in_range"] = "in_range"

    def supports(self, values: RunValues, stated: StatedFigure) -> NDArray[np.bool_]:
        """Return which runs support the statement, ``(runs,)``."""
        low, high = require_value(stated.value), require_value(stated.upper)
        return (values >= low - limit_tolerance(low)) & (values <= high + limit_tolerance(high))


class NearRule(Parameters):
    """Runs within a tolerance of the stated value support it."""

    rule: Literal["near"] = "near"
    tolerance: float = quantity(
        ..., "unit of the claim", (0, 1e9), "largest distance that still supports the statement"
    )

    def supports(self, values: RunValues, stated: StatedFigure) -> NDArray[np.bool_]:
        """Return which runs support the statement, ``(runs,)``."""
        return np.abs(values - require_value(stated.value)) <= self.tolerance + limit_tolerance(self.tolerance)


class SameOrderRule(Parameters):
    """Runs with the stated sign and within a factor of the stated value support it."""

    rule: Literal["same_order"] = "same_order"
    factor: float = quantity(3, "multiple", (1, 1000), "largest ratio that counts as the same order of magnitude")

    def supports(self, values: RunValues, stated: StatedFigure) -> NDArray[np.bool_]:
        """Return which runs support the statement, ``(runs,)``."""
        ratio = values / require_value(stated.value)
        return (ratio >= 1.0 / self.factor) & (ratio <= self.factor)


class BoundRule(Parameters):
    """Runs on the required side of a limit support the statement; the limit defaults to the stated value."""

    rule: Literal["at_least", "at_most", "above", "below"]
    limit: float | None = None

    def supports(self, values: RunValues, stated: StatedFigure) -> NDArray[np.bool_]:
        """Return which runs support the statement, ``(runs,)``."""
        limit = require_value(stated.value) if self.limit is None else self.limit
        if self.rule == "above":
            return values > limit
        if self.rule == "below":
            return values < limit
        if self.rule == "at_least":
            return values >= limit - limit_tolerance(limit)
        return values <= limit + limit_tolerance(limit)


JudgementRule = Annotated[InBandRule | InRangeRule | NearRule | SameOrderRule | BoundRule, Field(discriminator="rule")]


@dataclass(frozen=True)
class ModelFinding:
    """The model's band and the outcome of its comparison with the statement.

    Attributes
    ----------
    share_supporting
        Share of runs that support the statement; None for `in_band`.
    official_inside
        Whether the official figure lies between p10 and p90; None if it is not compared with the model.
    reason
        Why the claim could not be tested.
    """

    band: Band
    share_supporting: float | None
    outcome: ClaimOutcome
    official_inside: bool | None = None
    reason: str = ""


def require_value(value: float | None) -> float:
    """Return a value that the validated ledger must contain."""
    assert value is not None, "the ledger accepts this rule only with a stated value"
    return value


def limit_tolerance(limit: float) -> float:
    """Return the distance from a limit that still counts as equal to it."""
    return RELATIVE_TOLERANCE * max(1.0, abs(limit))


def judge_values(values: RunValues | None, unit: str, judge: JudgementRule, stated: StatedFigure) -> ModelFinding:
    """Return the outcome of comparing the values of all runs with a statement.

    The model agrees if four runs in five support the statement, disagrees if one in five or fewer do, and is undecided
    in between. Under the rule `in_band` the outcome is compatible or disagrees.
    """
    if values is None or values.size == 0:
        reason = "no run finished" if values is not None else "the scenario has no such population or asset"
        return ModelFinding(Band(None, None, None, unit), None, "not tested", reason=reason)
    band = quantile_band(values, unit)
    if isinstance(judge, InBandRule):
        inside = band_contains(band, require_value(stated.value))
        return ModelFinding(band, None, "compatible" if inside else "disagrees")
    share = float(judge.supports(values, stated).mean())
    return ModelFinding(band, share, outcome_for_share(share))


def band_contains(band: Band, value: float) -> bool:
    """Return whether a value lies between p10 and p90."""
    tolerance = limit_tolerance(value)
    return require_value(band.p10) - tolerance <= value <= require_value(band.p90) + tolerance


def outcome_for_share(share: float) -> ClaimOutcome:
    """Return the outcome for a share of supporting runs."""
    if share >= CLEAR_SHARE - RELATIVE_TOLERANCE:
        return "agrees"
    return "disagrees" if share <= 1.0 - CLEAR_SHARE + RELATIVE_TOLERANCE else "undecided"
