"""Layers of a configuration: the files that it extends and ``path.to.key[0].sub=value`` overrides.

Mappings merge key by key; lists and scalars replace.  An explicit ``null`` removes an inherited mapping:
``populations: {crypto_traders: null}`` omits that population.  Overrides are YAML values; a path may create new keys.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from simulation.scenario.config.catalog import is_path, shipped_and_base_files
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.formatting import suggest_name
from simulation.scenario.config.tree import KeyPath, Node, Origin, Source, key_text
from simulation.scenario.config.yaml_reader import (
    ParsedYaml,
    describe_value,
    display_path,
    parse_yaml,
    read_config_file,
)

EXTENDS = "extends"
LATEST_START = date(2100, 1, 1)
DECADE_BASES = (
    ("_base_1990s", date(1999, 1, 1), "before 1999"),
    ("_base_2000s", date(2009, 1, 1), "1999 to 2008"),
    ("_base_2010s", date(2020, 1, 1), "2009 to 2019"),
    ("_base_2020s", date.max, "2020 or later"),
)
"""Bases of events: name, first start date that is too late for it, and its years in words."""


def event_start(tree: Node) -> date | None:
    """Return the start date of an event, or None."""
    start = tree.child("start")
    return start.content if start is not None and isinstance(start.content, date) else None


def base_of_decade(tree: Node) -> str:
    """Return the base for the start date of an event; the base of the 2020s without a date."""
    start = event_start(tree)
    return next(name for name, before, _ in DECADE_BASES if (start or LATEST_START) < before)


def states_all_markets(tree: Node) -> bool:
    """Return whether an event states every standard market itself, as a resolved event does."""
    from simulation.market.parameters import STANDARD_MARKETS

    markets = tree.child("markets")
    return markets is not None and all(markets.child(name) is not None for name in STANDARD_MARKETS)


def missing_base_message(tree: Node) -> tuple[str, str]:
    """Return the message and the cure for an event without a base."""
    start = event_start(tree)
    reason = f", because it starts on {start}" if start else ""
    allowed = ", ".join(f"{name} ({words})" for name, _, words in DECADE_BASES)
    message = (
        "this required key is missing: without it, markets would have the sizes of November 2025; "
        f"allowed: {allowed}, or your own file"
    )
    return message, f"write `extends: {base_of_decade(tree)}`{reason}"


@dataclass(frozen=True)
class LayeredConfig:
    """A config with inherited values, its files (lowest layer first) and the problems found so far."""

    tree: Node
    sources: tuple[Source, ...]
    problems: tuple[ConfigProblem, ...]


def read_layers(path: Path, kind: str = "scenarios") -> LayeredConfig:
    """Return a file merged over the files that it extends."""
    readings = _read_chain(path, kind)
    tree = _without_extends(readings[-1].tree)
    for reading in reversed(readings[:-1]):
        tree = merge_trees(tree, _without_extends(reading.tree))
    problems = [problem for reading in readings for problem in reading.problems]
    return LayeredConfig(tree, tuple(reading.source for reading in reversed(readings)), tuple(problems))


def merge_trees(base: Node, top: Node) -> Node:
    """Return `base` updated with `top`."""
    if not isinstance(base.content, dict) or not isinstance(top.content, dict):
        return replace(top, removes=removes_table(top, base))
    entries = dict(base.content)
    for key, node in top.content.items():
        below = entries.get(key)
        entries[key] = node if below is None else merge_trees(below, node)
    return replace(top, content=entries)


def removes_table(top: Node, below: Node) -> bool:
    """Return whether a value is a ``null`` that removes an inherited mapping."""
    return top.content is None and not top.broken and (isinstance(below.content, dict) or below.removes)


def _read_chain(path: Path, kind: str) -> list[ParsedYaml]:
    """Read a file, the file that it extends, and so on."""
    readings, seen = [read_config_file(path)], [path.resolve()]
    if kind == "events" and not _has_base(readings[0].tree, path):
        return [*readings, *_read_assumed_base(readings[0])]
    try:
        while (parent := _extended_file(readings[-1].tree, seen, kind)) is not None:
            readings.append(read_config_file(parent))
            seen.append(parent.resolve())
    except ConfigError as error:
        found = [problem for reading in readings for problem in reading.problems]
        raise ConfigError([*found, *error.problems]) from None
    return readings


def _has_base(tree: Node, path: Path) -> bool:
    """Return whether an event names a base or needs none because it states all markets or is itself a base."""
    return (
        tree.child(EXTENDS) is not None
        or states_all_markets(tree)
        or path.resolve() in shipped_and_base_files("events").values()
    )


def _read_assumed_base(reading: ParsedYaml) -> list[ParsedYaml]:
    """Report that an event names no base, and read the base of its decade so that other errors are found too."""
    reading.problems.append(Origin(reading.source, 1, 1).problem((EXTENDS,), *missing_base_message(reading.tree)))
    return _read_chain(shipped_and_base_files("events")[base_of_decade(reading.tree)], "events")


def _extended_file(tree: Node, seen: list[Path], kind: str) -> Path | None:
    """Return the file that a config extends, or None."""
    node = tree.child(EXTENDS)
    if node is None or node.broken:
        return None
    if not isinstance(node.content, str) or not node.content:
        message = f"expected the name of one file, got {describe_value(node)}"
        raise ConfigError([node.origin.problem((EXTENDS,), message, "write `extends: base.yaml`")])
    parent = _find_extended_file(node, node.content, seen[-1].parent, kind)
    if parent.resolve() in seen:
        cycle = " -> ".join(display_path(path) for path in [*seen[seen.index(parent.resolve()) :], parent.resolve()])
        raise ConfigError(
            [node.origin.problem((EXTENDS,), f"the files extend each other in a cycle: {cycle}", "remove one extends")]
        )
    return parent


def _find_extended_file(node: Node, name: str, folder: Path, kind: str) -> Path:
    """Return the file of that name in the folder of the config, or the shipped file."""
    beside = folder / (name if is_path(name) else f"{name}.yaml")
    if beside.exists():
        return beside
    # An event may extend a scenario; bases are found by name although commands do not list them.
    shipped = {**shipped_and_base_files("scenarios"), **shipped_and_base_files(kind)}
    stem = Path(name).stem
    if Path(name).name == name and stem in shipped:
        return shipped[stem]
    options = sorted({*shipped, *(path.stem for path in beside.parent.glob("*.yaml"))})
    message = f"there is no file {name} in the folder of this file, and no shipped config of that name"
    raise ConfigError([node.origin.problem((EXTENDS,), message, suggest_name(stem, options, "known names"))])


def _without_extends(tree: Node) -> Node:
    """Return a config without the key ``extends``."""
    assert isinstance(tree.content, dict)
    return replace(tree, content={key: node for key, node in tree.content.items() if key != EXTENDS})


KEY_STEP = re.compile(r"\[(?P<index>\d+)\]|(?P<dot>\.?)(?P<key>[^.\[\]=\s]+)")
OVERRIDE_USAGE = "write path.to.key=value or path.to.list[0].key=value"


@dataclass(frozen=True)
class _Override:
    """One override: the steps of its path with their columns, and the value."""

    path: KeyPath
    columns: tuple[int, ...]
    value: Node

    def problem(self, depth: int, message: str, hint: str = "") -> ConfigError:
        """Return an error at one step of the path, or at the value if that comes from a file."""
        inline = self.value.origin.source.inline
        place = replace(self.value.origin, line=1, column=self.columns[depth]) if inline else self.value.origin
        return ConfigError([place.problem(self.path[: depth + 1], message, hint)])


def apply_overrides(tree: Node, texts: Iterable[str]) -> tuple[Node, list[ConfigProblem]]:
    """Return the tree with all overrides applied in order, and the problems of invalid overrides."""
    problems: list[ConfigProblem] = []
    for text in texts:
        source = Source(f"--set {text}", (text,), inline=True)
        try:
            override, found = _parse_override(text, source)
            problems += found
            tree = _apply_override(tree, override, 0)
        except ConfigError as error:
            problems += error.problems
    return tree, problems


def set_value(tree: Node, key: str, value: Node) -> Node:
    """Return the tree with a value at a path such as ``boj.meetings[0].decision``, as an override would set it.

    Raises
    ------
    ConfigError
        If the text is not a path, or the path does not fit the tree.
    """
    path, columns = _parse_path(key, Source(key, (key,), inline=True))
    return _apply_override(tree, _Override(path, columns, value), 0)


def _parse_override(text: str, source: Source) -> tuple[_Override, list[ConfigProblem]]:
    """Parse the text of an override."""
    path_text, equals, value_text = text.partition("=")
    path, columns = _parse_path(path_text.rstrip(), source)
    place = Origin(source, 1, len(path_text) + 1)
    if not equals or not value_text.strip() or value_text.lstrip().startswith("#"):
        raise ConfigError(
            [place.problem(path, "no value is given", f"{OVERRIDE_USAGE}; null removes an inherited table")]
        )
    if path == (EXTENDS,):
        raise ConfigError(
            [place.problem(path, "extends cannot be overridden", "set it in a file, or name another file")]
        )
    # Spaces instead of the path keep the columns of the value correct.
    reading: ParsedYaml = parse_yaml(" " * (len(path_text) + 1) + value_text, source)
    problems = [replace(problem, key=key_text(path) + _relative_key(problem.key)) for problem in reading.problems]
    return _Override(path, columns, replace(reading.tree, key_origin=Origin(source, 1, columns[-1]))), problems


def _relative_key(key: str) -> str:
    """Return a key inside the value of an override as a suffix of the path of the override."""
    return f".{key}" if key and not key.startswith("[") else key


def _parse_path(text: str, source: Source) -> tuple[KeyPath, tuple[int, ...]]:
    """Parse a path into its steps and their columns."""
    steps: list[str | int] = []
    columns: list[int] = []
    position = 0
    while position < len(text):
        match = KEY_STEP.match(text, position)
        # A dot separates two keys: it cannot start a path, and a second key needs it.
        if match is None or (match["key"] is not None and bool(match["dot"]) != bool(steps)):
            break
        steps.append(match["key"] if match["key"] is not None else int(match["index"]))
        columns.append((match.start("key") if match["key"] is not None else match.start()) + 1)
        position = match.end()
    if not steps or position < len(text):
        place = Origin(source, 1, position + 1)
        raise ConfigError([place.problem((), "this is not a path of keys", OVERRIDE_USAGE)])
    return tuple(steps), tuple(columns)


def _apply_override(node: Node, override: _Override, depth: int) -> Node:
    """Return the node with the override applied from step `depth` of its path."""
    if depth == len(override.path):
        in_mapping = isinstance(override.path[-1], str)
        return replace(override.value, removes=in_mapping and removes_table(override.value, node))
    part = override.path[depth]
    if isinstance(part, int):
        return _apply_in_list(node, part, override, depth)
    if node.content is not None and not isinstance(node.content, dict):
        message = f"{key_text(override.path[:depth])} is {describe_value(node)}, not a mapping with keys"
        hint = f"write {key_text(override.path[:depth])}[0].{part}=..." if isinstance(node.content, list) else ""
        raise override.problem(depth, message, hint)
    entries = dict(node.content or {})
    below = entries.get(part, Node(None, override.value.origin, override.value.key_origin))
    entries[part] = _apply_override(below, override, depth + 1)
    return replace(node, content=entries, broken=False, removes=False)


def _apply_in_list(node: Node, index: int, override: _Override, depth: int) -> Node:
    """Return a list with the override applied to one item."""
    if not isinstance(node.content, list):
        text = describe_value(node) if node.content is not None else "not set in the file"
        raise override.problem(depth, f"there is no list: {key_text(override.path[:depth])} is {text}")
    if index >= len(node.content):
        length = len(node.content)
        hint = f"the last item is [{length - 1}]" if length else "set the whole list"
        raise override.problem(depth, f"index {index} is out of range: the list has {length} items", hint)
    items = list(node.content)
    items[index] = _apply_override(items[index], override, depth + 1)
    return replace(node, content=items)
