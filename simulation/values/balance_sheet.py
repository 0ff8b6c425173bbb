"""Balance sheets of the sectors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulation.values.assets import Book, Quote
from simulation.values.conventions import Array, InvestorIndex, Rows, row_sum


@dataclass
class BalanceSheet:
    """Holdings and cash of the investors of a sector; every array ``(runs, investors)``.

    Attributes
    ----------
    books
        Books of assets that the sector holds.
    holdings
        Units of each book.
    usd_cash
        Net dollar cash: deposits minus loans, USD bn.
    jpy_cash
        Net yen cash: deposits minus loans, JPY bn.
    hedge_usd
        Dollars sold forward through FX swaps, USD bn.  Swaps are rolled daily and gains are paid in yen, so the yen leg is
        the same amount at today's rate.  None for sectors that do not hedge.
    equity_usd
        Net worth carried forward by profit and loss, USD bn; the ledger compares it with assets minus liabilities.
    typical_usd
        Mean gross size of a balance sheet at the start, USD bn, ``(runs, 1)``: the scale for accounts closed since.
    """

    books: Mapping[str, Book]
    holdings: dict[str, Array]
    usd_cash: Array
    jpy_cash: Array
    hedge_usd: Array | None
    equity_usd: Array
    typical_usd: Array

    def at(self, where: Rows | InvestorIndex) -> "BalanceSheet":
        """A copy of the balance sheets of some runs, or of selected investors, one row each."""
        rows = where[0][:, 0] if isinstance(where, tuple) else where
        return BalanceSheet(
            self.books,
            {book: units[where] for book, units in self.holdings.items()},
            self.usd_cash[where],
            self.jpy_cash[where],
            None if self.hedge_usd is None else self.hedge_usd[where],
            self.equity_usd[where],
            self.typical_usd[rows],
        )

    def put(self, where: Rows | InvestorIndex, part: "BalanceSheet") -> None:
        """Write back the balance sheets of some runs or of selected investors."""
        for book, units in part.holdings.items():
            self.holdings[book][where] = units
        self.usd_cash[where] = part.usd_cash
        self.jpy_cash[where] = part.jpy_cash
        self.equity_usd[where] = part.equity_usd
        if self.hedge_usd is not None and part.hedge_usd is not None:
            self.hedge_usd[where] = part.hedge_usd

    def take_marks(self, where: InvestorIndex, marked: "BalanceSheet") -> None:
        """Copy the effect of marking to market from the sheets these rows were selected from."""
        self.equity_usd = marked.equity_usd[where]
        if marked.hedge_usd is not None:
            self.jpy_cash = marked.jpy_cash[where]

    def value_usd(self, book: str, quote: Quote) -> Array:
        """Dollar value of one unit of a book's securities, ``(runs, 1)``."""
        return self.books[book].worth_usd(quote)

    def worth_and_size(self, quote: Quote) -> tuple[Array, Array]:
        """Net worth (assets minus liabilities) and gross size, USD bn; rolled swaps have zero value."""
        worth = self.jpy_cash / quote.usdjpy
        size = np.abs(worth)
        worth += self.usd_cash
        size += np.abs(self.usd_cash)
        for book, units in self.holdings.items():
            value = units * self.value_usd(book, quote)
            worth += value
            size += np.abs(value, out=value)
        return worth, size


def new_balance_sheet(
    books: Mapping[str, Book], holdings: dict[str, Array], money: tuple[Array, Array]
) -> BalanceSheet:
    """A balance sheet without hedges and equity; `money` is dollar and yen cash.  See `set_opening_equity`."""
    return BalanceSheet(books, holdings, *money, None, np.zeros_like(money[0]), np.zeros_like(money[0][:, :1]))


def set_opening_equity(sheet: BalanceSheet, quote: Quote) -> BalanceSheet:
    """Set the equity of a new balance sheet to its net worth at the opening quote."""
    sheet.equity_usd, size = sheet.worth_and_size(quote)
    sheet.typical_usd = size.mean(axis=1, keepdims=True)
    return sheet


def sector_units(sheet: BalanceSheet) -> Array:
    """Units of each asset held by a population, ``(runs, assets)``."""
    parts = [row_sum(units) * sheet.books[name].weights for name, units in sheet.holdings.items()]
    return np.asarray(sum(parts[1:], parts[0]))


@dataclass
class Account:
    """Balance sheet of a sector without separate investors: dealers, value investors, lenders, officials, issuers.

    Attributes
    ----------
    units
        Units of each asset, ``(runs, assets)``; the column of USDJPY stays zero.
    usd_cash, jpy_cash
        Net cash, ``(runs, 1)``; negative for a central bank: its reserves outstanding.
    hedge_usd
        Dollars sold forward, ``(runs, 1)``; negative for the counterparty of the swaps.
    """

    units: Array
    usd_cash: Array
    jpy_cash: Array
    hedge_usd: Array


def empty_account(runs: int, assets: int) -> Account:
    """An account with zero holdings and cash."""
    return Account(np.zeros((runs, assets)), np.zeros((runs, 1)), np.zeros((runs, 1)), np.zeros((runs, 1)))
