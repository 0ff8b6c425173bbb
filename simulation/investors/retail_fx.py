"""Japanese retail margin traders: contrarian long dollar positions, closed by brokers within the day if margin is too low."""

from datetime import date
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulation.investors.population import Lognormal, Population, PopulationParameters, personal_parameter
from simulation.investors.rules import (
    incentive_ratio,
    outside_band,
    position_gap,
    trade_by_cause,
    usdjpy_after_falls,
)
from simulation.values.assets import Book, Quote, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import PERCENT, Array, Flags, row_sum
from simulation.values.orders import INCENTIVE, LIQUIDATION, REBUILDING, Information, Trade
from simulation.values.parameters import quantity

DOLLARS = "dollars"
CONTRARIAN_SOURCE = "sign: Mukoyama, Kikuta and Washimi (2018), BOJ Review 2018-E-3"


class RetailFxParameters(PopulationParameters):
    """Retail margin traders of MODEL section 3."""

    ACTS_WHEN: ClassVar = {
        "least_carry_pct": "expected carry at the start is below it",
        "most_x": "the target of a trader reaches it",
        "entry_leverage_x": "the leverage of a trader reaches it",
        "stop_out_pct": "losses bring a trader near the limit of its broker",
        "legal_leverage_x": "losses bring a trader near the limit of its broker",
    }

    kind: Literal["retail_fx"] = "retail_fx"
    investors: int = Field(200, ge=1, le=20_000_000, description="number of traders: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        60, "$bn", (0, 10_000), "dollars held on margin", "MODEL section 3; Matsuda et al. (2023), BOJ Review 23-E-7"
    )
    funding_spread_bp: float = quantity(
        50,
        "bp per year",
        (0, 5000),
        "brokers' margin on swap points",
        "assumption: brokers keep 0.5 pp of the rate differential",
    )
    leverage_x: Lognormal = personal_parameter(
        Lognormal(median=8, log_sd=0.4, highest=20), "multiple of equity", "usual leverage", "MODEL section 3: about 8"
    )
    legal_leverage_x: float = quantity(
        25, "multiple of equity", (1, 1000), "legal cap: margin of 4 %", "Financial Services Agency, since August 2011"
    )
    stop_out_pct: float = quantity(
        100, "% of legal margin", (0, 1000), "margin ratio below which brokers close the position", "MODEL section 3"
    )
    entry_leverage_x: float = quantity(
        15,
        "multiple of equity",
        (0.1, 1000),
        "leverage above which traders do not buy",
        "assumption: between usual leverage, 8, and the legal cap, 25",
    )
    contrarian_x: Lognormal = personal_parameter(
        Lognormal(median=5, log_sd=0.5),
        "share per unit of fall",
        "share of the usual position bought per unit of fall",
        CONTRARIAN_SOURCE,
    )
    memory_days: Lognormal = personal_parameter(
        Lognormal(median=20, log_sd=0.5, lowest=1),
        "business days",
        "averaging period of the reference rate",
        "assumption: a month",
    )
    carry_share: float = quantity(
        0.8, "share", (0, 1), "part of the usual position that follows expected carry; the rest is independent of it",
        "traders earn swap points, which follow the rate differential; the size is an assumption",
    )  # fmt: skip
    least_carry_pct: float = quantity(
        0.5,
        "% per year",
        (0.01, 100),
        "lower bound on initial carry in the response of the position",
        "assumption: as carry funds",
    )
    most_x: float = quantity(
        2,
        "multiple of the usual position",
        (1, 20),
        "largest target position",
        "assumption: traders at most double their usual position",
    )
    speed_pct_per_day: Lognormal = personal_parameter(
        Lognormal(median=20, log_sd=0.5, highest=100),
        "% of the gap per day",
        "speed of trading",
        "assumption: two thirds of a gap are closed in a week",
    )
    band_pct: float = quantity(
        5,
        "% of the usual position",
        (0, 100),
        "inaction band: smaller gaps are not traded",
        "assumption: half of the band of carry funds, since trades are small",
    )
    new_money_pct_per_day: float = quantity(
        1,
        "% of the gap per day",
        (0, 100),
        "margin paid in after losses and withdrawn after gains",
        "assumption: slow relative to trading; new money comes from savings",
    )


