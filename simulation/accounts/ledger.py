"""Daily flows of each sector, and the accounting identities that hold every day in every run.

Each identity is a residual per run, ``(runs,)``, relative to the amounts compared; amounts below one billion count as one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final, Self

import numpy as np

from simulation.values.assets import Quote
from simulation.values.balance_sheet import Account, BalanceSheet, sector_units
from simulation.values.conventions import Array, row_sum
from simulation.values.orders import NetFlow, Trade


@dataclass
class SectorFlows:
    """Flows, unwinding by cause and repatriation of one sector in one day.

    Attributes
    ----------
    assets
        Units bought of each asset, ``(runs, assets)``; the first column is spot dollars, USD bn.
    repatriated
        Foreign assets sold and converted to yen by residents, USD bn, ``(runs, 1)``.
    unwound
        Reduction of foreign positions by cause, USD bn at start prices, ``(runs, 1)``.
    """

    assets: Array
    repatriated: Array
    unwound: dict[str, Array] = field(default_factory=dict)

    def add_flow(self, flow: NetFlow) -> None:
        """Add a flow."""
        self.assets += flow.assets

    def take_side(self, flow: NetFlow) -> None:
        """Add the counterparty side of a customer's flow."""
        self.assets -= flow.assets

    def add(self, trade: Trade, flow: NetFlow) -> None:
        """Add a trade and its flow."""
        self.add_flow(flow)
        if trade.repatriated is not None:
            self.repatriated += trade.repatriated
        for cause, amount in trade.unwound.items():
            self.unwound[cause] = self.unwound.get(cause, 0.0) + amount


TOLERANCE: Final = 1e-9
"""Largest relative residual of an identity."""


@dataclass
class DayFlows:
    """Flows of one day, recorded independently on both sides; every array ``(runs, 1)``.

    Attributes
    ----------
    spot_usd, spot_jpy
        Spot dollars bought and yen paid, one entry per trade of a sector, USD bn and JPY bn.
    unhedged_gap
        Spot and forward dollars bought by hedgers minus their purchases of dollar assets, USD bn at order prices.
    lender_loss, negative_equity
        Claims written off by lenders and the negative equity they belong to, USD bn.
    reserves, official_purchases
        Change of central-bank reserves and the bonds bought with them, bn of the currency.
    """

    spot_usd: list[Array]
    spot_jpy: list[Array]
    unhedged_gap: Array
    lender_loss: Array
    negative_equity: Array
    reserves: Array
    official_purchases: Array

    @classmethod
    def none(cls, runs: int) -> Self:
        """A day without flows."""
        zeros = [np.zeros((runs, 1)) for _ in fields(cls)]
        return cls(zeros[:1], zeros[1:2], *zeros[2:])

    def spot_trade(self, spot_usd: Array, usdjpy: Array) -> None:
        """Add a sector's spot purchase of dollars, USD bn, ``(runs, 1)``."""
        self.spot_usd.append(spot_usd)
        self.spot_jpy.append(spot_usd * usdjpy)


@dataclass(frozen=True)
class SectorAccounts:
    """All balance sheets of the economy and the amount outstanding of each asset, ``(runs, assets)``."""

    sheets: Mapping[str, BalanceSheet]
    accounts: Mapping[str, Account]
    outstanding: Array


def relative_residual(difference: Array, scale: Array) -> Array:
    """Largest ``|difference| / max(scale, 1)`` of each run, ``(runs,)``."""
    return np.asarray((np.abs(difference) / np.maximum(np.abs(scale), 1.0)).max(axis=1))


def sum_residual(amounts: Sequence[Array]) -> Array:
    """Absolute sum of amounts, each ``(runs, 1)``, relative to the sum of their absolute values, ``(runs,)``.

    Amounts are added in sequence, because NumPy's summation order over the first axis depends on the number of runs.
    """
    each = np.concatenate(amounts, axis=1)
    return relative_residual(np.add.accumulate(each, axis=1)[:, -1:], np.add.accumulate(np.abs(each), axis=1)[:, -1:])


def holdings_add_up(books: SectorAccounts) -> Array:
    """Identity 1: for every asset, the holdings of all sectors sum to the amount outstanding."""
    held = sum((sector_units(sheet) for sheet in books.sheets.values()), np.zeros_like(books.outstanding))
    for account in books.accounts.values():
        held = held + account.units
    return relative_residual(held - books.outstanding, books.outstanding)


def spot_trades_balance(flows: DayFlows) -> Array:
    """Identity 2: spot trades of all sectors sum to zero, in dollars and in yen."""
    return np.maximum(sum_residual(flows.spot_usd), sum_residual(flows.spot_jpy))


def equity_explained(books: SectorAccounts, quote: Quote) -> Array:
    """Identity 3: every investor's net worth from the balance equals its equity carried forward by profit and loss.

    Relative to the gross size of the investor's balance sheet, at least a thousandth of the population's mean at the start.
    """
    worst = np.zeros(books.outstanding.shape[0])
    for sheet in books.sheets.values():
        gap, size = sheet.worth_and_size(quote)
        floor = np.maximum(1e-3 * sheet.typical_usd, 1e-300)
        gap -= sheet.equity_usd
        np.abs(gap, out=gap)
        gap /= np.maximum(size, floor, out=size)
        worst = np.maximum(worst, np.maximum.reduce(gap, axis=1))
    return worst


def money_adds_up(books: SectorAccounts) -> Array:
    """Identity 4: loans owed equal loans held and swap legs cancel, in dollars and in yen."""
    sheets, accounts = books.sheets.values(), books.accounts.values()
    dollars = sum_residual(
        [*(row_sum(sheet.usd_cash) for sheet in sheets), *(account.usd_cash for account in accounts)]
    )
    yen = sum_residual([*(row_sum(sheet.jpy_cash) for sheet in sheets), *(account.jpy_cash for account in accounts)])
    hedges = [row_sum(sheet.hedge_usd) for sheet in sheets if sheet.hedge_usd is not None]
    swaps = sum_residual([*hedges, *(account.hedge_usd for account in accounts)])
    return np.maximum(np.maximum(dollars, yen), swaps)


def hedges_leave_spot_alone(flows: DayFlows) -> Array:
    """Identity 5: a hedged purchase has no spot trade; a change of the hedge ratio has one and no bond purchase."""
    return relative_residual(flows.unhedged_gap, np.ones_like(flows.unhedged_gap))


def reserves_follow_bonds(flows: DayFlows) -> Array:
    """Identity 6: central-bank reserves change by the bonds bought with them."""
    return relative_residual(flows.reserves + flows.official_purchases, flows.official_purchases)


def losses_are_borne(flows: DayFlows) -> Array:
    """Identity 7: lenders' losses equal the negative equity written off."""
    return relative_residual(flows.lender_loss - flows.negative_equity, flows.negative_equity)


def ledger_residuals(books: SectorAccounts, flows: DayFlows, quote: Quote) -> dict[str, Array]:
    """Relative residual of every identity by name, each ``(runs,)``."""
    return {
        "holdings_add_up": holdings_add_up(books),
        "spot_trades_balance": spot_trades_balance(flows),
        "equity_explained": equity_explained(books, quote),
        "money_adds_up": money_adds_up(books),
        "hedges_leave_spot_alone": hedges_leave_spot_alone(flows),
        "reserves_follow_bonds": reserves_follow_bonds(flows),
        "losses_are_borne": losses_are_borne(flows),
    }
