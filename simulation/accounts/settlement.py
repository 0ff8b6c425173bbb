"""Settlement of trades and income; the only module that changes balance sheets.

Every cash flow is booked twice: once for the investor and once for the counterparty.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulation.values.assets import Book, Quote, Repricing, Roster
from simulation.values.balance_sheet import Account, BalanceSheet
from simulation.values.conventions import Array, Rows, row_sum
from simulation.values.orders import NetFlow, Trade


@dataclass(frozen=True, eq=False)
class Accrual:
    """Rates and yields for one day of accrual, decimals per year.

    Attributes
    ----------
    dollar_rate, yen_rate
        Policy rates, paid on deposits and charged on loans, ``(runs, 1)``.
    hedging_cost
        Cost of a dollar sold forward, ``(runs, 1)``.
    asset_yields
        Coupon or dividend yield of each asset, ``(runs, assets)``.
    years
        Length of the accrual period, actual/365.
    """

    dollar_rate: Array
    yen_rate: Array
    hedging_cost: Array
    asset_yields: Array
    years: float

    @cached_property
    def dollar_interest(self) -> Array:
        """Interest on one dollar, ``(runs, 1)``."""
        return self.dollar_rate * self.years

    @cached_property
    def yen_interest(self) -> Array:
        """Interest on one yen, ``(runs, 1)``."""
        return self.yen_rate * self.years

    def coupon(self, book: Book, quote: Quote) -> Array:
        """Coupons and dividends of one unit of a book, in the book's currency, ``(runs, 1)``."""
        key = self, book.book_set.value_key
        paid = quote.cached(key, lambda prices: book.book_set.value(prices.price * self.asset_yields) * self.years)
        return paid[:, book.column]


@dataclass(frozen=True)
class Payments:
    """Income of a population on one day, from issuers and from lenders, summed over investors, ``(runs, 1)``."""

    issuers_usd: Array
    issuers_jpy: Array
    lenders_usd: Array
    lenders_jpy: Array


def mark_to_market(sheet: BalanceSheet, move: Repricing, rows: Rows | slice = slice(None)) -> Array | None:
    """Revalue the positions of some runs after a price change.

    ``d equity = sum units dV + yen (1/S' - 1/S) + hedge (S - S')/S'``: a rolled swap pays its change in value in yen.
    Returns the yen paid to the swap counterparty, ``(rows, 1)``; None for investors without swaps.
    """
    gain = sheet.jpy_cash[rows] * move.yen_change
    for book, units in sheet.holdings.items():
        gain += units[rows] * move.unit_change(sheet.books[book])
    sheet.equity_usd[rows] += gain
    if sheet.hedge_usd is None:
        return None
    received = sheet.hedge_usd[rows] * (move.before.usdjpy - move.after.usdjpy)
    sheet.jpy_cash[rows] += received
    sheet.equity_usd[rows] += received / move.after.usdjpy
    return -row_sum(received)


def settle_trade(sheet: BalanceSheet, trade: Trade, quote: Quote, half_spread: Array) -> tuple[Array, Array]:
    """Book both legs of a population's trade at `quote`; returns trading costs in dollars and in yen, ``(runs, 1)``.

    Parameters
    ----------
    half_spread
        Half the bid-ask spread of each asset, decimal, ``(assets,)``; the first column is spot USDJPY.
    """
    cost_usd, cost_jpy = half_spread[0] * np.abs(trade.spot_usd), np.zeros(quote.usdjpy.shape)
    sheet.usd_cash += trade.spot_usd
    sheet.jpy_cash -= trade.spot_usd * quote.usdjpy
    for name, units in trade.units.items():
        book, size = sheet.books[name], np.abs(units)
        sheet.holdings[name] += units
        size *= book.charge(quote, half_spread)
        if book.yen_priced:
            sheet.jpy_cash -= units * book.worth(quote) + size
            sheet.equity_usd -= size / quote.usdjpy
            cost_jpy = cost_jpy + row_sum(size)
        else:
            sheet.usd_cash -= units * book.worth(quote)
            cost_usd += size
    sheet.usd_cash -= cost_usd
    sheet.equity_usd -= cost_usd
    _settle_hedge(sheet, trade, quote)
    return row_sum(cost_usd), cost_jpy


def _settle_hedge(sheet: BalanceSheet, trade: Trade, quote: Quote) -> None:
    """Book the near leg of new swaps: dollars received against yen, to be returned at the far leg."""
    if trade.hedge_usd is None or sheet.hedge_usd is None:
        return
    sheet.usd_cash += trade.hedge_usd
    sheet.jpy_cash -= trade.hedge_usd * quote.usdjpy
    sheet.hedge_usd += trade.hedge_usd


def settle_delivery(seller: Account, flow: NetFlow, quote: Quote, roster: Roster) -> None:
    """Book the seller's side of customers' purchases: `seller` delivers units and spot dollars and receives the money."""
    (dollars, yen), spot = roster.paid(flow.assets * quote.price), flow.assets[:, :1]
    units = seller.units[:, 1:]
    units -= flow.assets[:, 1:]
    seller.usd_cash += dollars - spot
    seller.jpy_cash += yen + spot * quote.usdjpy


