"""The trading day: voluntary orders clear at one price, then rounds of margin calls, stops and liquidations follow.

Forced orders of a round trade at the price that results from them, after existing positions are marked to that price.
Rounds work on copies of the selected runs, unless every run of the batch is selected; runs without forced orders are unchanged.
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

ALL_ROWS: Final = slice(None)
"""Selects all runs of a batch."""
VALUE_INVESTORS: Final = "real_money"
"""Name of the value investors among the accounts and in recorded flows."""


@dataclass(frozen=True)
class PopulationOrder:
    """A population's trade by investor, its total over investors, ``(runs, 1)``, and the resulting net flow."""

    trade: Trade
    total: Trade
    flow: NetFlow


@dataclass(frozen=True)
class ForcedOrders(PopulationOrder):
    """Orders of the forced investors of a population, one row per investor, ``(selected, 1)``.

    Attributes
    ----------
    where
        Row and column of each selected investor in the population.
    rows
        Run of each selected investor, ``(selected,)``.
    part
        The selected investors with their balance sheets at the time of the orders.
    now
        Public information, one row per selected investor.
    """

    where: InvestorIndex
    rows: Rows
    part: Population
    now: Information

    def only(self, runs: Flags) -> "ForcedOrders":
        """The orders restricted to the runs flagged in `runs`, ``(runs, 1)``."""
        if runs[self.rows].all():
            return self
        trade = self.trade.only(runs[self.rows])
        total = trade.by_run(self.rows, runs.size)
        return replace(self, trade=trade, total=total, flow=net_flow(total, self.part.sheet.books))


def voluntary_order(population: Population, trade: Trade) -> PopulationOrder:
    """A voluntary trade with its total and net flow."""
    total = trade.added_up()
    return PopulationOrder(trade, total, net_flow(total, population.sheet.books))


def forced_orders_of_investors(
    population: Population, where: InvestorIndex, rows: Rows, quote: Quote, now: Information
) -> ForcedOrders:
    """Forced orders of the investors selected by `where`, in runs `rows`; `quote` and `now` cover all runs."""
    part, selected_now = population.at(where), now.at(rows)
    trade = part.forced_orders(quote.at(rows), selected_now)
    total = trade.by_run(rows, quote.usdjpy.shape[0])
    return ForcedOrders(trade, total, net_flow(total, part.sheet.books), where, rows, part, selected_now)


@dataclass(frozen=True)
class MarketParticipants:
    """Populations in order of their names, large ones in several parts, and the accounts of the other sectors."""

    populations: Sequence[Population]
    accounts: Mapping[str, Account]

    def populations_that_can_be_forced(self) -> list[Population]:
        """Populations that can face margin calls, stops or liquidations within the day."""
        return [population for population in self.populations if population.can_be_forced]


