"""How the model's numbers are held against a statement: a rule that says which values support it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simulation.results.metrics import Band, band
from simulation.values.parameters import Parameters, quantity

FloatArray = NDArray[np.float64]
Outcome = Literal["agrees", "compatible", "by construction", "disagrees", "undecided", "not tested"]
OUTCOMES: tuple[Outcome, ...] = ("agrees", "compatible", "by construction", "disagrees", "undecided", "not tested")

CLEAR_SHARE = 0.8
"""Share of runs that makes a verdict: four in five, the width of a p10-p90 band."""
ROUNDING = 1e-9
"""Values this close to a limit, relative to it, lie on it."""


class Figure(Parameters):
    """A number as stated: a value, or a range up to `upper`, and the words that show it where digits would not do."""

    value: float | None = None
    upper: float | None = None
    text: str = ""


class InBand(Parameters):
    """The stated value lies between p10 and p90: it may be so, nothing more."""

    rule: Literal["in_band"] = "in_band"


class InRange(Parameters):
    """Runs inside the stated range support it."""

    rule: Literal["in_range"] = "in_range"

    def supports(self, values: FloatArray, stated: Figure) -> NDArray[np.bool_]:
        """Which runs support the statement."""
        low, high = needed(stated.value), needed(stated.upper)
        return (values >= low - slack(low)) & (values <= high + slack(high))


class Near(Parameters):
    """Runs within a tolerance of the stated value support it."""

    rule: Literal["near"] = "near"
    tolerance: float = quantity(
        ..., "unit of the claim", (0, 1e9), "largest distance that still supports the statement"
    )

    def supports(self, values: FloatArray, stated: Figure) -> NDArray[np.bool_]:
        """Which runs support the statement."""
        return np.abs(values - needed(stated.value)) <= self.tolerance + slack(self.tolerance)


class SameOrder(Parameters):
    """Runs with the stated sign and within a factor of the stated value support it."""

    rule: Literal["same_order"] = "same_order"
    factor: float = quantity(3, "multiple", (1, 1000), "largest ratio that counts as the same order of magnitude")

    def supports(self, values: FloatArray, stated: Figure) -> NDArray[np.bool_]:
        """Which runs support the statement."""
        ratio = values / needed(stated.value)
        return (ratio >= 1.0 / self.factor) & (ratio <= self.factor)


class Bound(Parameters):
    """Runs on the right side of a limit support the statement; the limit is the stated value unless given."""

    rule: Literal["at_least", "at_most", "above", "below"]
    limit: float | None = None

    def supports(self, values: FloatArray, stated: Figure) -> NDArray[np.bool_]:
        """Which runs support the statement."""
        limit = needed(stated.value) if self.limit is None else self.limit
        if self.rule == "above":
            return values > limit
        if self.rule == "below":
            return values < limit
        if self.rule == "at_least":
            return values >= limit - slack(limit)
        return values <= limit + slack(limit)


Judge = Annotated[InBand | InRange | Near | SameOrder | Bound, Field(discriminator="rule")]


@dataclass(frozen=True)
class Finding:
    """The model's band and what it says of the statement.

    Attributes
    ----------
    share_supporting
        Share of runs that support the statement; none for `in_band`.
    official_inside
        Whether the official figure lies between p10 and p90; none where it is not held against the model.
    reason
        Why nothing could be measured.
    """

    band: Band
    share_supporting: float | None
    outcome: Outcome
    official_inside: bool | None = None
    reason: str = ""


def needed(value: float | None) -> float:
    """A number that the ledger has been checked to hold."""
    assert value is not None, "the ledger admits such a rule only with a stated value"
    return value


def slack(limit: float) -> float:
    """How far from a limit still counts as on it."""
    return ROUNDING * max(1.0, abs(limit))


def finding(values: FloatArray | None, unit: str, judge: Judge, stated: Figure) -> Finding:
    """Hold the values of all runs against a statement.

    Four runs in five on its side: agrees.  One in five or fewer: disagrees.  In between: undecided.  A value that only
    has to lie in the band p10-p90 is compatible or not.
    """
    if values is None or values.size == 0:
        reason = "no run finished" if values is not None else "the scenario has nobody to measure"
        return Finding(Band(None, None, None, unit), None, "not tested", reason=reason)
    found = band(values, unit)
    if isinstance(judge, InBand):
        return Finding(found, None, "compatible" if inside(found, needed(stated.value)) else "disagrees")
    share = float(judge.supports(values, stated).mean())
    return Finding(found, share, outcome_of(share))


def inside(found: Band, value: float) -> bool:
    """Whether a value lies between p10 and p90."""
    return needed(found.p10) - slack(value) <= value <= needed(found.p90) + slack(value)


def outcome_of(share: float) -> Outcome:
    """The verdict that a share of supporting runs makes."""
    if share >= CLEAR_SHARE - ROUNDING:
        return "agrees"
    return "disagrees" if share <= 1.0 - CLEAR_SHARE + ROUNDING else "undecided"
