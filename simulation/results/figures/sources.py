"""The source line under every figure and the words for how many runs it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.results.metrics import FinishedRuns

if TYPE_CHECKING:
    from simulation.day.recorder import Record


def over_runs(finished: FinishedRuns) -> str:
    """Return the number of runs shown, with the stopped ones named."""
    shown = "1 run" if finished.count == 1 else f"{finished.count:,} runs"
    stopped = len(finished.record.stopped)
    return f"{shown} ({stopped} stopped early, left out)" if stopped else shown


def band_words(parameter_sets: str) -> str:
    """Return what a band over runs holds."""
    return "simulation noise and parameter uncertainty" if parameter_sets else "simulation noise"


def source_line(record: Record) -> str:
    """Return where the numbers come from: this model, the scenario and its seed."""
    scenario = record.scenario
    first, last = (day.item().strftime("%d %b %Y").lstrip("0") for day in (record.dates[0], record.dates[-1]))
    return (
        f"Source: carryflow simulation, scenario {scenario.name}, {first} to {last}, "
        f"seed {scenario.seed}, {len(record.runs):,} runs"
        + (f", parameter sets {record.parameter_sets}" if record.parameter_sets else "")
    )
