"""The values of a configuration, each with the file, line and column that it comes from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from simulation.scenario.config.errors import ConfigProblem

Scalar: TypeAlias = str | int | float | bool | date | None
KeyPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A source text: a file, or one ``--set`` override, which has no line numbers."""

    name: str
    lines: tuple[str, ...]
    inline: bool = False


@dataclass(frozen=True)
class Origin:
    """A place in a source; line and column start at 1."""

    source: Source
    line: int
    column: int

    def problem(self, key: KeyPath, message: str, hint: str = "") -> ConfigProblem:
        """Return a problem at this place."""
        lines = self.source.lines
        excerpt = lines[self.line - 1] if self.line <= len(lines) else ""
        line = None if self.source.inline else self.line
        return ConfigProblem(self.source.name, line, self.column, key_text(key), message, hint, excerpt)

    def __str__(self) -> str:
        """Return ``file:line``, or the ``--set`` text."""
        return self.source.name if self.source.inline else f"{self.source.name}:{self.line}"


@dataclass(frozen=True)
class Node:
    """A value with its place and, inside a mapping, the place of its key.

    ``broken`` marks an unreadable value that has been reported; its content is None.  ``removes`` marks an explicit null
    over an inherited mapping.
    """

    content: "Scalar | dict[str, Node] | list[Node]"
    origin: Origin
    key_origin: Origin | None = None
    broken: bool = False
    removes: bool = False

    @property
    def head(self) -> Origin:
        """The place of the key, or of the value if there is no key."""
        return self.key_origin or self.origin

    def child(self, part: str | int) -> "Node | None":
        """Return the entry of a mapping or the item of a list, or None."""
        if isinstance(self.content, dict) and isinstance(part, str):
            return self.content.get(part)
        if isinstance(self.content, list) and isinstance(part, int) and 0 <= part < len(self.content):
            return self.content[part]
        return None


def key_text(path: KeyPath) -> str:
    """Return a key path as text: ``boj.meetings[0].date``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def plain_values(node: Node) -> object:
    """Return the values as dictionaries, lists and scalars without places."""
    if isinstance(node.content, dict):
        return {key: plain_values(child) for key, child in node.content.items()}
    if isinstance(node.content, list):
        return [plain_values(child) for child in node.content]
    return node.content


def descend(node: Node, path: KeyPath) -> Node | None:
    """Return the node at a key path, or None."""
    current: Node | None = node
    for part in path:
        current = current.child(part) if current is not None else None
    return current


def nearest_node(node: Node, path: KeyPath) -> Node:
    """Return the node at a key path, or its nearest existing ancestor."""
    for part in path:
        child = node.child(part)
        if child is None:
            return node
        node = child
    return node


def walk(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
    """Yield this node and all nodes below with their key paths, parents first."""
    yield path, node
    if isinstance(node.content, dict):
        for key, child in node.content.items():
            yield from walk(child, (*path, key))
    elif isinstance(node.content, list):
        for index, child in enumerate(node.content):
            yield from walk(child, (*path, index))


def without_key(node: Node, path: KeyPath) -> Node:
    """Return the tree without the mapping entry at a key path."""
    part, rest = path[0], path[1:]
    child = node.child(part)
    if child is None:
        return node
    if isinstance(node.content, list):
        items = [without_key(item, rest) if index == part else item for index, item in enumerate(node.content)]
        return replace(node, content=items)
    assert isinstance(node.content, dict)
    assert isinstance(part, str)
    entries = {key: value for key, value in node.content.items() if key != part}
    return replace(node, content={**node.content, part: without_key(child, rest)} if rest else entries)


DATE_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")
LEADING_KEY = re.compile(r"([a-z_][\w.\[\]]*): ")


def locate_message(tree: Node, path: KeyPath, message: str) -> tuple[KeyPath, str]:
    """Return the key path of the value that a message of a check refers to, and the message without that path.

    A check of a whole table, such as ``boj.meetings: 2025-12-20 is not a business day``, is placed at the line of the
    value.  The key path at the start of the message applies, then the date or quoted text that is mentioned first.
    """
    named = LEADING_KEY.match(message)
    below = _matching_path(descend(tree, path), parse_key_path(named[1])) if named else None
    if named and below is not None:
        path, message = (*path, *below), message[named.end() :]
    node = descend(tree, path)
    leaves = [] if node is None else walk(node, path)
    positions = [(_mention_position(leaf, leaf_path, message), leaf_path) for leaf_path, leaf in leaves]
    mentioned = [(position, leaf_path) for position, leaf_path in positions if position >= 0]
    # Of equal positions `min` returns the first, the value nearest to the top of the file.
    return (min(mentioned, key=lambda pair: pair[0])[1] if mentioned else path), message


def _matching_path(node: Node | None, parts: KeyPath) -> KeyPath | None:
    """Return a path with the keys of a node, where ``markets.usdjpy`` may be one key; None if it does not exist."""
    if node is None or not parts:
        return None if node is None else ()
    for count in range(1, len(parts) + 1):
        step = parts[0] if count == 1 else key_text(parts[:count])
        rest = _matching_path(node.child(step), parts[count:])
        if rest is not None:
            return (step, *rest)
    return None


def parse_key_path(key: str) -> KeyPath:
    """Parse a key path such as ``meetings[0].date``."""
    parts = key.replace("[", ".[").split(".")
    return tuple(int(part[1:-1]) if re.fullmatch(r"\[\d+\]", part) else part for part in parts if part)


def _mention_position(node: Node, path: KeyPath, message: str) -> int:
    """Return the position in a message of a date (a key or a value) or of quoted text; -1 if it is not mentioned."""
    if path and DATE_TEXT.fullmatch(str(path[-1])):
        return message.find(str(path[-1]))
    if isinstance(node.content, date):
        return message.find(node.content.isoformat())
    if isinstance(node.content, str) and node.content:
        # A date from an axis of a sweep is text.
        return message.find(node.content if DATE_TEXT.fullmatch(node.content) else repr(node.content))
    return -1
