"""Lay a config over the files it extends: mappings merge key by key, lists and values replace.

An explicit ``null`` over an inherited mapping takes it away: ``populations: {crypto_traders: null}`` leaves that
population out.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from simulation.scenario.config.catalog import bases, is_path
from simulation.scenario.config.decades import assumed_base, complaint, stands_alone
from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.reader import read, shown
from simulation.scenario.config.tree import Node, Origin, Source
from simulation.scenario.config.wording import suggestion
from simulation.scenario.config.yaml_text import Reading, described

EXTENDS = "extends"


@dataclass(frozen=True)
class Layered:
    """A config with everything it inherits, the files it is made of (lowest first), and mistakes found on the way."""

    tree: Node
    sources: tuple[Source, ...]
    problems: tuple[Problem, ...]


def layered(path: Path, kind: str = "scenarios") -> Layered:
    """Return a file merged over the chain of files it extends."""
    readings = _chain(path, kind)
    tree = _without_extends(readings[-1].tree)
    for reading in reversed(readings[:-1]):
        tree = merged(tree, _without_extends(reading.tree))
    problems = [problem for reading in readings for problem in reading.problems]
    return Layered(tree, tuple(reading.source for reading in reversed(readings)), tuple(problems))


def merged(base: Node, top: Node) -> Node:
    """Return `top` laid over `base`."""
    if not isinstance(base.content, dict) or not isinstance(top.content, dict):
        return replace(top, removes=removes(top, base))
    entries = dict(base.content)
    for key, node in top.content.items():
        below = entries.get(key)
        entries[key] = node if below is None else merged(below, node)
    return replace(top, content=entries)


def removes(top: Node, below: Node) -> bool:
    """Return whether a value is the ``null`` that takes an inherited mapping away."""
    return top.content is None and not top.broken and (isinstance(below.content, dict) or below.removes)


def _chain(path: Path, kind: str) -> list[Reading]:
    """Return the readings of a file, of the file it extends, and so on."""
    readings, seen = [read(path)], [path.resolve()]
    if kind == "events" and not _has_base(readings[0].tree, path):
        return [*readings, *_assumed(readings[0])]
    try:
        while (parent := _parent(readings[-1].tree, seen, kind)) is not None:
            readings.append(read(parent))
            seen.append(parent.resolve())
    except ConfigError as error:
        found = [problem for reading in readings for problem in reading.problems]
        raise ConfigError([*found, *error.problems]) from None
    return readings


def _has_base(tree: Node, path: Path) -> bool:
    """Return whether an event names a base or needs none: it states its markets, or is a shipped base itself."""
    return tree.child(EXTENDS) is not None or stands_alone(tree) or path.resolve() in bases("events").values()


def _assumed(reading: Reading) -> list[Reading]:
    """Return the base of the event's decade, so that other mistakes show too, with the complaint that it was not named."""
    reading.problems.append(Origin(reading.source, 1, 1).problem((EXTENDS,), *complaint(reading.tree)))
    return _chain(bases("events")[assumed_base(reading.tree)], "events")


def _parent(tree: Node, seen: list[Path], kind: str) -> Path | None:
    """Return the file that a config extends, None where it extends nothing."""
    node = tree.child(EXTENDS)
    if node is None or node.broken:
        return None
    if not isinstance(node.content, str) or not node.content:
        message = f"expected the name of one file, got {described(node)}"
        raise ConfigError([node.origin.problem((EXTENDS,), message, "write `extends: base.yaml`")])
    parent = _located(node, node.content, seen[-1].parent, kind)
    if parent.resolve() in seen:
        circle = " -> ".join(shown(path) for path in [*seen[seen.index(parent.resolve()) :], parent.resolve()])
        raise ConfigError([node.origin.problem((EXTENDS,), f"the files extend each other in a circle: {circle}")])
    return parent


def _located(node: Node, name: str, folder: Path, kind: str) -> Path:
    """Return the file of that name beside the config, or the shipped one."""
    beside = folder / (name if is_path(name) else f"{name}.yaml")
    if beside.exists():
        return beside
    # An event may build on a scenario, and bases are found by name though they are not listed.
    shipped = {**bases("scenarios"), **bases(kind)}
    stem = Path(name).stem
    if Path(name).name == name and stem in shipped:
        return shipped[stem]
    options = sorted({*shipped, *(path.stem for path in beside.parent.glob("*.yaml"))})
    message = f"there is no file {name} beside this one, and no shipped config of that name"
    raise ConfigError([node.origin.problem((EXTENDS,), message, suggestion(stem, options, "known names"))])


def _without_extends(tree: Node) -> Node:
    """Return a config without the key that is not part of it."""
    assert isinstance(tree.content, dict)
    return replace(tree, content={key: node for key, node in tree.content.items() if key != EXTENDS})
