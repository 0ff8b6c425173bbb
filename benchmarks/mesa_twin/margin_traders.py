"""Retail traders of USDJPY and leveraged bitcoin longs, one agent each."""

from benchmarks.mesa_twin.investor import Investor
from benchmarks.mesa_twin.order import Order
from benchmarks.mesa_twin.prices import News, Number, Prices
from simulation.investors.crypto_traders import is_liquidated
from simulation.investors.retail_fx import DOLLARS, contrarian_target, is_stopped_out
from simulation.investors.rules import incentive_ratio, outside_band
from simulation.values.assets import BITCOIN
from simulation.values.conventions import PERCENT
from simulation.values.orders import INCENTIVE, LIQUIDATION


class RetailTrader(Investor):
    """A retail margin trader: contrarian, stopped out by the broker within the day."""

    margined = True
    owners_in_yen = True
    leverage: Number
    response: Number
    memory_days: Number
    speed: Number
    average: Number
    closed: Number

    def desired_order(self, now: News) -> Order | None:
        """Follow the contrarian target, as far as margin allows."""
        own, held = self.own, self.units[DOLLARS]
        distance = now.prices.log_usdjpy - self.average
        target = float(contrarian_target(self.stock * self.carry_scale(now), distance, self.response, own.most_x))
        step = self.speed * float(outside_band(target - held, self.stock, own.band_pct * PERCENT))
        if step == 0.0:
            return None
        most = min(own.entry_leverage_x, own.legal_leverage_x) * self.equity_usd
        return self._trade(min(step, max(most - held, 0.0)), INCENTIVE)

    def carry_scale(self, now: News) -> Number:
        """Usual position over that of the start: a part of it follows expected carry."""
        own = self.own
        follows = float(incentive_ratio(now.carry, self.model.start.carry, own.least_carry_pct * PERCENT))
        return 1.0 - own.carry_share + own.carry_share * min(follows, own.most_x)

    def _trade(self, bought: Number, cause: str) -> Order:
        """Buy dollars; a trade also converts the dollar interest received since its last trade."""
        spot = self.units[DOLLARS] + bought - self.usd_cash if bought != 0.0 else 0.0
        return Order({DOLLARS: bought}, spot, unwound={cause: -bought})

    def is_stopped_out(self, equity: Number) -> bool:
        """Whether the broker closes the position at this equity."""
        own = self.own
        return bool(is_stopped_out(equity, self.units[DOLLARS], own.legal_leverage_x, own.stop_out_pct * PERCENT))

    def is_forced(self, prices: Prices) -> bool:
        """Whether the broker closes the position."""
        return self.is_stopped_out(self.equity_usd)

    def forced_order(self, prices: Prices) -> Order:
        """Close the position if its margin ratio is too low."""
        return self._trade(-self.units[DOLLARS] if self.is_stopped_out(self.equity_usd) else 0.0, LIQUIDATION)

    def forced_sale_usd(self, falls: tuple[float, ...]) -> list[Number]:
        """Dollars sold by the stop-out if USDJPY fell by each of `falls` from the close."""
        usdjpy, sold = self.model.news.prices.usdjpy, []
        for fall in falls:
            equity = self.equity_usd + self.jpy_cash * (1.0 / (usdjpy * (1.0 - fall)) - 1.0 / usdjpy)
            sold.append(self.usd_cash if self.is_stopped_out(equity) else 0.0)
        return sold

    def levered_usd(self, usdjpy: Number) -> Number:
        """Dollars held."""
        return self.usd_cash

    def executed(self, ordered_at: Prices, prices: Prices) -> None:
        """Remember a stop-out."""
        if self.order is not None and self.order.units[DOLLARS] < 0.0:
            self.closed = 1.0

    def payout(self, prices: Prices, income: Number) -> Number:
        """A stopped-out trader withdraws the rest; margin is paid in after losses and out after gains."""
        self.average += (prices.log_usdjpy - self.average) / self.memory_days
        left = max(self.equity_usd, 0.0) if self.closed else 0.0
        self.closed = 0.0
        speed = self.own.new_money_pct_per_day * PERCENT
        return left + speed * (self.equity_usd - left - self.stock / self.leverage)

    def position_usd(self) -> Number:
        """Dollars held on margin."""
        return self.units[DOLLARS]


class CryptoTrader(Investor):
    """A leveraged bitcoin long, liquidated at its maintenance margin within the day."""

    margined = True
    leverage: Number
    aim: Number
    planned: Number

    def desired_order(self, now: News) -> Order | None:
        """Sell a little after a fall; open the longs for which margin was paid in last night."""
        loss = max(-now.log_return[BITCOIN], 0.0)
        bought = self.planned - min(self.own.degrossing * loss, 1.0) * self.units[BITCOIN]
        return Order({BITCOIN: bought}, unwound={INCENTIVE: -bought}) if bought else None

    def is_forced(self, prices: Prices) -> bool:
        """Whether the long is below its maintenance margin."""
        units = self.units[BITCOIN]
        notional = units * self.worth(BITCOIN, prices).usd
        return bool(units > 0.0 and is_liquidated(self.equity_usd, notional, self.leverage, self.own.maintenance_share))

    def forced_order(self, prices: Prices) -> Order:
        """Close the long if it is below its maintenance margin."""
        sold = self.units[BITCOIN] if self.is_forced(prices) else 0.0
        return Order({BITCOIN: -sold}, unwound={LIQUIDATION: sold})

    def payout(self, prices: Prices, income: Number) -> Number:
        """Owners pay the day's funding and the margin of tomorrow's new longs; a closed account is paid out."""
        units = self.units[BITCOIN]
        left = max(self.equity_usd - income, 0.0) if units == 0.0 else 0.0
        speed = min(self.own.rebuild_pct_per_day * PERCENT * self.leverage / 3.0, 1.0)
        self.planned = speed * max(self.aim - units, 0.0)
        return income + left - self.planned * self.worth(BITCOIN, prices).usd / self.leverage

    def position_usd(self) -> Number:
        """Bitcoin held, at start prices."""
        return self.units[BITCOIN]
