"""The facts side by side: history, model, the range that is accepted, and what that says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulation.studies.facts.simulated import FEWEST_YEARS, Estimate

if TYPE_CHECKING:
    from simulation.studies.facts.simulated import Simulated
    from simulation.studies.facts.stored import StoredFact, StoredFacts

CLEAR: Final = 2.0
"""Standard errors beyond which two values, or a value and the end of a range, are told apart."""
INSIDE, OUTSIDE, AGREES, DIFFERS = "inside", "outside", "agrees", "differs"
JUST: Final = "just "
"""Before inside or outside: the end of the range lies within two standard errors, so more runs may change the verdict."""
NOT_JUDGED, NOT_MEASURED, HISTORY_ONLY = "not judged", "not measured", "history only"


@dataclass(frozen=True)
class Row:
    """One fact: what is stored, what the model gives (none where it has no counterpart), and the verdict."""

    name: str
    fact: StoredFact
    estimate: Estimate | None
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """Every fact of a sample beside a simulation."""

    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def count(self, *verdicts: str) -> int:
        """Return the number of rows with one of the verdicts, clear or not."""
        return sum(row.verdict.removeprefix(JUST) in verdicts for row in self.rows)

    @property
    def finding(self) -> str:
        """What the table says, in one sentence."""
        inside, ranges = self.count(INSIDE), self.count(INSIDE, OUTSIDE)
        near, held = self.count(AGREES), self.count(AGREES, DIFFERS)
        return f"{inside} of {ranges} facts lie inside their accept range; of {held} others {near} agree with history"


def compared(stored: StoredFacts, estimates: Mapping[str, Estimate], simulation: Simulated) -> Comparison:
    """Hold the estimates of a simulation beside stored facts.

    Parameters
    ----------
    stored : StoredFacts
        History.
    estimates : mapping
        Statistics of the model by name; one that is missing was not measured.
    simulation : Simulated
        Where the estimates come from, for the notes.
    """
    rows = tuple(row_of(name, fact, estimates) for name, fact in stored.facts.items())
    return Comparison(stored.title, rows, tuple(notes(simulation)))


def row_of(name: str, fact: StoredFact, estimates: Mapping[str, Estimate]) -> Row:
    """Return one row; an estimate without a value is none."""
    found = None if fact.measure is None else estimates.get(fact.measure)
    if found is None or not math.isfinite(found.value):
        return Row(name, fact, None, HISTORY_ONLY if fact.measure is None else NOT_MEASURED)
    return Row(name, fact, found, verdict(fact, found))


def verdict(fact: StoredFact, found: Estimate) -> str:
    """Judge an estimate by the accept range, without one by its distance from history."""
    if fact.accept is not None:
        clear = math.isfinite(found.error) and fact.accept.distance(found.value) > CLEAR * found.error
        return ("" if clear else JUST) + (INSIDE if fact.accept.holds(found.value) else OUTSIDE)
    if fact.value is None or fact.standard_error is None or not math.isfinite(found.error):
        return NOT_JUDGED
    return AGREES if abs(found.value - fact.value) <= CLEAR * math.hypot(fact.standard_error, found.error) else DIFFERS


def notes(simulation: Simulated) -> Iterable[str]:
    """Yield what a reader should know before using the numbers."""
    if simulation.failed:
        yield f"{simulation.failed} of {simulation.runs} runs stopped early and are left out."
    if simulation.years < FEWEST_YEARS:
        yield f"{simulation.years:,.0f} simulated years: pooled skewness wants 200 decades; single ones scatter by 0.5."
