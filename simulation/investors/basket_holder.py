"""Base class of residents who own a basket of foreign assets outright, without leverage or hedges."""

from dataclasses import replace

import numpy as np

from simulation.investors.population import Population
from simulation.values.assets import Book, Quote, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import Array, row_sum
from simulation.values.orders import PLAN, SLOW_REPATRIATION, Information, Trade, net_flow

BASKET = "basket"


class BasketHolder(Population):
    """Residents with an unleveraged, unhedged basket of dollar assets; their flows are slow and announced."""

    role = "resident"

    def books(self, roster: Roster) -> dict[str, Book]:
        """One basket of dollar assets."""
        return {BASKET: book_from_shares(roster, self.parameters.basket)}

    def endowment(self, now: Information) -> BalanceSheet:
        """Foreign assets owned outright."""
        stock, books = self.traits["stock"], self.books(now.roster)
        return new_balance_sheet(
            books, {BASKET: stock.copy()}, (stock * books[BASKET].cash_share, np.zeros_like(stock))
        )

    def unit_value(self, quote: Quote) -> Array:
        """Value of one unit of the basket in dollars, including other dollar assets, ``(runs, 1)``."""
        return self.sheet.value_usd(BASKET, quote) + self.sheet.books[BASKET].cash_share

    def buy(self, units: Array, now: Information, expected: Array | None = None) -> Trade:
        """Buy `units` of the basket with yen (negative: sell and convert), ``(runs, investors)``.

        The market expects `expected` of these units, which have no price impact.
        """
        trade = self._traded(units, now, 1.0)
        if expected is None:
            return trade
        # Summed in the same order as clearing sums the whole trade, so that the expected part cancels exactly.
        flow = net_flow(self._traded(expected, now, 1.0).added_up(), self.sheet.books).assets
        unwound = {SLOW_REPATRIATION: -row_sum(units - expected), PLAN: -row_sum(expected)}
        return replace(trade, expected=flow, unwound=unwound)

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Sell a share of the initial position and convert part of the proceeds; the rest stays in dollar deposits."""
        units = -np.minimum(share * self.traits["stock"], self.sheet.holdings[BASKET])
        return self._traded(units, now, converted)

    def _traded(self, units: Array, now: Information, converted: float) -> Trade:
        spot = converted * units * self.unit_value(now.quote)
        unwound = {SLOW_REPATRIATION: -row_sum(units)}
        return Trade({BASKET: units}, spot, None, unwound, announced=True, repatriated=-row_sum(spot))

    def stock(self) -> Array:
        """Foreign assets at start prices."""
        return row_sum(self.sheet.holdings[BASKET])
