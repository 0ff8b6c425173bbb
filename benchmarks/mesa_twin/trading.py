"""Trading and settlement of the twin: agents' orders on the engine's market, settled agent by agent."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.mesa_twin.order import Order, expected_assets, flow_of_sector
from benchmarks.mesa_twin.prices import Prices, night_of, prices_of
from benchmarks.mesa_twin.sector import Sector
from simulation.accounts.ledger import DayFlows
from simulation.accounts.settlement import Accrual, settle_delivery, settle_swap_loan
from simulation.day.clearing import TradingDay, dollar_purchases, gross_flow_usd
from simulation.day.economy import Economy
from simulation.scenario.scenario import ClearingLimits
from simulation.values.assets import Quote
from simulation.values.conventions import Array, column
from simulation.values.orders import NetFlow


class Floor:
    """The engine's trading session of one day, with settlement agent by agent."""

    def __init__(self, session: TradingDay, sectors: Sequence[Sector]) -> None:
        self.session, self.sectors = session, sectors
        self.half_spread = session.market.table.half_spread
        self.books = {sector.name: sector.books for sector in sectors}
        self.prices = self.priced()

    def priced(self) -> Prices:
        """Current prices as plain numbers."""
        return prices_of(self.session.quote, self.books, self.half_spread)

    def requote(self, bought: Array) -> None:
        """New prices after customers bought `bought` from dealers, ``(1, assets)``."""
        self.session.requote(bought)
        self.prices = self.priced()

    def mark(self, sector: Sector, before: Prices) -> None:
        """Mark every position of a sector to current prices."""
        received = sum(sector.investors.map("mark", before, self.prices))
        self.session.parties.accounts["money_market"].jpy_cash -= received

    def settle(self, sector: Sector, order: Order, ordered_at: Quote) -> None:
        """Settle the orders of a sector's agents, with sum `order`, against the counterparty sector."""
        session, accounts = self.session, self.session.parties.accounts
        costs = sector.investors.map("settle", self.prices, self.half_spread[0].item())
        flow, other = flow_of_sector(order, sector.books), "real_money" if sector.kind.announced else "dealers"
        settle_delivery(accounts[other], flow, session.quote, session.market.roster)
        settle_swap_loan(accounts["money_market"], flow, session.quote)
        accounts["dealers"].usd_cash += sum(usd for usd, _ in costs)
        accounts["dealers"].jpy_cash += sum(jpy for _, jpy in costs)
        session.tallies[other].add_flow(flow.reversed())
        self._tally(sector, order, flow)
        session.flows.spot_trade(column(order.spot_usd, 1), session.quote.usdjpy)
        session.flows.spot_trade(-flow.assets[:, :1], session.quote.usdjpy)
        if sector.hedges:
            bought = dollar_purchases(flow, ordered_at, session.market.roster)
            session.flows.unhedged_gap += flow.assets[:, :1] + flow.hedge_usd - bought - order.kept_usd

    def _tally(self, sector: Sector, order: Order, flow: NetFlow) -> None:
        """Record the flows of a sector."""
        tally = self.session.tallies[sector.name]
        tally.add_flow(flow)
        tally.repatriated = tally.repatriated + order.repatriated
        for cause, amount in order.unwound.items():
            tally.unwound[cause] = tally.unwound.get(cause, 0.0) + column(amount, 1)


def trade_voluntary(floor: Floor, outside: Mapping[str, Array]) -> None:
    """Execute all orders of the agents and outside sales of dollars at one price."""
    session, before = floor.session, floor.prices
    direct, dealt = np.zeros_like(session.market.inventory), np.zeros_like(session.market.inventory)
    orders = [sector.ordered() for sector in floor.sectors]
    for sector, order in zip(floor.sectors, orders, strict=True):
        target = direct if sector.kind.announced else dealt
        target += flow_of_sector(order, sector.books).assets
        direct -= expected_assets(order, sector.books)
    session.market.supply(direct)
    for sold_usd in outside.values():
        dealt[:, :1] -= sold_usd
    floor.requote(dealt)
    for seller, sold_usd in outside.items():
        if sold_usd.any():
            session.sell_dollars(seller, sold_usd)
    for sector, order in zip(floor.sectors, orders, strict=True):
        floor.mark(sector, before)
        floor.settle(sector, order, before.quote)


