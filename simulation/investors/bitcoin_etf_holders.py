"""Holders of bitcoin ETFs: unleveraged; flows follow past flows and past returns."""

from datetime import date
from typing import Literal

import numpy as np
from pydantic import Field

from simulation.investors.population import Lognormal, Population, PopulationParameters, personal_parameter
from simulation.values.assets import BITCOIN, US_EQUITY, Book, Quote, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import Array, row_sum
from simulation.values.orders import INCENTIVE, Information, Trade
from simulation.values.parameters import quantity


class BitcoinEtfHolderParameters(PopulationParameters):
    """Holders of bitcoin ETFs, MODEL section 3.

    The response to bitcoin reproduces November 2025: a return of -21.6 % and an outflow of 3.45 of 120 $bn (CLAIMS 33 and 34),
    hence ``b / (1 - .3) = .0288 / .216``, a mean of .09 at a median of .08.
    """

    kind: Literal["bitcoin_etf_holders"] = "bitcoin_etf_holders"
    investors: int = Field(100, ge=1, le=20_000_000, description="number of holders: a resolution, not a quantity")
    stock_usd_bn: float = quantity(120, "$bn", (0, 10_000), "bitcoin held", "MODEL section 3")
    persistence: float = quantity(
        0.3,
        "share per day",
        (0, 0.99),
        "part of yesterday's flow that is repeated",
        "MODEL section 3; flows follow flows",
    )
    bitcoin_response_x: Lognormal = personal_parameter(
        Lognormal(median=0.08, log_sd=0.5, highest=1),
        "share per unit of return",
        "b: response to bitcoin",
        "outflow of November 2025 (CLAIMS 33 and 34)",
    )
    equity_response_x: Lognormal = personal_parameter(
        Lognormal(median=0.05, log_sd=0.5, highest=1),
        "share per unit of return",
        "d: response to US equity",
        "assumption: below the response to bitcoin",
    )
    japan_share: float = quantity(
        0,
        "share",
        (0, 1),
        "part of net redemptions that is repatriated to Japan and converted into yen",
        "article: 0.38, unsupported (CLAIMS 35)",
    )


def momentum_flow(before: Array, pull: Array, persistence: float) -> Array:
    """Units bought today per unit held; sales are limited to the holding.

    ``flow = persistence flow(t-1) + pull, pull = b r(t-1) + d r_equity(t-1)``

    Parameters
    ----------
    before
        Yesterday's flow per unit held, ``(runs, investors)``.
    pull
        Response to yesterday's log returns, units per unit held.

    Source: MODEL section 3; Edelen and Warner (2001): daily fund flows follow past flows and returns.
    """
    return np.asarray(np.maximum(persistence * before + pull, -1.0))


class BitcoinEtfHolders(Population):
    """Holders of bitcoin ETFs; redemptions are paid out and subscriptions paid in after the close."""

    Parameters = BitcoinEtfHolderParameters
    role = "other"
    since = date(2024, 1, 11)  # first trading day of US spot funds (SEC, release 34-99306 of 10 January 2024)
    needs = (BITCOIN,)

    @classmethod
    def share_in_japan(cls, parameters: BitcoinEtfHolderParameters) -> float:
        """The Japanese share of the holders."""
        return parameters.japan_share

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes and responses."""
        own = self.parameters
        return super().draws(stream, count) | {
            "bitcoin_response": own.bitcoin_response_x.sample(stream, count),
            "equity_response": own.equity_response_x.sample(stream, count),
        }

    def books(self, roster: Roster) -> dict[str, Book]:
        """Bitcoin."""
        return {BITCOIN: book_from_shares(roster, {BITCOIN: 1.0})}

    def endowment(self, now: Information) -> BalanceSheet:
        """Bitcoin owned outright."""
        stock = self.traits["stock"]
        self.memory = {"flow": np.zeros_like(stock)}
        money = np.zeros_like(stock), np.zeros_like(stock)
        return new_balance_sheet(self.books(now.roster), {BITCOIN: stock.copy()}, money)

    def pull(self, now: Information) -> Array:
        """Response to yesterday's returns, units per unit held."""
        pull = self.traits["bitcoin_response"] * now.roster.pick(now.log_return, BITCOIN)
        if US_EQUITY in now.roster.columns:
            pull = pull + self.traits["equity_response"] * now.roster.pick(now.log_return, US_EQUITY)
        return pull

    def orders(self, now: Information) -> Trade | None:
        """Buy or redeem; the Japanese share of both is converted from or into yen.

        Departure: the article covers redemptions only; purchases are treated symmetrically, since otherwise noise alone would
        cause repatriation.
        """
        flow = momentum_flow(self.memory["flow"], self.pull(now), self.parameters.persistence)
        self.memory["flow"] = flow
        if not flow.any():
            return None
        bought = flow * self.sheet.holdings[BITCOIN]
        spot = self.parameters.japan_share * bought * self.sheet.value_usd(BITCOIN, now.quote)
        return Trade({BITCOIN: bought}, spot, None, {INCENTIVE: -row_sum(bought)}, repatriated=-row_sum(spot))

    def close(self, quote: Quote, income: Array) -> Array:
        """Holders receive dollars from redemptions and pay for subscriptions; repatriated yen stay in deposits."""
        return self.sheet.usd_cash.copy()

    def stock(self) -> Array:
        """Bitcoin held, at start prices."""
        return row_sum(self.sheet.holdings[BITCOIN])
