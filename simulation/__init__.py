"""carryflow: an agent-based simulation of capital flows under US-Japan policy divergence.

>>> import simulation as cf
>>> result = cf.run("december_2025_official", runs=200)
>>> result.summary()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.compute.ensemble import load_scenario, run
    from simulation.day.model import CapitalFlowModel
    from simulation.pages.reporting.report_file import report
    from simulation.results.run_results import Result, read_run
    from simulation.scenario.config import ConfigError
    from simulation.scenario.registration import register
    from simulation.scenario.scenario import Scenario
    from simulation.studies.cascade import Banks, FireSale, LeverageRule, MarketDepth, fire_sale
    from simulation.studies.paired import compare
    from simulation.studies.replay.replay import replay_event
    from simulation.studies.shapley.attribution import mechanisms
    from simulation.sweeps.sweep_runner import SweepStore, sweep

__version__ = "0.1.0"

_HOMES = {
    "Banks": ("simulation.studies.cascade", "Banks"),
    "CapitalFlowModel": ("simulation.day.model", "CapitalFlowModel"),
    "ConfigError": ("simulation.scenario.config", "ConfigError"),
    "FireSale": ("simulation.studies.cascade", "FireSale"),
    "LeverageRule": ("simulation.studies.cascade", "LeverageRule"),
    "MarketDepth": ("simulation.studies.cascade", "MarketDepth"),
    "Result": ("simulation.results.run_results", "Result"),
    "Scenario": ("simulation.scenario.scenario", "Scenario"),
    "SweepStore": ("simulation.sweeps.sweep_runner", "SweepStore"),
    "compare": ("simulation.studies.paired", "compare"),
    "fire_sale": ("simulation.studies.cascade", "fire_sale"),
    "load_scenario": ("simulation.compute.ensemble", "load_scenario"),
    "mechanisms": ("simulation.studies.shapley.attribution", "mechanisms"),
    "read_run": ("simulation.results.run_results", "read_run"),
    "register": ("simulation.scenario.registration", "register"),
    "replay_event": ("simulation.studies.replay.replay", "replay_event"),
    "report": ("simulation.pages.reporting.report_file", "report"),
    "run": ("simulation.compute.ensemble", "run"),
    "sweep": ("simulation.sweeps.sweep_runner", "sweep"),
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
