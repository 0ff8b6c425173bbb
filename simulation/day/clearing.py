"""Orders as a population stated them, with what they add up to; forced orders of those who have one, and of nobody else.

The trading day: orders meet the market, and voluntary orders trade together at the first price.

What lenders and stops force at that price follows in `simulation.day.clearing`.

Rounds of forced orders: margin calls, stops and liquidations, until nobody is forced.

Each round trades at the price that it makes; positions held before are marked to that price first.  Runs without forced
orders are left exactly as they are: a cascade goes on in copies of the runs that it holds, written back when it leaves them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from simulation.accounts.ledger import DayFlows, SectorFlows
from simulation.accounts.settlement import mark_to_market, settle_delivery, settle_swap_loan, settle_trade
from simulation.investors.population import Population
from simulation.market.prices import MarketState, first_runaway
from simulation.scenario.scenario import ClearingLimits
from simulation.values.assets import Quote, Repricing, Roster, sum_over_assets
from simulation.values.balance_sheet import Account
from simulation.values.conventions import Array, Flags, InvestorIndex, Rows, row_sum, sum_by_run
from simulation.values.orders import Information, NetFlow, Trade, net_flow


@dataclass(frozen=True)
class StatedOrder:
    """A population's trade, the same added up over investors, ``(runs, 1)``, and the flow that it makes."""

    trade: Trade
    total: Trade
    flow: NetFlow


@dataclass(frozen=True)
class ForcedOrders(StatedOrder):
    """Forced orders of those who have one, each a row of its own, ``(picked, 1)``; the rest of their population has none.

    Attributes
    ----------
    where
        Row and number of each investor in the population that it was picked from.
    rows
        Run of each investor, ``(picked,)``.
    part
        The investors with their sheets as they were when the orders were stated.
    now
        What they know, a row for each.
    """

    where: InvestorIndex
    rows: Rows
    part: Population
    now: Information

    def only(self, runs: Flags) -> "ForcedOrders":
        """The orders without those of runs outside `runs`, boolean ``(runs, 1)``."""
        if runs[self.rows].all():
            return self
        trade = self.trade.only(runs[self.rows])
        total = trade.by_run(self.rows, runs.size)
        return replace(self, trade=trade, total=total, flow=net_flow(total, self.part.sheet.books))


def voluntary_order(population: Population, trade: Trade) -> StatedOrder:
    """A voluntary trade with its sum."""
    total = trade.added_up()
    return StatedOrder(trade, total, net_flow(total, population.sheet.books))


def forced_orders_of_investors(
    population: Population, where: InvestorIndex, rows: Rows, quote: Quote, now: Information
) -> ForcedOrders:
    """What picked investors of the runs `rows` are forced to do, at the quote of all runs and from what is known in all."""
    part, here = population.at(where), now.at(rows)
    trade = part.forced_orders(quote.at(rows), here)
    total = trade.by_run(rows, quote.usdjpy.shape[0])
    return ForcedOrders(trade, total, net_flow(total, part.sheet.books), where, rows, part, here)


ALL_ROWS: Final = slice(None)
"""All runs of a batch."""


