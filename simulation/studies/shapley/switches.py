"""Settings that switch off each unwinding mechanism of the carry trade."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from simulation.investors.population import Lognormal

if TYPE_CHECKING:
    from simulation.investors.population import PopulationParameters
    from simulation.scenario.scenario import Scenario

MARGIN, STOPS, VOLATILITY_TARGET = "margin", "stops", "volatility_target"
INCENTIVE, REPATRIATION = "incentive", "repatriation"
MECHANISMS: Final = (MARGIN, STOPS, VOLATILITY_TARGET, INCENTIVE, REPATRIATION)

MECHANISM_LABELS: Final[Mapping[str, str]] = {
    MARGIN: "Margin calls, covenants, stop-outs",
    STOPS: "Trailing stops",
    VOLATILITY_TARGET: "Volatility target",
    INCENTIVE: "Carry incentive",
    REPATRIATION: "Repatriation by residents",
}

NEVER_ACTS: Final = Lognormal(median=1e6, log_sd=0)
"""Days of patience, or loss in percent, beyond any scenario."""
LEVERED_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    MARGIN: {"switches.margin": False},
    STOPS: {"switches.trailing_stop": False},
    VOLATILITY_TARGET: {"switches.volatility_target": False},
    INCENTIVE: {"switches.incentive": False},
}
SWITCH_OFF_SETTINGS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "carry_funds": LEVERED_SETTINGS,
    "yen_borrowers": {**LEVERED_SETTINGS, MARGIN: {"switches.margin": False, "switches.covenant": False}},
    "retail_fx": {MARGIN: {"stop_out_pct": 0.0}, INCENTIVE: {"carry_share": 0.0}},
    "life_insurers": {REPATRIATION: {"hedged_sale_per_pp": 0.0, "unhedged_sale_per_pp": 0.0}},
    "real_money_japan": {REPATRIATION: {"sale_per_pp": 0.0}},
    "pension_funds": {REPATRIATION: {"turnover_pct_per_quarter": 0.0}},
    "banks": {REPATRIATION: {"patience_days": NEVER_ACTS, "loss_limit_pct": NEVER_ACTS}},
    "investment_trusts": {REPATRIATION: {"momentum_x": 0.0}},
}
"""Values that switch a mechanism off, by kind of population, mechanism and key."""


def switch_off_settings(scenario: Scenario, mechanism: str) -> dict[str, Any]:
    """Return the keys and values that switch a mechanism off; empty if no population has it.

    Keys that already have this value are omitted.
    """
    settings = {}
    for name, own in scenario.populations.items():
        for key, value in SWITCH_OFF_SETTINGS.get(own.kind, {}).get(mechanism, {}).items():
            if _value(own, key) != value:
                settings[f"populations.{name}.{key}"] = value
    return settings


def without_mechanisms(scenario: Scenario, mechanisms: Collection[str]) -> Scenario:
    """Return the validated scenario with mechanisms switched off."""
    populations = dict(scenario.populations)
    for mechanism in mechanisms:
        for key, value in switch_off_settings(scenario, mechanism).items():
            _, name, rest = key.split(".", 2)
            populations[name] = _changed(populations[name], rest, value)
    return scenario.model_copy(update={"populations": populations})


def _value(parameters: PopulationParameters, key: str) -> Any:
    part: Any = parameters
    for step in key.split("."):
        part = getattr(part, step)
    return part


def _changed(parameters: Any, key: str, value: Any) -> Any:
    """Return parameters with one value changed, validated against its range."""
    dumped = parameters.model_dump()
    section = dumped
    *path, last = key.split(".")
    for step in path:
        section = section[step]
    section[last] = value
    return type(parameters).model_validate(dumped)
