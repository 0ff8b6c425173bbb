"""Holders of bitcoin funds and foreigners in Japan, one agent each."""

from benchmarks.mesa_twin.investor import Investor
from benchmarks.mesa_twin.order import Order
from benchmarks.mesa_twin.prices import News, Number, Prices
from simulation.investors.bitcoin_etf_holders import momentum_flow
from simulation.investors.foreigners_in_japan import hedge_gap
from simulation.investors.rules import outside_band
from simulation.values.assets import BITCOIN, JAPAN_EQUITY, JGB10, US_EQUITY
from simulation.values.conventions import PERCENT
from simulation.values.orders import INCENTIVE


class BitcoinEtfHolder(Investor):
    """A holder of bitcoin funds who follows past flows and past returns."""

    bitcoin_response: Number
    equity_response: Number
    flow: Number

    def desired_order(self, now: News) -> Order | None:
        """Buy or redeem; the Japanese share of both goes through yen."""
        pull = self.bitcoin_response * now.log_return[BITCOIN]
        pull += self.equity_response * now.log_return.get(US_EQUITY, 0.0)
        self.flow = float(momentum_flow(self.flow, pull, self.own.persistence))
        if not self.flow:
            return None
        bought = self.flow * self.units[BITCOIN]
        spot = self.own.japan_share * bought * self.worth(BITCOIN, now.prices).usd
        return Order({BITCOIN: bought}, spot, unwound={INCENTIVE: -bought}, repatriated=-spot)

    def payout(self, prices: Prices, income: Number) -> Number:
        """Dollars from redemptions go to the holder, who pays for subscriptions."""
        return self.usd_cash

    def position_usd(self) -> Number:
        """Bitcoin held, at start prices."""
        return self.units[BITCOIN]


class ForeignerInJapan(Investor):
    """A foreigner with hedged Japanese equity and noisy bond purchases."""

    owners_in_yen = True
    speed: Number
    hedge: Number
    bond_debt: Number

    def share(self) -> Number:
        """Share of the population's stock."""
        return self.stock / max(self.own.stock_usd_bn, 1e-12)

    def desired_order(self, now: News) -> Order | None:
        """Bring the hedge towards the value of equity; trade the day's bonds."""
        own, held = self.own, self.units[JAPAN_EQUITY]
        value = held * self.worth(JAPAN_EQUITY, now.prices).value
        gap = outside_band(hedge_gap(value, self.hedge, own.hedge_ratio), held, own.band_pct * PERCENT)
        sold_jpy = self.speed * float(gap)
        flow = self.sector.bond_flow[now.step]
        if not sold_jpy and not flow:
            return None
        bonds = max(flow * self.share(), -self.units[JGB10])
        self.hedge += sold_jpy
        self.bond_debt += bonds * self.worth(JGB10, now.prices).value
        return Order({JGB10: bonds}, sold_jpy / now.prices.usdjpy)

    def payout(self, prices: Prices, income: Number) -> Number:
        """Yen beyond the debt for hedge and bonds go to the owners."""
        return (self.jpy_cash + self.hedge + self.bond_debt) / prices.usdjpy

    def position_usd(self) -> Number:
        """Japanese equity held, at start prices."""
        return self.units[JAPAN_EQUITY] / self.model.start.prices.usdjpy
