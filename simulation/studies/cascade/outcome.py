"""What comes of a fire sale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.values.conventions import Array, Flags


@dataclass(frozen=True)
class FireSale:
    """Rounds, sales, prices and losses; the axes ``...`` are runs.

    Attributes
    ----------
    rounds
        Rounds in which somebody traded, ``(...)``.
    sales
        Amounts sold in each round at the prices after the shock, money, ``(rounds, ..., banks, assets)``; purchases are
        negative.
    prices
        After the shock, where they are one, and after each round, ``(rounds + 1, ..., assets)``.
    losses
        Lost in the shock and in each round, money, ``(rounds + 1, ..., banks)``; gains are negative.
    equity
        At the end, money, ``(..., banks)``; below zero it is the loss of those who lent.
    holdings
        At the end and at its prices, money, ``(..., banks, assets)``.
    stranded
        Banks above their limit with nothing left that can be sold, ``(..., banks)``.
    unsettled
        Runs cut off after the most rounds with trades still to come, ``(...)``.
    """

    rounds: NDArray[np.int64]
    sales: Array
    prices: Array
    losses: Array
    equity: Array
    holdings: Array
    stranded: Flags
    unsettled: Flags

    @property
    def spillover(self) -> Array:
        """What each bank lost by trades alone, its own and those of others, money, ``(..., banks)``."""
        return np.asarray(self.losses[1:].sum(axis=0))

    @property
    def vulnerability(self) -> Array:
        """Losses of all banks by trades over their equity before the shock, ``(...)``.

        Source: aggregate vulnerability of Greenwood, Landier and Thesmar (2015) where one round of leverage targeting
        follows the shock.
        """
        before = (self.equity + self.losses.sum(axis=0)).sum(axis=-1)
        return np.asarray(self.spillover.sum(axis=-1) / before)

    @property
    def amplification(self) -> Array:
        """All losses over those of the shock, ``(...)``; one where trades add nothing, infinite where they are all of it."""
        first, later = np.asarray(self.losses[0].sum(axis=-1)), np.asarray(self.spillover.sum(axis=-1))
        ratio = 1.0 + later / np.where(first == 0.0, 1.0, first)
        return np.where(later == 0.0, 1.0, np.where(first == 0.0, np.inf, ratio))
