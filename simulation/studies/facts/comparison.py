"""The stored historical facts, configs/facts/*.yaml: values with their errors, samples, sources and accept ranges.

The facts side by side: history, model, the range that is accepted, and what that says.

The comparison as text cells, JSON objects, CSV and a folder of results.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import Field, model_validator

from simulation.results.output_folder import package_versions, write_manifest
from simulation.scenario.config.loading import canonical_json, load
from simulation.scenario.config.parameter_sets import hash_with_cloud
from simulation.studies.facts.simulated import MIN_POOLED_YEARS, FactEstimate
from simulation.values.parameters import Parameters

if TYPE_CHECKING:
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario
    from simulation.studies.facts.simulated import SimulatedHistories

SHIPPED_FACTS: Final = "usdjpy_1990_2024"


class AcceptRange(Parameters):
    """Where a simulated value may lie, both ends included; an end that is left out is open."""

    low: float | None = None
    high: float | None = None
    source: str = Field(min_length=1, description="who says so")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("low or high is needed: a range that is open at both ends accepts everything")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} lies above high {self.high:g}")
        return self

    def holds(self, value: float) -> bool:
        """Return whether a value lies inside."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def distance(self, value: float) -> float:
        """Return how far a value lies from the nearest end, inside or outside."""
        return min(abs(value - end) for end in (self.low, self.high) if end is not None)


class StoredFact(Parameters):
    """One historical value; without a value where history has no counterpart."""

    label: str = Field(min_length=1)
    measure: str | None = Field(None, description="statistic of the model to hold beside it; none: history only")
    unit: str = ""
    value: float | None = None
    standard_error: float | None = Field(None, ge=0)
    error_method: str = ""
    first_day: date | None = None
    last_day: date | None = None
    observations: int | None = Field(None, ge=1)
    source: str = Field(min_length=1)
    accept: AcceptRange | None = None
    remark: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.value is None and self.standard_error is not None:
            raise ValueError("standard_error: an error without a value says nothing; give the value")
        if (self.standard_error is None) == bool(self.error_method):
            raise ValueError("error_method: name the method of a standard error, and only of one that is given")
        return self


class StoredFacts(Parameters):
    """The facts of one sample, by name."""

    title: str = Field(min_length=1)
    made_by: str = Field(min_length=1, description="command that writes this file from the official series")
    facts: dict[str, StoredFact]


def load_facts(name: str | Path = SHIPPED_FACTS) -> StoredFacts:
    """Read and check stored facts by name or file; every mistake comes with its line (`ConfigError`)."""
    return load(name, root=StoredFacts, kind="facts").scenario


CLEAR_ERRORS: Final = 2.0
"""Standard errors beyond which two values, or a value and the end of a range, are told apart."""
INSIDE, OUTSIDE, AGREES, DIFFERS = "inside", "outside", "agrees", "differs"
BORDERLINE_PREFIX: Final = "just "
"""Before inside or outside: the end of the range lies within two standard errors, so more runs may change the verdict."""
NOT_JUDGED, NOT_MEASURED, HISTORY_ONLY = "not judged", "not measured", "history only"


@dataclass(frozen=True)
class FactRow:
    """One fact: what is stored, what the model gives (none where it has no counterpart), and the verdict."""

    name: str
    fact: StoredFact
    estimate: FactEstimate | None
    verdict: str


@dataclass(frozen=True)
class FactComparison:
    """Every fact of a sample beside a simulation."""

    title: str
    rows: tuple[FactRow, ...]
    notes: tuple[str, ...]

    def count(self, *verdicts: str) -> int:
        """Return the number of rows with one of the verdicts, clear or not."""
        return sum(row.verdict.removeprefix(BORDERLINE_PREFIX) in verdicts for row in self.rows)

    @property
    def finding(self) -> str:
        """What the table says, in one sentence."""
        inside, ranges = self.count(INSIDE), self.count(INSIDE, OUTSIDE)
        near, held = self.count(AGREES), self.count(AGREES, DIFFERS)
        return f"{inside} of {ranges} facts lie inside their accept range; of {held} others {near} agree with history"


