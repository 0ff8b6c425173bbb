"""Japanese life insurers: hedged and unhedged foreign bonds and the hedge ratio, adjusted slowly on the plan calendar."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulation.investors.population import Lognormal, Population, PopulationParameters
from simulation.investors.rules import days_to_year_end, fiscal_half, hedged_incentive, outside_band, unhedged_incentive
from simulation.values.assets import JGB10, UST10, Book, Roster, book_from_shares
from simulation.values.balance_sheet import BalanceSheet, new_balance_sheet
from simulation.values.conventions import PERCENT, Array, row_sum
from simulation.values.orders import SLOW_REPATRIATION, Information, Trade, net_flow
from simulation.values.parameters import quantity

PLANNED_PROGRAMMES = ("hedged", "unhedged")
"""Programmes that follow the semi-annual plans; the hedge ratio is adjusted daily."""


class LifeInsurerParameters(PopulationParameters):
    """Life insurers of MODEL section 3."""

    ACTS_WHEN: ClassVar = {
        "unhedged_sale_per_pp": "the unhedged incentive changes enough for a gap outside `band_share`",
        "hedged_sale_per_pp": "the hedged incentive changes enough for a gap outside `band_share`",
        "risk_charge": "the unhedged incentive changes enough for a gap outside `band_share`",
        "hedge_ratio_per_yen": "USDJPY falls below `steep_below_yen`",
        "steep_below_yen": "USDJPY falls below it",
        "year_end_days": "the last business days of the fiscal year, before 31 March, lie in the scenario",
        "year_end_speed_x": "the last business days of the fiscal year, before 31 March, lie in the scenario",
        "income_share": "the last business days of the fiscal year, before 31 March, lie in the scenario",
    }

    kind: Literal["life_insurers"] = "life_insurers"
    investors: int = Field(200, ge=1, le=20_000_000, description="number of insurers: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        620, "$bn", (0, 100_000), "foreign bonds", "Bank of Japan Financial System Report, 2025"
    )
    jgb_stock_jpy_bn: float = quantity(
        160_000,
        "JPY bn",
        (0, 1e7),
        "yen bonds at the start",
        "Life Insurance Association of Japan, fiscal 2024 (rounded)",
    )
    hedge_ratio: float = quantity(
        0.44, "share", (0, 1), "share of foreign bonds hedged", "insurers' 2025 reports, MODEL"
    )
    hedged_sale_per_pp: float = quantity(
        0.10,
        "share per pp",
        (0, 5),
        "share of hedged bonds sold per pp fall in the hedged incentive",
        "sales of fiscal 2022: a quarter for 2.5 pp",
    )
    unhedged_sale_per_pp: float = quantity(
        0.05,
        "share per pp",
        (0, 5),
        "share of unhedged bonds sold per pp fall in the unhedged incentive",
        "assumption: half of the hedged response",
    )
    hedge_ratio_per_pp: float = quantity(
        0.04, "share per pp", (0, 1), "fall of the hedge ratio per pp of hedging cost", "MODEL"
    )
    hedge_ratio_per_stress: float = quantity(
        0.05,
        "share",
        (0, 1),
        "rise of the hedge ratio when volatility doubles",
        "assumption: as much as 1.25 pp of hedging cost",
    )
    hedge_ratio_per_yen: float = quantity(
        0.01, "share per yen", (0, 1), "rise of the hedge ratio per yen below steep_below_yen",
        "about 80 % hedged near 80 yen (2010, press), 44 % near 150: .6 pp per yen on average; steeper by assumption",
    )  # fmt: skip
    steep_below_yen: float = quantity(
        140, "yen per dollar", (1, 1000), "level of USDJPY below which the hedge ratio rises", "MODEL section 3"
    )
    risk_charge: float = quantity(
        0.05,
        "per unit of volatility",
        (0, 10),
        "k: charge for annual currency volatility",
        "assumption: half a point of yield at 10 % volatility",
    )
    band_share: float = quantity(
        0.01,
        "share of the position",
        (0, 1),
        "inaction band: smaller gaps are not traded",
        "assumption: gaps below 1 % are not traded",
    )
    interim_share: float = quantity(
        0.5,
        "share",
        (0, 1),
        "part of a change in incentives that bond programmes follow before the next plan",
        "assumption: half now, half with the plans of April and October",
    )
    year_end_days: int = Field(
        20,
        ge=0,
        le=60,
        description="last business days of the fiscal year, with slower trading and conversion of income; 0: none",
        json_schema_extra={"source": "assumption: March, the last month of the fiscal year"},
    )
    year_end_speed_x: float = quantity(
        0.5,
        "multiple",
        (0, 1),
        "speed of programmes before the end of the fiscal year",
        "assumption: half; press reports of March 2025 mention less trading without an amount",
    )
    income_share: float = quantity(
        0.3,
        "share",
        (0, 1),
        "part of the year's dollar income converted to yen before the end of the fiscal year",
        "assumption: press reports mention yen purchases before March without an amount",
    )
    speed_pct_per_day: Lognormal = Field(
        Lognormal(median=1, log_sd=0.5, highest=20),
        description="part of a gap closed per day: a plan takes half a year",
        json_schema_extra={"source": "MODEL section 3: half-yearly plans; 1 % a day closes 72 % of a gap in 126 days"},
    )


def interim_target(plan: Array, target: Array, interim: float) -> Array:
    """Target of a programme between two plans: ``plan + interim (target - plan)``, shares of the position.

    Source: MODEL section 3, semi-annual plans; insurers publish them in April and October.
    """
    return np.asarray(plan + interim * (target - plan))


def hedge_ratio_change(cost_change: Array, stress: Array, usdjpy: Array, parameters: LifeInsurerParameters) -> Array:
    """Change in the target hedge ratio since the start, ``(runs, 1)``.

    ``-a d(cost) + b (stress - 1) + c (level - USDJPY)+``: lower hedging cost, higher volatility and a strong yen raise it.

    Parameters
    ----------
    cost_change
        Change of the annual hedging cost, decimal.
    stress
        Volatility over its long-run value.
    usdjpy
        Yen per dollar.
    parameters
        Parameters of the population.

    Source: MODEL section 3 (4 pp per pp of cost); insurers' disclosures 2022-24.
    """
    steep = parameters.hedge_ratio_per_yen * np.maximum(parameters.steep_below_yen - usdjpy, 0.0)
    return np.asarray(
        -parameters.hedge_ratio_per_pp * cost_change / PERCENT
        + parameters.hedge_ratio_per_stress * (stress - 1.0)
        + steep
    )


def limit_sale(step: Array, held: Array) -> Array:
    """Limit a sale (a negative step) to the holding."""
    return np.asarray(np.maximum(step, -np.maximum(held, 0.0)))


class LifeInsurers(Population):
    """Life insurers.  Each decision is a cumulative programme that follows its target slowly.

    Bond programmes follow their targets in full with the plans of April and October and in part between them.  In the last weeks
    of the fiscal year programmes are slower and part of the year's income is converted; the market expects this conversion, so
    it has no price impact.
    """

    Parameters = LifeInsurerParameters
    role = "resident"

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes and speeds."""
        speed = self.parameters.speed_pct_per_day.sample(stream, count) * PERCENT
        return super().draws(stream, count) | {"speed": speed}

    def books(self, roster: Roster) -> dict[str, Book]:
        """Treasuries and JGBs."""
        return {UST10: book_from_shares(roster, {UST10: 1.0}), JGB10: book_from_shares(roster, {JGB10: 1.0})}

    def endowment(self, now: Information) -> BalanceSheet:
        """Foreign bonds, partly hedged with rolled swaps, and JGBs; initial plans are to hold."""
        stock = self.traits["stock"]
        yen_bonds = stock * (self.parameters.jgb_stock_jpy_bn / np.maximum(self.parameters.stock_usd_bn, 1e-12))
        remembered = ("hedged", "unhedged", "ratio", "income", *(f"plan_{name}" for name in PLANNED_PROGRAMMES))
        self.memory = {name: np.zeros_like(stock) for name in remembered}
        self.plan_half, self.income_half = fiscal_half(now.day), -1
        self.start_incentives = self.incentives(now)
        unchanged = np.zeros_like(now.hedging_cost)
        self.start_ratio_change = hedge_ratio_change(unchanged, unchanged + 1.0, now.quote.usdjpy, self.parameters)
        money = np.zeros_like(stock), np.zeros_like(stock)
        sheet = new_balance_sheet(self.books(now.roster), {UST10: stock.copy(), JGB10: yen_bonds}, money)
        sheet.hedge_usd = stock * self.parameters.hedge_ratio
        return sheet

    def incentives(self, now: Information) -> tuple[Array, Array]:
        """Yield of a hedged and of an unhedged Treasury over yen bonds, decimal per year, ``(runs, 1)`` each."""
        unhedged = unhedged_incentive(now.ust10, now.jgb10, now.fx_variance(), self.parameters.risk_charge)
        return hedged_incentive(now.ust10, now.hedging_cost, now.jgb30), unhedged

    def targets(self, now: Information) -> dict[str, Array]:
        """Target of each programme in shares of the initial position, ``(runs, 1)``."""
        own = self.parameters
        hedged, unhedged = (
            (today - start) / PERCENT for today, start in zip(self.incentives(now), self.start_incentives, strict=True)
        )
        stress = np.sqrt(now.fx_variance() / now.fx_long_run_variance())
        cost_change = now.hedging_cost - self.start.hedging_cost
        ratio = hedge_ratio_change(cost_change, stress, now.quote.usdjpy, own)
        ratio -= self.start_ratio_change
        return {
            "hedged": own.hedge_ratio * np.maximum(own.hedged_sale_per_pp * hedged, -1.0),
            "unhedged": (1.0 - own.hedge_ratio) * np.maximum(own.unhedged_sale_per_pp * unhedged, -1.0),
            "ratio": np.clip(ratio, -own.hedge_ratio, 1.0 - own.hedge_ratio),
        }

    def planned(self, now: Information) -> dict[str, Array]:
        """Targets followed today; a new fiscal half-year resets the plans."""
        targets = self.targets(now)
        if fiscal_half(now.day) != self.plan_half:
            self.plan_half = fiscal_half(now.day)
            ones = np.ones_like(self.traits["stock"])
            self.memory |= {f"plan_{name}": targets[name] * ones for name in PLANNED_PROGRAMMES}
        share = self.parameters.interim_share
        return targets | {
            name: interim_target(self.memory[f"plan_{name}"], targets[name], share) for name in PLANNED_PROGRAMMES
        }

    def steps(self, now: Information, pace: float) -> dict[str, Array]:
        """Today's trade of each programme at `pace` times its speed, $bn at start prices, ``(runs, investors)``."""
        stock, speed = self.traits["stock"], pace * self.traits["speed"]
        gaps = {name: target * stock - self.memory[name] for name, target in self.planned(now).items()}
        return {name: speed * outside_band(gap, stock, self.parameters.band_share) for name, gap in gaps.items()}

    def income_home(self, now: Information, days_left: int) -> Array:
        """Dollar income converted today, USD bn: equal parts of a share of the cash held when the last weeks begin."""
        if self.income_half != fiscal_half(now.day):
            self.income_half = fiscal_half(now.day)
            self.memory["income"] = self.parameters.income_share * np.maximum(self.sheet.usd_cash, 0.0)
        today = self.memory["income"] / days_left
        self.memory["income"] = self.memory["income"] - today
        return np.asarray(today)

    def orders(self, now: Information) -> Trade | None:
        """Trades of the programmes and, before the end of the fiscal year, conversion of income."""
        own, days_left = self.parameters, days_to_year_end(now.day)
        closing = days_left <= own.year_end_days
        steps = self.steps(now, own.year_end_speed_x if closing else 1.0)
        income = self.income_home(now, days_left) if closing else np.zeros_like(self.traits["stock"])
        if not any(amount.any() for amount in (*steps.values(), income)):
            return None
        return self._trade(self._bounded(steps, now), income, now)

    def _bounded(self, steps: dict[str, Array], now: Information) -> dict[str, Array]:
        """Limit trades to the bonds and hedges held and add them to the programmes."""
        bonds, hedge, value = self.sheet.holdings[UST10], self._hedge(), self.sheet.value_usd(UST10, now.quote)
        hedged = limit_sale(steps["hedged"], np.minimum(hedge / value, bonds))
        unhedged = limit_sale(steps["unhedged"], bonds + hedged)
        ratio = limit_sale(steps["ratio"], hedge + hedged * value)
        done = {"hedged": hedged, "unhedged": unhedged, "ratio": ratio}
        self.memory |= {name: self.memory[name] + step for name, step in done.items()}
        return done

    def _trade(self, steps: dict[str, Array], income: Array, now: Information) -> Trade:
        """Combine hedged bonds (against JGBs, no spot), unhedged bonds (spot), hedge ratio and income (spot, no bonds)."""
        hedged, unhedged, ratio = steps["hedged"], steps["unhedged"], steps["ratio"]
        value = self.sheet.value_usd(UST10, now.quote)
        jgb = -hedged * value * now.quote.usdjpy / self.sheet.books[JGB10].worth(now.quote)
        return Trade(
            {UST10: hedged + unhedged, JGB10: jgb},
            unhedged * value - ratio - income,
            hedged * value + ratio,
            {SLOW_REPATRIATION: -row_sum(hedged + unhedged)},
            announced=True,
            repatriated=-row_sum(unhedged * value - income),
            kept_usd=-row_sum(income),
            expected=net_flow(Trade({}, -income, None, {}).added_up(), self.sheet.books).assets,
        )

    def _hedge(self) -> Array:
        """Dollars sold forward, USD bn."""
        hedge = self.sheet.hedge_usd
        return np.zeros_like(self.traits["stock"]) if hedge is None else hedge

    def leave(self, share: Array, now: Information, converted: float) -> Trade:
        """Sell a share of the initial position with its hedges and convert part of the proceeds; the rest stays in dollars."""
        bonds = self.sheet.holdings[UST10]
        units = -np.minimum(share * self.traits["stock"], bonds)
        value = units * self.sheet.value_usd(UST10, now.quote)
        unhedged = value - units / np.where(bonds > 0.0, bonds, np.inf) * self._hedge()
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
