"""The trading day: orders meet the market, and voluntary orders trade together at the first price.

What lenders and stops force at that price follows in `simulation.day.forced_rounds`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from simulation.accounts.ledger import DayFlows
from simulation.accounts.settlement import deliver, lend_hedge, mark_to_market, settle_trade
from simulation.accounts.tally import Tally
from simulation.day.stated_orders import Forced, Order, order_of
from simulation.investors.population import Population
from simulation.market.market import MarketState
from simulation.market.prices import first_runaway
from simulation.values.assets import Repricing, Roster, across_assets
from simulation.values.balance_sheet import Account
from simulation.values.conventions import Array, Flags, Rows, summed_by_run
from simulation.values.information import Information
from simulation.values.orders import Flow, Trade
from simulation.values.quote import Quote

ALL: Final = slice(None)
"""All runs of a batch."""


@dataclass(frozen=True)
class Parties:
    """Everybody who trades: populations in canonical order (by name), in parts, and the sectors on the other side."""

    populations: Sequence[Population]
    accounts: Mapping[str, Account]

    def forceable(self) -> list[Population]:
        """Populations whom lenders or stops can force within the day."""
        return [population for population in self.populations if population.can_be_forced]


@dataclass
class TradingDay:
    """One day's trading in a batch of runs.

    Attributes
    ----------
    quote
        Current prices.
    rounds
        Rounds of forced orders so far, ``(runs, 1)``.
    forced_usd
        Dollars and dollar assets sold by force, USD bn, ``(runs, 1)``.
    unsettled
        Runs whose cascade was cut off after the most rounds, boolean ``(runs, 1)``.
    runaways
        Asset that left its plausible range, by row; such a run trades no more.
    """

    parties: Parties
    market: MarketState
    flows: DayFlows
    tallies: dict[str, Tally]
    alive: Flags
    quote: Quote
    rounds: Array
    forced_usd: Array
    unsettled: Flags
    runaways: dict[int, str] = field(default_factory=dict)

    def execute(self, population: Population, order: Order, now: Information) -> None:
        """Settle a voluntary trade at the current quote; `now` is the information it was stated from."""
        costs = settle_trade(population.sheet, order.trade, self.quote, self.market.table.half_spread)
        self.book(population, order, costs, now.quote)

    def force(self, population: Population, forced: Forced, before: Quote) -> None:
        """Settle forced orders, stated at the quote `before`, at the current one."""
        part, rows, runs = forced.part, forced.rows, self.rounds.shape[0]
        quote = self.quote.at(rows)
        part.sheet.take_marks(forced.where, population.sheet)
        costs = settle_trade(part.sheet, forced.trade, quote, self.market.table.half_spread)
        part.executed(forced.trade, before.at(rows), forced.now, quote)
        population.put(forced.where, part)
        by_run = summed_by_run(costs[0], rows, runs), summed_by_run(costs[1], rows, runs)
        self.book(population, forced, by_run, before)

    def book(self, population: Population, order: Order, costs: tuple[Array, Array], order_quote: Quote) -> None:
        """The other side of a population's trade, whose dealing costs in dollars and yen go to dealers, ``(runs, 1)``."""
        flow, total, accounts = order.flow, order.total, self.parties.accounts
        other = "real_money" if total.announced else "dealers"
        deliver(accounts[other], flow, self.quote, self.market.roster)
        accounts["dealers"].usd_cash += costs[0]
        accounts["dealers"].jpy_cash += costs[1]
        self.tallies[other].take_side(flow)
        self.tallies[population.name].add(total, flow)
        self.flows.spot_trade(total.spot_usd, self.quote.usdjpy)
        self.flows.spot_trade(-flow.assets[:, :1], self.quote.usdjpy)
        if total.hedge_usd is not None:
            lend_hedge(accounts["money_market"], flow, self.quote)
            bought = dollar_purchases(flow, order_quote, self.market.roster)
            kept = 0.0 if total.kept_usd is None else total.kept_usd
            self.flows.unhedged_gap += flow.assets[:, :1] + flow.hedge_usd - bought - kept

    def sell_dollars(self, seller: str, sold_usd: Array) -> None:
        """A sector that follows no rule sells dollars to dealers for yen, USD bn, ``(runs, 1)``."""
        assets = np.zeros_like(self.market.inventory)
        assets[:, :1] = -sold_usd
        flow = Flow(assets, np.zeros_like(sold_usd))
        for name, side in (("dealers", flow), (seller, flow.reversed())):
            deliver(self.parties.accounts[name], side, self.quote, self.market.roster)
            self.tallies[name].take_side(side)
            self.flows.spot_trade(-side.assets[:, :1], self.quote.usdjpy)

    def requote(self, bought: Array) -> None:
        """New prices after customers bought `bought` from dealers; a stopped run keeps its prices."""
        self.market.inventory = self.market.inventory + bought
        quote = self.market.quote(self.market.inventory)
        runaway = first_runaway(quote.level, self.market.rules)
        for row in ((runaway >= 0) & self.alive[:, 0]).nonzero()[0]:
            self.runaways[int(row)] = self.market.roster.names[runaway[row]]
            self.alive[row] = False
        self.quote = quote if self.alive.all() else quote.frozen_where(~self.alive, self.market.last)

    def mark(
        self, populations: Iterable[Population], before: Quote, rows: Rows | slice = ALL, places: Rows | slice = ALL
    ) -> None:
        """Mark positions to the current quote; swaps pay their change in value.

        Of populations cut to some runs, `places` are the rows that belong to the runs `rows`.
        """
        lender, move = self.parties.accounts["money_market"], Repricing(before.at(rows), self.quote.at(rows))
        for population in populations:
            paid = mark_to_market(population.sheet, move, places)
            if paid is not None:
                lender.jpy_cash[rows] += paid


def dollar_purchases(flow: Flow, quote: Quote, roster: Roster) -> Array:
    """Dollar assets bought, USD bn at `quote`, ``(runs, 1)``."""
    return across_assets(flow.assets * quote.price, roster.in_dollars)


def trade_voluntary(
    day: TradingDay, orders: Mapping[str, Trade], now: Information, outside: Mapping[str, Array]
) -> None:
    """All voluntary orders and outside sales of dollars trade at one price.

    Announced slow flows go to value investors and skip the fast impact; `outside` is what sectors that follow no rule sell.
    """
    direct, dealt = np.zeros_like(day.market.inventory), np.zeros_like(day.market.inventory)
    populations = day.parties.populations
    stated = {item.key: order_of(item, orders[item.key]) for item in populations if item.key in orders}
    for order in stated.values():
        target = direct if order.trade.announced else dealt
        target += order.flow.assets
        if order.trade.expected is not None:
            direct -= order.trade.expected
    day.market.supply(direct)
    for sold_usd in outside.values():
        dealt[:, :1] -= sold_usd
    before = day.quote
    day.requote(dealt)
    for seller, sold_usd in outside.items():
        if sold_usd.any():
            day.sell_dollars(seller, np.where(day.alive, sold_usd, 0.0))
    day.mark(populations, before)
    for population in populations:
        if population.key in stated:
            day.execute(population, stated[population.key], now)
