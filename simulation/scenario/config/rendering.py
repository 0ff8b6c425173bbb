"""A resolved config as YAML that loads as the same config, and the differences between two configs in words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from pydantic import BaseModel

from simulation.scenario.config.field_schema import ANY_FIELD, FieldSchema, union_member
from simulation.scenario.config.formatting import format_number, unit_suffix
from simulation.scenario.config.loading import LoadedConfig, Model
from simulation.scenario.config.tree import KeyPath, Node, Origin, Source, key_text, plain_values

DEFAULT_ORIGIN = Origin(Source("default", (), inline=True), 1, 1)
PLAIN_TEXT = re.compile(r"(?:[A-Za-z_][\w./%()+-]*(?: [\w./%()+-]+)*|[+-]?\d+(?:\.\d+)?(?:bp|%|pp))", re.ASCII)
EMPTY_DECIMAL = re.compile(r"\A([+-]?\d+)\.0(bp|%|pp)\Z")
YAML_KEYWORDS = frozenset({"null", "true", "false", "y", "n", "yes", "no", "on", "off"})
COMMENT_COLUMN = 48


def render_yaml(loaded: LoadedConfig[Model], origins: bool = False) -> str:
    """Return a config as YAML, with inherited, overridden and default values.

    Parameters
    ----------
    loaded : LoadedConfig
        The config.
    origins : bool
        Add a comment to each value: the file and line that set it, ``--set`` or ``default``.
    """
    lines = _mapping_lines(resolved_tree(loaded), 0)
    if not origins:
        return "".join(f"{text}\n" for text, _ in lines)
    return "".join(f"{text:<{COMMENT_COLUMN}}  # {place}\n" if place else f"{text}\n" for text, place in lines)


def resolved_tree(loaded: LoadedConfig[Model]) -> Node:
    """Return all values of a validated config with their places, as written where the config states them."""
    return _with_origins(loaded.scenario.model_dump(by_alias=True), loaded.tree)


def model_tree(model: BaseModel) -> Node:
    """Return all values of a validated model without places."""
    return _with_origins(model.model_dump(by_alias=True), None)


def format_scalar(value: object) -> str:
    """Return a scalar as YAML that loads as the same value."""
    if isinstance(value, Enum):
        return format_scalar(value.value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quote_text(value)
    return value.isoformat() if isinstance(value, date) else repr(value)


def quote_text(value: str) -> str:
    """Return text as YAML: plain if it cannot be read as another type, else in double quotes."""
    if PLAIN_TEXT.fullmatch(value) and value.casefold() not in YAML_KEYWORDS:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in escaped) + '"'


def format_inline(node: Node) -> str:
    """Return a value on one line."""
    if isinstance(node.content, dict):
        return (
            "{" + ", ".join(f"{quote_text(key)}: {format_inline(child)}" for key, child in node.content.items()) + "}"
        )
    if isinstance(node.content, list):
        return "[" + ", ".join(format_inline(child) for child in node.content) + "]"
    return format_scalar(node.content)


def _with_origins(value: object, node: Node | None) -> Node:
    """Return a dumped value with its places and its spelling in the config."""
    origin = DEFAULT_ORIGIN if node is None else node.origin
    if isinstance(value, Mapping):
        return Node(_mapping_with_origins(value, node), origin)
    if isinstance(value, list | tuple | set | frozenset):
        items = node.content if node is not None and isinstance(node.content, list) else []
        nodes = [*items, *[None if node is None else Node(None, origin)] * (len(value) - len(items))]
        return Node([_with_origins(item, below) for item, below in zip(value, nodes, strict=False)], origin)
    as_written = node is not None and isinstance(node.content, str | int | float | date)
    tidy = _without_empty_decimal(value) if isinstance(value, str) else value
    return Node(node.content if node is not None and as_written else tidy, origin)  # type: ignore[arg-type]


def _mapping_with_origins(value: Mapping[object, object], node: Node | None) -> dict[str, Node]:
    """Return the entries of a dumped mapping; nulls that omit something are kept."""
    given = dict(node.content) if node is not None and isinstance(node.content, dict) else {}
    entries: dict[str, Node] = {}
    for key, child in value.items():
        name = str(key) if str(key) in given else _without_empty_decimal(str(key))
        entries[name] = _with_origins(child, given.pop(name, None))
    left_out = {key: child for key, child in given.items() if child.content is None}
    return entries | left_out


def _without_empty_decimal(text: str) -> str:
    """Return a rate without an empty decimal (``25bp`` for ``25.0bp``); other text is unchanged."""
    return EMPTY_DECIMAL.sub(r"\1\2", text)


def _mapping_lines(node: Node, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the lines of a mapping with the place of each value."""
    assert isinstance(node.content, dict)
    for key, child in node.content.items():
        head = f"{'  ' * depth}{quote_text(key)}:"
        if _is_block(child):
            yield head, ""
            yield from _block_lines(child, depth + 1)
        else:
            yield f"{head} {format_inline(child)}", str(child.origin)


