"""Japanese life insurers: three slow decisions on foreign bonds and their currency hedge."""

from typing import Literal

import numpy as np
from pydantic import Field

from simulation.assets import JGB10, UST10, Book, Roster, bundle
from simulation.balance_sheet import BalanceSheet, balance_sheet
from simulation.conventions import PERCENT, Array, row_sum
from simulation.information import Information
from simulation.investors.heterogeneity import Lognormal
from simulation.investors.population import Population, PopulationParameters
from simulation.investors.rules import hedged_incentive, outside_band, unhedged_incentive
from simulation.orders import SLOW_REPATRIATION, Trade
from simulation.parameters import quantity


class LifeInsurerParameters(PopulationParameters):
    """Life insurers of MODEL section 3."""

    kind: Literal["life_insurers"] = "life_insurers"
    investors: int = Field(200, ge=1, le=20_000_000, description="number of insurers: a resolution, not a quantity")
    stock_usd_bn: float = quantity(620, "$bn", (0, 100_000), "foreign bonds", "Bank of Japan Financial System Report, 2025")
    jgb_stock_jpy_bn: float = quantity(
        160_000, "JPY bn", (0, 1e7), "yen bonds at the start", "Life Insurance Association of Japan, fiscal 2024 (rounded)"
    )
    hedge_ratio: float = quantity(0.44, "share", (0, 1), "share of foreign bonds hedged", "insurers' 2025 reports, MODEL")
    hedged_sale_per_pp: float = quantity(
        0.10, "share per pp", (0, 5), "hedged bonds sold per pp of lost incentive", "sales of fiscal 2022: a quarter for 2.5 pp"
    )
    unhedged_sale_per_pp: float = quantity(
        0.05, "share per pp", (0, 5), "unhedged bonds sold per pp of lost incentive", "half of the hedged (assumption)"
    )
    hedge_ratio_per_pp: float = quantity(0.04, "share per pp", (0, 1), "fall of the ratio per pp of hedging cost", "MODEL")
    hedge_ratio_per_stress: float = quantity(0.05, "share", (0, 1), "rise of the ratio when volatility doubles (assumption)")
    hedge_ratio_per_yen: float = quantity(0.01, "share per yen", (0, 1), "rise of the ratio per yen below the steep level")
    steep_below_yen: float = quantity(140, "yen per dollar", (1, 1000), "level below which hedging rises", "MODEL section 3")
    risk_charge: float = quantity(0.05, "per unit of volatility", (0, 10), "k: charge for annual currency volatility")
    band_share: float = quantity(0.01, "share of the position", (0, 1), "gaps below are left alone")
    speed_pct_per_day: Lognormal = Lognormal(median=1, log_sd=0.5, highest=20)


def hedge_ratio_change(cost_change: Array, stress: Array, usdjpy: Array, own: LifeInsurerParameters) -> Array:
    """Change of the wanted hedge ratio since the start, ``(runs, 1)``.

    ``-a d(cost) + b (stress - 1) + c (level - USDJPY)+``: cheaper hedges, more volatility and a strong yen raise it.

    Parameters
    ----------
    cost_change
        Change of the annual hedging cost, decimal.
    stress
        Volatility over its long-run value.
    usdjpy
        Yen per dollar.

    Source: MODEL section 3 (4 pp per pp of cost); insurers' disclosures 2022-24.
    """
    steep = own.hedge_ratio_per_yen * np.maximum(own.steep_below_yen - usdjpy, 0.0)
    return np.asarray(-own.hedge_ratio_per_pp * cost_change / PERCENT + own.hedge_ratio_per_stress * (stress - 1.0) + steep)


