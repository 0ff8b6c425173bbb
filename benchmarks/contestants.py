"""Who is measured: a contestant runs one repetition and says what it cost."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulation.day.recorder import Record
from simulation.scenario.scenario import Scenario

INVESTOR_DAY = "investor-day"
DECISION = "agent decision"


class CannotBeMeasuredError(RuntimeError):
    """A contestant that cannot run what it is given; says why."""


@dataclass(frozen=True)
class Measured:
    """One repetition: processor time in seconds, and the record of the runs where there is one."""

    seconds: float
    record: Record | None = None


@dataclass(frozen=True)
class Contestant:
    """Somebody who is measured.

    Attributes
    ----------
    name, what
        A short name, and a sentence on what is run.
    unit
        What a repetition is divided by: an investor-day of the common scenario, or an agent's decision of a peer.
    units
        How many of them one repetition has.
    once
        Run one repetition; may raise `CannotBeMeasuredError`.
    skipped
        Why it cannot be measured here; empty: it can.
    against
        Name of the contestant whose time its own is divided by; empty: the engine in a batch of 64.
    """

    name: str
    what: str
    unit: str
    units: int
    once: Callable[[], Measured]
    skipped: str = ""
    against: str = ""


@dataclass(frozen=True)
class Setting:
    """What all contestants are given: the scenario that they share, and a folder for environments of peers."""

    scenario: Scenario
    folder: Path

    @property
    def investors(self) -> int:
        """Investors of the scenario."""
        return sum(population.investors for population in self.scenario.populations.values())


def absent(name: str, what: str, unit: str, reason: str) -> Contestant:
    """A contestant that cannot be measured here, with the reason."""

    def never() -> Measured:
        raise RuntimeError(f"{name} is skipped: {reason}")

    return Contestant(name, what, unit, 0, never, reason)
