"""Stored historical facts (configs/facts/*.yaml), their comparison with simulated values, and its output."""

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
    """Accepted range of a simulated value, both ends included; a missing end is open."""

    low: float | None = None
    high: float | None = None
    source: str = Field(min_length=1, description="origin of the range")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("low and high are both missing: give at least one end of the range")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low is {self.low:g} and high {self.high:g}: low must not exceed high")
        return self

    def holds(self, value: float) -> bool:
        """Return whether a value lies inside the range."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def distance(self, value: float) -> float:
        """Return the distance of a value from the nearest end, inside or outside."""
        return min(abs(value - end) for end in (self.low, self.high) if end is not None)


class StoredFact(Parameters):
    """One historical value; without a value if history has no counterpart."""

    label: str = Field(min_length=1)
    measure: str | None = Field(None, description="corresponding statistic of the model; none: history only")
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
            raise ValueError("standard_error is given without a value: give the value as well")
        if (self.standard_error is None) == bool(self.error_method):
            raise ValueError(
                "error_method must be given if and only if there is a standard_error: give both or neither"
            )
        return self


class StoredFacts(Parameters):
    """Facts of one sample by name."""

    title: str = Field(min_length=1)
    made_by: str = Field(min_length=1, description="command that writes this file from the official series")
    facts: dict[str, StoredFact]


def load_facts(name: str | Path = SHIPPED_FACTS) -> StoredFacts:
    """Load and validate stored facts by name or file; a `ConfigError` gives the line of every error."""
    return load(name, root=StoredFacts, kind="facts").scenario


CLEAR_ERRORS: Final = 2.0
"""Standard errors beyond which two values, or a value and the end of a range, differ clearly."""
INSIDE, OUTSIDE, AGREES, DIFFERS = "inside", "outside", "agrees", "differs"
BORDERLINE_PREFIX: Final = "just "
"""Before inside or outside: the end of the range is within two standard errors, so more runs may change the verdict."""
NOT_JUDGED, NOT_MEASURED, HISTORY_ONLY = "not judged", "not measured", "history only"


@dataclass(frozen=True)
class FactRow:
    """Stored fact, estimate of the model (None without a counterpart) and verdict."""

    name: str
    fact: StoredFact
    estimate: FactEstimate | None
    verdict: str


@dataclass(frozen=True)
class FactComparison:
    """All facts of a sample with the estimates of a simulation."""

    title: str
    rows: tuple[FactRow, ...]
    notes: tuple[str, ...]

    def count(self, *verdicts: str) -> int:
        """Return the number of rows with one of the verdicts, borderline or not."""
        return sum(row.verdict.removeprefix(BORDERLINE_PREFIX) in verdicts for row in self.rows)

    @property
    def finding(self) -> str:
        """Summary of the comparison in one sentence."""
        inside, ranges = self.count(INSIDE), self.count(INSIDE, OUTSIDE)
        agreeing, compared = self.count(AGREES), self.count(AGREES, DIFFERS)
        return f"{inside} of {ranges} facts lie inside their accept range; of {compared} others {agreeing} agree with history"


def compare_facts(
    stored: StoredFacts, estimates: Mapping[str, FactEstimate], simulation: SimulatedHistories
) -> FactComparison:
    """Compare the estimates of a simulation with stored facts.

    Parameters
    ----------
    stored : StoredFacts
        Historical values.
    estimates : mapping
        Statistics of the model by name; a missing statistic was not measured.
    simulation : SimulatedHistories
        Simulation that the estimates come from, for the notes.
    """
    rows = tuple(fact_row(name, fact, estimates) for name, fact in stored.facts.items())
    return FactComparison(stored.title, rows, tuple(comparison_notes(simulation)))


def fact_row(name: str, fact: StoredFact, estimates: Mapping[str, FactEstimate]) -> FactRow:
    """Return one row; an estimate that is not finite counts as missing."""
    estimate = None if fact.measure is None else estimates.get(fact.measure)
    if estimate is None or not math.isfinite(estimate.value):
        return FactRow(name, fact, None, HISTORY_ONLY if fact.measure is None else NOT_MEASURED)
    return FactRow(name, fact, estimate, fact_verdict(fact, estimate))


def fact_verdict(fact: StoredFact, estimate: FactEstimate) -> str:
    """Compare an estimate with the accept range, or with history if there is no range."""
    if fact.accept is not None:
        clear = math.isfinite(estimate.error) and fact.accept.distance(estimate.value) > CLEAR_ERRORS * estimate.error
        return ("" if clear else BORDERLINE_PREFIX) + (INSIDE if fact.accept.holds(estimate.value) else OUTSIDE)
    if fact.value is None or fact.standard_error is None or not math.isfinite(estimate.error):
        return NOT_JUDGED
    return (
        AGREES
        if abs(estimate.value - fact.value) <= CLEAR_ERRORS * math.hypot(fact.standard_error, estimate.error)
        else DIFFERS
    )


def comparison_notes(simulation: SimulatedHistories) -> Iterable[str]:
    """Yield notes on the quality of the simulated values."""
    if simulation.failed:
        yield f"{simulation.failed} of {simulation.runs} runs stopped early and are left out."
    if simulation.years < MIN_POOLED_YEARS:
        yield (
            f"{simulation.years:,.0f} simulated years: pooled skewness needs 200 decades; "
            "the standard deviation over single decades is 0.5."
        )


CSV_FILE: Final = "facts.csv"
HEADINGS: Final = ("Statistic", "History (s.e.)", "Model (s.e.)", "Accepted", "Verdict")
EMPTY_CELL: Final = "-"
CSV_COLUMNS: Final = (
    *("fact", "label", "unit", "historical", "historical_se", "simulated", "simulated_se"),
    *("single_run_p10", "single_run_p50", "single_run_p90", "accept_low", "accept_high", "verdict", "source", "remark"),
)
FINE, COARSE = 0.005, 9.95
"""Sizes of the error: three decimals below the first, one decimal from the second, two in between."""


def decimal_places(value: float, error: float) -> int:
    """Return the number of decimals to print for a value with its error."""
    size = max(error, abs(value) / 100.0) if math.isfinite(error) else abs(value) / 10.0
    return 3 if size < FINE else 1 if size >= COARSE else 2


def format_number(value: float, places: int) -> str:
    """Return a number with a fixed number of decimals, a typographic minus sign, and no sign for zero."""
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0.0 else text.replace("-", "−")


def format_estimate(value: float | None, error: float | None) -> str:
    """Return a value with its standard error in brackets.

    >>> format_estimate(-0.47751, 0.1161), format_estimate(0.0106, 0.0028), format_estimate(32.31, 10.43)
    ('−0.48 (0.12)', '0.011 (0.003)', '32.3 (10.4)')
    >>> format_estimate(0.01, None), format_estimate(None, None)
    ('0.01', '-')
    """
    if value is None or not math.isfinite(value):
        return EMPTY_CELL
    if error is None or not math.isfinite(error):
        return format_number(value, 2)
    places = decimal_places(value, error)
    return f"{format_number(value, places)} ({format_number(error, places)})"


def format_accept_range(accept: AcceptRange | None) -> str:
    """Return an accept range as text."""
    if accept is None:
        return ""
    low, high = (None if end is None else f"{end:g}".replace("-", "−") for end in (accept.low, accept.high))
    if low is None or high is None:
        return f"at least {low}" if high is None else f"at most {high}"
    return f"{low} to {high}"


def table_cells(row: FactRow) -> tuple[str, ...]:
    """Return the cells of one row, in the order of HEADINGS."""
    fact, estimate = row.fact, row.estimate
    label = f"{fact.label}, {fact.unit}" if fact.unit else fact.label
    model = EMPTY_CELL if estimate is None else format_estimate(estimate.value, estimate.error)
    return label, format_estimate(fact.value, fact.standard_error), model, format_accept_range(fact.accept), row.verdict


def finite_or_none(value: float) -> float | None:
    """Return a number, or None if it is not finite."""
    return value if math.isfinite(value) else None


def fact_object(row: FactRow) -> dict[str, Any]:
    """Return one row as values for JSON."""
    fact, estimate = row.fact, row.estimate
    days = {"first_day": fact.first_day, "last_day": fact.last_day}
    return {
        "name": row.name,
        "label": fact.label,
        "unit": fact.unit,
        "historical": {"value": fact.value, "standard_error": fact.standard_error, "error_method": fact.error_method}
        | {key: None if day is None else day.isoformat() for key, day in days.items()}
        | {"observations": fact.observations, "source": fact.source},
        "simulated": None
        if estimate is None
        else {
            "value": estimate.value,
            "standard_error": finite_or_none(estimate.error),
            "single_run_p10": finite_or_none(estimate.p10),
            "single_run_p50": finite_or_none(estimate.p50),
            "single_run_p90": finite_or_none(estimate.p90),
        },
        "accept": None if fact.accept is None else fact.accept.model_dump(mode="json"),
        "verdict": row.verdict,
        "remark": fact.remark,
    }


def comparison_object(
    comparison: FactComparison, base: dict[str, Any], simulation: SimulatedHistories
) -> dict[str, Any]:
    """Return the comparison as one JSON object; `base` contains scenario, seed and parameter sets."""
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
    """Return the comparison as CSV text, one line per fact."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_csv_row(row) for row in comparison.rows)
    return out.getvalue()


