"""Japanese banks: funded or hedged Treasuries, sold after a long period of negative carry or a large loss."""

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulation.investors.population import Lognormal, Population, PopulationParameters
from simulation.values.assets import UST10, Book, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import BASIS_POINT, PERCENT, Array, row_sum
from simulation.values.orders import SLOW_REPATRIATION, Information, Trade
from simulation.values.parameters import EVERY_KEY, quantity

NORINCHUKIN_SOURCE = "Norinchukin Bank, fiscal 2024"


class BankParameters(PopulationParameters):
    """Banks and the post bank of MODEL section 3."""

    ACTS_WHEN: ClassVar = {
        EVERY_KEY: "a bank sells: carry below that of the start for `patience_days`, or bonds down by `loss_limit_pct`",
    }

    kind: Literal["banks"] = "banks"
    investors: int = Field(100, ge=1, le=20_000_000, description="number of banks: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        350, "$bn", (0, 100_000), "Treasuries funded in dollars or hedged", "MODEL section 3"
    )
    swap_share: float = quantity(
        0.2, "share", (0, 1), "part funded with yen swapped into dollars; the rest is dollar debt",
        "order of magnitude of foreign-currency funding in Bank of Japan, Financial System Reports (assumption)",
    )  # fmt: skip
    funding_spread_bp: float = quantity(
        5,
        "bp per year",
        (0, 5000),
        "spread of dollar debt over the policy rate",
        "assumption: repo trades near the top of the policy band",
    )
    patience_days: Lognormal = Field(
        Lognormal(median=60, log_sd=0.2),
        description="business days of negative carry after which a bank sells",
        json_schema_extra={"source": "MODEL section 3: 60"},
    )
    loss_limit_pct: Lognormal = Field(
        Lognormal(median=10, log_sd=0.3),
        description="fall in bond prices since the start at which a bank sells",
        json_schema_extra={"source": f"{NORINCHUKIN_SOURCE}: losses of 2.2 on 23 JPY tn"},
    )
    speed_pct_per_day: Lognormal = Field(
        Lognormal(median=0.3, log_sd=0.5, highest=20),
        description="share of its bonds that a selling bank sells per day",
        json_schema_extra={"source": f"{NORINCHUKIN_SOURCE}: a third of foreign bonds in six months"},
    )


def dollar_funding_cost(dollar_rate: Array, spread: float, swapped_rate: Array, swap_share: float) -> Array:
    """Cost of dollar funding, decimal per year, ``(runs, 1)``: ``(1 - h) (r_US + spread) + h (r_JP + hedging cost)``.

    The hedging cost is ``r_US - r_JP - basis``, so the swapped part costs ``r_US - basis``.

    Parameters
    ----------
    dollar_rate, spread
        US policy rate and the spread of dollar debt over it.
    swapped_rate
        Yen policy rate plus the hedging cost.
    swap_share
        h, share of the bonds funded with swapped yen.

    Source: Du, Tepper and Verdelhan (2018), equation 1; MODEL section 3.
    """
    return np.asarray((1.0 - swap_share) * (dollar_rate + spread) + swap_share * swapped_rate)


def days_of_negative_carry(days: Array, carry: Array, level: Array) -> Array:
    """Consecutive business days with carry below `level`, in the shape of `days`."""
    return np.asarray((days + 1.0) * (carry < level))


class Banks(Population):
    """Banks without a currency position: sales repay dollar debt and end swaps, so they affect yields and the basis.

    Sales are not announced and go to dealers.  Banks do not buy bonds back within a scenario.
    Departure: if carry is negative at the start, the threshold is the initial carry, because banks hold their bonds at it.
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
        """Treasuries funded with dollar debt and with swapped yen; the latter is the equity."""
        stock, swapped = self.traits["stock"], self.parameters.swap_share
        self.memory = {"negative_days": np.zeros_like(stock)}
        self.least_carry = np.minimum(self.carry(now), 0.0)
        money = -(1.0 - swapped) * stock, np.zeros_like(stock)
        sheet = new_balance_sheet(self.books(now.roster), {UST10: stock.copy()}, money)
        sheet.hedge_usd = swapped * stock
        return sheet

    def carry(self, now: Information) -> Array:
        """Ten-year yield less the cost of dollar funding, decimal per year, ``(runs, 1)``."""
        own = self.parameters
        swapped_rate = now.boj_rate + now.hedging_cost
        return now.ust10 - dollar_funding_cost(
            now.fed_rate, own.funding_spread_bp * BASIS_POINT, swapped_rate, own.swap_share
        )

    def orders(self, now: Information) -> Trade | None:
        """Sell slowly after too many days of negative carry or too large a loss since the start."""
        days = days_of_negative_carry(self.memory["negative_days"], self.carry(now), self.least_carry)
        self.memory["negative_days"] = days
        loss = 1.0 - self.sheet.value_usd(UST10, now.quote)
        selling = (days >= self.traits["patience"]) | (loss > self.traits["loss_limit"])
        if not selling.any():
            return None
        units = -self.traits["speed"] * self.sheet.holdings[UST10] * selling
        return self._sale(units, now, 0.0)

    def _sale(self, units: Array, now: Information, converted: float) -> Trade:
        """Sell bonds and end their swaps; convert a share `converted` of the proceeds and repay dollar debt with the rest.

        ``spot = max(converted * value, value - hedge)``, both terms negative: proceeds owed in a swap are not converted.
        """
        bonds, hedge = self.sheet.holdings[UST10], self.sheet.hedge_usd
        value = units * self.sheet.value_usd(UST10, now.quote)
        ended = units / np.where(bonds > 0.0, bonds, np.inf) * (0.0 if hedge is None else hedge)
        spot = np.maximum(converted * value, value - ended)
        unwound = {SLOW_REPATRIATION: -row_sum(units)}
        kept_usd = row_sum(spot + ended - value)
        return Trade({UST10: units}, spot, ended, unwound, repatriated=-row_sum(spot), kept_usd=kept_usd)

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Sell a share of the initial position and convert part of the proceeds, as if the bonds were owned outright.

        The article's rule counts these holdings in this way.  The dollar debt of the converted part remains, so the bank is
        short of dollars afterwards.  The sale is announced, as for every resident.
        """
        units = -np.minimum(share * self.traits["stock"], self.sheet.holdings[UST10])
        return replace(self._sale(units, now, converted), announced=True)

    def stock(self) -> Array:
        """Treasuries at start prices."""
        return row_sum(self.sheet.holdings[UST10])