def trade_forced(floor: Floor, limits: ClearingLimits) -> None:
    """Rounds of forced orders until none is left above the tolerance."""
    first = floor.prices
    levered = [sector for sector in floor.sectors if sector.can_be_forced]
    if any(sector.is_forced(floor.prices) for sector in levered):
        rounds = 0
        while rounds < limits.cascade_rounds and forced_round(floor, levered, limits.cascade_tolerance_usd_bn):
            rounds += 1
        if rounds == limits.cascade_rounds:
            left = forced_amount(floor, levered, forced_orders(floor, levered))
            floor.session.unsettled |= left > limits.cascade_tolerance_usd_bn
    for sector in floor.sectors:
        if not sector.can_be_forced:
            floor.mark(sector, first)


def forced_orders(floor: Floor, levered: Sequence[Sector]) -> list[Order]:
    """Forced orders at current prices, by sector."""
    for sector in levered:
        sector.investors.do("force", floor.prices)
    return [sector.ordered() for sector in levered]


def forced_amount(floor: Floor, levered: Sequence[Sector], orders: Sequence[Order]) -> Array:
    """Gross dollars of the sectors' forced orders, USD bn, ``(1, 1)``."""
    quote, roster = floor.session.quote, floor.session.market.roster
    pairs = zip(levered, orders, strict=True)
    return sum(
        (gross_flow_usd(flow_of_sector(order, sector.books), quote, roster) for sector, order in pairs), column(0.0, 1)
    )


def forced_round(floor: Floor, levered: Sequence[Sector], tolerance: float) -> bool:
    """One round of margin calls, stops and liquidations; False if forced trades are below the tolerance."""
    before, orders = floor.prices, forced_orders(floor, levered)
    amount = forced_amount(floor, levered, orders)
    if not amount > tolerance:
        return False
    pairs = list(zip(levered, orders, strict=True))
    floor.requote(sum((flow_of_sector(order, sector.books).assets for sector, order in pairs), np.zeros((1, 1))))
    for sector, order in pairs:
        floor.mark(sector, before)
        floor.settle(sector, order, before.quote)
        sector.investors.do("executed", before, floor.prices)
    floor.session.rounds += 1.0
    floor.session.forced_usd += amount
    return True


def write_off_losses(economy: Economy, sectors: Sequence[Sector], flows: DayFlows) -> None:
    """Lenders take over the accounts of closed investors and bear their negative equity."""
    lenders, usdjpy = economy.books.accounts["money_market"], economy.market.last.usdjpy
    for sector in sectors:
        usd, jpy, loss = (sum(parts) for parts in zip(*sector.investors.map("write_off"), strict=True))
        lenders.usd_cash += usd
        lenders.jpy_cash += jpy
        flows.lender_loss = flows.lender_loss - usd - jpy / usdjpy
        flows.negative_equity = flows.negative_equity + loss


def pay_incomes(economy: Economy, sectors: Sequence[Sector], accrual: Accrual, prices: Prices) -> None:
    """Overnight interest, coupons and hedging cost of every agent, and distributions to owners."""
    accounts = economy.books.accounts
    night = night_of(accrual, prices.quote, {sector.name: sector.books for sector in sectors})
    for sector in sectors:
        received = sector.investors.map("accrue", night, prices)
        coupons_usd, coupons_jpy, interest_usd, interest_jpy, paid_usd = (
            sum(part) for part in zip(*received, strict=True)
        )
        accounts["issuers"].usd_cash -= coupons_usd
        accounts["issuers"].jpy_cash -= coupons_jpy
        accounts["money_market"].usd_cash -= interest_usd
        accounts["money_market"].jpy_cash -= interest_jpy
        if sector.kind.owners_in_yen:
            accounts["real_money"].jpy_cash += paid_usd * prices.usdjpy
        else:
            accounts["real_money"].usd_cash += paid_usd