def _block_lines(node: Node, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the lines of a mapping, or of a list with items that are not scalars, with the place of each value."""
    if isinstance(node.content, dict):
        yield from _mapping_lines(node, depth)
        return
    assert isinstance(node.content, list)
    for item in node.content:
        if not (isinstance(item.content, dict) and item.content):
            yield f"{'  ' * depth}- {format_inline(item)}", str(item.origin)
            continue
        for index, (text, place) in enumerate(_mapping_lines(item, depth + 1)):
            yield (f"{'  ' * depth}- {text.lstrip()}" if index == 0 else text), place


def _is_block(node: Node) -> bool:
    """Return whether a value is written on separate lines."""
    if isinstance(node.content, list):
        return any(isinstance(item.content, dict | list) for item in node.content)
    return isinstance(node.content, dict) and bool(node.content)


RATE_TEXT = re.compile(r"([+-]?[\d.]+(?:e[+-]?\d+)?) ?(bp|%|pp)")
MAX_VALUE_WIDTH = 80


@dataclass(frozen=True)
class ConfigDifference:
    """One difference: `change` is changed, added or removed; `label` is the key path with the date of a list item."""

    key: str
    label: str
    change: str
    before: Node | None
    after: Node | None
    unit: str = ""

    def __str__(self) -> str:
        """Return ``boj.meetings[0] 19 Dec 2025: decision: +25 bp -> +50 bp``."""
        if self.before is None or self.after is None:
            node = self.after or self.before
            return f"{self.label}: {self.change}" + (f": {format_value(node)}" if node is not None else "")
        return f"{self.label}: {format_value(self.before)} -> {format_value(self.after)}{unit_suffix(self.unit)}"

    def as_json(self) -> dict[str, object]:
        """Return the difference as JSON values."""
        values = {"before": _json_value(self.before), "after": _json_value(self.after), "unit": self.unit}
        return {"key": self.key, "change": self.change, **values, "words": str(self)}


@dataclass(frozen=True)
class _ConfigPlace:
    """A place in both configs: key path, label and schema."""

    path: KeyPath
    label: str
    schema: FieldSchema

    def below(self, part: str | int, node: Node, note: str = "") -> "_ConfigPlace":
        """Return the place one step down; `node` is the value there in either config."""
        schema, is_key = self.schema.step(part, True)
        schema = union_member(schema if is_key else ANY_FIELD, node, str(part))
        step = f"[{part}]" if isinstance(part, int) else str(part)
        suffix = step if not self.label or isinstance(part, int) else f".{step}"
        # After a date the path continues after a colon: `meetings[0] 19 Dec 2025: decision`.
        suffix = f" {step}" if self.label.endswith(":") else suffix
        return _ConfigPlace((*self.path, part), f"{self.label}{suffix}{note}", schema)


def config_differences(first: LoadedConfig[Model], second: LoadedConfig[Model]) -> list[ConfigDifference]:
    """Return the changes from the first config to the second, in the order of the first.

    List items are matched by their `date` if all have different dates, else by position.
    """
    start = _ConfigPlace((), "", FieldSchema(type(first.scenario)))
    return list(_compare(model_tree(first.scenario), model_tree(second.scenario), start))


def format_value(node: Node) -> str:
    """Format a value for people: ``+25 bp``, ``19 Dec 2025``."""
    value = node.content
    if isinstance(value, dict | list):
        return _truncate(format_inline(node))
    if isinstance(value, str):
        rate = RATE_TEXT.fullmatch(value)
        return f"{float(rate[1]):+.6g} {rate[2]}" if rate else _truncate(value) or '""'
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else format_scalar(value)
    return f"{value.day} {value:%b %Y}" if isinstance(value, date) else format_number(value)


def _truncate(text: str) -> str:
    """Return text shortened to `MAX_VALUE_WIDTH`."""
    return text if len(text) <= MAX_VALUE_WIDTH else f"{text[: MAX_VALUE_WIDTH - 3]}..."


def _compare(before: Node, after: Node, place: _ConfigPlace) -> Iterator[ConfigDifference]:
    """Yield the differences at and below a place."""
    if plain_values(before) == plain_values(after):
        return
    if isinstance(before.content, dict) and isinstance(after.content, dict):
        yield from _compare_mappings(before.content, after.content, place)
    elif isinstance(before.content, list) and isinstance(after.content, list):
        yield from _compare_lists(before.content, after.content, place)
    else:
        yield ConfigDifference(key_text(place.path), place.label, "changed", before, after, place.schema.unit)


def _compare_mappings(
    before: dict[str, Node], after: dict[str, Node], place: _ConfigPlace
) -> Iterator[ConfigDifference]:
    """Yield the differences between two mappings."""
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        below = place.below(key, old or new or Node(None, next(iter(before.values())).origin))
        yield from _compare_optional(old, new, below)


def _compare_optional(old: Node | None, new: Node | None, place: _ConfigPlace) -> Iterator[ConfigDifference]:
    """Yield the differences between two values, of which one may be missing."""
    if old is not None and new is not None:
        yield from _compare(old, new, place)
    else:
        change = "added" if old is None else "removed"
        yield ConfigDifference(key_text(place.path), place.label.removesuffix(":"), change, old, new)


def _compare_lists(before: list[Node], after: list[Node], place: _ConfigPlace) -> Iterator[ConfigDifference]:
    """Yield the differences between two lists."""
    old, new = _items_by_date(before), _items_by_date(after)
    for name in dict.fromkeys([*old, *new]):
        index, item = old.get(name) or new[name]
        date_node = item.child("date")
        below = place.below(index, item, f" {format_value(date_node)}:" if date_node else "")
        yield from _compare_optional(
            old[name][1] if name in old else None, new[name][1] if name in new else None, below
        )


def _items_by_date(items: list[Node]) -> dict[object, tuple[int, Node]]:
    """Return list items by date if all have different dates, else by position."""
    dates = [node.content for node in (item.child("date") for item in items) if node is not None]
    by_date = len(set(map(str, dates))) == len(items)
    names = list(map(str, dates)) if by_date else range(len(items))
    return {name: (index, item) for index, (name, item) in enumerate(zip(names, items, strict=True))}


def _json_value(node: Node | None) -> object:
    """Return a value for JSON, with dates as text."""
    if node is None:
        return None
    if isinstance(node.content, dict):
        return {key: _json_value(child) for key, child in node.content.items()}
    if isinstance(node.content, list):
        return [_json_value(child) for child in node.content]
    return node.content.isoformat() if isinstance(node.content, date) else node.content