class LifeInsurers(Population):
    """Life insurers.  Each decision is a cumulative programme that follows its target slowly."""

    Parameters = LifeInsurerParameters
    role = "resident"

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes and speeds."""
        speed = self.parameters.speed_pct_per_day.sample(stream, count) * PERCENT
        return super().draws(stream, count) | {"speed": speed}

    def books(self, roster: Roster) -> dict[str, Book]:
        """Treasuries and JGBs."""
        return {UST10: bundle(roster, {UST10: 1.0}), JGB10: bundle(roster, {JGB10: 1.0})}

    def endowment(self, now: Information) -> BalanceSheet:
        """Foreign bonds, of which a share is hedged with rolled swaps, and JGBs."""
        stock = self.traits["stock"]
        yen_bonds = stock * (self.parameters.jgb_stock_jpy_bn / max(self.parameters.stock_usd_bn, 1e-12))
        self.memory = {name: np.zeros_like(stock) for name in ("hedged", "unhedged", "ratio")}
        money = np.zeros_like(stock), np.zeros_like(stock)
        sheet = balance_sheet(self.books(now.roster), {UST10: stock.copy(), JGB10: yen_bonds}, money)
        sheet.hedge_usd = stock * self.parameters.hedge_ratio
        return sheet

    def incentives(self, now: Information) -> tuple[Array, Array]:
        """What a hedged and an unhedged Treasury pay over yen bonds, decimal per year."""
        unhedged = unhedged_incentive(now.ust10, now.jgb10, now.fx_variance(), self.parameters.risk_charge)
        return hedged_incentive(now.ust10, now.hedging_cost, now.jgb30), unhedged

    def targets(self, now: Information) -> dict[str, Array]:
        """Where each programme should stand, in shares of the start position, ``(runs, 1)``."""
        own = self.parameters
        hedged, unhedged = (
            (today - start) / PERCENT
            for today, start in zip(self.incentives(now), self.incentives(self.start), strict=True)
        )
        stress = np.sqrt(now.fx_variance() / now.fx_long_run_variance())
        cost_change = now.hedging_cost - self.start.hedging_cost
        ratio = hedge_ratio_change(cost_change, stress, now.quote.usdjpy, own)
        ratio -= hedge_ratio_change(0.0 * cost_change, 0.0 * stress + 1.0, self.start.quote.usdjpy, own)
        return {
            "hedged": own.hedge_ratio * np.maximum(own.hedged_sale_per_pp * hedged, -1.0),
            "unhedged": (1.0 - own.hedge_ratio) * np.maximum(own.unhedged_sale_per_pp * unhedged, -1.0),
            "ratio": np.clip(ratio, -own.hedge_ratio, 1.0 - own.hedge_ratio),
        }

    def steps(self, now: Information) -> dict[str, Array]:
        """Today's step of each programme, $bn at start prices, ``(runs, investors)``."""
        stock, speed = self.traits["stock"], self.traits["speed"]
        gaps = {name: target * stock - self.memory[name] for name, target in self.targets(now).items()}
        return {name: speed * outside_band(gap, stock, self.parameters.band_share) for name, gap in gaps.items()}

    def orders(self, now: Information) -> Trade | None:
        """Hedged bonds (no spot), unhedged bonds (spot), hedge ratio (spot, no bond); sales of hedged bonds buy JGBs."""
        steps, sheet = self.steps(now), self.sheet
        if not any(step.any() for step in steps.values()) or sheet.hedge_usd is None:
            return None
        value = sheet.value_usd(UST10, now.quote)
        hedged = np.maximum(steps["hedged"], -np.minimum(sheet.hedge_usd / value, sheet.holdings[UST10]))
        unhedged = np.maximum(steps["unhedged"], -(sheet.holdings[UST10] + hedged))
        ratio = np.maximum(steps["ratio"], -(sheet.hedge_usd + hedged * value))
        for name, step in (("hedged", hedged), ("unhedged", unhedged), ("ratio", ratio)):
            self.memory[name] = self.memory[name] + step
        jgb = -hedged * value * now.quote.usdjpy / sheet.books[JGB10].value(now.quote.price)
        return Trade(
            {UST10: hedged + unhedged, JGB10: jgb},
            unhedged * value - ratio,
            hedged * value + ratio,
            {SLOW_REPATRIATION: -row_sum(hedged + unhedged)},
            announced=True,
            repatriated=-row_sum(unhedged * value),
        )

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Sell a share of the start position with its hedges and convert a part of the money; the rest stays in dollars."""
        bonds, hedge = self.sheet.holdings[UST10], self.sheet.hedge_usd
        units = -np.minimum(share * self.traits["stock"], bonds)
        value = units * self.sheet.value_usd(UST10, now.quote)
        unhedged = value - units / np.where(bonds > 0.0, bonds, np.inf) * (0.0 if hedge is None else hedge)
        spot = np.maximum(converted * value, unhedged)
        return Trade(
            {UST10: units, JGB10: np.zeros_like(units)},
            spot,
            value - unhedged,
            {SLOW_REPATRIATION: -row_sum(units)},
            announced=True,
            repatriated=-row_sum(spot),
            kept_usd=row_sum(spot - unhedged),
        )

    def stock(self) -> Array:
        """Foreign bonds at start prices."""
        return row_sum(self.sheet.holdings[UST10])
