"""Japanese banks: Treasuries funded in dollars or hedged, sold when they stop to pay for their funding or lose too much."""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from simulation.investors.population import Lognormal, Population, PopulationParameters
from simulation.values.assets import UST10, Book, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import BASIS_POINT, PERCENT, Array, row_sum
from simulation.values.orders import SLOW_REPATRIATION, Information, Trade
from simulation.values.parameters import quantity

NORINCHUKIN_SOURCE = "Norinchukin Bank, fiscal 2024"


class BankParameters(PopulationParameters):
    """Banks and the post bank of MODEL section 3."""

    kind: Literal["banks"] = "banks"
    investors: int = Field(100, ge=1, le=20_000_000, description="number of banks: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        350, "$bn", (0, 100_000), "Treasuries funded in dollars or hedged", "MODEL section 3"
    )
    swap_share: float = quantity(
        0.2, "share", (0, 1), "part funded with own yen swapped into dollars; the rest is dollar debt",
        "order of foreign-currency funding in Bank of Japan, Financial System Reports (assumption)",
    )  # fmt: skip
    funding_spread_bp: float = quantity(
        5,
        "bp per year",
        (0, 5000),
        "spread of dollar debt over the policy rate: repo near the top of the band",
        "assumption: repo trades near the top of the policy band",
    )
    patience_days: Lognormal = Field(
        Lognormal(median=60, log_sd=0.2),
        description="business days of negative carry before a bank sells",
        json_schema_extra={"source": "MODEL section 3: 60"},
    )
    loss_limit_pct: Lognormal = Field(
        Lognormal(median=10, log_sd=0.3),
        description="fall of bond prices since the start at which a bank sells",
        json_schema_extra={"source": f"{NORINCHUKIN_SOURCE}: losses of 2.2 on 23 JPY tn"},
    )
    speed_pct_per_day: Lognormal = Field(
        Lognormal(median=0.3, log_sd=0.5, highest=20),
        description="part of its bonds that a selling bank sells a day",
        json_schema_extra={"source": f"{NORINCHUKIN_SOURCE}: a third of foreign bonds in six months"},
    )


def dollar_funding_cost(dollar_rate: Array, spread: float, swapped_rate: Array, swap_share: float) -> Array:
    """What a dollar of funding costs, decimal per year, ``(runs, 1)``: ``(1 - h) (r_US + spread) + h (r_JP + hedging cost)``.

    With the hedging cost ``r_US - r_JP - basis`` the swapped part costs ``r_US - basis``.

    Parameters
    ----------
    dollar_rate, spread
        Policy rate and what dollar debt costs above it.
    swapped_rate
        Yen policy rate plus the cost of hedging.
    swap_share
        h, part of the bonds funded with swapped yen.

    Source: Du, Tepper and Verdelhan (2018), equation 1; MODEL section 3.
    """
    return np.asarray((1.0 - swap_share) * (dollar_rate + spread) + swap_share * swapped_rate)


def days_of_negative_carry(days: Array, carry: Array, level: Array) -> Array:
    """Business days in a row on which bonds have paid less than `level` over their funding, in the shape of `days`."""
    return np.asarray((days + 1.0) * (carry < level))


class Banks(Population):
    """Banks with no currency position: a sale repays dollar debt and ends swaps: it moves Treasuries and the basis, not USDJPY.

    Sales are not announced: dealers take them.  Sold bonds are not bought back within a scenario.
    Departure: where bonds paid less than their funding at the start, the limit is what they paid then: banks that hold at
    the start are content with it.
    """

    Parameters = BankParameters
    role = "resident"

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes, patience, loss limits and speeds."""
        own = self.parameters
        return super().draws(stream, count) | {
            "patience": own.patience_days.sample(stream, count),
            "loss_limit": own.loss_limit_pct.sample(stream, count) * PERCENT,
            "speed": own.speed_pct_per_day.sample(stream, count) * PERCENT,
        }

    def books(self, roster: Roster) -> dict[str, Book]:
        """Treasuries."""
        return {UST10: book_from_shares(roster, {UST10: 1.0})}

    def endowment(self, now: Information) -> BalanceSheet:
        """Treasuries against dollar debt; the rest is funded with own yen swapped into dollars, which is the equity."""
        stock, swapped = self.traits["stock"], self.parameters.swap_share
        self.memory = {"negative_days": np.zeros_like(stock)}
        self.least_carry = np.minimum(self.carry(now), 0.0)
        money = -(1.0 - swapped) * stock, np.zeros_like(stock)
        sheet = new_balance_sheet(self.books(now.roster), {UST10: stock.copy()}, money)
        sheet.hedge_usd = swapped * stock
        return sheet

    def carry(self, now: Information) -> Array:
        """Running yield less the cost of dollars, decimal per year, ``(runs, 1)``."""
        own = self.parameters
        swapped_rate = now.boj_rate + now.hedging_cost
        return now.ust10 - dollar_funding_cost(
            now.fed_rate, own.funding_spread_bp * BASIS_POINT, swapped_rate, own.swap_share
        )

    def orders(self, now: Information) -> Trade | None:
        """Sell slowly where carry has been negative for too long or the loss since the start is too large."""
        days = days_of_negative_carry(self.memory["negative_days"], self.carry(now), self.least_carry)
        self.memory["negative_days"] = days
        loss = 1.0 - self.sheet.value_usd(UST10, now.quote)
        selling = (days >= self.traits["patience"]) | (loss > self.traits["loss_limit"])
        if not selling.any():
            return None
        units = -self.traits["speed"] * self.sheet.holdings[UST10] * selling
        return self._sale(units, now, 0.0)

    def _sale(self, units: Array, now: Information, converted: float) -> Trade:
        """Sell bonds with their swaps, convert a part of the money as far as it is not owed in a swap, and repay dollar debt.

        ``spot = max(converted * value, value - hedge)`` with both negative; the rest of the money repays dollar debt.
        """
        bonds, hedge = self.sheet.holdings[UST10], self.sheet.hedge_usd
        value = units * self.sheet.value_usd(UST10, now.quote)
        ended = units / np.where(bonds > 0.0, bonds, np.inf) * (0.0 if hedge is None else hedge)
        spot = np.maximum(converted * value, value - ended)
        unwound = {SLOW_REPATRIATION: -row_sum(units)}
        kept = row_sum(spot + ended - value)
        return Trade({UST10: units}, spot, ended, unwound, repatriated=-row_sum(spot), kept_usd=kept)

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Sell a share of the start position and convert a part of the money, as if the bonds were owned outright.

        That is how the article's rule counts these holdings.  Money that is owed cannot come home: the dollar debt of
        the converted part stays, so that afterwards the bank is short of dollars.  Announced, as for every resident.
        """
        units = -np.minimum(share * self.traits["stock"], self.sheet.holdings[UST10])
        return replace(self._sale(units, now, converted), announced=True)

    def stock(self) -> Array:
        """Treasuries at start prices."""
        return row_sum(self.sheet.holdings[UST10])