def _csv_row(row: FactRow) -> list[str]:
    fact, estimate = row.fact, row.estimate
    simulated = (
        (None,) * 5 if estimate is None else (estimate.value, estimate.error, estimate.p10, estimate.p50, estimate.p90)
    )
    accept = (None, None) if fact.accept is None else (fact.accept.low, fact.accept.high)
    values = (fact.value, fact.standard_error, *simulated, *accept)
    cells = ["" if value is None or not math.isfinite(value) else f"{value:.10g}" for value in values]
    return [row.name, fact.label, fact.unit, *cells, row.verdict, fact.source, fact.remark]


def comparison_hash(stored: StoredFacts, scenario: Scenario, cloud: Cloud | None = None) -> str:
    """Return a hash of all inputs of the comparison except the number of runs."""
    return hashlib.sha256(f"{canonical_json(stored)}\n{hash_with_cloud(scenario, cloud)}".encode()).hexdigest()


def table_notes(comparison: FactComparison) -> list[str]:
    """Return the lines below a table: meaning of the verdicts, finding and notes."""
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
    """Write table, figure and manifest into an existing empty folder; `facts` is the content of the manifest."""
    from simulation.studies.experiment.figures import write_figure
    from simulation.studies.facts.figure import facts_chart

    (directory / CSV_FILE).write_text(comparison_csv(comparison), encoding="utf-8", newline="\n")
    write_figure(facts_chart(comparison, facts["source"]), directory)
    write_manifest(directory, facts | {"versions": package_versions()})
