"""Configuration files: YAML with inheritance and overrides, validated, with error messages that name file and line.

Public names import their module on first use, so that the command line starts quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from simulation.scenario.config.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from simulation.scenario.config.catalog import find_file, shipped_files
    from simulation.scenario.config.loading import LoadedConfig, canonical_json, config_hash, load
    from simulation.scenario.config.reference import json_schema, json_schema_text
    from simulation.scenario.config.rendering import ConfigDifference, config_differences, render_yaml

__all__ = [
    "ConfigDifference",
    "ConfigError",
    "ConfigProblem",
    "LoadedConfig",
    "canonical_json",
    "config_differences",
    "config_hash",
    "find_file",
    "json_schema",
    "json_schema_text",
    "load",
    "render_yaml",
    "shipped_files",
]

_HOMES = {
    "ConfigDifference": "rendering",
    "LoadedConfig": "loading",
    "canonical_json": "loading",
    "config_differences": "rendering",
    "config_hash": "loading",
    "find_file": "catalog",
    "json_schema": "reference",
    "json_schema_text": "reference",
    "load": "loading",
    "render_yaml": "rendering",
    "shipped_files": "catalog",
}


def __getattr__(name: str) -> object:
    """Return a public name, importing its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
