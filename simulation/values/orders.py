"""What an investor asks for: units of its books, spot dollars, dollars sold forward, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.values.assets import Book
from simulation.values.conventions import Array, Flags, Rows, row_sum, summed_by_run

INCENTIVE: Final = "incentive"
VOLATILITY_TARGET: Final = "volatility_target"
MARGIN: Final = "margin"
STOP: Final = "stop"
LIQUIDATION: Final = "liquidation"
SLOW_REPATRIATION: Final = "slow_repatriation"
CAUSES: Final = (INCENTIVE, VOLATILITY_TARGET, MARGIN, STOP, LIQUIDATION, SLOW_REPATRIATION)
"""Why a foreign position is reduced; every unwound dollar has exactly one cause."""


@dataclass(frozen=True)
class Trade:
    """Orders of one population, or what was done of them.

    Attributes
    ----------
    units
        Units of each book bought, ``(runs, investors)``.
    spot_usd
        Spot dollars bought against yen, USD bn, ``(runs, investors)``.
    hedge_usd
        Dollars newly sold forward, USD bn, ``(runs, investors)``; none for investors that do not hedge.
    unwound
        Foreign position given up, by cause, USD bn at start prices, ``(runs, 1)``; negative when rebuilt.
    announced
        Whether the flow is announced and slow, so that it goes to value investors at once and skips the fast impact.
    repatriated
        Dollars of foreign assets sold and converted to yen by residents, USD bn, ``(runs, 1)``; none for others.
    kept_usd
        Dollars a hedger keeps from a sale instead of converting them, USD bn, ``(runs, 1)``; none for others.
    expected
        Part of the flow that was expected and is in the fundamental, so that it moves no price: units of each asset with
        spot dollars in the first column, ``(runs, assets)``; only for announced flows.
    """

    units: Mapping[str, Array]
    spot_usd: Array
    hedge_usd: Array | None
    unwound: Mapping[str, Array]
    announced: bool = False
    repatriated: Array | None = None
    kept_usd: Array | None = None
    expected: Array | None = None

    def only(self, rows: Flags) -> "Trade":
        """The trade with every row outside `rows` (boolean ``(runs, 1)``) set to exactly zero."""
        return self._with_each(lambda amount: np.where(rows, amount, 0.0))

    def added_up(self) -> "Trade":
        """The trade of all investors together, every array ``(runs, 1)``."""
        return Trade(
            {book: row_sum(units) for book, units in self.units.items()},
            row_sum(self.spot_usd),
            None if self.hedge_usd is None else row_sum(self.hedge_usd),
            self.unwound, self.announced, self.repatriated, self.kept_usd, self.expected,
        )  # fmt: skip

    def by_run(self, rows: Rows, runs: int) -> "Trade":
        """The trade of picked investors, every array ``(picked, 1)``, added up over the run that each belongs to."""
        return self._with_each(lambda amount: summed_by_run(amount, rows, runs))

    def _with_each(self, change: Callable[[Array], Array]) -> "Trade":
        """The trade with every array changed in the same way."""
        others = (self.repatriated, self.kept_usd, self.expected)
        return Trade(
            {book: change(units) for book, units in self.units.items()},
            change(self.spot_usd),
            None if self.hedge_usd is None else change(self.hedge_usd),
            {cause: change(amount) for cause, amount in self.unwound.items()},
            self.announced,
            *(None if amount is None else change(amount) for amount in others),
        )


@dataclass(frozen=True)
class Flow:
    """A population's trade added up over its investors.

    Attributes
    ----------
    assets
        Units bought of each asset; the first column is spot dollars; ``(runs, assets)``.
    hedge_usd
        Dollars sold forward, ``(runs, 1)``.
    """

    assets: Array
    hedge_usd: Array

    def reversed(self) -> "Flow":
        """The other side."""
        return Flow(-self.assets, -self.hedge_usd)


def flow_of(total: Trade, books: Mapping[str, Book]) -> Flow:
    """The flow that a trade of all investors together makes; the first asset column is spot USDJPY."""
    spot = total.spot_usd
    assets = np.zeros((spot.shape[0], next(iter(books.values())).weights.size))
    for book, units in total.units.items():
        assets += units * books[book].weights
    dollars = assets[:, :1]
    dollars += spot
    return Flow(assets, np.zeros(spot.shape) if total.hedge_usd is None else total.hedge_usd)
