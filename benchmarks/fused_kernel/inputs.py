"""Inputs of the kernel: parameters, the state of the first day, and paths that do not depend on investors."""

from collections import namedtuple
from typing import Any

import numpy as np

from simulation.day.capital_flows import CapitalFlows
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import BASIS_POINT, DAYS_PER_COUPON_YEAR, PERCENT


class Watched(CapitalFlows):
    """The engine with a record of the inputs of the kernel."""

    def __init__(self, scenario: Scenario, runs: range) -> None:
        super().__init__(scenario, runs)
        self.noted: dict[str, list[Any]] = {}
        self.start = state(self)

    def note(self) -> None:
        """Record one day after rates and fundamentals are known."""
        rates = self.officials.rates
        days = self.officials.days
        bought = sum(self.officials.purchases(self.day, self.economy.roster).values())
        found = {
            "carry": rates.carry[:, 0], "adverse": rates.adverse_surprise[:, 0],
            "fed_rate": rates.fed_rate[:, 0], "boj_rate": rates.boj_rate[:, 0],
            "thin": self.economy.thin_on(self.today), "bought": bought,
            "years": float(days[self.day] - days[self.day - 1]) / DAYS_PER_COUPON_YEAR,
            "fundamental": self.economy.market.fundamental.copy(),
        }  # fmt: skip
        for name, value in found.items():
            self.noted.setdefault(name, []).append(value)

    def orders(self, now: Any) -> Any:
        """Record the day, then proceed as the engine."""
        self.note()
        return super().orders(now)


def named(name: str, values: dict[str, Any]) -> Any:
    """A named tuple, for compiled code."""
    return namedtuple(name, values)(**values)


def state(model: CapitalFlows) -> tuple[dict[str, Any], dict[str, Any]]:
    """Funds and market on the first day."""
    (funds,), market = model.populations, model.economy.market
    sheet, traits, memory = funds.sheet, funds.traits, funds.memory
    held = {
        "units": sheet.holdings["basket"], "usd": sheet.usd_cash, "jpy": sheet.jpy_cash, "equity": sheet.equity_usd,
        "leverage": traits["leverage"], "distance": traits["stop_distance"],
        "budget": memory["budget"], "own_high": memory["own_high"], "share": np.zeros_like(sheet.usd_cash),
    }  # fmt: skip
    like = np.zeros_like(market.inventory)
    names = ("inventory", "open_inventory", "supplied", "lasting", "fading", "fast_effect", "slope", "move", "variance")
    moved = {name: like.copy() for name in (*names, "excess", "log_price", "last_log")}
    moved |= {"momentum": model.economy.momentum[:, 0].copy(), "usdjpy": market.last.usdjpy[:, 0].copy()}
    return {key: values.copy() for key, values in held.items()}, moved | {"highs": model.economy.highs.copy()}


def behaviour(model: CapitalFlows) -> Any:
    """Parameters of the funds in engine units."""
    funds: Any = model.populations[0]
    own = funds.parameters
    return named("Own", {
        "cap": own.leverage_cap_x, "volatility_cap": own.volatility_target_cap_x,
        "band": own.adjustment.band_pct * PERCENT, "rebuild": own.adjustment.rebuild_pct_per_day * PERCENT,
        "cut": own.adjustment.cut_pct_per_day * PERCENT, "budget_speed": own.adjustment.budget_pct_per_day * PERCENT,
        "momentum_weight": own.incentive.momentum_weight, "aversion": own.incentive.surprise_aversion_pct * PERCENT,
        "least_start": own.incentive.least_start_pct * PERCENT, "start_mean": funds.start_mean[:, 0],
        "floor": own.margin.floor_pct * PERCENT, "quantile": own.margin.quantile, "days": float(own.margin.days),
        "restore": own.margin.restore_share, "cut_share": own.trailing_stop.cut_share,
        "spread": own.funding_spread_bp * BASIS_POINT,
    })  # fmt: skip


def surroundings(model: CapitalFlows) -> Any:
    """Parameters of the markets."""
    economy, (funds,) = model.economy, model.populations
    market, table = economy.market, economy.market.table
    names = ("fast", "slow", "fast_scale", "slow_scale", "release", "decay", "lasting_share")
    to, origin, by = zip(*market.rules.links, strict=True)
    return named("Given", {name: getattr(table, name) for name in names} | {
        "stress_slope": table.stress_slope, "stress_cap": table.stress_cap, "thin_factor": table.thin_factor,
        "half_spread": table.half_spread, "bond": market.rules.bond, "duration": market.rules.duration,
        "curvature": market.rules.curvature, "start_level": market.rules.start_level, "link_to": np.array(to),
        "link_from": np.array(origin), "link_by": np.array(by, dtype=np.float64), "start_usdjpy": market.start_usdjpy,
        "weights": funds.sheet.books["basket"].weights, "cash_share": funds.sheet.books["basket"].cash_share,
        "dividends": economy.dividends, "yen_priced": np.array(economy.roster.yen_priced),
        "long_run": economy.long_run_variance, "noise_square": float(economy.scenario.noise.scale_x**2),
        "typical": funds.sheet.typical_usd[:, 0], "tolerance": economy.scenario.limits.cascade_tolerance_usd_bn,
        "most_rounds": economy.scenario.limits.cascade_rounds,
    })  # fmt: skip


def paths(model: Watched) -> Any:
    """Recorded paths by day from 1 on; day 0 is a copy of day 1 and never read."""
    return named("Path", {name: np.array([days[0], *days]) for name, days in model.noted.items()})
