"""Hedge-fund carry traders: they borrow yen, hold dollar assets and adjust to carry, volatility, margin calls and stops."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulation.investors.population import Lognormal, Population, PopulationParameters, personal_parameter
from simulation.investors.rules import (
    TINY,
    has_margin_call,
    incentive_ratio,
    is_stopped,
    margin_call,
    margin_requirement,
    outside_band,
    partial_adjustment,
    position_gap,
    stop_level,
    target_leverage,
    trade_by_cause,
    usdjpy_after_falls,
    volatility_ratio,
)
from simulation.values.assets import Book, Quote, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import PERCENT, Array, Flags, row_sum
from simulation.values.orders import INCENTIVE, MARGIN, REBUILDING, STOP, VOLATILITY_TARGET, Information, Trade
from simulation.values.parameters import CALIBRATED, Parameters, quantity

BASKET = "basket"
VOLATILITY_TARGET_TEXT = "positions shrink when the volatility of USDJPY rises"
MARGIN_TEXT = "lenders make margin calls within the day"
TRAILING_STOP_TEXT = "trailing stops cut positions within the day"


class Switches(Parameters):
    """Active mechanisms; each can be switched off separately."""

    incentive: bool = Field(True, description="target leverage follows expected carry")
    momentum: bool = Field(True, description="the trend of USDJPY counts as expected return")
    risk_budget: bool = Field(True, description="the risk budget follows equity")
    volatility_target: bool = Field(True, description=VOLATILITY_TARGET_TEXT)
    margin: bool = Field(True, description=MARGIN_TEXT)
    trailing_stop: bool = Field(True, description=TRAILING_STOP_TEXT)


class CarryIncentive(Parameters):
    """Expected return: ``mu = carry + alpha momentum - rho P(adverse surprise)``."""

    ACTS_WHEN: ClassVar = {
        "surprise_aversion_pct": "a meeting lies ahead whose outcome is open",
        "least_start_pct": "the expected return at the start is below it",
    }

    momentum_weight: float = quantity(
        0.02,
        "per unit",
        (0, 10),
        "alpha: weight of the trend of USDJPY",
        "assumption: a trend of 10 % a year counts as 0.2 % a year of carry",
    )
    surprise_aversion_pct: float = quantity(
        1,
        "% per year",
        (0, 100),
        "rho: charge for an unpriced 25 bp step",
        "assumption: even odds of a hike (p(1-p) = .25) cost a quarter of a point of carry",
    )
    least_start_pct: float = quantity(
        0.5,
        "% per year",
        (0.01, 100),
        "lower bound on the initial expected return in the response of the target",
        "assumption: keeps the response finite if initial carry is near zero",
    )


class Adjustment(Parameters):
    """Speed at which positions and risk budgets follow their targets."""

    band_pct: float = quantity(10, "% of the position", (0, 100), "inaction band", "MODEL section 3")
    rebuild_pct_per_day: float = quantity(1, "% of the gap per day", (0, 100), "speed of rebuilding", "MODEL section 3")
    cut_pct_per_day: float = quantity(7.5, "% of the gap per day", (0, 100), "speed of cutting", "MODEL section 3")
    budget_pct_per_day: float = quantity(
        3, "% of the gap per day", (0, 100), "speed at which the risk budget follows equity", "MODEL section 3"
    )


class Margin(Parameters):
    """Margin required by prime brokers: ``max(m0, z sigma sqrt(h))``."""

    ACTS_WHEN: ClassVar = {
        "floor_pct": "a margin call comes near while the margin stands at its minimum",
        "quantile": "volatility lifts the margin above its minimum",
        "days": "volatility lifts the margin above its minimum",
        "restore_share": "a margin is called",
    }

    floor_pct: float = quantity(
        4,
        "% of the position",
        (0.1, 100),
        "m0: minimum margin",
        "CME, margin on yen futures: 3-5 %",
    )
    quantile: float = quantity(
        2.33, "standard deviations", (0, 10), "z: quantile, 99 %", "Brunnermeier and Pedersen (2009)"
    )
    days: float = quantity(10, "business days", (0, 250), "h: close-out period", "BCBS-IOSCO (2020), 10 days")
    restore_share: float = quantity(
        0.9, "share", (0.1, 1), "share of the limit that a margin call restores", "MODEL section 3"
    )


class TrailingStop(Parameters):
    """A fall of USDJPY from its 120-day high at which an investor reduces its position."""

    distance_pct: Lognormal = personal_parameter(
        Lognormal(median=8.8, log_sd=0.5),
        "% of the high",
        "theta: fall at which an investor reduces its position",
        "MODEL section 3: 7.6-8.8",
    )
    cut_share: float = quantity(
        0.6, "share", (0, 1), "part of the position closed when the stop is hit", "MODEL section 3"
    )


class LeveredCarryParameters(PopulationParameters):
    """Parameters of all populations that borrow yen against dollar assets; the defaults are those of hedge funds."""

    ACTS_WHEN: ClassVar = {
        "leverage_cap_x": "the target leverage of an investor reaches it",
        "volatility_target_cap_x": "volatility falls below its long-run value",
    }

    investors: int = Field(1000, ge=1, le=20_000_000, description="number of funds: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        250, "$bn", (0, 100_000), "notional", "BIS Bulletin 90 (2024): about 40 JPY tn; 150-500"
    )
    position_scale_x: float = quantity(
        1, "multiple of the stated stock", (0.01, 100),
        "ratio of actual positions to the estimate in stock_usd_bn, which is uncertain",
        "150-500 around 250 $bn, BIS Bulletin 90 (2024)",
    )  # fmt: skip
    funding_spread_bp: float = quantity(
        40,
        "bp per year",
        (0, 5000),
        "prime-broker spread on yen loans",
        "assumption: order of magnitude of prime brokers' financing spreads",
    )
    basket: dict[str, float] = Field(
        default_factory=lambda: {"ust10": 0.45, "us_equity": 0.35, "bitcoin": 0.05},
        description="shares of the position by asset; the rest is other dollar assets held at par",
        json_schema_extra={"source": "MODEL section 3"},
    )
    leverage_x: Lognormal = Lognormal(median=4, log_sd=0.35, highest=12)
    leverage_cap_x: float = quantity(
        15,
        "multiple of equity",
        (0.1, 200),
        "highest target leverage",
        "assumption: above the highest leverage at the start, 12",
    )
    volatility_target_cap_x: float = quantity(
        1.2, "multiple", (0.1, 10), "cap on the increase of leverage in calm markets", "MODEL section 3"
    )
    incentive: CarryIncentive = CarryIncentive()
    adjustment: Adjustment = Adjustment()
    margin: Margin = Margin()
    trailing_stop: TrailingStop = TrailingStop()
    switches: Switches = Switches()


class CarryFundParameters(LeveredCarryParameters):
    """Hedge-fund carry traders of MODEL section 3."""

    kind: Literal["carry_funds"] = "carry_funds"
    leverage_x: Lognormal = personal_parameter(
        Lognormal(median=4.5, log_sd=0.35, highest=12),
        "multiple of equity",
        "position over equity",
        f"{CALIBRATED}; prior 3-6",
    )
    adjustment: Adjustment = Field(
        Adjustment(rebuild_pct_per_day=1.2, cut_pct_per_day=7.0),
        description=f"speeds, {CALIBRATED}; priors .5-4 (rebuilding) and 4-12 (cutting) around MODEL section 3",
    )
    trailing_stop: TrailingStop = Field(
        TrailingStop(distance_pct=Lognormal(median=8.4, log_sd=0.47), cut_share=0.58),
        description=f"stops, {CALIBRATED}; priors 5-12 % (median), .2-.7 (log sd), .4-.8 (cut)",
    )


@dataclass(frozen=True)
class MarginLimits:
    """Inputs to margin calls and stops: positions, margin per dollar and the level of each trailing stop."""

    notional: Array
    requirement: Array
    stop_level: Array


def expected_return(now: Information, incentive: CarryIncentive, momentum_on: bool) -> Array:
    """Expected return mu of the carry trade, decimal per year, ``(runs, 1)``.

    ``mu = carry + alpha momentum - rho P(adverse surprise)``.  Source: MODEL section 3; Burnside et al. (2011).
    """
    trend = incentive.momentum_weight * now.momentum if momentum_on else 0.0
    return np.asarray(now.carry + trend - incentive.surprise_aversion_pct * PERCENT * now.adverse_surprise)


class CarryFunds(Population):
    """Hedge-fund carry traders; they buy dollars spot with borrowed yen."""

    Parameters: ClassVar[type[LeveredCarryParameters]] = CarryFundParameters
    role = "levered"
    margined = True

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes, leverage and stop distances."""
        own, drawn = self.parameters, super().draws(stream, count)
        return drawn | {
            "stock": own.position_scale_x * drawn["stock"],
            "leverage": own.leverage_x.sample(stream, count),
            "stop_distance": own.trailing_stop.distance_pct.sample(stream, count) * PERCENT,
        }

    def books(self, roster: Roster) -> dict[str, Book]:
        """One basket of dollar assets."""
        return {BASKET: book_from_shares(roster, self.parameters.basket)}

    def endowment(self, now: Information) -> BalanceSheet:
        """A basket bought with a yen loan; equity is held in dollar deposits.

        A stop already hit relative to the recent high counts as hit before the start and is reset at the start price.
        """
        stock, books = self.traits["stock"], self.books(now.roster)
        equity = stock / self.traits["leverage"]
        dollars = equity + stock * books[BASKET].cash_share
        hit_before = is_stopped(now.quote.usdjpy, stop_level(now.recent_high, self.traits["stop_distance"]))
        own_high = np.where(hit_before, now.quote.usdjpy, np.inf)
        self.memory = {"budget": equity, "own_high": own_high, "uncut": stock.copy()}
        self.start_mean = expected_return(now, self.parameters.incentive, self.parameters.switches.momentum)
        return new_balance_sheet(books, {BASKET: stock.copy()}, (dollars, -stock * now.quote.usdjpy))

    def unit_value(self, quote: Quote) -> Array:
        """Value of one unit of the basket in dollars, including other dollar assets, ``(runs, 1)``."""
        return self.sheet.value_usd(BASKET, quote) + self.sheet.books[BASKET].cash_share

    def orders(self, now: Information) -> Trade | None:
        """Adjust towards target leverage times the risk budget, scaled by the volatility target."""
        own, switches = self.parameters, self.parameters.switches
        mean = expected_return(now, own.incentive, switches.momentum) if switches.incentive else self.start_mean
        notional = self.notional(now.quote)
        ratio = incentive_ratio(mean, self.start_mean, own.incentive.least_start_pct * PERCENT)
        target = target_leverage(self.traits["leverage"], ratio, own.leverage_cap_x) * self.memory["budget"]
        scale = np.ones_like(mean)
        if switches.volatility_target:
            scale = volatility_ratio(now.fx_variance(), now.fx_long_run_variance(), own.volatility_target_cap_x)
        gap = outside_band(target * scale - notional, notional, own.adjustment.band_pct * PERCENT)
        if not gap.any():
            return None
        speeds = own.adjustment.rebuild_pct_per_day * PERCENT, own.adjustment.cut_pct_per_day * PERCENT
        share = partial_adjustment(gap, *speeds) * (notional > 0.0) / np.maximum(notional, TINY)
        uncut = self.memory["uncut"] * self.unit_value(now.quote)
        parts = trade_by_cause(share, position_gap(target, target * (1.0 - scale), notional, uncut))
        self.memory["uncut"] = self.memory["uncut"] + parts.incentive * self.sheet.holdings[BASKET]
        causes = {INCENTIVE: parts.incentive, VOLATILITY_TARGET: parts.volatility_target, REBUILDING: parts.rebuilding}
        return self._trade(share, causes, now.quote)

    def _trade(self, share: Array, causes: dict[str, Array], quote: Quote) -> Trade:
        """Change basket and loan by the fraction `share`, which `causes` attributes to causes."""
        units, loan = self.sheet.holdings[BASKET], -self.sheet.jpy_cash / quote.usdjpy
        unwound = {cause: -row_sum(part * units) for cause, part in causes.items()}
        return Trade({BASKET: share * units}, share * loan, None, unwound)

    def requirement(self, now: Information) -> Array:
        """Margin required per dollar of position today, ``(runs, 1)``."""
        margin = self.parameters.margin
        return margin_requirement(now.fx_variance(), margin.floor_pct * PERCENT, margin.quantile, margin.days)

    def notional(self, quote: Quote) -> Array:
        """Position of each fund, USD bn, ``(runs, investors)``."""
        return np.asarray(self.sheet.holdings[BASKET] * self.unit_value(quote))

    def stop_level(self, now: Information) -> Array:
        """Level of each fund's trailing stop, from the high of the last 120 days or since the stop was reset."""
        return stop_level(np.minimum(self.memory["own_high"], now.recent_high), self.traits["stop_distance"])

    def forced_investors(self, quote: Quote, now: Information) -> Flags:
        """Funds under a margin call or at their stop."""
        switches, held = self.parameters.switches, self.sheet.holdings[BASKET] > 0.0
        hit: Flags = np.zeros(held.shape, dtype=np.bool_)
        if switches.margin:
            hit |= has_margin_call(self.sheet.equity_usd, self.notional(quote), self.requirement(now))
        if switches.trailing_stop:
            hit |= is_stopped(quote.usdjpy, self.stop_level(now)) & held
        return hit

    def forced_shares(self, equity: Array, usdjpy: Array, limits: MarginLimits) -> tuple[Array, Array]:
        """Shares of the position closed by margin calls and additionally by stops, ``(runs, investors)``."""
        own = self.parameters
        called = stopped = np.zeros(equity.shape)
        if own.switches.margin:
            called = margin_call(equity, limits.notional, limits.requirement, own.margin.restore_share)
        if own.switches.trailing_stop:
            hit = is_stopped(usdjpy, limits.stop_level)
            if hit.any():
                hit &= limits.notional > 0.0
                stopped = np.maximum(own.trailing_stop.cut_share - called, 0.0) * hit
        return called, stopped

    def limits(self, quote: Quote, now: Information) -> MarginLimits:
        """Inputs to margin calls and stops at these prices."""
        return MarginLimits(self.notional(quote), self.requirement(now), self.stop_level(now))

    def forced_orders(self, quote: Quote, now: Information) -> Trade:
        """Margin calls and trailing stops at these prices."""
        called, stopped = self.forced_shares(self.sheet.equity_usd, quote.usdjpy, self.limits(quote, now))
        return self._trade(-(called + stopped), {MARGIN: -called, STOP: -stopped}, quote)

    def forced_spot_usd(self, falls: tuple[float, ...], now: Information) -> list[Array]:
        """Forced dollar sales after each of `falls` of USDJPY from the close, each ``(runs, 1)``."""
        limits, usdjpy, sold = self.limits(now.quote, now), now.quote.usdjpy, list[Array]()
        for lower in usdjpy_after_falls(usdjpy, falls, self.sheet.equity_usd.size):
            equity = self.sheet.jpy_cash * (1.0 / lower - 1.0 / usdjpy)
            equity += self.sheet.equity_usd
            called, stopped = self.forced_shares(equity, lower, limits)
            yen = called + stopped
            yen *= self.sheet.jpy_cash
            sold.extend(row_sum(yen) / -lower)
        return sold

    def levered_spot_usd(self, usdjpy: Array) -> Array:
        """Dollars needed to repay the yen loan."""
        return row_sum(self.sheet.jpy_cash) / -usdjpy

    def record_execution(self, trade: Trade, order_quote: Quote, now: Information, quote: Quote) -> None:
        """Reset stops that were hit at the exit price."""
        if STOP in trade.unwound:
            done = is_stopped(order_quote.usdjpy, self.stop_level(now)) & (trade.units[BASKET] < 0.0)
            self.memory["own_high"] = np.where(done, quote.usdjpy, self.memory["own_high"])

    def close(self, quote: Quote, income: Array) -> Array:
        """Update risk budgets and highs; pay out income that is not needed to keep leverage at its initial level."""
        spare = self.sheet.equity_usd - self.notional(quote) / self.traits["leverage"]
        paid = np.minimum(np.maximum(spare, 0.0), np.maximum(income, 0.0))
        if self.parameters.switches.risk_budget:
            speed = self.parameters.adjustment.budget_pct_per_day * PERCENT
            target = np.maximum(self.sheet.equity_usd - paid, 0.0)
            self.memory["budget"] = self.memory["budget"] + speed * (target - self.memory["budget"])
        self.memory["own_high"] = np.maximum(self.memory["own_high"], quote.usdjpy)
        return paid

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Close a share of the initial position: sell the basket and repay the loan; `converted` has no effect."""
        units = self.sheet.holdings[BASKET]
        of_current = np.minimum(share * self.traits["stock"] / np.where(units > 0.0, units, np.inf), 1.0)
        return self._trade(-of_current, {INCENTIVE: -of_current}, now.quote)

    def stock(self) -> Array:
        """Notional at start prices."""
        return row_sum(self.sheet.holdings[BASKET])
