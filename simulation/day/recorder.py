"""What a batch of runs hands over: preallocated columns, one row per run, one entry per day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulation.scenario.scenario import Scenario
from simulation.values.calendar import Dates
from simulation.values.conventions import Array

if TYPE_CHECKING:
    import pandas as pd

ALWAYS: Final = frozenset({"usdjpy", "ledger_residual"})
"""Columns that no record is without: the price that says which days a run reached, and the check of its books."""


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
        Named stops by row; two rows may share a run number.
    parameter_sets
        Name of the calibrated parameter sets of the runs; empty where all have the scenario's own.
    residuals
        Largest relative residual of each ledger identity by name, ``(runs,)``.
    columns
        Names of the columns that were asked for; none: all.
    """

    scenario: Scenario
    runs: NDArray[np.int64]
    dates: Dates
    market: dict[str, Array]
    flows: dict[str, dict[str, Array]]
    roles: dict[str, str]
    stopped: dict[int, Stop]
    parameter_sets: str = ""
    residuals: dict[str, Array] = field(default_factory=dict)
    columns: frozenset[str] | None = None

    def demand(self, column: str) -> None:
        """Make sure that a column was asked for, so that one that is missing is one that the scenario lacks.

        Raises
        ------
        LookupError
            If it was not.
        """
        if self.columns is not None and column not in self.columns | ALWAYS:
            raise LookupError(f"the column {column} was not recorded; name it among the `columns` of `simulate`")

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Which rows reached their last day, ``(runs,)``."""
        rows = np.ones(len(self.runs), dtype=np.bool_)
        rows[list(self.stopped)] = False
        return rows


@dataclass
class Recorder:
    """Collects columns day by day; never draws a random number and never changes the model.

    Attributes
    ----------
    columns
        Names of the columns that somebody wants; none: all.
    blocks
        Columns that are stored together by whose they are (nobody's: the market's) and their names,
        ``([owners,] columns, runs, days + 1)``.
    """

    numbers: Sequence[int]
    days: int
    columns: frozenset[str] | None = None
    last_day: int = 0
    blocks: dict[tuple[tuple[str, ...], tuple[str, ...]], Array] = field(default_factory=dict, repr=False)
    residuals: dict[str, Array] = field(default_factory=dict)

    @property
    def market(self) -> dict[str, Array]:
        """Market columns by name, ``(runs, days + 1)``: views of what is stored."""
        blocks = ((names, block) for (owners, names), block in self.blocks.items() if not owners)
        return {name: values for names, block in blocks for name, values in zip(names, block, strict=True)}

    @property
    def flows(self) -> dict[str, dict[str, Array]]:
        """Flow columns by population and name, likewise."""
        tables: dict[str, dict[str, Array]] = {}
        for (owners, names), block in self.blocks.items():
            for owner, columns in zip(owners, block, strict=bool(owners)):
                tables.setdefault(owner, {}).update(zip(names, columns, strict=True))
        return tables

    def wants(self, column: str) -> bool:
        """Whether a column is recorded."""
        return self.columns is None or column in self.columns or column in ALWAYS

    def audit(self, identity: str, residual: Array) -> None:
        """Keep the largest residual of an identity; not-a-number stays, ``(runs,)``."""
        self.residuals[identity] = np.maximum(self.residuals.get(identity, residual), residual)

    def market_row(self, day: int, values: Mapping[str, Array]) -> None:
        """Store those of a day's market columns that are wanted, each ``(runs, 1)``."""
        self.last_day = day
        wanted = {name: value for name, value in values.items() if self.wants(name)}
        block = self._block((), tuple(wanted), np.nan)
        block[..., day] = np.concatenate(list(wanted.values()), axis=1).T

    def flow_rows(self, day: int, owners: tuple[str, ...], names: tuple[str, ...], values: Callable[[], Array]) -> None:
        """Store those of a day's flows of several populations that are wanted.

        Parameters
        ----------
        day, owners, names
            The day, whose flows they are, and what they are called.
        values
            Gives them, ``(populations, runs, columns)``; not called where none is wanted.
        """
        chosen = [at for at, name in enumerate(names) if self.wants(name)]
        block = self._block(owners, tuple(names[at] for at in chosen), 0.0)
        if chosen:
            block[..., day] = values()[..., chosen].swapaxes(1, 2)

    def blank(self, rows: NDArray[np.intp]) -> None:
        """Mark runs that have stopped: no market value on the day stored last."""
        for (owners, _), block in self.blocks.items():
            if not owners:
                block[:, rows, self.last_day] = np.nan

    def blank_from(self, row: int, day: int) -> None:
        """Mark a stopped run: no market value from `day` on, no flow after it."""
        for (owners, _), block in self.blocks.items():
            if owners:
                block[..., row, day + 1 :] = 0.0
            else:
                block[:, row, day:] = np.nan

    def _block(self, owners: tuple[str, ...], names: tuple[str, ...], before: float) -> Array:
        found = self.blocks.get((owners, names))
        if found is None:
            size = (*([len(owners)] if owners else []), len(names), len(self.numbers), self.days + 1)
            found = self.blocks[owners, names] = np.full(size, before)
        return found

    @property
    def model_vars(self) -> dict[str, list[float]]:
        """Market columns of the first run by day, the form in which Mesa's batch runner reads them."""
        return {name: values[0, : self.last_day + 1].tolist() for name, values in self.market.items()}

    def get_agent_vars_dataframe(self) -> "pd.DataFrame":
        """Flows of the first run by day and population, indexed as Mesa's tools expect it."""
        import pandas as pd

        days = slice(0, self.last_day + 1)
        tables = {
            name: pd.DataFrame({column: values[0, days] for column, values in table.items()})
            for name, table in self.flows.items()
        }
        return pd.concat(tables, names=["AgentID", "Step"]).swaplevel().sort_index()

    def get_model_vars_dataframe(self) -> "pd.DataFrame":
        """Market columns by day, as Mesa's tools expect them; with several runs the columns are (variable, run)."""
        # Mesa imports pandas anyway; here it is only needed by those who ask for a frame.
        import pandas as pd

        days = slice(0, self.last_day + 1)
        if len(self.numbers) == 1:
            return pd.DataFrame({name: values[0, days] for name, values in self.market.items()})
        columns = pd.MultiIndex.from_product([self.market, self.numbers], names=["variable", "run"])
        return pd.DataFrame(
            np.concatenate([values[:, days].T for values in self.market.values()], axis=1), columns=columns
        )