def settle_swap_loan(lender: Account, flow: NetFlow, quote: Quote) -> None:
    """Book the lender's side of new swaps: dollars lent against yen."""
    lender.usd_cash -= flow.hedge_usd
    lender.jpy_cash += flow.hedge_usd * quote.usdjpy
    lender.hedge_usd -= flow.hedge_usd


def accrue(sheet: BalanceSheet, accrual: Accrual, loan_spread: float, quote: Quote) -> tuple[Array, Payments]:
    """Pay a day's interest, coupons and hedging cost; returns income per investor, USD bn, and the payments by payer.

    ``income = coupons + r_usd usd + spread min(usd, 0) + [r_jpy jpy + spread min(jpy, 0)] / S - hedge cost``
    """
    years = accrual.years
    dollars, yen = sheet.usd_cash * accrual.dollar_interest, sheet.jpy_cash * accrual.yen_interest
    if loan_spread:
        dollars += (loan_spread * years) * np.minimum(sheet.usd_cash, 0.0)
        yen += (loan_spread * years) * np.minimum(sheet.jpy_cash, 0.0)
    if sheet.hedge_usd is not None:
        yen -= sheet.hedge_usd * (accrual.hedging_cost * quote.usdjpy * years)
    lenders_usd, lenders_jpy = row_sum(dollars), row_sum(yen)
    issuers = dict.fromkeys((False, True), np.zeros(quote.usdjpy.shape))
    for name, units in sheet.holdings.items():
        book = sheet.books[name]
        coupon = accrual.coupon(book, quote)
        money = yen if book.yen_priced else dollars
        money += units * coupon
        issuers[book.yen_priced] = issuers[book.yen_priced] + row_sum(units) * coupon
    sheet.usd_cash += dollars
    sheet.jpy_cash += yen
    income = dollars
    income += yen / quote.usdjpy
    sheet.equity_usd += income
    return income, Payments(issuers[False], issuers[True], lenders_usd, lenders_jpy)


def accrue_account(
    account: Account, payers: tuple[Account, Account], accrual: Accrual, quote: Quote, roster: Roster
) -> None:
    """Pay a day's coupons and interest of a one-row sector; `payers` are issuers (coupons) and lenders (interest)."""
    issuers, lenders = payers
    income = account.units * quote.price * accrual.asset_yields * accrual.years
    coupons = roster.paid(income)
    interest = (
        account.usd_cash * accrual.dollar_rate * accrual.years,
        account.jpy_cash * accrual.yen_rate * accrual.years,
    )
    account.usd_cash += coupons[0] + interest[0]
    account.jpy_cash += coupons[1] + interest[1]
    issuers.usd_cash -= coupons[0]
    issuers.jpy_cash -= coupons[1]
    lenders.usd_cash -= interest[0]
    lenders.jpy_cash -= interest[1]


def settle_official_purchase(
    bank: Account, seller: Account, flow: NetFlow, quote: Quote, roster: Roster
) -> tuple[Array, Array]:
    """Book a bond purchase of a central bank with new reserves; returns the dollars and yen created, ``(runs, 1)``."""
    before = seller.usd_cash.copy(), seller.jpy_cash.copy()
    settle_delivery(seller, flow, quote, roster)
    created = seller.usd_cash - before[0], seller.jpy_cash - before[1]
    bank.units += flow.assets
    bank.usd_cash -= created[0]
    bank.jpy_cash -= created[1]
    return created


def pay_income(issuers: Account, lenders: Account, paid: Payments) -> None:
    """Book the payers' side of a population's income."""
    issuers.usd_cash -= paid.issuers_usd
    issuers.jpy_cash -= paid.issuers_jpy
    lenders.usd_cash -= paid.lenders_usd
    lenders.jpy_cash -= paid.lenders_jpy


def pay_owners(sheet: BalanceSheet, owners: Account, paid_usd: Array, usdjpy: Array | None = None) -> None:
    """Distribute income to owners (negative: capital paid in), USD bn, ``(runs, investors)``; in yen at `usdjpy` if given."""
    sheet.equity_usd -= paid_usd
    if usdjpy is None:
        sheet.usd_cash -= paid_usd
        owners.usd_cash += row_sum(paid_usd)
    else:
        paid_jpy = paid_usd * usdjpy
        sheet.jpy_cash -= paid_jpy
        owners.jpy_cash += row_sum(paid_jpy)


def write_off(sheet: BalanceSheet, lenders: Account, quote: Quote) -> tuple[Array, Array] | None:
    """Close investors without positions whose debts exceed their assets.

    The lender takes over both money accounts, so its loss equals the borrower's negative equity.  Returns the lender's loss
    and the negative equity written off, USD bn, ``(runs, 1)``, computed independently; None if no investor is closed.
    """
    closed = sheet.equity_usd < 0.0
    if closed.any():
        for units in sheet.holdings.values():
            closed &= units == 0.0
    if not closed.any():
        return None
    usd, jpy = np.where(closed, sheet.usd_cash, 0.0), np.where(closed, sheet.jpy_cash, 0.0)
    loss = np.where(closed, -sheet.equity_usd, 0.0)
    sheet.usd_cash -= usd
    sheet.jpy_cash -= jpy
    sheet.equity_usd[closed] = 0.0
    lenders.usd_cash += row_sum(usd)
    lenders.jpy_cash += row_sum(jpy)
    return -row_sum(usd) - row_sum(jpy) / quote.usdjpy, row_sum(loss)
