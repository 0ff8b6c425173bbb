"""Base class of all agents: one investor with its balance sheet in plain numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import mesa

from benchmarks.mesa_twin.order import Order
from benchmarks.mesa_twin.prices import News, Night, Number, Prices, Worth
from simulation.values.conventions import BASIS_POINT

if TYPE_CHECKING:
    from benchmarks.mesa_twin.sector import Sector


@dataclass(frozen=True)
class Birth:
    """Initial traits of one investor by name, and its balance sheet."""

    personal: Mapping[str, Number]
    units: Mapping[str, Number]
    usd_cash: Number
    jpy_cash: Number
    hedge_usd: Number | None
    equity_usd: Number


class Investor(mesa.Agent, ABC):
    """One investor; the signs and statements are those of `simulation.accounts.settlement`.

    Attributes
    ----------
    units, usd_cash, jpy_cash, hedge_usd, equity_usd
        Balance sheet as in `simulation.values.balance_sheet.BalanceSheet`.
    stock
        Start position, USD bn.  Other personal numbers are attributes by their names in the population.
    order
        What the investor asks for now, if anything.
    """

    announced: ClassVar[bool] = False
    margined: ClassVar[bool] = False
    owners_in_yen: ClassVar[bool] = False
    stock: Number
    model: Any

    def __init__(self, model: mesa.Model, sector: Sector, born: Birth) -> None:
        super().__init__(model)
        self.sector, self.own = sector, sector.parameters
        self.__dict__.update(born.personal)
        self.units: dict[str, Number] = dict(born.units)
        self.usd_cash: Number = born.usd_cash
        self.jpy_cash: Number = born.jpy_cash
        self.hedge_usd: Number | None = born.hedge_usd
        self.equity_usd: Number = born.equity_usd
        self.order: Order | None = None

    def worth(self, book: str, prices: Prices) -> Worth:
        """Value of one unit of a book."""
        return prices.worth[self.sector.name][book]

    def decide(self) -> None:
        """State the day's order from yesterday's prices and today's public news."""
        self.order = self.desired_order(self.model.news)

    @abstractmethod
    def desired_order(self, now: News) -> Order | None:
        """The order of the day."""

    @abstractmethod
    def position_usd(self) -> Number:
        """Foreign position at start prices, USD bn."""

    def is_forced(self, prices: Prices) -> bool:
        """Whether lenders or stops force this investor to trade at these prices; for margined investors only."""
        raise self._never_forced()

    def force(self, prices: Prices) -> None:
        """Set the forced order at these prices."""
        self.order = self.forced_order(prices)

    def forced_order(self, prices: Prices) -> Order:
        """Forced order at these prices; for forced investors only."""
        raise self._never_forced()

    def _never_forced(self) -> TypeError:
        return TypeError(f"{type(self).__name__} is never forced")

    def forced_sale_usd(self, falls: tuple[float, ...]) -> list[Number]:
        """Dollars of forced sales if USDJPY fell by each of `falls` from the close."""
        return [0.0] * len(falls)

    def levered_usd(self, usdjpy: Number) -> Number:
        """Dollars sold if the whole position were closed."""
        return 0.0

    def executed(self, ordered_at: Prices, prices: Prices) -> None:
        """Update the state beyond the balance sheet after execution."""

    def payout(self, prices: Prices, income: Number) -> Number:
        """End of day: update personal memory; returns dollars paid to owners."""
        return 0.0

    def mark(self, before: Prices, after: Prices) -> Number:
        """Revalue the position; returns the yen received from the swap counterparty."""
        gain = self.jpy_cash * (1.0 / after.usdjpy - 1.0 / before.usdjpy)
        for book, units in self.units.items():
            gain += units * (self.worth(book, after).usd - self.worth(book, before).usd)
        self.equity_usd += gain
        if self.hedge_usd is None:
            return 0.0
        received = self.hedge_usd * (before.usdjpy - after.usdjpy)
        self.jpy_cash += received
        self.equity_usd += received / after.usdjpy
        return received

    def settle(self, prices: Prices, spot_half_spread: Number) -> tuple[Number, Number]:
        """Book both legs of the order; returns trading costs in dollars and in yen."""
        order = self.order
        if order is None:
            return 0.0, 0.0
        cost_usd, cost_jpy = spot_half_spread * abs(order.spot_usd), 0.0
        self.usd_cash += order.spot_usd
        self.jpy_cash -= order.spot_usd * prices.usdjpy
        for name, bought in order.units.items():
            worth, book = self.worth(name, prices), self.sector.books[name]
            self.units[name] += bought
            if book.yen_priced:
                charged = abs(bought) * worth.cost
                self.jpy_cash -= bought * worth.value + charged
                self.equity_usd -= charged / prices.usdjpy
                cost_jpy += charged
            else:
                self.usd_cash -= bought * worth.value
                cost_usd += abs(bought) * worth.cost
        self.usd_cash -= cost_usd
        self.equity_usd -= cost_usd
        if self.hedge_usd is not None:
            self.usd_cash += order.hedge_usd
            self.jpy_cash -= order.hedge_usd * prices.usdjpy
            self.hedge_usd += order.hedge_usd
        return cost_usd, cost_jpy

    def write_off(self) -> tuple[Number, Number, Number]:
        """Close an account with debts and no position; returns dollars and yen that lenders take over, and their loss."""
        if not (self.equity_usd < 0.0 and all(units == 0.0 for units in self.units.values())):
            return 0.0, 0.0, 0.0
        taken = self.usd_cash, self.jpy_cash, -self.equity_usd
        self.usd_cash = self.jpy_cash = self.equity_usd = 0.0
        return taken

    def accrue(self, night: Night, prices: Prices) -> tuple[Number, ...]:
        """A night's interest, coupons and hedging cost, then what goes to the owners.

        Returns dollars and yen received from issuers, the same from lenders, and dollars paid to the owners.
        """
        spread = self.own.funding_spread_bp * BASIS_POINT
        lent_usd = self.usd_cash * night.dollar_rate + spread * min(self.usd_cash, 0.0)
        lent_jpy = self.jpy_cash * night.yen_rate + spread * min(self.jpy_cash, 0.0)
        if self.hedge_usd is not None:
            lent_jpy -= self.hedge_usd * night.hedging_cost * prices.usdjpy
        lent_usd *= night.years
        lent_jpy *= night.years
        dollars, yen = lent_usd, lent_jpy
        for name, units in self.units.items():
            coupon = units * night.coupon[self.sector.name][name]
            if self.sector.books[name].yen_priced:
                yen += coupon
            else:
                dollars += coupon
        self.usd_cash += dollars
        self.jpy_cash += yen
        income = dollars + yen / prices.usdjpy
        self.equity_usd += income
        paid = self._pay_owners(self.payout(prices, income), prices)
        return dollars - lent_usd, yen - lent_jpy, lent_usd, lent_jpy, paid

    def _pay_owners(self, paid_usd: Number, prices: Prices) -> Number:
        self.equity_usd -= paid_usd
        if self.owners_in_yen:
            self.jpy_cash -= paid_usd * prices.usdjpy
        else:
            self.usd_cash -= paid_usd
        return paid_usd

    def equity_gap(self, prices: Prices, least_size: Number) -> Number:
        """Net worth minus equity carried forward, relative to the size of the balance sheet."""
        parts = [self.jpy_cash / prices.usdjpy, self.usd_cash]
        parts += [units * self.worth(book, prices).usd for book, units in self.units.items()]
        return abs(sum(parts) - self.equity_usd) / max(sum(map(abs, parts)), least_size)


def per_unit(amount: Number, held: Number) -> Number:
    """An amount per unit held; zero where nothing is held."""
    return amount / (held if held > 0.0 else inf)
