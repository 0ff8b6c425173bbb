"""Hedge-fund carry traders: borrow yen, hold dollar assets, and cut by incentive, volatility target, margin and stops."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulation.investors.carry_fund_parameters import CarryFundParameters, CarryIncentive, LeveredCarryParameters
from simulation.investors.population import Population
from simulation.investors.rules import (
    TINY,
    after_falls,
    incentive_ratio,
    is_called,
    is_stopped,
    margin_call,
    margin_requirement,
    outside_band,
    partial_adjustment,
    stop_level,
    target_leverage,
    volatility_ratio,
)
from simulation.values.assets import Book, Roster, bundle
from simulation.values.balance_sheet import BalanceSheet, balance_sheet
from simulation.values.conventions import PERCENT, Array, Flags, row_sum
from simulation.values.information import Information
from simulation.values.orders import INCENTIVE, MARGIN, STOP, VOLATILITY_TARGET, Trade
from simulation.values.quote import Quote

BASKET = "basket"


@dataclass(frozen=True)
class Limits:
    """What margin calls and stops look at: positions, margin per dollar, and the level of each trailing stop."""

    notional: Array
    requirement: Array
    stop_level: Array


def expected_return(now: Information, incentive: CarryIncentive, momentum_on: bool) -> Array:
    """mu: what carry is expected to earn, decimal per year, ``(runs, 1)``.

    ``mu = carry + alpha momentum - rho P(adverse surprise)``.  Source: MODEL section 3; Burnside et al. (2011).
    """
    trend = incentive.momentum_weight * now.momentum if momentum_on else 0.0
    return np.asarray(now.carry + trend - incentive.surprise_aversion_pct * PERCENT * now.adverse_surprise)


class CarryFunds(Population):
    """Hedge-fund carry traders; a fund's dollars are spot dollars bought with borrowed yen."""

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
        return {BASKET: bundle(roster, self.parameters.basket)}

    def endowment(self, now: Information) -> BalanceSheet:
        """Basket bought with a yen loan, equity held as dollar deposits.

        A stop that the recent high would already have hit counts as hit before the start and is armed at the start price.
        """
        stock, books = self.traits["stock"], self.books(now.roster)
        equity = stock / self.traits["leverage"]
        dollars = equity + stock * books[BASKET].cash_share
        hit_before = is_stopped(now.quote.usdjpy, stop_level(now.recent_high, self.traits["stop_distance"]))
        self.memory = {"budget": equity, "own_high": np.where(hit_before, now.quote.usdjpy, np.inf)}
        self.start_mean = expected_return(now, self.parameters.incentive, self.parameters.switches.momentum)
        return balance_sheet(books, {BASKET: stock.copy()}, (dollars, -stock * now.quote.usdjpy))

    def unit_value(self, quote: Quote) -> Array:
        """Dollars in one unit of the basket, other dollar assets included, ``(runs, 1)``."""
        return self.sheet.value_usd(BASKET, quote) + self.sheet.books[BASKET].cash_share

    def orders(self, now: Information) -> Trade | None:
        """Move towards the target leverage on the risk budget, scaled by the volatility target."""
        own, switches = self.parameters, self.parameters.switches
        mean = expected_return(now, own.incentive, switches.momentum) if switches.incentive else self.start_mean
        notional = self.notional(now.quote)
        ratio = incentive_ratio(mean, self.start_mean, own.incentive.least_start_pct * PERCENT)
        wanted = target_leverage(self.traits["leverage"], ratio, own.leverage_cap_x) * self.memory["budget"]
        scale = np.ones_like(mean)
        if switches.volatility_target:
            scale = volatility_ratio(now.fx_variance(), now.fx_long_run_variance(), own.volatility_target_cap_x)
        gap = outside_band(wanted * scale - notional, notional, own.adjustment.band_pct * PERCENT)
        if not gap.any():
            return None
        speeds = own.adjustment.rebuild_pct_per_day * PERCENT, own.adjustment.cut_pct_per_day * PERCENT
        share = partial_adjustment(gap, *speeds) * (notional > 0.0) / np.maximum(notional, TINY)
        by_target = share * wanted * (scale - 1.0) / (gap + (gap == 0.0))
        return self._trade(share, {VOLATILITY_TARGET: by_target, INCENTIVE: share - by_target}, now.quote)

    def _trade(self, share: Array, causes: dict[str, Array], quote: Quote) -> Trade:
        """Change basket and loan by `share` of themselves; `causes` splits the share."""
        units, loan = self.sheet.holdings[BASKET], -self.sheet.jpy_cash / quote.usdjpy
        unwound = {cause: -row_sum(part * units) for cause, part in causes.items()}
        return Trade({BASKET: share * units}, share * loan, None, unwound)

    def requirement(self, now: Information) -> Array:
        """Margin asked per dollar of position today, ``(runs, 1)``."""
        margin = self.parameters.margin
        return margin_requirement(now.fx_variance(), margin.floor_pct * PERCENT, margin.quantile, margin.days)

    def notional(self, quote: Quote) -> Array:
        """Dollars of each fund's position."""
        return np.asarray(self.sheet.holdings[BASKET] * self.unit_value(quote))

    def stop_level(self, now: Information) -> Array:
        """Level of each fund's trailing stop, from the high of the last 120 days, or since the stop was armed again."""
        return stop_level(np.minimum(self.memory["own_high"], now.recent_high), self.traits["stop_distance"])

    def forced_investors(self, quote: Quote, now: Information) -> Flags:
        """Funds under a margin call or at their stop."""
        switches, held = self.parameters.switches, self.sheet.holdings[BASKET] > 0.0
        hit: Flags = np.zeros(held.shape, dtype=np.bool_)
        if switches.margin:
            hit |= is_called(self.sheet.equity_usd, self.notional(quote), self.requirement(now))
        if switches.trailing_stop:
            hit |= is_stopped(quote.usdjpy, self.stop_level(now)) & held
        return hit

    def forced_shares(self, equity: Array, usdjpy: Array, limits: Limits) -> tuple[Array, Array]:
        """Shares of the position closed by margin calls and, beyond that, by stops, ``(runs, investors)``."""
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

    def limits(self, quote: Quote, now: Information) -> Limits:
        """What margin calls and stops look at, at these prices."""
        return Limits(self.notional(quote), self.requirement(now), self.stop_level(now))

    def forced_orders(self, quote: Quote, now: Information) -> Trade:
        """Margin calls and trailing stops at these prices."""
        called, stopped = self.forced_shares(self.sheet.equity_usd, quote.usdjpy, self.limits(quote, now))
        return self._trade(-(called + stopped), {MARGIN: -called, STOP: -stopped}, quote)

    def forced_spot_usd(self, falls: tuple[float, ...], now: Information) -> list[Array]:
        """Dollars sold by force if USDJPY fell by each of `falls` from the close."""
        limits, usdjpy, sold = self.limits(now.quote, now), now.quote.usdjpy, list[Array]()
        for lower in after_falls(usdjpy, falls, self.sheet.equity_usd.size):
            equity = self.sheet.jpy_cash * (1.0 / lower - 1.0 / usdjpy)
            equity += self.sheet.equity_usd
            called, stopped = self.forced_shares(equity, lower, limits)
            yen = called + stopped
            yen *= self.sheet.jpy_cash
            sold.extend(row_sum(yen) / -lower)
        return sold

    def levered_spot_usd(self, usdjpy: Array) -> Array:
        """Dollars that buy back the yen loan."""
        return row_sum(self.sheet.jpy_cash) / -usdjpy

    def executed(self, trade: Trade, order_quote: Quote, now: Information, quote: Quote) -> None:
        """Stops that were hit are armed again at the exit price."""
        if STOP in trade.unwound:
            done = is_stopped(order_quote.usdjpy, self.stop_level(now)) & (trade.units[BASKET] < 0.0)
            self.memory["own_high"] = np.where(done, quote.usdjpy, self.memory["own_high"])

    def close(self, quote: Quote, income: Array) -> Array:
        """Risk budgets follow equity, highs follow the market; carry income beyond the start leverage is paid out."""
        spare = self.sheet.equity_usd - self.notional(quote) / self.traits["leverage"]
        paid = np.minimum(np.maximum(spare, 0.0), np.maximum(income, 0.0))
        if self.parameters.switches.risk_budget:
            speed = self.parameters.adjustment.budget_pct_per_day * PERCENT
            wanted = np.maximum(self.sheet.equity_usd - paid, 0.0)
            self.memory["budget"] = self.memory["budget"] + speed * (wanted - self.memory["budget"])
        self.memory["own_high"] = np.maximum(self.memory["own_high"], quote.usdjpy)
        return paid

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Give up a share of the start position: sell the basket and repay the loan, all of it, whatever `converted`."""
        units = self.sheet.holdings[BASKET]
        of_current = np.minimum(share * self.traits["stock"] / np.where(units > 0.0, units, np.inf), 1.0)
        return self._trade(-of_current, {INCENTIVE: -of_current}, now.quote)

    def stock(self) -> Array:
        """Notional at start prices."""
        return row_sum(self.sheet.holdings[BASKET])
