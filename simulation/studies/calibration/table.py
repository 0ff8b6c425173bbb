"""Simulated parameter sets with their moments, stage by stage."""

from dataclasses import dataclass

import numpy as np

from simulation.values.conventions import Array, Flags


@dataclass(frozen=True)
class Table:
    """Sets that one simulator was asked for.

    Attributes
    ----------
    unit
        Points of the unit cube, ``(n, d)``.
    moments
        Their moments, ``(n, moments)``; rejected rows are NaN throughout.
    stage
        Stage in which each was simulated, 0 the prior's, ``(n,)``.
    """

    unit: Array
    moments: Array
    stage: Array

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def finished(self) -> Flags:
        """Rows that were not rejected, ``(n,)``."""
        return np.asarray(np.isfinite(self.moments).all(axis=1))

    @property
    def nearness(self) -> Array:
        """Place of each row between the prior (0) and the last stage (1), ``(n,)``; 0 where there is no later stage."""
        return np.asarray(self.stage / max(float(self.stage.max()), 1.0))

    def joined(self, later: "Table") -> "Table":
        """The rows of both tables, those of the `later` one last."""
        return Table(
            np.concatenate([self.unit, later.unit]),
            np.concatenate([self.moments, later.moments]),
            np.concatenate([self.stage, later.stage]),
        )

    def only(self, rows: Flags | slice) -> "Table":
        """Some of the rows."""
        return Table(self.unit[rows], self.moments[rows], self.stage[rows])


Tables = dict[str, Table]
"""A table for each group of moments."""
