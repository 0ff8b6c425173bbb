"""Life insurers, one agent each."""

from benchmarks.mesa_twin.investor import Investor
from benchmarks.mesa_twin.order import Order
from benchmarks.mesa_twin.prices import News, Number
from simulation.investors.life_insurers import PLANNED_PROGRAMMES, hedge_ratio_change, interim_target, limit_sale
from simulation.investors.rules import days_to_year_end, fiscal_half, hedged_incentive, outside_band, unhedged_incentive
from simulation.values.assets import JGB10, UST10
from simulation.values.conventions import PERCENT
from simulation.values.orders import SLOW_REPATRIATION

UNCHANGED: Number = 0.0
CALM: Number = 1.0
"""Hedging cost unchanged since the start, and volatility at its long-run value."""


class LifeInsurer(Investor):
    """A life insurer with three slow programmes: hedged bonds, unhedged bonds, hedge ratio."""

    announced = True
    speed: Number
    hedged: Number
    unhedged: Number
    ratio: Number
    income: Number
    plan_hedged: Number
    plan_unhedged: Number
    plan_half: int
    income_half: int

    def incentives(self, now: News) -> tuple[Number, Number]:
        """Excess return of a hedged and an unhedged Treasury over yen bonds, decimal per year."""
        unhedged = unhedged_incentive(now.ust10, now.jgb10, now.fx_variance, self.own.risk_charge)
        return float(hedged_incentive(now.ust10, now.hedging_cost, now.jgb30)), float(unhedged)

    def targets(self, now: News) -> dict[str, Number]:
        """Target of each programme, shares of the start position."""
        own, start = self.own, self.model.start
        (hedged, unhedged), (hedged_then, unhedged_then) = self.incentives(now), self.incentives(start)
        stress = (now.fx_variance / now.fx_long_run_variance) ** 0.5
        cost_change = now.hedging_cost - start.hedging_cost
        ratio = float(hedge_ratio_change(cost_change, stress, now.prices.usdjpy, own))
        ratio -= float(hedge_ratio_change(UNCHANGED, CALM, start.prices.usdjpy, own))
        hedged_sold, unhedged_sold = (
            own.hedged_sale_per_pp * (hedged - hedged_then) / PERCENT,
            own.unhedged_sale_per_pp * (unhedged - unhedged_then) / PERCENT,
        )
        return {
            "hedged": own.hedge_ratio * max(hedged_sold, -1.0),
            "unhedged": (1.0 - own.hedge_ratio) * max(unhedged_sold, -1.0),
            "ratio": min(max(ratio, -own.hedge_ratio), 1.0 - own.hedge_ratio),
        }

    def planned(self, now: News) -> dict[str, Number]:
        """Targets followed today; a new half-year resets the plans."""
        targets = self.targets(now)
        if fiscal_half(now.day) != self.plan_half:
            self.plan_half = fiscal_half(now.day)
            self.plan_hedged, self.plan_unhedged = targets["hedged"], targets["unhedged"]
        share = self.own.interim_share
        plans = {name: getattr(self, f"plan_{name}") for name in PLANNED_PROGRAMMES}
        return targets | {name: float(interim_target(plan, targets[name], share)) for name, plan in plans.items()}

    def step_of(self, done: Number, target: Number, pace: Number) -> Number:
        """Today's step of a programme, $bn at start prices."""
        gap = outside_band(target * self.stock - done, self.stock, self.own.band_share)
        return pace * self.speed * float(gap)

    def desired_order(self, now: News) -> Order | None:
        """Programmes and, before the fiscal year ends, income."""
        own, days_left = self.own, days_to_year_end(now.day)
        closing = days_left <= own.year_end_days
        pace, targets = own.year_end_speed_x if closing else 1.0, self.planned(now)
        hedged = self.step_of(self.hedged, targets["hedged"], pace)
        unhedged = self.step_of(self.unhedged, targets["unhedged"], pace)
        ratio = self.step_of(self.ratio, targets["ratio"], pace)
        income = self.income_home(now, days_left) if closing else 0.0
        if hedged == unhedged == ratio == income == 0.0:
            return None
        return self._trade(self._bounded(hedged, unhedged, ratio), income)

    def income_home(self, now: News, days_left: int) -> Number:
        """Dollar income converted today, in equal parts until the fiscal year ends."""
        if self.income_half != fiscal_half(now.day):
            self.income_half = fiscal_half(now.day)
            self.income = self.own.income_share * max(self.usd_cash, 0.0)
        today = self.income / days_left
        self.income -= today
        return today

    def _bounded(self, hedged: Number, unhedged: Number, ratio: Number) -> tuple[Number, Number, Number]:
        """Steps limited to the position and the hedge; the programmes record them."""
        bonds, value = self.units[UST10], self.worth(UST10, self.model.news.prices).usd
        hedged = float(limit_sale(hedged, min(self.hedge_usd / value, bonds)))
        unhedged = float(limit_sale(unhedged, bonds + hedged))
        ratio = float(limit_sale(ratio, self.hedge_usd + hedged * value))
        self.hedged += hedged
        self.unhedged += unhedged
        self.ratio += ratio
        return hedged, unhedged, ratio

    def _trade(self, steps: tuple[Number, Number, Number], income: Number) -> Order:
        """Hedged bonds (sales buy JGBs), unhedged bonds (spot), hedge ratio (spot, no bond), income (spot, no bond)."""
        (hedged, unhedged, ratio), prices = steps, self.model.news.prices
        value = self.worth(UST10, prices).usd
        return Order(
            {UST10: hedged + unhedged, JGB10: -hedged * value * prices.usdjpy / self.worth(JGB10, prices).value},
            unhedged * value - ratio - income,
            hedged * value + ratio,
            {SLOW_REPATRIATION: -(hedged + unhedged)},
            repatriated=-(unhedged * value - income),
            kept_usd=-income,
            expected_spot_usd=-income,
        )

    def position_usd(self) -> Number:
        """Foreign bonds at start prices."""
        return self.units[UST10]
