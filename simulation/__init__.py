"""carryflow: an agent-based simulation of capital flows under US-Japan policy divergence.

>>> import simulation as cf
>>> result = cf.run("december_2025_official", runs=200)
>>> result.summary()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.cascade import Banks, FireSale, LeverageRule, MarketDepth, fire_sale
    from simulation.config import ConfigError
    from simulation.ensemble import resolved as load_scenario
    from simulation.ensemble import run
    from simulation.model import CapitalFlowModel
    from simulation.paired import compare
    from simulation.registration import register
    from simulation.replay.requested import replay_event
    from simulation.reporting.writing import report
    from simulation.results import Result
    from simulation.run_folder import read_run
    from simulation.scenario import Scenario
    from simulation.shapley.attribution import mechanisms
    from simulation.sweeps.opened import SweepStore, sweep

__version__ = "0.1.0"

_HOMES = {
    "Banks": ("simulation.cascade", "Banks"),
    "CapitalFlowModel": ("simulation.model", "CapitalFlowModel"),
    "ConfigError": ("simulation.config", "ConfigError"),
    "FireSale": ("simulation.cascade", "FireSale"),
    "LeverageRule": ("simulation.cascade", "LeverageRule"),
    "MarketDepth": ("simulation.cascade", "MarketDepth"),
    "Result": ("simulation.results", "Result"),
    "Scenario": ("simulation.scenario", "Scenario"),
    "SweepStore": ("simulation.sweeps.opened", "SweepStore"),
    "compare": ("simulation.paired", "compare"),
    "fire_sale": ("simulation.cascade", "fire_sale"),
    "load_scenario": ("simulation.ensemble", "resolved"),
    "mechanisms": ("simulation.shapley.attribution", "mechanisms"),
    "read_run": ("simulation.run_folder", "read_run"),
    "register": ("simulation.registration", "register"),
    "replay_event": ("simulation.replay.requested", "replay_event"),
    "report": ("simulation.reporting.writing", "report"),
    "run": ("simulation.ensemble", "run"),
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