@dataclass(frozen=True)
class MarketParticipants:
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

    parties: MarketParticipants
    market: MarketState
    flows: DayFlows
    tallies: dict[str, SectorFlows]
    alive: Flags
    quote: Quote
    rounds: Array
    forced_usd: Array
    unsettled: Flags
    runaways: dict[int, str] = field(default_factory=dict)

    def execute(self, population: Population, order: StatedOrder, now: Information) -> None:
        """Settle a voluntary trade at the current quote; `now` is the information it was stated from."""
        costs = settle_trade(population.sheet, order.trade, self.quote, self.market.table.half_spread)
        self.book(population, order, costs, now.quote)

    def force(self, population: Population, forced: ForcedOrders, before: Quote) -> None:
        """Settle forced orders, stated at the quote `before`, at the current one."""
        part, rows, runs = forced.part, forced.rows, self.rounds.shape[0]
        quote = self.quote.at(rows)
        part.sheet.take_marks(forced.where, population.sheet)
        costs = settle_trade(part.sheet, forced.trade, quote, self.market.table.half_spread)
        part.executed(forced.trade, before.at(rows), forced.now, quote)
        population.put(forced.where, part)
        by_run = sum_by_run(costs[0], rows, runs), sum_by_run(costs[1], rows, runs)
        self.book(population, forced, by_run, before)

    def book(self, population: Population, order: StatedOrder, costs: tuple[Array, Array], order_quote: Quote) -> None:
        """The other side of a population's trade, whose dealing costs in dollars and yen go to dealers, ``(runs, 1)``."""
        flow, total, accounts = order.flow, order.total, self.parties.accounts
        other = "real_money" if total.announced else "dealers"
        settle_delivery(accounts[other], flow, self.quote, self.market.roster)
        accounts["dealers"].usd_cash += costs[0]
        accounts["dealers"].jpy_cash += costs[1]
        self.tallies[other].take_side(flow)
        self.tallies[population.name].add(total, flow)
        self.flows.spot_trade(total.spot_usd, self.quote.usdjpy)
        self.flows.spot_trade(-flow.assets[:, :1], self.quote.usdjpy)
        if total.hedge_usd is not None:
            settle_swap_loan(accounts["money_market"], flow, self.quote)
            bought = dollar_purchases(flow, order_quote, self.market.roster)
            kept = 0.0 if total.kept_usd is None else total.kept_usd
            self.flows.unhedged_gap += flow.assets[:, :1] + flow.hedge_usd - bought - kept

    def sell_dollars(self, seller: str, sold_usd: Array) -> None:
        """A sector that follows no rule sells dollars to dealers for yen, USD bn, ``(runs, 1)``."""
        assets = np.zeros_like(self.market.inventory)
        assets[:, :1] = -sold_usd
        flow = NetFlow(assets, np.zeros_like(sold_usd))
        for name, side in (("dealers", flow), (seller, flow.reversed())):
            settle_delivery(self.parties.accounts[name], side, self.quote, self.market.roster)
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
        self,
        populations: Iterable[Population],
        before: Quote,
        rows: Rows | slice = ALL_ROWS,
        places: Rows | slice = ALL_ROWS,
    ) -> None:
        """Mark positions to the current quote; swaps pay their change in value.

        Of populations cut to some runs, `places` are the rows that belong to the runs `rows`.
        """
        lender, move = self.parties.accounts["money_market"], Repricing(before.at(rows), self.quote.at(rows))
        for population in populations:
            paid = mark_to_market(population.sheet, move, places)
            if paid is not None:
                lender.jpy_cash[rows] += paid


def dollar_purchases(flow: NetFlow, quote: Quote, roster: Roster) -> Array:
    """Dollar assets bought, USD bn at `quote`, ``(runs, 1)``."""
    return sum_over_assets(flow.assets * quote.price, roster.in_dollars)


def trade_voluntary(
    day: TradingDay, orders: Mapping[str, Trade], now: Information, outside: Mapping[str, Array]
) -> None:
    """All voluntary orders and outside sales of dollars trade at one price.

    Announced slow flows go to value investors and skip the fast impact; `outside` is what sectors that follow no rule sell.
    """
    direct, dealt = np.zeros_like(day.market.inventory), np.zeros_like(day.market.inventory)
    populations = day.parties.populations
    stated = {item.key: voluntary_order(item, orders[item.key]) for item in populations if item.key in orders}
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


@dataclass(frozen=True)
class ForceableRuns:
    """The populations that can be forced, in runs of which a cascade goes on in some or all.

    Attributes
    ----------
    populations
        All runs of them.
    rows
        The runs that are held here.
    parts
        The populations cut to these runs; the populations themselves where these are all.
    going
        Those of `rows` in which the cascade goes on.
    now
        What is known in all runs.
    here
        What is known in these runs.
    """

    populations: Sequence[Population]
    rows: Rows
    parts: Sequence[Population]
    going: Rows
    now: Information
    here: Information

    @property
    def places(self) -> Rows | slice:
        """Where the runs in which the cascade goes on stand among those held here."""
        return ALL_ROWS if self.going.size == self.rows.size else np.searchsorted(self.rows, self.going)

    @property
    def flags(self) -> Flags:
        """In which of the runs held here the cascade goes on, ``(rows, 1)``."""
        flags: Flags = np.zeros((self.rows.size, 1), dtype=np.bool_)
        flags[self.places] = True
        return flags

    def only(self, going: Rows) -> "ForceableRuns":
        """The same when the cascade goes on in fewer runs; others are written back and dropped once they are the half."""
        if 2 * going.size > self.rows.size:
            return replace(self, going=going)
        self.write_back()
        return select_forceable_runs(self.populations, going, self.now)

    def write_back(self) -> None:
        """Let the populations take over what happened to their parts."""
        for population, part in zip(self.populations, self.parts, strict=True):
            if part is not population:
                population.put(self.rows, part)


