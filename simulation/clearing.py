"""The trading day: orders meet the market, margin calls and stops follow until no forced order is left.

Voluntary orders trade together at the first price.  Each round of forced orders trades at the price it makes; positions
held before are marked to that price first.  Runs without forced orders are left exactly as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from simulation.assets import Roster
from simulation.balance_sheet import Account
from simulation.conventions import Array, Flags, Rows, row_sum, scattered
from simulation.information import Information
from simulation.investors.population import Population
from simulation.ledger import DayFlows
from simulation.market.market import MarketState
from simulation.market.prices import first_runaway
from simulation.orders import Flow, Trade, flow_of, spread_over
from simulation.quote import Quote
from simulation.scenario import Limits
from simulation.settlement import deliver, lend_hedge, mark_to_market, settle_trade
from simulation.tally import Tally


@dataclass(frozen=True)
class Parties:
    """Everybody who trades: populations in canonical order (by name) and the accounts of the sectors on the other side."""

    populations: Sequence[Population]
    accounts: Mapping[str, Account]


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

    def execute(self, population: Population, trade: Trade, now: Information, rows: Rows) -> None:
        """Settle a trade of some runs at the current quote with the sector that takes the other side.

        Parameters
        ----------
        population, trade, now
            The population's rows, their trade, and the information it was stated from (whose quote is the order's).
        rows
            Which runs of the batch these are.
        """
        quote, roster = self.quote.at(rows), self.market.roster
        flow = flow_of(trade, population.sheet.books)
        cost_usd, cost_jpy = settle_trade(population.sheet, trade, quote, self.market.table.half_spread)
        other = "real_money" if trade.announced else "dealers"
        whole = spread_over(flow, rows, self.rounds.shape[0])
        deliver(self.parties.accounts[other], whole, self.quote, roster)
        lend_hedge(self.parties.accounts["money_market"], whole, self.quote)
        self.parties.accounts["dealers"].usd_cash[rows] += cost_usd
        self.parties.accounts["dealers"].jpy_cash[rows] += cost_jpy
        self.tallies[other].add_flow(whole.reversed())
        self.tallies[population.name].add(trade, whole, rows)
        self.flows.spot_trade(scattered(row_sum(trade.spot_usd), rows, self.rounds.shape[0]), self.quote.usdjpy)
        self.flows.spot_trade(-whole.assets[:, :1], self.quote.usdjpy)
        if trade.hedge_usd is not None:
            bought = dollar_purchases(flow, now.quote, roster)
            kept = 0.0 if trade.kept_usd is None else trade.kept_usd
            self.flows.unhedged_gap[rows] += flow.assets[:, :1] + flow.hedge_usd - bought - kept

    def sell_dollars(self, seller: str, sold_usd: Array) -> None:
        """A sector that follows no rule sells dollars to dealers for yen, USD bn, ``(runs, 1)``."""
        assets = np.zeros_like(self.market.inventory)
        assets[:, :1] = -sold_usd
        flow = Flow(assets, np.zeros_like(sold_usd))
        for name, side in (("dealers", flow), (seller, flow.reversed())):
            deliver(self.parties.accounts[name], side, self.quote, self.market.roster)
            self.tallies[name].add_flow(side.reversed())
            self.flows.spot_trade(-side.assets[:, :1], self.quote.usdjpy)

    def requote(self, bought: Array) -> None:
        """New prices after customers bought `bought` from dealers; a stopped run keeps its prices."""
        self.market.inventory = self.market.inventory + bought
        quote = self.market.quote(self.market.inventory)
        runaway = first_runaway(quote.level, self.market.rules)
        for row in np.flatnonzero((runaway >= 0) & self.alive[:, 0]):
            self.runaways[int(row)] = self.market.roster.names[runaway[row]]
            self.alive[row] = False
        self.quote = quote if self.alive.all() else quote.frozen_where(~self.alive, self.market.last)

    def mark(self, population: Population, before: Quote, rows: Rows) -> None:
        """Mark the positions of some runs to the current quote; swaps pay their change in value."""
        paid = mark_to_market(population.sheet, before.at(rows), self.quote.at(rows))
        self.parties.accounts["money_market"].jpy_cash[rows] += paid


def dollar_purchases(flow: Flow, quote: Quote, roster: Roster) -> Array:
    """Dollar assets bought, USD bn at `quote`, ``(runs, 1)``."""
    dollar = ~np.array(roster.yen_priced)
    dollar[0] = False
    return np.asarray(np.where(dollar, flow.assets * quote.price, 0.0).sum(axis=1, keepdims=True))


def trade_voluntary(
    day: TradingDay, orders: Mapping[str, Trade], now: Information, outside: Mapping[str, Array]
) -> None:
    """All voluntary orders and outside sales of dollars trade at one price.

    Announced slow flows go to value investors and skip the fast impact; `outside` is what sectors that follow no rule sell.
    """
    direct, dealt = np.zeros_like(day.market.inventory), np.zeros_like(day.market.inventory)
    for population in day.parties.populations:
        if population.name in orders:
            trade = orders[population.name]
            target = direct if trade.announced else dealt
            target += flow_of(trade, population.sheet.books).assets
            direct -= 0.0 if trade.expected is None else trade.expected
    day.market.supply(direct)
    for sold_usd in outside.values():
        dealt[:, :1] -= sold_usd
    before, rows = day.quote, np.arange(day.rounds.shape[0])
    day.requote(dealt)
    for seller, sold_usd in outside.items():
        if sold_usd.any():
            day.sell_dollars(seller, np.where(day.alive, sold_usd, 0.0))
    for population in day.parties.populations:
        day.mark(population, before, rows)
        if population.name in orders:
            day.execute(population, orders[population.name], now, rows)


def size_usd(flow: Flow, quote: Quote, roster: Roster) -> Array:
    """Gross dollars of a flow: spot and assets, USD bn, ``(runs, 1)``."""
    amount = np.abs(flow.assets * quote.price)
    amount[:, :1] = np.abs(flow.assets[:, :1])
    per_dollar = np.where(np.array(roster.yen_priced), quote.usdjpy, 1.0)
    return np.asarray((amount / per_dollar).sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Forced:
    """Forced orders of one population in some runs, with the population's rows they belong to."""

    part: Population
    trade: Trade
    flow: Flow


