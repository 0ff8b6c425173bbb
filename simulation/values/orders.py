"""Information available to investors, and the orders they return."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from simulation.values.assets import Book, LazySubset, Quote, Roster
from simulation.values.conventions import Array, Flags, Rows, row_sum, sum_by_run


@dataclass(frozen=True)
class Information:
    """Public information of one day: yesterday's close and today's news.

    Arrays are ``(runs, 1)`` unless noted, rates decimals per year.

    Attributes
    ----------
    day
        The date.
    step
        Step of the scenario, 0 at the start.
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
        Expected hawkish surprise of the next BOJ meeting, units of 25 bp.
    ust10, jgb10, jgb30
        Yields.
    hedging_cost
        Annual cost of hedging dollars into yen.
    imposed_spread
        Ten-year spread before flow impact: the imposed path if there is one, otherwise the spread of the two curves.
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
    """The information of some runs."""


INCENTIVE: Final = "incentive"
VOLATILITY_TARGET: Final = "volatility_target"
MARGIN: Final = "margin"
STOP: Final = "stop"
LIQUIDATION: Final = "liquidation"
SLOW_REPATRIATION: Final = "slow_repatriation"
CAUSES: Final = (INCENTIVE, VOLATILITY_TARGET, MARGIN, STOP, LIQUIDATION, SLOW_REPATRIATION)
"""Causes of a reduction of foreign positions; every unwound dollar has exactly one cause."""


@dataclass(frozen=True)
class Trade:
    """Orders of one population, or their execution.

    Attributes
    ----------
    units
        Units of each book bought, ``(runs, investors)``.
    spot_usd
        Spot dollars bought against yen, USD bn, ``(runs, investors)``.
    hedge_usd
        Dollars newly sold forward, USD bn, ``(runs, investors)``; None for investors that do not hedge.
    unwound
        Reduction of foreign positions by cause, USD bn at start prices, ``(runs, 1)``; negative for an increase.
    announced
        Whether the flow is announced and slow: it goes directly to value investors, without fast impact.
    repatriated
        Foreign assets sold and converted to yen by residents, USD bn, ``(runs, 1)``; None for others.
    kept_usd
        Sale proceeds that a hedger keeps in dollars, USD bn, ``(runs, 1)``; None for others.
    expected
        Expected part of an announced flow, which is priced in the fundamental and has no impact: units of each asset with
        spot dollars in the first column, ``(runs, assets)``.
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
        """The trade with rows outside `rows` (boolean ``(runs, 1)``) set to zero."""
        return self._with_each(lambda amount: np.where(rows, amount, 0.0))

    def added_up(self) -> "Trade":
        """The trade summed over investors, every array ``(runs, 1)``."""
        return Trade(
            {book: row_sum(units) for book, units in self.units.items()},
            row_sum(self.spot_usd),
            None if self.hedge_usd is None else row_sum(self.hedge_usd),
            self.unwound, self.announced, self.repatriated, self.kept_usd, self.expected,
        )  # fmt: skip

    def by_run(self, rows: Rows, runs: int) -> "Trade":
        """The trade of selected investors, every array ``(selected, 1)``, summed by run."""
        return self._with_each(lambda amount: sum_by_run(amount, rows, runs))

    def _with_each(self, change: Callable[[Array], Array]) -> "Trade":
        """The trade with `change` applied to every array."""
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
    """A population's trade summed over investors.

    Attributes
    ----------
    assets
        Units bought of each asset, ``(runs, assets)``; the first column is spot dollars.
    hedge_usd
        Dollars sold forward, ``(runs, 1)``.
    """

    assets: Array
    hedge_usd: Array

    def reversed(self) -> "NetFlow":
        """The flow of the counterparty."""
        return NetFlow(-self.assets, -self.hedge_usd)


def net_flow(total: Trade, books: Mapping[str, Book]) -> NetFlow:
    """Flow of a trade summed over investors; the first asset column is spot USDJPY."""
    spot = total.spot_usd
    assets = np.zeros((spot.shape[0], next(iter(books.values())).weights.size))
    for book, units in total.units.items():
        assets += units * books[book].weights
    dollars = assets[:, :1]
    dollars += spot
    return NetFlow(assets, np.zeros(spot.shape) if total.hedge_usd is None else total.hedge_usd)
