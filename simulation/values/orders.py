"""What every investor may know when it states its orders: yesterday's close and today's public news.

What an investor asks for: units of its books, spot dollars, dollars sold forward, and why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from simulation.values.assets import Book, LazySubset, Quote, Roster
from simulation.values.conventions import Array, Flags, Rows, row_sum, sum_by_run


@dataclass(frozen=True)
class Information:
    """The common information of one day; arrays are ``(runs, 1)`` unless noted, rates decimals per year.

    Attributes
    ----------
    day
        The date.
    step
        Number of the day, 0 at the start.
    roster
        Column order of the ``(runs, assets)`` arrays.
    quote
        Yesterday's close.
    log_return
        Yesterday's log returns, ``(runs, assets)``.
    variance, long_run_variance
        Daily variance estimate and its long-run value, ``(runs, assets)``.
    momentum
        Smoothed annual trend of USDJPY, decimal per year.
    recent_high
        Highest USDJPY close of the last 120 days, yen per dollar.
    fed_rate, boj_rate
        Policy rates of the day.
    carry
        Expected policy-rate differential over two years, US minus Japan.
    adverse_surprise
        Unpriced hawkish part of the next BOJ meeting, units of 25 bp.
    ust10, jgb10, jgb30
        Yields.
    hedging_cost
        Annual cost of hedging dollars into yen.
    imposed_spread
        Ten-year spread before any flow impact: the imposed path where there is one, else what both curves imply.
    """

    day: date
    step: int
    roster: Roster
    quote: Quote
    log_return: Array
    variance: Array
    long_run_variance: Array
    momentum: Array
    recent_high: Array
    fed_rate: Array
    boj_rate: Array
    carry: Array
    adverse_surprise: Array
    ust10: Array
    jgb10: Array
    jgb30: Array
    hedging_cost: Array
    imposed_spread: Array

    def fx_variance(self) -> Array:
        """Daily variance of USDJPY."""
        return self.variance[:, :1]

    def fx_long_run_variance(self) -> Array:
        """Long-run daily variance of USDJPY."""
        return self.long_run_variance[:, :1]

    def at(self, rows: Rows) -> "Information":
        """The information of some runs."""
        return InformationSubset(self, rows)


class InformationSubset(LazySubset, Information):
    """The information of some runs; of its many items few are ever asked for."""


INCENTIVE: Final = "incentive"
VOLATILITY_TARGET: Final = "volatility_target"
MARGIN: Final = "margin"
STOP: Final = "stop"
LIQUIDATION: Final = "liquidation"
REBUILDING: Final = "rebuilding"
SLOW_REPATRIATION: Final = "slow_repatriation"
PLAN: Final = "plan"
CAUSE_MEANINGS: Final[Mapping[str, str]] = {
    INCENTIVE: "expected return, risk budgets or past returns call for another position",
    VOLATILITY_TARGET: "volatility calls for a smaller position than cuts have left, or in calm markets for a larger one",
    MARGIN: "lenders call margin, or banks reduce a loan after its covenant is broken",
    STOP: "USDJPY falls below the trailing stop",
    LIQUIDATION: "brokers or exchanges close positions below the maintenance margin",
    REBUILDING: "purchases that restore what stops, margin calls, liquidations or the volatility target have cut",
    SLOW_REPATRIATION: "residents of Japan sell foreign assets over weeks or buy them back; without savings plans",
    PLAN: "purchases from savings plans, which the market expects",
}
"""Every cause with its meaning."""
CAUSES: Final = tuple(CAUSE_MEANINGS)
"""Why a foreign position is reduced or increased; every dollar has exactly one cause."""


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
        return self._with_each(lambda amount: sum_by_run(amount, rows, runs))

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
class NetFlow:
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

    def reversed(self) -> "NetFlow":
        """The other side."""
        return NetFlow(-self.assets, -self.hedge_usd)


def net_flow(total: Trade, books: Mapping[str, Book]) -> NetFlow:
    """The flow that a trade of all investors together makes; the first asset column is spot USDJPY."""
    spot = total.spot_usd
    assets = np.zeros((spot.shape[0], next(iter(books.values())).weights.size))
    for book, units in total.units.items():
        assets += units * books[book].weights
    dollars = assets[:, :1]
    dollars += spot
    return NetFlow(assets, np.zeros(spot.shape) if total.hedge_usd is None else total.hedge_usd)