def contrarian_target(usual: Array, distance: Array, response: Array, most: float) -> Array:
    """Target position in dollars: larger below the reference rate, smaller above it.

    ``usual min((1 - response distance)+, most)``

    Parameters
    ----------
    usual
        Target position at the reference rate, USD bn, ``(runs, investors)``.
    distance
        Log of USDJPY over the reference rate, ``(runs, investors)``.
    response
        Share of the usual position per unit of distance.

    Source: Mukoyama, Kikuta and Washimi (2018), BOJ Review 2018-E-3: positions held overnight or longer are contrarian.
    """
    return np.asarray(usual * np.minimum(np.maximum(1.0 - response * distance, 0.0), most))


def is_stopped_out(equity: Array, notional: Array, legal_leverage: float, ratio: float) -> Flags:
    """Whether the margin ratio of an open position, equity over ``notional / legal_leverage``, is below `ratio`.

    Source: Cabinet Office Ordinance on Financial Instruments Business: loss-cut rule (2010), margin of 4 % (2011).
    """
    return np.asarray((equity * legal_leverage < ratio * notional) & (notional > 0.0))


class RetailFx(Population):
    """Retail margin traders: one unit of their book is a dollar funded by a yen loan; margin is held in yen.

    Traders are residents of Japan, but closing a position repays a loan and is not repatriation.
    """

    Parameters = RetailFxParameters
    role = "retail"
    since = date(1998, 4, 1)  # Foreign Exchange and Foreign Trade Act as revised: banks lose their monopoly
    margined = True
    owners_in_yen = True

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes, leverage, responses, averaging periods and speeds."""
        own = self.parameters
        return super().draws(stream, count) | {
            "leverage": own.leverage_x.sample(stream, count),
            "response": own.contrarian_x.sample(stream, count),
            "memory_days": own.memory_days.sample(stream, count),
            "speed": own.speed_pct_per_day.sample(stream, count) * PERCENT,
        }

    def books(self, roster: Roster) -> dict[str, Book]:
        """Dollars at par."""
        return {DOLLARS: book_from_shares(roster, {})}

    def endowment(self, now: Information) -> BalanceSheet:
        """Dollars bought with a yen loan and the margin."""
        stock = self.traits["stock"]
        self.memory = {"average": np.zeros_like(stock), "closed": np.zeros_like(stock), "uncut": stock.copy()}
        loan = (stock - self.start_equity()) * now.quote.usdjpy
        return new_balance_sheet(self.books(now.roster), {DOLLARS: stock.copy()}, (stock.copy(), -loan))

    def start_equity(self) -> Array:
        """Margin of each trader's usual position at its usual leverage, USD bn, ``(runs, investors)``."""
        return np.asarray(self.traits["stock"] / self.traits["leverage"])

    def orders(self, now: Information) -> Trade | None:
        """Adjust towards the contrarian target within the margin limit."""
        own, stock, held = self.parameters, self.traits["stock"], self.sheet.holdings[DOLLARS]
        distance = now.quote.log_price[:, :1] - self.memory["average"]
        target = contrarian_target(stock * self.carry_scale(now), distance, self.traits["response"], own.most_x)
        step = self.traits["speed"] * outside_band(target - held, stock, own.band_pct * PERCENT)
        if not step.any():
            return None
        most = min(own.entry_leverage_x, own.legal_leverage_x) * self.sheet.equity_usd
        bought = np.minimum(step, np.maximum(most - held, 0.0))
        parts = trade_by_cause(bought, position_gap(target, np.zeros_like(held), held, self.memory["uncut"]))
        self.memory["uncut"] = self.memory["uncut"] + parts.incentive
        return self._trade(bought, {INCENTIVE: parts.incentive + parts.volatility_target, REBUILDING: parts.rebuilding})

    def carry_scale(self, now: Information) -> Array:
        """Usual position relative to the start, which partly follows expected carry, ``(runs, 1)``."""
        own = self.parameters
        follows = incentive_ratio(now.carry, self.start.carry, own.least_carry_pct * PERCENT)
        return np.asarray(1.0 - own.carry_share + own.carry_share * np.minimum(follows, own.most_x))

    def _trade(self, bought: Array, causes: dict[str, Array]) -> Trade:
        """Buy dollars, by cause; traders also convert the dollar interest received since their last trade."""
        after = self.sheet.holdings[DOLLARS] + bought
        spot = (after - self.sheet.usd_cash) * (bought != 0.0)
        return Trade({DOLLARS: bought}, spot, None, {cause: -row_sum(part) for cause, part in causes.items()})

    def stopped_out(self, equity: Array) -> Flags:
        """Whether brokers close each trader's position at this equity, ``(runs, investors)``."""
        own = self.parameters
        return is_stopped_out(equity, self.sheet.holdings[DOLLARS], own.legal_leverage_x, own.stop_out_pct * PERCENT)

    def forced_investors(self, quote: Quote, now: Information) -> Flags:
        """Traders whose margin ratio is too low, ``(runs, investors)``."""
        return self.stopped_out(self.sheet.equity_usd)

    def forced_orders(self, quote: Quote, now: Information) -> Trade:
        """Close all positions whose margin ratio is too low."""
        held = self.sheet.holdings[DOLLARS]
        closed = -held * self.stopped_out(self.sheet.equity_usd)
        return self._trade(closed, {LIQUIDATION: closed})

    def forced_spot_usd(self, falls: tuple[float, ...], now: Information) -> list[Array]:
        """Forced dollar sales after each of `falls` of USDJPY from the close, each ``(runs, 1)``."""
        usdjpy, sold = now.quote.usdjpy, list[Array]()
        for lower in usdjpy_after_falls(usdjpy, falls, self.sheet.equity_usd.size):
            equity = self.sheet.equity_usd + self.sheet.jpy_cash * (1.0 / lower - 1.0 / usdjpy)
            sold.extend(row_sum(np.where(self.stopped_out(equity), self.sheet.usd_cash, 0.0)))
        return sold

    def levered_spot_usd(self, usdjpy: Array) -> Array:
        """Dollars held."""
        return row_sum(self.sheet.usd_cash)

    def record_execution(self, trade: Trade, order_quote: Quote, now: Information, quote: Quote) -> None:
        """Record the traders stopped out today."""
        if LIQUIDATION in trade.unwound:
            self.memory["closed"] = np.where(trade.units[DOLLARS] < 0.0, 1.0, self.memory["closed"])

    def close(self, quote: Quote, income: Array) -> Array:
        """Pay out the remaining equity of stopped-out traders; adjust margin slowly after gains and losses."""
        average, equity = self.memory["average"], self.sheet.equity_usd
        self.memory["average"] = average + (quote.log_price[:, :1] - average) / self.traits["memory_days"]
        left = np.maximum(equity, 0.0) * (self.memory["closed"] > 0.0)
        self.memory["closed"] = np.zeros_like(equity)
        speed = self.parameters.new_money_pct_per_day * PERCENT
        return np.asarray(left + speed * (equity - left - self.start_equity()))

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Close a share of the initial position and repay its loan; `converted` has no effect."""
        left = -np.minimum(share * self.traits["stock"], self.sheet.holdings[DOLLARS])
        return self._trade(left, {INCENTIVE: left})

    def stock(self) -> Array:
        """Dollars held on margin."""
        return row_sum(self.sheet.holdings[DOLLARS])
