"""Measuring in rounds: every contestant once a round, in turn, so that other work on the machine meets all alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.contestants import Contestant
from simulation.recorder import Record

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
            found = result.contestant.once()
            result.nanoseconds.append(found.seconds / result.contestant.units * NANOSECONDS)
            result.record = found.record
            told(f"round {turn + 1}/{rounds}  {result.contestant.name}: {result.nanoseconds[-1]:,.0f} ns")
    return results
