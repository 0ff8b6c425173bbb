"""Open and close of a day: the trading session; write-offs, income, inventory release and central-bank purchases."""

import numpy as np

from simulation.accounts.ledger import DayFlows
from simulation.accounts.settlement import (
    Accrual,
    accrue,
    accrue_account,
    pay_income,
    pay_owners,
    settle_delivery,
    settle_official_purchase,
    write_off,
)
from simulation.day.batch_officials import AnyOfficials
from simulation.day.clearing import MarketParticipants, TradingDay
from simulation.day.economy import Economy
from simulation.policy.ministry_of_finance import next_interest_bill
from simulation.values.conventions import BASIS_POINT, DAYS_PER_COUPON_YEAR, DAYS_PER_YEAR, Flags
from simulation.values.orders import NetFlow


def open_session(economy: Economy, alive: Flags) -> TradingDay:
    """A trading session at yesterday's close."""
    accounts, runs = economy.books.accounts, alive.shape[0]
    return TradingDay(
        MarketParticipants(economy.parts, accounts),
        economy.market, DayFlows.none(runs), economy.empty_tallies(), alive.copy(),
        economy.market.last, np.zeros((runs, 1)), np.zeros((runs, 1)), np.zeros((runs, 1), dtype=np.bool_), {},
    )  # fmt: skip


def close_books(economy: Economy, officials: AnyOfficials, session: TradingDay, day: int) -> None:
    """Settle the close: prices, losses, income, release of inventory to value investors, central-bank purchases."""
    noise = economy.long_run_variance * economy.scenario.noise.scale_x**2
    economy.market.remember(session.quote, noise)
    economy.remember_close(day)
    update_interest_bill(economy, officials, day)
    write_off_losses(economy, session)
    pay_daily_income(economy, session, daily_accrual(economy, officials, day))
    release_inventory(economy, session)
    purchase_bonds(economy, officials, session, day)


def update_interest_bill(economy: Economy, officials: AnyOfficials, day: int) -> None:
    """Update Japan's interest bill: debt is refinanced at today's ten-year yield."""
    at, years = economy.roster.columns["jgb10"], float(officials.days[day] - officials.days[day - 1]) / DAYS_PER_YEAR
    change = economy.market.last.level[:, at : at + 1] - economy.market.rules.start_level[at]
    economy.interest_bill = next_interest_bill(economy.interest_bill, change, years, economy.scenario.fiscal)


def daily_accrual(economy: Economy, officials: AnyOfficials, day: int) -> Accrual:
    """Interest rates of the day and the calendar time since the last business day, in years."""
    rates, days = officials.rates, officials.days
    years = float(days[day] - days[day - 1]) / DAYS_PER_COUPON_YEAR
    return Accrual(rates.fed_rate, rates.boj_rate, rates.hedging_cost, economy.asset_yields(), years)


def write_off_losses(economy: Economy, session: TradingDay) -> None:
    """Write off the negative equity of closed investors against their lenders."""
    for population in economy.parts:
        lost = write_off(population.sheet, economy.books.accounts["money_market"], session.quote)
        if lost is not None:
            session.flows.lender_loss += lost[0]
            session.flows.negative_equity += lost[1]


def pay_daily_income(economy: Economy, session: TradingDay, accrual: Accrual) -> None:
    """Pay interest, coupons and hedging costs, then distributions to owners."""
    accounts = economy.books.accounts
    for population in economy.parts:
        spread = population.parameters.funding_spread_bp * BASIS_POINT
        income, paid = accrue(population.sheet, accrual, spread, session.quote)
        pay_income(accounts["issuers"], accounts["money_market"], paid)
        distributed = population.close(session.quote, income)
        if distributed is not None:
            rate = session.quote.usdjpy if population.owners_in_yen else None
            pay_owners(population.sheet, accounts["real_money"], distributed, rate)
    for name in ("dealers", "real_money"):
        payers = accounts["issuers"], accounts["money_market"]
        accrue_account(accounts[name], payers, accrual, session.quote, economy.roster)


def release_inventory(economy: Economy, session: TradingDay) -> None:
    """Transfer a share of dealer inventory to value investors at the close."""
    flow = NetFlow(economy.market.release(), np.zeros_like(session.rounds))
    back = flow.reversed()
    accounts = economy.books.accounts
    settle_delivery(accounts["real_money"], flow, session.quote, economy.roster)
    settle_delivery(accounts["dealers"], back, session.quote, economy.roster)
    session.tallies["real_money"].add_flow(back)
    session.tallies["dealers"].add_flow(flow)
    session.flows.spot_trade(flow.assets[:, :1], session.quote.usdjpy)
    session.flows.spot_trade(back.assets[:, :1], session.quote.usdjpy)


def purchase_bonds(economy: Economy, officials: AnyOfficials, session: TradingDay, day: int) -> None:
    """Central-bank bond purchases and run-off against reserves; announced, so they have the slow price impact only."""
    accounts, zero = economy.books.accounts, np.zeros_like(session.rounds)
    for name, bought in officials.purchases(day, economy.roster).items():
        if not bought.any():
            continue
        flow = NetFlow(np.broadcast_to(bought, economy.market.inventory.shape).copy(), zero)
        before = accounts[name].usd_cash + accounts[name].jpy_cash
        created = settle_official_purchase(accounts[name], accounts["real_money"], flow, session.quote, economy.roster)
        session.flows.reserves = session.flows.reserves + accounts[name].usd_cash + accounts[name].jpy_cash - before
        session.flows.official_purchases = session.flows.official_purchases + created[0] + created[1]
        session.tallies["real_money"].add_flow(flow.reversed())
        economy.market.supply(flow.assets)
