"""Measurement in rounds: every contestant once per round, so that other work on the machine affects all alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from benchmarks.contestants import CannotBeMeasuredError, Contestant
from simulation.day.recorder import Record

NANOSECONDS = 1e9


@dataclass
class Result:
    """A contestant with its measurements.

    Attributes
    ----------
    nanoseconds
        Processor time per unit in each round.
    record
        Record of the last repetition, if any.
    """

    contestant: Contestant
    nanoseconds: list[float] = field(default_factory=list)
    record: Record | None = None

    @property
    def middle(self) -> float | None:
        """Median over rounds, ns per unit; None if skipped."""
        return median(self.nanoseconds) if self.nanoseconds else None

    def measure(self) -> str:
        """Measure once and return a message; a contestant that cannot be measured is skipped from then on."""
        try:
            measurement = self.contestant.once()
        except CannotBeMeasuredError as problem:
            self.contestant = replace(self.contestant, skipped=str(problem))
            self.nanoseconds, self.record = [], None
            return f"skipped: {problem}"
        self.nanoseconds.append(measurement.seconds / self.contestant.units * NANOSECONDS)
        self.record = measurement.record
        return f"{self.nanoseconds[-1]:,.0f} ns"


def measure(contestants: Sequence[Contestant], rounds: int, report: Callable[[str], None]) -> list[Result]:
    """Measure every contestant once per round; each round starts with a different one.

    Parameters
    ----------
    report
        Called with each line of progress.
    """
    results = [Result(contestant) for contestant in contestants]
    taking_part = [result for result in results if not result.contestant.skipped]
    for turn in range(rounds):
        start = turn % max(len(taking_part), 1)
        for result in taking_part[start:] + taking_part[:start]:
            if not result.contestant.skipped:
                report(f"round {turn + 1}/{rounds}  {result.contestant.name}: {result.measure()}")
    return results
