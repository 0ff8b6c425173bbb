"""Measuring in rounds: every contestant once a round, in turn, so that other work on the machine meets all alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from benchmarks.contestants import CannotBeMeasuredError, Contestant
from simulation.day.recorder import Record

NANOSECONDS = 1e9


@dataclass
class Result:
    """A contestant with what was measured of it.

    Attributes
    ----------
    nanoseconds
        Processor time per unit in each round.
    record
        What its last repetition recorded, if it records.
    """

    contestant: Contestant
    nanoseconds: list[float] = field(default_factory=list)
    record: Record | None = None

    @property
    def middle(self) -> float | None:
        """Median over rounds, ns per unit; none where it was skipped."""
        return median(self.nanoseconds) if self.nanoseconds else None

    def measure(self) -> str:
        """Measure once more and tell what came of it; who cannot be measured is skipped with the reason from then on."""
        try:
            found = self.contestant.once()
        except CannotBeMeasuredError as problem:
            self.contestant = replace(self.contestant, skipped=str(problem))
            self.nanoseconds, self.record = [], None
            return f"skipped: {problem}"
        self.nanoseconds.append(found.seconds / self.contestant.units * NANOSECONDS)
        self.record = found.record
        return f"{self.nanoseconds[-1]:,.0f} ns"


def measure(contestants: Sequence[Contestant], rounds: int, told: Callable[[str], None]) -> list[Result]:
    """Measure every contestant once in each round; each round starts with another one.

    Parameters
    ----------
    told
        Takes a line of progress.
    """
    results = [Result(contestant) for contestant in contestants]
    taking_part = [result for result in results if not result.contestant.skipped]
    for turn in range(rounds):
        start = turn % max(len(taking_part), 1)
        for result in taking_part[start:] + taking_part[:start]:
            if not result.contestant.skipped:
                told(f"round {turn + 1}/{rounds}  {result.contestant.name}: {result.measure()}")
    return results
