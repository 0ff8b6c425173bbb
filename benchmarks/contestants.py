"""Contestants: what is measured, and the cost of one repetition."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulation.day.recorder import Record
from simulation.scenario.scenario import Scenario

INVESTOR_DAY = "investor-day"
DECISION = "agent decision"


class CannotBeMeasuredError(RuntimeError):
    """A contestant cannot run the scenario; the message gives the reason."""


@dataclass(frozen=True)
class Measurement:
    """One repetition: processor time in seconds, and the record of the runs, if any."""

    seconds: float
    record: Record | None = None


@dataclass(frozen=True)
class Contestant:
    """A program or variant to measure.

    Attributes
    ----------
    name, what
        Short name, and a description of what is run.
    unit
        Unit of the time per repetition: an investor-day of the common scenario, or a decision of a peer's agent.
    units
        Number of units per repetition.
    once
        Run one repetition; may raise `CannotBeMeasuredError`.
    skipped
        Reason why it cannot be measured here; empty if it can.
    against
        Name of the contestant to compare with; empty for the engine in a batch of 64.
    """

    name: str
    what: str
    unit: str
    units: int
    once: Callable[[], Measurement]
    skipped: str = ""
    against: str = ""


@dataclass(frozen=True)
class Setting:
    """Inputs of all contestants: the common scenario, and a folder for the environments of peers."""

    scenario: Scenario
    folder: Path

    @property
    def investors(self) -> int:
        """Number of investors in the scenario."""
        return sum(population.investors for population in self.scenario.populations.values())


def skipped_contestant(name: str, what: str, unit: str, reason: str) -> Contestant:
    """A contestant that cannot be measured here."""

    def never() -> Measurement:
        raise RuntimeError(f"{name} is skipped: {reason}")

    return Contestant(name, what, unit, 0, never, reason)