def forced_of(day: TradingDay, now: Information, rows: Rows) -> dict[str, Forced]:
    """Forced orders in `rows` at the current quote, by population."""
    quote, forced = day.quote.at(rows), {}
    for population in day.parties.populations:
        if population.can_be_forced:
            part = population.at(rows)
            trade = part.forced_orders(quote, now)
            forced[population.name] = Forced(part, trade, flow_of(trade, part.sheet.books))
    return forced


def forced_usd(day: TradingDay, forced: Mapping[str, Forced], rows: Rows) -> Array:
    """Gross dollars of all forced orders in `rows`, USD bn, ``(rows, 1)``."""
    sizes = [size_usd(item.flow, day.quote.at(rows), day.market.roster) for item in forced.values()]
    return np.asarray(sum(sizes[1:], sizes[0]))


def forced_round(day: TradingDay, now: Information, rows: Rows, tolerance: float) -> Rows:
    """One round of margin calls, stops and liquidations in `rows`; returns the rows in which somebody was forced."""
    runs, here = day.rounds.shape[0], now.at(rows)
    forced = forced_of(day, here, rows)
    amount = forced_usd(day, forced, rows)
    active = (amount > tolerance) & day.alive[rows]
    bought = np.asarray(sum((item.flow.assets for item in forced.values()), np.zeros((1, 1))))
    before = day.quote
    day.requote(scattered(np.where(active, bought, 0.0), rows, runs))
    for population in day.parties.populations:
        if population.name in forced:
            part, trade = forced[population.name].part, forced[population.name].trade.only(active)
            day.mark(part, before, rows)
            day.execute(part, trade, replace(here, quote=before.at(rows)), rows)
            part.executed(trade, before.at(rows), here, day.quote.at(rows))
            population.put(rows, part)
    day.rounds[rows] += active
    day.forced_usd[rows] += np.where(active, amount, 0.0)
    return rows[active[:, 0]]


def rows_forced(day: TradingDay, now: Information) -> Rows:
    """Runs still trading in which somebody is forced at the current quote."""
    hit = np.zeros(day.rounds.shape[0], dtype=np.bool_)
    for population in day.parties.populations:
        if population.can_be_forced:
            hit |= population.forced(day.quote, now)
    return np.flatnonzero(hit & day.alive[:, 0])


def trade_forced(day: TradingDay, now: Information, limits: Limits) -> None:
    """Rounds of forced orders until none is left above the tolerance; a cascade cut off is marked as unsettled."""
    first, rows, tolerance = day.quote, rows_forced(day, now), limits.cascade_tolerance_usd_bn
    for _ in range(limits.cascade_rounds):
        if rows.size == 0:
            break
        rows = forced_round(day, now, rows, tolerance)
    if rows.size:
        left = forced_usd(day, forced_of(day, now.at(rows), rows), rows) > tolerance
        day.unsettled[rows] = left & day.alive[rows]
    for population in day.parties.populations:
        if not population.can_be_forced:
            day.mark(population, first, np.arange(day.rounds.shape[0]))