def compare_facts(
    stored: StoredFacts, estimates: Mapping[str, FactEstimate], simulation: SimulatedHistories
) -> FactComparison:
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
    rows = tuple(fact_row(name, fact, estimates) for name, fact in stored.facts.items())
    return FactComparison(stored.title, rows, tuple(comparison_notes(simulation)))


def fact_row(name: str, fact: StoredFact, estimates: Mapping[str, FactEstimate]) -> FactRow:
    """Return one row; an estimate without a value is none."""
    found = None if fact.measure is None else estimates.get(fact.measure)
    if found is None or not math.isfinite(found.value):
        return FactRow(name, fact, None, HISTORY_ONLY if fact.measure is None else NOT_MEASURED)
    return FactRow(name, fact, found, fact_verdict(fact, found))


def fact_verdict(fact: StoredFact, found: FactEstimate) -> str:
    """Judge an estimate by the accept range, without one by its distance from history."""
    if fact.accept is not None:
        clear = math.isfinite(found.error) and fact.accept.distance(found.value) > CLEAR_ERRORS * found.error
        return ("" if clear else BORDERLINE_PREFIX) + (INSIDE if fact.accept.holds(found.value) else OUTSIDE)
    if fact.value is None or fact.standard_error is None or not math.isfinite(found.error):
        return NOT_JUDGED
    return (
        AGREES
        if abs(found.value - fact.value) <= CLEAR_ERRORS * math.hypot(fact.standard_error, found.error)
        else DIFFERS
    )


def comparison_notes(simulation: SimulatedHistories) -> Iterable[str]:
    """Yield what a reader should know before using the numbers."""
    if simulation.failed:
        yield f"{simulation.failed} of {simulation.runs} runs stopped early and are left out."
    if simulation.years < MIN_POOLED_YEARS:
        yield f"{simulation.years:,.0f} simulated years: pooled skewness wants 200 decades; single ones scatter by 0.5."


CSV_FILE: Final = "facts.csv"
HEADINGS: Final = ("Statistic", "History (s.e.)", "Model (s.e.)", "Accepted", "Verdict")
EMPTY_CELL: Final = "-"
CSV_COLUMNS: Final = (
    *("fact", "label", "unit", "historical", "historical_se", "simulated", "simulated_se"),
    *("single_run_p10", "single_run_p50", "single_run_p90", "accept_low", "accept_high", "verdict", "source", "remark"),
)
FINE, COARSE = 0.005, 9.95
"""Size of an error below which three decimals are shown, and from which one is; else two."""


def decimal_places(value: float, error: float) -> int:
    """Return how many decimals a value with its error deserves."""
    size = max(error, abs(value) / 100.0) if math.isfinite(error) else abs(value) / 10.0
    return 3 if size < FINE else 1 if size >= COARSE else 2


def format_number(value: float, places: int) -> str:
    """Return a number with so many decimals, a minus sign for a hyphen and none for zero."""
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0.0 else text.replace("-", "−")


def format_estimate(value: float | None, error: float | None) -> str:
    """Return a value with its standard error in brackets.

    >>> cell(-0.47751, 0.1161), cell(0.0106, 0.0028), cell(32.31, 10.43), cell(0.01, None), cell(None, None)
    ('−0.48 (0.12)', '0.011 (0.003)', '32.3 (10.4)', '0.01', '-')
    """
    if value is None or not math.isfinite(value):
        return EMPTY_CELL
    if error is None or not math.isfinite(error):
        return format_number(value, 2)
    places = decimal_places(value, error)
    return f"{format_number(value, places)} ({format_number(error, places)})"


def format_accept_range(accept: AcceptRange | None) -> str:
    """Return an accept range as one writes it."""
    if accept is None:
        return ""
    low, high = (None if end is None else f"{end:g}".replace("-", "−") for end in (accept.low, accept.high))
    if low is None or high is None:
        return f"at least {low}" if high is None else f"at most {high}"
    return f"{low} to {high}"


