"""Scenarios for tests: those of the package with some keys changed, usually shorter and with fewer investors."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, Final

import numpy as np

from simulation.scenario.config.loading import load
from simulation.scenario.config.tree import plain_values
from simulation.scenario.scenario import Scenario

Changes = Mapping[str, Any]
"""New values by dotted key path; a number in a path counts entries of a list."""

SHIPPED: Final = ("december_2025_article", "december_2025_official")
POPULATIONS: Final = ("carry_funds", "crypto_traders", "life_insurers", "real_money_japan")
"""One population of each type, for tests that do not concern the others."""
START_USDJPY: Final = 156.2
BETA_PER_BP: Final = 0.002
"""Fall of log USDJPY per basis point of an announced surprise of the Bank of Japan, as in `ROUND_FX`."""
ROUND_FX: Final[dict[str, Any]] = {
    "fast_impact_pct_per_usd_bn": 0.035,
    "slow_impact_pct_per_usd_bn": 0.012,
    "release_pct_per_day": 12,
    "decay_pct_per_day": 3.7,
    "lasting_share": 0.57,
    "stress_slope": 0.8,
    "announcement_beta_pct_per_bp": 0.2,
    "spread_beta_pct_per_pp": 4.5,
    "own_volatility_pct": 9,
}
"""Round parameters of the USDJPY market, so that hand-computed tests do not depend on the calibration."""
ROUND_FUND: Final[dict[str, Any]] = {
    "leverage_x": {"median": 4, "log_sd": 0.35, "highest": 12},
    "adjustment": {"rebuild_pct_per_day": 1, "cut_pct_per_day": 7.5},
    "trailing_stop": {"distance_pct": {"median": 8.8, "log_sd": 0.5}, "cut_share": 0.6},
}
"""Round parameters of carry funds."""
ROUND_NOISE: Final[dict[str, Any]] = {"student_t_df": 5, "clustering": 0.3, "clustering_memory": 0.98}
SMALL_CAST: Final = {
    "carry_funds": {"stock_usd_bn": 250, **ROUND_FUND},
    "crypto_traders": {"stock_usd_bn": 28},
    "life_insurers": {"stock_usd_bn": 620},
    "real_money_japan": {"stock_usd_bn": 1750},
}
GONE: Final = object()
"""Value in `Changes` that removes the key."""

COARSE: Final[Changes] = {f"populations.{name}.investors": 8 for name in POPULATIONS}
ONE_WEEK: Final[Changes] = {"end": "2025-12-05"}
TWO_WEEKS: Final[Changes] = {"end": "2025-12-12"}
AROUND_THE_HIKE: Final[Changes] = {
    "start": "2025-12-17",
    "end": "2026-01-13",
    "fed.meetings": [],
    "boj.meetings.0.signals": [],
}
"""From two days before the decision of 19 December to fifteen business days after it."""
HIKE: Final = 2
"""Step of the decision in a scenario `AROUND_THE_HIKE`."""

NO_OFFICIALS: Final[Changes] = {
    "fed.meetings": [],
    "boj.meetings": [],
    "fed.guidance": "unchanged",
    "boj.guidance": "unchanged",
    "fed.balance_sheet": [],
    "boj.balance_sheet": [],
    "ministry_of_finance": None,
}
"""No decisions, guidance, purchases or interventions."""
CALM: Final[Changes] = {
    "noise.scale_x": 0,
    **NO_OFFICIALS,
    "start_values.usdjpy_high": START_USDJPY,
}
"""No shocks, noise or expected flows."""

NO_IMPACT: Final[Changes] = {
    "markets.usdjpy.fast_impact_pct_per_usd_bn": 0,
    "markets.usdjpy.slow_impact_pct_per_usd_bn": 0,
    "markets.ust10.fast_impact_bp_per_100_usd_bn": 0,
    "markets.ust10.slow_impact_bp_per_100_usd_bn": 0,
    "markets.jgb10.impact_bp_per_10_jpy_tn": 0,
    "markets.us_equity.multiplier_x": 0,
    "markets.japan_equity.multiplier_x": 0,
    "markets.bitcoin.impact_pct_per_usd_bn": 0,
    "markets.bitcoin.slow_impact_pct_per_usd_bn": 0,
}
NO_COSTS: Final[Changes] = {
    f"markets.{name}.half_spread_bp": 0 for name in ("usdjpy", "ust10", "jgb10", "us_equity", "japan_equity", "bitcoin")
}
SWITCHES: Final = ("incentive", "momentum", "risk_budget", "volatility_target", "margin", "trailing_stop")


@cache
def _shipped(name: str) -> Any:
    return plain_values(load(name).tree)


def changed(mapping: Mapping[str, Any], *changes: Changes) -> dict[str, Any]:
    """A copy of a config with changes applied in order."""
    whole: Any = deepcopy(mapping)
    for path, value in (item for part in changes for item in part.items()):
        *keys, last = path.split(".")
        table = whole
        for key in keys:
            table = table[int(key)] if isinstance(table, list) else table.setdefault(key, {})
        if value is GONE:
            del table[last]
        else:
            table[int(last) if isinstance(table, list) else last] = deepcopy(value)
    return dict(whole)


def shipped(name: str, *changes: Changes) -> Scenario:
    """A scenario of the package with changes."""
    return Scenario.model_validate(changed(_shipped(name), *changes))


def official(*changes: Changes) -> Scenario:
    """The official December 2025 scenario with few populations, round parameters and changes."""
    whole = _shipped("december_2025_official") | {"populations": SMALL_CAST}
    whole |= {"markets": {"usdjpy": ROUND_FX}, "noise": ROUND_NOISE}
    return Scenario.model_validate(changed(whole, *changes))


def shocks(falls: Mapping[str, float]) -> Changes:
    """Unexpected announcements that lower USDJPY by the given shares (decimal) on the given days."""
    sizes = {day: -np.log1p(-fall) / BETA_PER_BP for day, fall in falls.items()}
    meetings = [
        {"date": day, "decision": f"{size:.12f}bp", "step": "25bp", "priced_probability": 0.0}
        for day, size in sizes.items()
    ]
    return {"boj.meetings": meetings}


def switched(**states: bool) -> Changes:
    """Switches of carry funds: the named ones as given, all others off."""
    return {f"populations.carry_funds.switches.{name}": states.get(name, False) for name in SWITCHES}


ONE_FUND: Final[Changes] = {
    "populations": {
        "carry_funds": {
            "stock_usd_bn": 100,
            "investors": 1,
            "basket": {},
            "leverage_x": {"median": 4, "log_sd": 0},
            "adjustment": ROUND_FUND["adjustment"],
            "trailing_stop": {"distance_pct": {"median": 8.2, "log_sd": 0}, "cut_share": 0.6},
        }
    }
}
"""One fund with 25 $bn of equity and 100 $bn of dollar assets at par, so that only the currency changes its equity."""


def one_fund(*changes: Changes) -> Scenario:
    """One carry fund without noise, price impact and costs, with every mechanism off unless switched on."""
    return official(CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, ONE_FUND, switched(), *changes)
