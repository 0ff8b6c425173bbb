"""The comparison as text cells, JSON objects, CSV and a folder of results."""

from __future__ import annotations

import csv
import hashlib
import math
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulation.results.store import versions, write_manifest
from simulation.scenario.config.loading import canonical
from simulation.scenario.config.posterior import hash_with_cloud
from simulation.studies.facts.comparison import NOT_MEASURED, Comparison, Row

if TYPE_CHECKING:
    from simulation.scenario.cloud import Cloud
    from simulation.scenario.scenario import Scenario
    from simulation.studies.facts.simulated import Simulated
    from simulation.studies.facts.stored import Accept, StoredFacts

CSV_FILE: Final = "facts.csv"
HEADINGS: Final = ("Statistic", "History (s.e.)", "Model (s.e.)", "Accepted", "Verdict")
NOTHING: Final = "-"
CSV_COLUMNS: Final = (
    *("fact", "label", "unit", "historical", "historical_se", "simulated", "simulated_se"),
    *("single_run_p10", "single_run_p50", "single_run_p90", "accept_low", "accept_high", "verdict", "source", "remark"),
)
FINE, COARSE = 0.005, 9.95
"""Size of an error below which three decimals are shown, and from which one is; else two."""


def decimals(value: float, error: float) -> int:
    """Return how many decimals a value with its error deserves."""
    size = max(error, abs(value) / 100.0) if math.isfinite(error) else abs(value) / 10.0
    return 3 if size < FINE else 1 if size >= COARSE else 2


def number(value: float, places: int) -> str:
    """Return a number with so many decimals, a minus sign for a hyphen and none for zero."""
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0.0 else text.replace("-", "−")


def cell(value: float | None, error: float | None) -> str:
    """Return a value with its standard error in brackets.

    >>> cell(-0.47751, 0.1161), cell(0.0106, 0.0028), cell(32.31, 10.43), cell(0.01, None), cell(None, None)
    ('−0.48 (0.12)', '0.011 (0.003)', '32.3 (10.4)', '0.01', '-')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if error is None or not math.isfinite(error):
        return number(value, 2)
    places = decimals(value, error)
    return f"{number(value, places)} ({number(error, places)})"


def accepted(accept: Accept | None) -> str:
    """Return an accept range as one writes it."""
    if accept is None:
        return ""
    low, high = (None if end is None else f"{end:g}".replace("-", "−") for end in (accept.low, accept.high))
    if low is None or high is None:
        return f"at least {low}" if high is None else f"at most {high}"
    return f"{low} to {high}"


def cells(row: Row) -> tuple[str, ...]:
    """Return the texts of one row, in the order of HEADINGS."""
    fact, found = row.fact, row.estimate
    label = f"{fact.label}, {fact.unit}" if fact.unit else fact.label
    model = NOTHING if found is None else cell(found.value, found.error)
    return label, cell(fact.value, fact.standard_error), model, accepted(fact.accept), row.verdict


def finite(value: float) -> float | None:
    """Return a number, none where it is not one."""
    return value if math.isfinite(value) else None


def fact_object(row: Row) -> dict[str, Any]:
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
            "standard_error": finite(found.error),
            "single_run_p10": finite(found.p10),
            "single_run_p50": finite(found.p50),
            "single_run_p90": finite(found.p90),
        },
        "accept": None if fact.accept is None else fact.accept.model_dump(mode="json"),
        "verdict": row.verdict,
        "remark": fact.remark,
    }


def objects(comparison: Comparison, base: dict[str, Any], simulation: Simulated) -> dict[str, Any]:
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


def csv_text(comparison: Comparison) -> str:
    """Return one line per fact."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_line(row) for row in comparison.rows)
    return out.getvalue()


def _line(row: Row) -> list[str]:
    fact, found = row.fact, row.estimate
    simulated = (None,) * 5 if found is None else (found.value, found.error, found.p10, found.p50, found.p90)
    accept = (None, None) if fact.accept is None else (fact.accept.low, fact.accept.high)
    numbers = (fact.value, fact.standard_error, *simulated, *accept)
    shown = ["" if value is None or not math.isfinite(value) else f"{value:.10g}" for value in numbers]
    return [row.name, fact.label, fact.unit, *shown, row.verdict, fact.source, fact.remark]


def comparison_hash(stored: StoredFacts, scenario: Scenario, cloud: Cloud | None = None) -> str:
    """Return one hash of everything that the table follows from, beside the number of runs."""
    return hashlib.sha256(f"{canonical(stored)}\n{hash_with_cloud(scenario, cloud)}".encode()).hexdigest()


def explained(comparison: Comparison) -> list[str]:
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


def write(comparison: Comparison, directory: Path, facts: dict[str, Any]) -> None:
    """Write table, figure and manifest into an existing empty folder; `facts` are what the manifest says."""
    from simulation.studies.experiment.experiment_figures import write_figure
    from simulation.studies.facts.figure import facts_chart

    (directory / CSV_FILE).write_text(csv_text(comparison), encoding="utf-8", newline="\n")
    write_figure(facts_chart(comparison, facts["source"]), directory)
    write_manifest(directory, facts | {"versions": versions()})
