"""carryflow: an agent-based simulation of capital flows under US-Japan policy divergence.

>>> import simulation as cf
>>> result = cf.run("december_2025_official", runs=200)
>>> result.summary()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.compute.ensemble import resolved as load_scenario
    from simulation.compute.ensemble import run
    from simulation.day.model import CapitalFlowModel
    from simulation.pages.reporting.writing import report
    from simulation.results.results import Result
    from simulation.results.run_folder import read_run
    from simulation.scenario.config import ConfigError
    from simulation.scenario.registration import register
    from simulation.scenario.scenario import Scenario
    from simulation.studies.cascade import Banks, FireSale, LeverageRule, MarketDepth, fire_sale
    from simulation.studies.paired.paired import compare
    from simulation.studies.replay.requested import replay_event
    from simulation.studies.shapley.attribution import mechanisms
    from simulation.sweeps.opened import SweepStore, sweep

__version__ = "0.1.0"

_HOMES = {
    "Banks": ("simulation.studies.cascade", "Banks"),
    "CapitalFlowModel": ("simulation.day.model", "CapitalFlowModel"),
    "ConfigError": ("simulation.scenario.config", "ConfigError"),
    "FireSale": ("simulation.studies.cascade", "FireSale"),
    "LeverageRule": ("simulation.studies.cascade", "LeverageRule"),
    "MarketDepth": ("simulation.studies.cascade", "MarketDepth"),
    "Result": ("simulation.results.results", "Result"),
    "Scenario": ("simulation.scenario.scenario", "Scenario"),
    "SweepStore": ("simulation.sweeps.opened", "SweepStore"),
    "compare": ("simulation.studies.paired.paired", "compare"),
    "fire_sale": ("simulation.studies.cascade", "fire_sale"),
    "load_scenario": ("simulation.compute.ensemble", "resolved"),
    "mechanisms": ("simulation.studies.shapley.attribution", "mechanisms"),
    "read_run": ("simulation.results.run_folder", "read_run"),
    "register": ("simulation.scenario.registration", "register"),
    "replay_event": ("simulation.studies.replay.requested", "replay_event"),
    "report": ("simulation.pages.reporting.writing", "report"),
    "run": ("simulation.compute.ensemble", "run"),
    "sweep": ("simulation.sweeps.opened", "sweep"),
}

__all__ = [
    "Banks", "CapitalFlowModel", "ConfigError", "FireSale", "LeverageRule", "MarketDepth", "Result", "Scenario", "SweepStore",
    "compare", "fire_sale", "load_scenario", "mechanisms", "read_run", "register", "replay_event", "report", "run", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import public names when they are first used, so that the command line starts quickly."""
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'simulation' has no attribute {name!r}")
