"""Prices at one moment."""

from dataclasses import dataclass, field

import numpy as np

from simulation.conventions import Array, Flags, Rows


@dataclass(frozen=True)
class Quote:
    """Prices at one moment.

    Attributes
    ----------
    log_price
        Log price relative to the start, ``(runs, assets)``; for USDJPY the log of yen per dollar relative to the start.
    price
        Price relative to the start, ``(runs, assets)``.
    level
        Log price relative to the start, or decimal yield for a bond.
    usdjpy
        Yen per dollar, ``(runs, 1)``.
    worked_out
        What bundles of assets are worth at these prices, once somebody has asked: many ask within a day.
    """

    log_price: Array
    price: Array
    level: Array
    usdjpy: Array
    worked_out: dict[object, Array] = field(default_factory=dict, compare=False, repr=False)

    def frozen_where(self, rows: Flags, earlier: "Quote") -> "Quote":
        """The quote with the rows marked (boolean ``(runs, 1)``) replaced by an earlier one."""
        return Quote(
            np.where(rows, earlier.log_price, self.log_price),
            np.where(rows, earlier.price, self.price),
            np.where(rows, earlier.level, self.level),
            np.where(rows, earlier.usdjpy, self.usdjpy),
        )

    def at(self, rows: Rows | slice) -> "Quote":
        """The quote of some runs."""
        return Quote(self.log_price[rows], self.price[rows], self.level[rows], self.usdjpy[rows])
