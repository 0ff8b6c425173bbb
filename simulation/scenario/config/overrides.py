"""Lay ``path.to.key[0].sub=value`` overrides over a config; values are YAML, and a path may create new keys."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.layers import EXTENDS, removes
from simulation.scenario.config.tree import KeyPath, Node, Origin, Source, key_text
from simulation.scenario.config.yaml_text import Reading, compose, described

STEP = re.compile(r"\[(?P<index>\d+)\]|(?P<dot>\.?)(?P<key>[^.\[\]=\s]+)")
USAGE = "write path.to.key=value or path.to.list[0].key=value"


@dataclass(frozen=True)
class _Override:
    """One override: the steps of its path with their columns, and the value to put there."""

    path: KeyPath
    columns: tuple[int, ...]
    value: Node

    def problem(self, depth: int, message: str, hint: str = "") -> ConfigError:
        """Return a mistake at one step of the path; at the value where that stands in a file."""
        inline = self.value.origin.source.inline
        place = replace(self.value.origin, line=1, column=self.columns[depth]) if inline else self.value.origin
        return ConfigError([place.problem(self.path[: depth + 1], message, hint)])


def overridden(tree: Node, texts: Iterable[str]) -> tuple[Node, list[Problem]]:
    """Return the tree with every override applied in turn, and the mistakes of those that could not be."""
    problems: list[Problem] = []
    for text in texts:
        source = Source(f"--set {text}", (text,), inline=True)
        try:
            override, found = _parsed(text, source)
            problems += found
            tree = _applied(tree, override, 0)
        except ConfigError as error:
            problems += error.problems
    return tree, problems


def put(tree: Node, key: str, value: Node) -> Node:
    """Return the tree with a value at a path such as ``boj.meetings[0].decision``, where an override would put it.

    Raises
    ------
    ConfigError
        If the text is no path, or the path leads nowhere.
    """
    path, columns = _path(key, Source(key, (key,), inline=True))
    return _applied(tree, _Override(path, columns, value), 0)


def _parsed(text: str, source: Source) -> tuple[_Override, list[Problem]]:
    """Return an override read from its text."""
    path_text, equals, value_text = text.partition("=")
    path, columns = _path(path_text.rstrip(), source)
    place = Origin(source, 1, len(path_text) + 1)
    if not equals or not value_text.strip() or value_text.lstrip().startswith("#"):
        raise ConfigError([place.problem(path, "no value is given", f"{USAGE}; null takes an inherited table away")])
    if path == (EXTENDS,):
        raise ConfigError([place.problem(path, "extends belongs in a file", "name the file to start from instead")])
    # Spaces in the place of the path keep the columns of the value right.
    reading: Reading = compose(" " * (len(path_text) + 1) + value_text, source)
    problems = [replace(problem, key=key_text(path) + _tail(problem.key)) for problem in reading.problems]
    return _Override(path, columns, replace(reading.tree, key_origin=Origin(source, 1, columns[-1]))), problems


def _tail(key: str) -> str:
    """Return a key inside an override's value, ready to follow the override's own path."""
    return f".{key}" if key and not key.startswith("[") else key


def _path(text: str, source: Source) -> tuple[KeyPath, tuple[int, ...]]:
    """Return the steps of a path and their columns."""
    steps: list[str | int] = []
    columns: list[int] = []
    position = 0
    while position < len(text):
        match = STEP.match(text, position)
        # A dot joins two keys: it cannot begin a path, and a second key needs it.
        if match is None or (match["key"] is not None and bool(match["dot"]) != bool(steps)):
            break
        steps.append(match["key"] if match["key"] is not None else int(match["index"]))
        columns.append((match.start("key") if match["key"] is not None else match.start()) + 1)
        position = match.end()
    if not steps or position < len(text):
        place = Origin(source, 1, position + 1)
        raise ConfigError([place.problem((), "this is not a path of keys", USAGE)])
    return tuple(steps), tuple(columns)


def _applied(node: Node, override: _Override, depth: int) -> Node:
    """Return the node with the override put in at its path from `depth` on."""
    if depth == len(override.path):
        in_mapping = isinstance(override.path[-1], str)
        return replace(override.value, removes=in_mapping and removes(override.value, node))
    part = override.path[depth]
    if isinstance(part, int):
        return _in_list(node, part, override, depth)
    if node.content is not None and not isinstance(node.content, dict):
        message = f"{key_text(override.path[:depth])} is {described(node)}, not a mapping with keys"
        hint = f"write {key_text(override.path[:depth])}[0].{part}=..." if isinstance(node.content, list) else ""
        raise override.problem(depth, message, hint)
    entries = dict(node.content or {})
    below = entries.get(part, Node(None, override.value.origin, override.value.key_origin))
    entries[part] = _applied(below, override, depth + 1)
    return replace(node, content=entries, broken=False, removes=False)


def _in_list(node: Node, index: int, override: _Override, depth: int) -> Node:
    """Return a list with the override put in at one of its items."""
    if not isinstance(node.content, list):
        text = described(node) if node.content is not None else "not set in the file"
        raise override.problem(depth, f"there is no list here: {key_text(override.path[:depth])} is {text}")
    if index >= len(node.content):
        length = len(node.content)
        hint = f"the last one is [{length - 1}]" if length else "set the whole list"
        raise override.problem(depth, f"index {index} is out of range: the list has {length} items", hint)
    items = list(node.content)
    items[index] = _applied(items[index], override, depth + 1)
    return replace(node, content=items)
