"""carryflow: an agent-based simulation of capital flows under US-Japan policy divergence.

>>> import simulation as cf
>>> result = cf.run("december_2025_official", runs=200)
>>> result.summary()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.api import load_scenario, run
    from simulation.config import ConfigError
    from simulation.model import CapitalFlowModel
    from simulation.results import Result
    from simulation.scenario import Scenario

__version__ = "0.1.0"

_HOMES = {
    "CapitalFlowModel": "simulation.model",
    "ConfigError": "simulation.config",
    "Result": "simulation.results",
    "Scenario": "simulation.scenario",
    "load_scenario": "simulation.api",
    "run": "simulation.api",
}

__all__ = ["CapitalFlowModel", "ConfigError", "Result", "Scenario", "load_scenario", "run"]


def __getattr__(name: str) -> Any:
    """Import public names when they are first used, so that the command line starts quickly."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'simulation' has no attribute {name!r}")