@dataclass
class TradingDay:
    """State of one day's trading in a batch of runs.

    Attributes
    ----------
    quote
        Current prices.
    rounds
        Rounds of forced orders so far, ``(runs, 1)``.
    forced_usd
        Gross value of forced orders, USD bn, ``(runs, 1)``.
    unsettled
        Whether forced orders remained after the maximum number of rounds, ``(runs, 1)``.
    runaways
        Asset whose price left its plausible range, by run; such a run stops trading.
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

    def execute(self, population: Population, order: PopulationOrder, now: Information) -> None:
        """Settle a voluntary trade at the current quote; `now` is the information on which the order is based."""
        costs = settle_trade(population.sheet, order.trade, self.quote, self.market.table.half_spread)
        self.book(population, order, costs, now.quote)

    def force(self, population: Population, forced: ForcedOrders, before: Quote) -> None:
        """Settle forced orders, submitted at the quote `before`, at the current quote."""
        part, rows, runs = forced.part, forced.rows, self.rounds.shape[0]
        quote = self.quote.at(rows)
        part.sheet.copy_marked_values(forced.where, population.sheet)
        costs = settle_trade(part.sheet, forced.trade, quote, self.market.table.half_spread)
        part.record_execution(forced.trade, before.at(rows), forced.now, quote)
        population.put(forced.where, part)
        by_run = sum_by_run(costs[0], rows, runs), sum_by_run(costs[1], rows, runs)
        self.book(population, forced, by_run, before)

    def book(
        self, population: Population, order: PopulationOrder, costs: tuple[Array, Array], order_quote: Quote
    ) -> None:
        """Book the counterparty side of a trade; dealers receive the transaction costs in dollars and yen, ``(runs, 1)``."""
        flow, total, accounts = order.flow, order.total, self.parties.accounts
        other = VALUE_INVESTORS if total.announced else "dealers"
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
            kept_usd = 0.0 if total.kept_usd is None else total.kept_usd
            self.flows.hedge_mismatch_usd += flow.assets[:, :1] + flow.hedge_usd - bought - kept_usd

    def sell_dollars(self, seller: str, sold_usd: Array) -> None:
        """Exogenous sale of dollars against yen by a sector to dealers, USD bn, ``(runs, 1)``."""
        assets = np.zeros_like(self.market.inventory)
        assets[:, :1] = -sold_usd
        flow = NetFlow(assets, np.zeros_like(sold_usd))
        for name, side in (("dealers", flow), (seller, flow.reversed())):
            settle_delivery(self.parties.accounts[name], side, self.quote, self.market.roster)
            self.tallies[name].take_side(side)
            self.flows.spot_trade(-side.assets[:, :1], self.quote.usdjpy)

    def requote(self, bought: Array) -> None:
        """Update prices after customers bought `bought` units from dealers; stopped runs keep their prices."""
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
        positions: Rows | slice = ALL_ROWS,
    ) -> None:
        """Mark positions to the current quote; swaps pay their change in value.

        If the populations hold a selection of runs, `positions` are their rows for the runs `rows`.
        """
        lender, move = self.parties.accounts["money_market"], Repricing(before.at(rows), self.quote.at(rows))
        for population in populations:
            paid = mark_to_market(population.sheet, move, positions)
            if paid is not None:
                lender.jpy_cash[rows] += paid


def dollar_purchases(flow: NetFlow, quote: Quote, roster: Roster) -> Array:
    """Value of dollar assets bought at `quote`, USD bn, ``(runs, 1)``."""
    return sum_over_assets(flow.assets * quote.price, roster.in_dollars)


def trade_voluntary(
    day: TradingDay, orders: Mapping[str, Trade], now: Information, outside: Mapping[str, Array]
) -> None:
    """Clear all voluntary orders and the exogenous dollar sales `outside` at one price.

    Announced flows go to value investors and move prices only through the slow impact, which is partly permanent.
    """
    to_value_investors, to_dealers = np.zeros_like(day.market.inventory), np.zeros_like(day.market.inventory)
    populations = day.parties.populations
    stated = {item.key: voluntary_order(item, orders[item.key]) for item in populations if item.key in orders}
    for order in stated.values():
        target = to_value_investors if order.trade.announced else to_dealers
        target += order.flow.assets
        if order.trade.expected is not None:
            to_value_investors -= order.trade.expected
    day.market.supply_from_value_investors(to_value_investors)
    for sold_usd in outside.values():
        to_dealers[:, :1] -= sold_usd
    before = day.quote
    day.requote(to_dealers)
    for seller, sold_usd in outside.items():
        if sold_usd.any():
            day.sell_dollars(seller, np.where(day.alive, sold_usd, 0.0))
    day.mark(populations, before)
    for population in populations:
        if population.key in stated:
            day.execute(population, stated[population.key], now)


@dataclass(frozen=True)
class CascadeRuns:
    """A selection of runs in which forced orders may cascade, with the populations that can be forced.

    Attributes
    ----------
    populations
        The populations with all runs.
    rows
        The selected runs.
    parts
        The populations restricted to the selected runs; the populations themselves if all runs are selected.
    cascading
        Those of `rows` in which forced orders continue.
    now
        Public information in all runs.
    now_selected
        Public information in the selected runs.
    """

    populations: Sequence[Population]
    rows: Rows
    parts: Sequence[Population]
    cascading: Rows
    now: Information
    now_selected: Information

    @property
    def cascading_positions(self) -> Rows | slice:
        """Positions of `cascading` within `rows`."""
        return ALL_ROWS if self.cascading.size == self.rows.size else np.searchsorted(self.rows, self.cascading)

    @property
    def flags(self) -> Flags:
        """Whether forced orders continue in each selected run, ``(rows, 1)``."""
        flags: Flags = np.zeros((self.rows.size, 1), dtype=np.bool_)
        flags[self.cascading_positions] = True
        return flags

    def narrow_to(self, cascading: Rows) -> "CascadeRuns":
        """The selection with only `cascading` as cascading runs.

        Once the other runs make up half of the selection, writes the state of all selected runs back first and then selects only
        the runs `cascading`.
        """
        if 2 * cascading.size > self.rows.size:
            return replace(self, cascading=cascading)
        self.write_back()
        return select_cascade_runs(self.populations, cascading, self.now)

    def write_back(self) -> None:
        """Copy the state of the parts back to the populations."""
        for population, part in zip(self.populations, self.parts, strict=True):
            if part is not population:
                population.put(self.rows, part)


def select_cascade_runs(populations: Sequence[Population], rows: Rows, now: Information) -> CascadeRuns:
    """Select the runs `rows` of populations that can face forced orders; all of them are marked as cascading."""
    if rows.size == now.carry.shape[0]:
        return CascadeRuns(populations, rows, populations, rows, now, now)
    parts = [population.at(rows) for population in populations] if rows.size else populations
    return CascadeRuns(populations, rows, parts, rows, now, now.at(rows))


def gross_flow_usd(flow: NetFlow, quote: Quote, roster: Roster) -> Array:
    """Gross value of a flow in spot and assets, USD bn, ``(runs, 1)``."""
    amount = flow.assets * quote.price
    amount[:, :1] = flow.assets[:, :1]
    amount /= np.where(roster.in_yen, quote.usdjpy, 1.0)
    return row_sum(np.abs(amount, out=amount))


def forced_orders_by_population(day: TradingDay, cascade: CascadeRuns) -> dict[str, ForcedOrders]:
    """Forced orders at the current quote by population; populations without forced investors are left out."""
    quote, forced, all_cascade = day.quote.at(cascade.rows), {}, cascade.cascading.size == cascade.rows.size
    for part in cascade.parts:
        is_forced = part.forced_investors(quote, cascade.now_selected)
        is_forced = is_forced if all_cascade else is_forced & cascade.flags
        selected = is_forced.ravel().nonzero()[0]
        if selected.size:
            row, investor = np.divmod(selected, is_forced.shape[1])
            where = row[:, None], investor[:, None]
            forced[part.key] = forced_orders_of_investors(part, where, cascade.rows[row], day.quote, cascade.now)
    return forced


def gross_forced_usd(day: TradingDay, forced: Mapping[str, ForcedOrders]) -> Array:
    """Gross value of all forced orders, USD bn, ``(runs, 1)``."""
    sizes = [gross_flow_usd(item.flow, day.quote, day.market.roster) for item in forced.values()]
    return np.asarray(sum(sizes, np.zeros_like(day.rounds)))


def forced_round(day: TradingDay, cascade: CascadeRuns, tolerance: float) -> CascadeRuns:
    """Execute one round of margin calls, stops and liquidations; returns the runs in which orders were executed."""
    forced = forced_orders_by_population(day, cascade)
    amount = gross_forced_usd(day, forced)
    active = (amount > tolerance) & day.alive
    moved = active.ravel().nonzero()[0]
    if not moved.size:
        return cascade.narrow_to(moved)
    bought = sum((item.flow.assets for item in forced.values()), np.zeros_like(day.market.inventory))
    before = day.quote
    day.requote(np.where(active, bought, 0.0))
    cascade = replace(cascade, cascading=moved)
    day.mark(cascade.parts, before, moved, cascade.cascading_positions)
    for part in cascade.parts:
        if part.key in forced:
            day.force(part, forced[part.key].only(active), before)
    day.rounds += active
    day.forced_usd += np.where(active, amount, 0.0)
    return cascade.narrow_to(moved)


def trade_forced(day: TradingDay, now: Information, limits: ClearingLimits) -> None:
    """Execute rounds of forced orders until they fall below the tolerance; mark runs that do not converge as unsettled."""
    first, tolerance = day.quote, limits.cascade_tolerance_usd_bn
    cascade = select_cascade_runs(day.parties.populations_that_can_be_forced(), np.flatnonzero(day.alive), now)
    for _ in range(limits.cascade_rounds):
        if cascade.cascading.size == 0:
            break
        cascade = forced_round(day, cascade, tolerance)
    if cascade.cascading.size:
        day.unsettled |= (gross_forced_usd(day, forced_orders_by_population(day, cascade)) > tolerance) & day.alive
    cascade.write_back()
    moved = np.flatnonzero(day.rounds)
    if moved.size:
        day.mark([item for item in day.parties.populations if not item.can_be_forced], first, moved, moved)
