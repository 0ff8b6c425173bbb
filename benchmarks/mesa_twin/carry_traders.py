"""Carry funds and yen borrowers, one agent each."""

from benchmarks.mesa_twin.investor import Investor, per_unit
from benchmarks.mesa_twin.order import Order
from benchmarks.mesa_twin.prices import News, Number, Prices
from simulation.investors.carry_funds import BASKET, MarginLimits, expected_return
from simulation.investors.rules import (
    has_margin_call,
    incentive_ratio,
    is_stopped,
    margin_call,
    margin_requirement,
    outside_band,
    partial_adjustment,
    stop_level,
    target_leverage,
    volatility_ratio,
)
from simulation.investors.yen_borrowers import breaks_covenant, covenant_cut
from simulation.values.conventions import PERCENT
from simulation.values.orders import INCENTIVE, MARGIN, STOP, VOLATILITY_TARGET


class CarryFund(Investor):
    """A carry fund: borrows yen, holds dollar assets, reduces by incentive, volatility target, margin call and stop."""

    margined = True
    leverage: Number
    stop_distance: Number
    budget: Number
    own_high: Number

    def notional(self, prices: Prices) -> Number:
        """Dollars of its position."""
        return self.units[BASKET] * (self.worth(BASKET, prices).usd + self.sector.books[BASKET].cash_share)

    def desired_order(self, now: News) -> Order | None:
        """Move towards the target leverage on the risk budget, scaled by the volatility target."""
        own, switches, start_mean = self.own, self.own.switches, self.sector.start_mean
        mean = expected_return(now, own.incentive, switches.momentum) if switches.incentive else start_mean  # type: ignore[arg-type]
        notional = self.notional(now.prices)
        ratio = incentive_ratio(mean, start_mean, own.incentive.least_start_pct * PERCENT)
        target = float(target_leverage(self.leverage, ratio, own.leverage_cap_x)) * self.budget
        scale = 1.0
        if switches.volatility_target:
            scale = float(volatility_ratio(now.fx_variance, now.fx_long_run_variance, own.volatility_target_cap_x))
        gap = float(outside_band(target * scale - notional, notional, own.adjustment.band_pct * PERCENT))
        if gap == 0.0:
            return None
        speeds = own.adjustment.rebuild_pct_per_day * PERCENT, own.adjustment.cut_pct_per_day * PERCENT
        share = per_unit(float(partial_adjustment(gap, *speeds)), notional)  # type: ignore[arg-type]
        by_target = share * (target / gap * (scale - 1.0))
        return self._trade(share, {VOLATILITY_TARGET: by_target, INCENTIVE: share - by_target}, now.prices)

    def _trade(self, share: Number, causes: dict[str, Number], prices: Prices) -> Order:
        """Change basket and loan by `share` of themselves; `causes` splits the share."""
        units, loan = self.units[BASKET], -self.jpy_cash / prices.usdjpy
        return Order(
            {BASKET: share * units}, share * loan, unwound={name: -part * units for name, part in causes.items()}
        )

    def requirement(self, now: News) -> Number:
        """Margin requirement per dollar of position today."""
        margin = self.own.margin
        return float(margin_requirement(now.fx_variance, margin.floor_pct * PERCENT, margin.quantile, margin.days))

    def stop_level(self, now: News) -> Number:
        """Level of the trailing stop."""
        return float(stop_level(min(self.own_high, now.recent_high), self.stop_distance))

    def is_forced(self, prices: Prices) -> bool:
        """Whether the fund is under a margin call or at its stop."""
        switches, now = self.own.switches, self.model.news
        called = switches.margin and has_margin_call(self.equity_usd, self.notional(prices), self.requirement(now))
        stop = switches.trailing_stop and self.units[BASKET] > 0.0
        return bool(called or (stop and is_stopped(prices.usdjpy, self.stop_level(now))))

    def limits(self, prices: Prices) -> MarginLimits:
        """Inputs of margin calls and stops at these prices."""
        now = self.model.news
        return MarginLimits(self.notional(prices), self.requirement(now), self.stop_level(now))

    def forced_shares(self, equity: Number, usdjpy: Number, limits: MarginLimits) -> tuple[Number, Number]:
        """Shares of the position closed by margin calls and, beyond that, by stops."""
        own, called, stopped, notional = self.own, 0.0, 0.0, limits.notional
        if own.switches.margin:
            called = float(margin_call(equity, notional, limits.requirement, own.margin.restore_share))
        if own.switches.trailing_stop and notional > 0.0:
            hit = is_stopped(usdjpy, limits.stop_level)
            stopped = max(own.trailing_stop.cut_share - called, 0.0) if hit else 0.0
        return called, stopped

    def forced_order(self, prices: Prices) -> Order:
        """Margin call and trailing stop at these prices."""
        called, stopped = self.forced_shares(self.equity_usd, prices.usdjpy, self.limits(prices))
        return self._trade(-(called + stopped), {MARGIN: -called, STOP: -stopped}, prices)

    def forced_sale_usd(self, falls: tuple[float, ...]) -> list[Number]:
        """Dollars of forced sales if USDJPY fell by each of `falls` from the close."""
        close, sold = self.model.news.prices, []
        limits = self.limits(close)
        for fall in falls:
            lower = close.usdjpy * (1.0 - fall)
            equity = self.equity_usd + self.jpy_cash * (1.0 / lower - 1.0 / close.usdjpy)
            called, stopped = self.forced_shares(equity, lower, limits)
            sold.append((called + stopped) * self.jpy_cash / -lower)
        return sold

    def levered_usd(self, usdjpy: Number) -> Number:
        """Dollars that buy back the yen loan."""
        return self.jpy_cash / -usdjpy

    def executed(self, ordered_at: Prices, prices: Prices) -> None:
        """A triggered stop is reset at the exit price."""
        hit = is_stopped(ordered_at.usdjpy, self.stop_level(self.model.news))
        if hit and self.has_sold():
            self.own_high = prices.usdjpy

    def has_sold(self) -> bool:
        """Whether the current order is a sale."""
        return self.order is not None and self.order.units[BASKET] < 0.0

    def payout(self, prices: Prices, income: Number) -> Number:
        """The risk budget follows equity, the high follows the market; income beyond the start leverage is paid out."""
        spare = self.equity_usd - self.notional(prices) / self.leverage
        paid = min(max(spare, 0.0), max(income, 0.0))
        if self.own.switches.risk_budget:
            speed = self.own.adjustment.budget_pct_per_day * PERCENT
            self.budget += speed * (max(self.equity_usd - paid, 0.0) - self.budget)
        self.own_high = max(self.own_high, prices.usdjpy)
        return paid

    def position_usd(self) -> Number:
        """Notional at start prices."""
        return self.units[BASKET]


