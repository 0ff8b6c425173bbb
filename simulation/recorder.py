"""What a batch of runs hands over: preallocated columns, one row per run, one entry per day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation.calendar import Dates
from simulation.conventions import Array
from simulation.orders import CAUSES
from simulation.scenario import Scenario


@dataclass(frozen=True)
class Stop:
    """A run that ended before its time: the day, the name of the reason and a sentence."""

    date: date
    name: str
    message: str


@dataclass(frozen=True)
class Record:
    """Everything recorded of a batch.

    Attributes
    ----------
    scenario
        The scenario as validated.
    runs
        Run numbers, ``(runs,)``.
    dates
        The start and every business day after it, ``(days + 1,)``.
    market
        Market columns by name, ``(runs, days + 1)``; not-a-number from the day a run was stopped.
    flows
        Flow columns by population and name, ``(runs, days + 1)``, USD bn; the first day holds stocks only.
    roles
        Role of each population: levered, resident, other, value, dealer, money_market.
    stopped
        Named stops by run number.
    """

    scenario: Scenario
    runs: NDArray[np.int64]
    dates: Dates
    market: dict[str, Array]
    flows: dict[str, dict[str, Array]]
    roles: dict[str, str]
    stopped: dict[int, Stop]


@dataclass
class Recorder:
    """Collects columns day by day; never draws a random number and never changes the model."""

    runs: int
    days: int
    market: dict[str, Array] = field(default_factory=dict)
    flows: dict[str, dict[str, Array]] = field(default_factory=dict)

    def market_row(self, day: int, values: Mapping[str, Array]) -> None:
        """Store one day's market columns, each ``(runs, 1)``."""
        for name, value in values.items():
            self._column(self.market, name)[:, day] = value[:, 0]

    def flow_row(self, day: int, population: str, values: Mapping[str, Array]) -> None:
        """Store one day's flows of a population, each ``(runs, 1)``."""
        table = self.flows.setdefault(population, {})
        for name, value in values.items():
            self._column(table, name)[:, day] = value[:, 0]

    def blank_from(self, row: int, day: int) -> None:
        """Mark a stopped run: no market value from `day` on."""
        for values in self.market.values():
            values[row, day:] = np.nan

    def _column(self, table: dict[str, Array], name: str) -> Array:
        if name not in table:
            table[name] = np.zeros((self.runs, self.days + 1))
        return table[name]


def cause_columns() -> tuple[str, ...]:
    """Names of the columns that split unwinding by cause."""
    return tuple(f"{cause}_usd_bn" for cause in CAUSES)
