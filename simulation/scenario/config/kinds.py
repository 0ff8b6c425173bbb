"""Tell a scenario from an event: shipped names by their folder, files by what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulation.scenario.config.catalog import bases, is_path, named, path_of
from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.layers import EXTENDS, Layered, layered
from simulation.scenario.config.loading import Loaded, default_root, load, overlaid
from simulation.scenario.config.reader import shown

EVENT_KEYS = frozenset({"observed", "accept", "unwound_of"})
"""Keys that only an event has."""


def is_event(name: str) -> bool:
    """Whether a name or a file stands for an event; a file that cannot be read counts as a scenario."""
    if not is_path(name):
        return name in named("events") and name not in named("scenarios")
    try:
        found = layered(path_of("events", name), "events")
    except ConfigError:
        return False
    content = found.tree.content
    return builds_on_an_event(found) or (isinstance(content, dict) and bool(EVENT_KEYS & content.keys()))


def builds_on_an_event(found: Layered) -> bool:
    """Whether a file names, at first or second hand, a shipped event or a base of events as what it extends."""
    shipped = {shown(path) for path in bases("events").values()}
    named_one = not any(problem.key == EXTENDS for problem in found.problems)
    return named_one and any(source.name in shipped for source in found.sources)


def as_read(name: str, settings: Sequence[str]) -> tuple[type[Any], Layered]:
    """The model and the values of a scenario or an event, not yet validated."""
    if not is_event(name):
        return default_root(), overlaid(name, settings, "scenarios")
    from simulation.scenario.event import Event

    return Event, overlaid(name, settings, "events")


def loaded(name: str, settings: Sequence[str]) -> Loaded[Any]:
    """A scenario or an event by name or path, checked as what it is."""
    if not is_event(name):
        return load(name, settings)
    from simulation.scenario.event import Event

    return load(name, settings, root=Event, kind="events")
