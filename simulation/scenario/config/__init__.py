"""From YAML files to a validated config: layers, overrides, places of mistakes, words for differences.

The names below load their parser and checker when first used, so that a command line starts quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from simulation.scenario.config.errors import ConfigError, Problem

if TYPE_CHECKING:
    from simulation.scenario.config.catalog import named, path_of
    from simulation.scenario.config.diff import Difference, differences
    from simulation.scenario.config.json_schema import schema, schema_text
    from simulation.scenario.config.loading import Loaded, canonical, config_hash, load
    from simulation.scenario.config.rendering import show

__all__ = [
    "ConfigError",
    "Difference",
    "Loaded",
    "Problem",
    "canonical",
    "config_hash",
    "differences",
    "load",
    "named",
    "path_of",
    "schema",
    "schema_text",
    "show",
]

_HOMES = {
    "Difference": "diff",
    "Loaded": "loading",
    "canonical": "loading",
    "config_hash": "loading",
    "differences": "diff",
    "load": "loading",
    "named": "catalog",
    "path_of": "catalog",
    "schema": "json_schema",
    "schema_text": "json_schema",
    "show": "rendering",
}


def __getattr__(name: str) -> object:
    """Return a public name, importing its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
