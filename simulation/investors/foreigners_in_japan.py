"""Foreign investors in Japan: currency-hedged Japanese equity and random bond purchases."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from simulation.investors.population import (
    Lognormal,
    Population,
    PopulationParameters,
    PopulationStart,
    personal_parameter,
)
from simulation.investors.rules import outside_band
from simulation.values.assets import JAPAN_EQUITY, JGB10, Book, Quote, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import PERCENT, Array, row_sum
from simulation.values.orders import Information, Trade
from simulation.values.parameters import quantity


class ForeignersInJapanParameters(PopulationParameters):
    """Foreign holders of hedged Japanese equity, MODEL section 3."""

    kind: Literal["foreigners_in_japan"] = "foreigners_in_japan"
    investors: int = Field(100, ge=1, le=20_000_000, description="number of holders: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        300,
        "$bn",
        (0, 10_000),
        "hedged equity",
        "MODEL section 3; 10-20 % of foreign holdings hedged, JPMorgan (September 2025)",
    )
    hedge_ratio: float = quantity(
        1,
        "share",
        (0, 1),
        "part of this equity's value that is hedged",
        "assumption: the population is the hedged part of foreign holdings alone",
    )
    speed_pct_per_day: Lognormal = personal_parameter(
        Lognormal(median=20, log_sd=0.5, highest=100),
        "% of the gap per day",
        "speed of hedge adjustment: about a week",
        "assumption: about a week",
    )
    band_pct: float = quantity(
        2,
        "% of the start position",
        (0, 100),
        "inaction band: smaller gaps are not traded",
        "assumption: hedges are adjusted for changes of 2 % or more",
    )
    jgb_stock_jpy_bn: float = quantity(
        80_000,
        "JPY bn",
        (0, 1e6),
        "yen bonds held at the start",
        "Bank of Japan, Flow of Funds 2025: 7 % of JGBs (rounded)",
    )
    bond_flow_jpy_bn: float = quantity(
        100,
        "JPY bn per day",
        (0, 1e5),
        "standard deviation of net purchases, ten-year equivalents; 0: none",
        "assumption: noise of 220 JPY bn a week, small relative to the stock",
    )


def hedge_gap(value: Array, hedge: Array, ratio: float) -> Array:
    """Yen to sell against dollars so that the hedge equals `ratio` times the value; negative: yen to buy back.

    ``ratio value - hedge``, JPY bn, ``(runs, investors)``.

    Source: MODEL section 3; Melvin and Prins (2015): equity managers sell the currency of markets that rise.
    """
    return ratio * value - hedge


class ForeignersInJapan(Population):
    """Foreign investors with Japanese equity funded by yen debt, which is the currency hedge.

    Bond purchases are also funded with yen debt, so they move yields but not the spot rate.  When equities fall, debt exceeds
    their value and yen are bought back.  The hedge is measured at order prices; yen income and differences between order and
    execution prices go to the owners.
    """

    Parameters = ForeignersInJapanParameters
    role = "other"
    needs = (JAPAN_EQUITY, JGB10)
    owners_in_yen = True
    common_memory = ("bond_flow",)

    def __init__(self, name: str, parameters: Any, start: PopulationStart) -> None:
        super().__init__(name, parameters, start)
        drawn = start.streams.draw(f"bond_flow:{name}", lambda stream: stream.standard_normal(start.days))
        self.memory["bond_flow"] = drawn * (parameters.bond_flow_jpy_bn * start.noise_scale)

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes and speeds."""
        speed = self.parameters.speed_pct_per_day.sample(stream, count) * PERCENT
        return super().draws(stream, count) | {"speed": speed}

    def books(self, roster: Roster) -> dict[str, Book]:
        """Japanese equity and JGBs."""
        return {
            JAPAN_EQUITY: book_from_shares(roster, {JAPAN_EQUITY: 1.0}),
            JGB10: book_from_shares(roster, {JGB10: 1.0}),
        }

    def endowment(self, now: Information) -> BalanceSheet:
        """Equity and bonds funded with yen debt; unused dollars are held as deposits."""
        own, stock, usdjpy = self.parameters, self.traits["stock"], now.quote.usdjpy
        bonds, hedge = own.jgb_stock_jpy_bn * self.shares(), own.hedge_ratio * stock * usdjpy
        self.memory = {"hedge": hedge, "bond_debt": bonds}
        money = own.hedge_ratio * stock, -(hedge + bonds)
        return new_balance_sheet(self.books(now.roster), {JAPAN_EQUITY: stock * usdjpy, JGB10: bonds.copy()}, money)

    def shares(self) -> Array:
        """Each investor's share of the population's stock."""
        return np.asarray(self.traits["stock"] / np.maximum(self.parameters.stock_usd_bn, 1e-12))

    def orders(self, now: Information) -> Trade | None:
        """Adjust the hedge towards the value of equity; trade the day's bonds."""
        own, held = self.parameters, self.sheet.holdings
        value = held[JAPAN_EQUITY] * self.sheet.books[JAPAN_EQUITY].worth(now.quote)
        gap = outside_band(
            hedge_gap(value, self.memory["hedge"], own.hedge_ratio), held[JAPAN_EQUITY], own.band_pct * PERCENT
        )
        sold_jpy = self.traits["speed"] * gap
        flow = self.memory["bond_flow"][:, now.step : now.step + 1]
        if not gap.any() and not flow.any():
            return None
        bonds = np.maximum(flow * self.shares(), -held[JGB10])
        self.memory["hedge"] = self.memory["hedge"] + sold_jpy
        self.memory["bond_debt"] = self.memory["bond_debt"] + bonds * self.sheet.books[JGB10].worth(now.quote)
        return Trade({JGB10: bonds}, sold_jpy / now.quote.usdjpy, None, {})

    def close(self, quote: Quote, income: Array) -> Array:
        """Pay out yen in excess of the debt for hedge and bonds, which is mostly income."""
        return (self.sheet.jpy_cash + self.memory["hedge"] + self.memory["bond_debt"]) / quote.usdjpy

    def stock(self) -> Array:
        """Japanese equity held, at start prices: constant, because the population trades its currency hedge and bonds only."""
        return row_sum(self.sheet.holdings[JAPAN_EQUITY]) / self.start.quote.usdjpy