def select_forceable_runs(populations: Sequence[Population], rows: Rows, now: Information) -> ForceableRuns:
    """Populations that can be forced, cut to some runs."""
    if rows.size == now.carry.shape[0]:
        return ForceableRuns(populations, rows, populations, rows, now, now)
    parts = [population.at(rows) for population in populations] if rows.size else populations
    return ForceableRuns(populations, rows, parts, rows, now, now.at(rows))


def gross_flow_usd(flow: NetFlow, quote: Quote, roster: Roster) -> Array:
    """Gross dollars of a flow: spot and assets, USD bn, ``(runs, 1)``."""
    amount = flow.assets * quote.price
    amount[:, :1] = flow.assets[:, :1]
    amount /= np.where(roster.in_yen, quote.usdjpy, 1.0)
    return row_sum(np.abs(amount, out=amount))


def forced_orders_by_population(day: TradingDay, held: ForceableRuns) -> dict[str, ForcedOrders]:
    """Forced orders at the current quote, by population; nobody forced, no entry."""
    quote, forced, everywhere = day.quote.at(held.rows), {}, held.going.size == held.rows.size
    for part in held.parts:
        hit = part.forced_investors(quote, held.here)
        hit = hit if everywhere else hit & held.flags
        picked = hit.ravel().nonzero()[0]
        if picked.size:
            place, investor = np.divmod(picked, hit.shape[1])
            where = place[:, None], investor[:, None]
            forced[part.key] = forced_orders_of_investors(part, where, held.rows[place], day.quote, held.now)
    return forced


def gross_forced_usd(day: TradingDay, forced: Mapping[str, ForcedOrders]) -> Array:
    """Gross dollars of all forced orders, USD bn, ``(runs, 1)``."""
    sizes = [gross_flow_usd(item.flow, day.quote, day.market.roster) for item in forced.values()]
    return np.asarray(sum(sizes, np.zeros_like(day.rounds)))


def forced_round(day: TradingDay, held: ForceableRuns, tolerance: float) -> ForceableRuns:
    """One round of margin calls, stops and liquidations; returns those of the runs in which somebody was forced."""
    forced = forced_orders_by_population(day, held)
    amount = gross_forced_usd(day, forced)
    active = (amount > tolerance) & day.alive
    moved = active.ravel().nonzero()[0]
    if not moved.size:
        return held.only(moved)
    bought = sum((item.flow.assets for item in forced.values()), np.zeros_like(day.market.inventory))
    before = day.quote
    day.requote(np.where(active, bought, 0.0))
    held = replace(held, going=moved)
    day.mark(held.parts, before, moved, held.places)
    for part in held.parts:
        if part.key in forced:
            day.force(part, forced[part.key].only(active), before)
    day.rounds += active
    day.forced_usd += np.where(active, amount, 0.0)
    return held.only(moved)


def trade_forced(day: TradingDay, now: Information, limits: ClearingLimits) -> None:
    """Rounds of forced orders until none is left above the tolerance; a cascade cut off is marked as unsettled."""
    first, tolerance = day.quote, limits.cascade_tolerance_usd_bn
    held = select_forceable_runs(day.parties.forceable(), np.flatnonzero(day.alive), now)
    for _ in range(limits.cascade_rounds):
        if held.going.size == 0:
            break
        held = forced_round(day, held, tolerance)
    if held.going.size:
        day.unsettled |= (gross_forced_usd(day, forced_orders_by_population(day, held)) > tolerance) & day.alive
    held.write_back()
    moved = np.flatnonzero(day.rounds)
    if moved.size:
        day.mark([item for item in day.parties.populations if not item.can_be_forced], first, moved, moved)
