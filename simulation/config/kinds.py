"""Tell a scenario from an event: shipped names by their folder, files by what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.config.catalog import is_path, named, path_of
from simulation.config.errors import ConfigError
from simulation.config.layers import layered

if TYPE_CHECKING:
    from simulation.scenario import Scenario

EVENT_KEYS = frozenset({"observed", "accept", "unwound_of"})
"""Keys that only an event has."""


def is_event(name: str) -> bool:
    """Whether a name or a file stands for an event; a file that cannot be read counts as a scenario."""
    if not is_path(name):
        return name in named("events") and name not in named("scenarios")
    try:
        content = layered(path_of("events", name), "events").tree.content
    except ConfigError:
        return False
    return isinstance(content, dict) and bool(EVENT_KEYS & content.keys())


def root_and_kind(name: str) -> tuple[type[Scenario], str]:
    """The model that a config is checked with, and the folder in which names are looked up."""
    from simulation.event import Event
    from simulation.scenario import Scenario

    return (Event, "events") if is_event(name) else (Scenario, "scenarios")