def table_cells(row: FactRow) -> tuple[str, ...]:
    """Return the texts of one row, in the order of HEADINGS."""
    fact, found = row.fact, row.estimate
    label = f"{fact.label}, {fact.unit}" if fact.unit else fact.label
    model = EMPTY_CELL if found is None else format_estimate(found.value, found.error)
    return label, format_estimate(fact.value, fact.standard_error), model, format_accept_range(fact.accept), row.verdict


def finite_or_none(value: float) -> float | None:
    """Return a number, none where it is not one."""
    return value if math.isfinite(value) else None


def fact_object(row: FactRow) -> dict[str, Any]:
    """Return one row as JSON-ready values."""
    fact, found = row.fact, row.estimate
    days = {"first_day": fact.first_day, "last_day": fact.last_day}
    return {
        "name": row.name,
        "label": fact.label,
        "unit": fact.unit,
        "historical": {"value": fact.value, "standard_error": fact.standard_error, "error_method": fact.error_method}
        | {key: None if day is None else day.isoformat() for key, day in days.items()}
        | {"observations": fact.observations, "source": fact.source},
        "simulated": None
        if found is None
        else {
            "value": found.value,
            "standard_error": finite_or_none(found.error),
            "single_run_p10": finite_or_none(found.p10),
            "single_run_p50": finite_or_none(found.p50),
            "single_run_p90": finite_or_none(found.p90),
        },
        "accept": None if fact.accept is None else fact.accept.model_dump(mode="json"),
        "verdict": row.verdict,
        "remark": fact.remark,
    }


def comparison_object(
    comparison: FactComparison, base: dict[str, Any], simulation: SimulatedHistories
) -> dict[str, Any]:
    """Return the comparison as one JSON object; `base` names scenario, seed and parameter sets."""
    return {
        "title": comparison.title,
        **base,
        "runs": simulation.runs,
        "runs_failed": simulation.failed,
        "simulated_years": round(simulation.years, 1),
        "finding": comparison.finding,
        "notes": list(comparison.notes),
        "facts": [fact_object(row) for row in comparison.rows],
    }


def comparison_csv(comparison: FactComparison) -> str:
    """Return one line per fact."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_csv_row(row) for row in comparison.rows)
    return out.getvalue()


def _csv_row(row: FactRow) -> list[str]:
    fact, found = row.fact, row.estimate
    simulated = (None,) * 5 if found is None else (found.value, found.error, found.p10, found.p50, found.p90)
    accept = (None, None) if fact.accept is None else (fact.accept.low, fact.accept.high)
    numbers = (fact.value, fact.standard_error, *simulated, *accept)
    shown = ["" if value is None or not math.isfinite(value) else f"{value:.10g}" for value in numbers]
    return [row.name, fact.label, fact.unit, *shown, row.verdict, fact.source, fact.remark]


def comparison_hash(stored: StoredFacts, scenario: Scenario, cloud: Cloud | None = None) -> str:
    """Return one hash of everything that the table follows from, beside the number of runs."""
    return hashlib.sha256(f"{canonical_json(stored)}\n{hash_with_cloud(scenario, cloud)}".encode()).hexdigest()


def table_notes(comparison: FactComparison) -> list[str]:
    """Return the lines below a table: what the verdicts mean, the finding and the notes."""
    absent = sum(row.verdict == NOT_MEASURED for row in comparison.rows)
    return [
        "Model: all runs pooled, jackknife error over runs.",
        "inside, outside: of the accept range; just: its end lies within two standard errors.",
        "agrees, differs: within two standard errors of history, both errors counted.",
        f"{comparison.finding}.",
        *([f"Not measured: {absent}."] if absent else []),
        *(f"Note: {note}" for note in comparison.notes),
    ]


def write_comparison(comparison: FactComparison, directory: Path, facts: dict[str, Any]) -> None:
    """Write table, figure and manifest into an existing empty folder; `facts` are what the manifest says."""
    from simulation.studies.experiment.figures import write_figure
    from simulation.studies.facts.figure import facts_chart

    (directory / CSV_FILE).write_text(comparison_csv(comparison), encoding="utf-8", newline="\n")
    write_figure(facts_chart(comparison, facts["source"]), directory)
    write_manifest(directory, facts | {"versions": package_versions()})
