"""Holders of baskets (trusts, other real money), pension funds and banks, one agent each."""

from benchmarks.mesa_twin.investor import Investor, per_unit
from benchmarks.mesa_twin.order import Order
from benchmarks.mesa_twin.prices import News, Number, Prices
from simulation.investors.banks import days_of_negative_carry, dollar_funding_cost
from simulation.investors.basket_holder import BASKET
from simulation.investors.investment_trusts import expected_flow, flow_share, recent_return
from simulation.investors.pension_funds import LONGEST_QUARTER_DAYS, is_rebalancing, largest_deviation, traded_share
from simulation.investors.rules import outside_band, unhedged_incentive
from simulation.values.assets import US_EQUITY, UST10
from simulation.values.conventions import BASIS_POINT, PERCENT
from simulation.values.orders import SLOW_REPATRIATION


class BasketHolder(Investor):
    """A resident with an unlevered, unhedged basket of dollar assets."""

    announced = True

    def unit_value(self, prices: Prices) -> Number:
        """Dollars in one unit of the basket, other dollar assets included."""
        return self.worth(BASKET, prices).usd + self.sector.books[BASKET].cash_share

    def buy(self, units: Number, prices: Prices) -> Order:
        """Buy `units` of the basket with yen; negative: sell and convert."""
        spot = units * self.unit_value(prices)
        return Order({BASKET: units}, spot, unwound={SLOW_REPATRIATION: -units}, repatriated=-spot)

    def position_usd(self) -> Number:
        """Foreign assets at start prices."""
        return self.units[BASKET]


class RealMoneyHolder(BasketHolder):
    """Other real money: its foreign share follows the unhedged incentive."""

    speed: Number
    done: Number

    def incentive(self, now: News) -> Number:
        """Excess return of an unhedged dollar bond over a JGB after the risk charge, decimal per year."""
        return float(unhedged_incentive(now.ust10, now.jgb10, now.fx_variance, self.own.risk_charge))

    def desired_order(self, now: News) -> Order | None:
        """Sell or buy foreign assets and convert the money."""
        change = (self.incentive(now) - self.incentive(self.model.start)) / PERCENT
        gap = max(self.own.sale_per_pp * change, -1.0) * self.stock - self.done
        step = self.speed * float(outside_band(gap, self.stock, self.own.band_share))
        if step == 0.0:
            return None
        self.done += step
        return self.buy(step, now.prices)


class InvestmentTrust(BasketHolder):
    """A households' fund: savings plans, more after good months."""

    share: Number
    trend: Number

    def desired_order(self, now: News) -> Order | None:
        """Invest the savings plans; the expected part has no price impact."""
        own = self.own
        if US_EQUITY in now.log_return:
            self.trend = float(recent_return(self.trend, now.log_return[US_EQUITY], own.momentum_days))
        daily = expected_flow(now.day, own.flow_usd_bn_per_day, own.january_x)
        if daily == 0.0:
            return None
        expected = self.share * (daily / self.unit_value(now.prices))
        units = expected * float(flow_share(self.trend, own.momentum_x))
        order = self.buy(max(units, -self.units[BASKET]), now.prices)
        order.expected_units = {BASKET: expected}
        order.expected_spot_usd = expected * self.unit_value(now.prices)
        return order


class PensionFund(Investor):
    """A pension fund that rebalances towards its policy mix."""

    announced = True
    acts_at: Number
    active: Number

    def desired_order(self, now: News) -> Order | None:
        """Trade gradually towards the targets if a weight is outside its band."""
        own = self.own
        values: dict[str, Number] = {name: held * self.worth(name, now.prices).usd for name, held in self.units.items()}
        assets: Number = max(sum(values.values()), 1e-12)
        weights = {name: value / assets for name, value in values.items()}
        deviation = largest_deviation(weights, own.mix, self.acts_at)
        self.active = float(is_rebalancing(self.active, deviation, own.rests_at_x))
        if not self.active:
            return None
        gaps = {name: own.mix[name].target_pct * PERCENT * assets - value for name, value in values.items()}
        most = assets * (own.turnover_pct_per_quarter * PERCENT / LONGEST_QUARTER_DAYS)
        today = self.active * float(traded_share(gaps, most))
        return self._trade({name: gap * today for name, gap in gaps.items()}, now.prices)

    def _trade(self, purchases: dict[str, Number], prices: Prices) -> Order:
        """Buy each class for the given dollars; cross-border purchases use spot."""
        units = {name: bought / self.worth(name, prices).usd for name, bought in purchases.items()}
        foreign = self.foreign()
        spot = sum(purchases[name] for name in foreign)
        unwound = {SLOW_REPATRIATION: -sum(units[name] for name in foreign)}
        return Order(units, spot, unwound=unwound, repatriated=-spot)

    def foreign(self) -> list[str]:
        """Names of the foreign classes."""
        return [name for name, book in self.sector.books.items() if not book.yen_priced]

    def position_usd(self) -> Number:
        """Foreign assets at start prices."""
        return sum(self.units[name] for name in self.foreign())


class Bank(Investor):
    """A bank whose Treasuries are funded in dollars or hedged."""

    patience: Number
    loss_limit: Number
    speed: Number
    negative_days: Number

    def carry(self, now: News) -> Number:
        """Running yield less the cost of dollars, decimal per year."""
        own, swapped_rate = self.own, now.boj_rate + now.hedging_cost
        funding = dollar_funding_cost(now.fed_rate, own.funding_spread_bp * BASIS_POINT, swapped_rate, own.swap_share)
        return now.ust10 - float(funding)

    def desired_order(self, now: News) -> Order | None:
        """Sell slowly if carry has been negative for too long or the loss since the start is too large."""
        level: Number = min(self.carry(self.model.start), 0.0)
        self.negative_days = float(days_of_negative_carry(self.negative_days, self.carry(now), level))
        loss = 1.0 - self.worth(UST10, now.prices).usd
        if self.negative_days < self.patience and loss <= self.loss_limit:
            return None
        return self._sale(-self.speed * self.units[UST10], now.prices)

    def _sale(self, units: Number, prices: Prices) -> Order:
        """Sell bonds with their swaps; the rest of the money repays dollar debt."""
        value = units * self.worth(UST10, prices).usd
        ended = per_unit(units, self.units[UST10]) * self.hedge_usd
        spot = max(0.0 * value, value - ended)
        kept = spot + ended - value
        return Order({UST10: units}, spot, ended, {SLOW_REPATRIATION: -units}, repatriated=-spot, kept_usd=kept)

    def position_usd(self) -> Number:
        """Treasuries at start prices."""
        return self.units[UST10]
