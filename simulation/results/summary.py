"""What a batch of runs comes down to: bands of every metric, failures, and what a reader should beware of."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.results.metrics import Band, FinishedRuns, ledger_max_residual, metric_bands, yen_bought_by_population

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulation.day.recorder import Record

LEDGER_TOLERANCE = 1e-9
EXPECTED_PCT = (5.0, 14.0)
"""Impact times levered stock that is expected after August 2024, % (MODEL section 4, stated before the calibration)."""
CALIBRATED_PCT = (8.3, 17.8)
"""The same at the start of `december_2025_official` in the shipped parameter sets, smallest and largest, %; a test makes them
anew."""


@dataclass(frozen=True)
class Failure:
    """A run that ended in a named stop before its last day."""

    run: int
    date: str
    reason: str
    message: str

    def to_dict(self) -> dict[str, int | str]:
        """Return the failure as JSON-ready values."""
        return {"run": self.run, "date": self.date, "reason": self.reason, "message": self.message}


@dataclass(frozen=True)
class Summary:
    """Bands over the finished runs of one scenario; prints as a table."""

    scenario: str
    title: str
    period: tuple[str, str]
    runs: int
    seed: int
    metrics: dict[str, Band]
    yen_bought: dict[str, Band]
    ledger_max_residual: float | None
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values: numbers or None, never NaN."""
        return {
            "scenario": self.scenario,
            "runs": self.runs,
            "seed": self.seed,
            "metrics": {name: band.to_dict() for name, band in self.metrics.items()},
            "yen_bought_by_population": {name: band.to_dict() for name, band in self.yen_bought.items()},
            "ledger_max_residual": self.ledger_max_residual,
            "runs_failed": len(self.failures),
            "failures": [failure.to_dict() for failure in self.failures],
            "notes": list(self.notes),
        }

    def __rich__(self) -> RenderableType:
        """Return the table for a terminal."""
        from simulation.results.summary_table import summary_table

        return summary_table(self)

    def __str__(self) -> str:
        """Return the table as plain text."""
        from simulation.results.summary_table import plain_text

        return plain_text(self)

    __repr__ = __str__


def failures(record: Record) -> tuple[Failure, ...]:
    """Return every run that ended in a named stop, in run order."""
    return tuple(
        Failure(int(record.runs[row]), str(stop.date), stop.name, stop.message)
        for row, stop in sorted(record.stopped.items())
    )


def ledger_audit(record: Record) -> dict[str, float | None]:
    """Return the largest relative residual of each ledger identity over all runs; None where it is not a number."""
    largest = {name: float(values.max()) for name, values in record.residuals.items()}
    return {name: value if math.isfinite(value) else None for name, value in largest.items()}


def failure_note(record: Record) -> str:
    """Say how many runs stopped and why, most frequent reason first."""
    reasons = Counter(stop.name for stop in record.stopped.values())
    named = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    first = failures(record)[0]
    return (
        f"{len(record.stopped)} of {len(record.runs)} runs stopped early and are left out of the bands: {named}. "
        f"First: run {first.run} on {first.date}, {first.message}"
    )


def loop_gain_note(record: Record) -> str | None:
    """Warn when some fall would feed on itself already at the start state."""
    gain = FinishedRuns(record).market("loop_gain")
    largest = 0.0 if gain is None or gain.size == 0 else float(gain[:, 0].max())
    if largest <= 1.0:
        return None
    return f"The loop gain is {largest:.2f} at the start: above 1 some shock feeds on itself."


def depth_note(record: Record) -> str | None:
    """Warn when impact times levered stock leaves what is expected; without levered holders there is nothing to say.

    Source: MODEL section 4.  The episode tells impact together with stock, not the stock by itself.
    """
    product = FinishedRuns(record).market("depth_weighted_stock_pct")
    middle = 0.0 if product is None or product.size == 0 else float(np.median(product[:, 0]))
    low, high = EXPECTED_PCT
    if middle == 0.0 or low <= middle <= high:
        return None
    return (
        f"Impact times levered stock is {middle:.3g} % at the start, where {low:g} to {high:g} % are expected after August 2024; "
        f"calibrated sets have {CALIBRATED_PCT[0]:g} to {CALIBRATED_PCT[1]:g} % in December 2025 (docs/calibration.md)."
    )


def ledger_note(record: Record) -> str | None:
    """Warn when the books do not close."""
    residual = ledger_max_residual(record)
    if residual is None or residual <= LEDGER_TOLERANCE:
        return None
    return f"The ledger does not close: residual {residual:.1e}, allowed {LEDGER_TOLERANCE:.0e}."


def notes(record: Record) -> tuple[str, ...]:
    """Return what a reader should know before using the numbers."""
    found = [
        failure_note(record) if record.stopped else None,
        loop_gain_note(record),
        depth_note(record),
        ledger_note(record),
    ]
    return tuple(note for note in found if note)


def summary_of(record: Record) -> Summary:
    """Return the summary of a record."""
    scenario = record.scenario
    return Summary(
        scenario=scenario.name,
        title=scenario.title,
        period=(str(record.dates[0]), str(record.dates[-1])),
        runs=len(record.runs),
        seed=scenario.seed,
        metrics=metric_bands(record),
        yen_bought=yen_bought_by_population(record),
        ledger_max_residual=ledger_max_residual(record),
        failures=failures(record),
        notes=notes(record),
    )
