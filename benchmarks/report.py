"""Result table of a benchmark as rows, CSV and Markdown."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import DECISION, INVESTOR_DAY
from benchmarks.mesa_twin.comparison import metric_differences
from benchmarks.models import KERNEL, REFERENCE, TWIN
from benchmarks.rounds import Result

Row = Mapping[str, str | int | float | None]
SINGLE = "engine, 1 run"
"""Contestant whose metrics all others must reproduce."""


@dataclass(frozen=True)
class Report:
    """Results of a benchmark, with machine and scenario."""

    results: Sequence[Result]
    machine: str
    scenario: str

    def result(self, name: str) -> Result | None:
        """Result of a contestant, or None."""
        return next((result for result in self.results if result.contestant.name == name), None)

    def times_reference(self, result: Result) -> float | None:
        """Time per unit relative to the engine's batch; None for other units or if either was skipped.

        The kernel is compared with the engine on the same funds.
        """
        reference = self.result(result.contestant.against or REFERENCE)
        if result.contestant.unit != INVESTOR_DAY or reference is None or not (reference.middle and result.middle):
            return None
        return result.middle / reference.middle

    def metric_difference(self, result: Result) -> float | None:
        """Largest relative difference of any metric from the engine's single run; None without a record."""
        single = self.result(SINGLE)
        if single is None or single.record is None or result.record is None:
            return None
        return max(metric_differences(single.record, result.record).values())

    def rows(self) -> list[Row]:
        """One row per contestant."""
        return [
            {
                "contestant": result.contestant.name,
                "runs": result.contestant.what,
                "unit": result.contestant.unit,
                "units": result.contestant.units,
                "rounds": len(result.nanoseconds),
                "median_ns": result.middle,
                "lowest_ns": min(result.nanoseconds, default=None),
                "highest_ns": max(result.nanoseconds, default=None),
                "times_engine": self.times_reference(result),
                "engine": result.contestant.against or REFERENCE,
                "largest_metric_difference": self.metric_difference(result),
                "skipped": result.contestant.skipped,
            }
            for result in self.results
        ]

    def verdict(self) -> str:
        """Main result as text."""
        twin, kernel = self.result(TWIN), self.result(KERNEL)
        parts = []
        if twin and (ratio := self.times_reference(twin)):
            parts.append(
                f"An investor-day takes the Mesa twin {ratio:,.0f} times as long as the engine in a batch of 64"
            )
        if kernel and (ratio := self.times_reference(kernel)):
            parts.append(f"the engine takes {1 / ratio:.1f} times as long as the fused kernel on the same funds")
        return "; ".join(parts) if parts else "The engine's batch of 64 or its comparisons were not measured"


def write_csv(report: Report, path: Path) -> None:
    """Write all rows as CSV with full precision."""
    rows = report.rows()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def markdown(report: Report) -> str:
    """Result table as Markdown."""
    lines = [
        "# Time per investor-day", "", f"{report.verdict()}.", "",
        f"Scenario: {report.scenario}.  Processor time, medians over rounds with all contestants.  {report.machine}.", "",
        "| Contestant | ns per investor-day | lowest to highest | times the engine's 64 runs | largest difference of a metric |",
        "|---|---:|---:|---:|---:|",
        *(_line(report, result) for result in report.results if result.contestant.unit == INVESTOR_DAY), "",
    ]  # fmt: skip
    return "\n".join([*lines, *_peers([result for result in report.results if result.contestant.unit == DECISION])])


def _peers(results: Sequence[Result]) -> list[str]:
    if not results:
        return ["Other libraries were skipped (`--no-peers`).", ""]
    return [
        "Other libraries on their own examples, per decision of an agent (different models; orders of magnitude only):", "",
        "| Library | ns per decision | lowest to highest | example |",
        "|---|---:|---:|---|",
        *map(_peer_line, results), "",
    ]  # fmt: skip


def _line(report: Report, result: Result) -> str:
    name = result.contestant.name
    if result.middle is None:
        return f"| {name} | skipped: {result.contestant.skipped or 'not measured'} | | | |"
    ratio, difference = report.times_reference(result), report.metric_difference(result)
    times = "" if ratio is None else f"{ratio:,.2f}" if ratio < 10 else f"{ratio:,.0f}"
    times += " (same funds)" if times and result.contestant.against else ""
    differs = "" if difference is None else f"{difference:.0e}" if difference else "0"
    return f"| {name} | {result.middle:,.0f} | {_span(result)} | {times} | {differs} |"


def _peer_line(result: Result) -> str:
    name, what = result.contestant.name, result.contestant.what
    if result.middle is None:
        return f"| {name} | skipped: {result.contestant.skipped or 'not measured'} | | {what} |"
    return f"| {name} | {result.middle:,.0f} | {_span(result)} | {what} |"


def _span(result: Result) -> str:
    return f"{min(result.nanoseconds):,.0f} to {max(result.nanoseconds):,.0f}"