class YenBorrower(CarryFund):
    """A borrower with a covenant: the bank acts once and then waives it."""

    reducing: Number
    waived: Number

    def covenant_share(self, equity: Number, notional: Number) -> Number:
        """Share of the position that the bank has cut at this equity."""
        if not self.own.switches.covenant or self.waived:
            return 0.0
        fall = self.own.covenant.equity_fall_pct * PERCENT
        if not breaks_covenant(equity, self.stock / self.leverage, fall):
            return 0.0
        return float(covenant_cut(equity, notional, self.leverage))

    def is_forced(self, prices: Prices) -> bool:
        """Whether the loan is reduced, or the borrower is forced as a carry fund is."""
        return super().is_forced(prices) or self.covenant_share(self.equity_usd, self.notional(prices)) > 0.0

    def forced_shares(self, equity: Number, usdjpy: Number, limits: MarginLimits) -> tuple[Number, Number]:
        """Shares closed by lenders (margin or covenant, the larger) and, beyond that, by stops."""
        called, stopped = super().forced_shares(equity, usdjpy, limits)
        lenders = max(called, self.covenant_share(equity, limits.notional))
        return lenders, max(called + stopped - lenders, 0.0)

    def forced_order(self, prices: Prices) -> Order:
        """Reduction, margin call and stop at these prices."""
        self.reducing = self.covenant_share(self.equity_usd, self.notional(prices)) > 0.0
        return super().forced_order(prices)

    def executed(self, ordered_at: Prices, prices: Prices) -> None:
        """The covenant is waived once its loan is reduced; the bank lends on the equity that is left."""
        super().executed(ordered_at, prices)
        if self.reducing and self.has_sold():
            self.budget = min(self.budget, max(self.equity_usd, 0.0))
            self.waived = 1.0
