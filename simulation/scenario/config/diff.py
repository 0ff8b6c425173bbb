"""Say in words how two configs differ."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from simulation.scenario.config.loading import Loaded, Model
from simulation.scenario.config.rendering import flow_text, scalar_text, validated
from simulation.scenario.config.shape import ANYTHING, Shape, with_kind
from simulation.scenario.config.tree import KeyPath, Node, key_text, plain
from simulation.scenario.config.wording import number, unit_after

RATE = re.compile(r"([+-]?[\d.]+(?:e[+-]?\d+)?) ?(bp|%|pp)")
MAX_WIDTH = 80


@dataclass(frozen=True)
class Difference:
    """One value that differs: `change` is changed, added or removed; `label` is the key path with dates in words."""

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
            return f"{self.label}: {self.change}" + (f": {in_words(node)}" if node is not None else "")
        return f"{self.label}: {in_words(self.before)} -> {in_words(self.after)}{unit_after(self.unit)}"

    def as_json(self) -> dict[str, object]:
        """Return the difference as plain values."""
        values = {"before": _as_json(self.before), "after": _as_json(self.after), "unit": self.unit}
        return {"key": self.key, "change": self.change, **values, "words": str(self)}


@dataclass(frozen=True)
class _Spot:
    """A place in both configs: the key path, how it reads in words, and what may stand there."""

    path: KeyPath
    label: str
    shape: Shape

    def below(self, part: str | int, node: Node, note: str = "") -> "_Spot":
        """Return the place one step down; `node` is what stands there in either config."""
        shape, is_key = self.shape.step(part, True)
        shape = with_kind(shape if is_key else ANYTHING, node, str(part))
        step = f"[{part}]" if isinstance(part, int) else str(part)
        joined = step if not self.label or isinstance(part, int) else f".{step}"
        # After a date the path goes on behind a colon: `meetings[0] 19 Dec 2025: decision`.
        joined = f" {step}" if self.label.endswith(":") else joined
        return _Spot((*self.path, part), f"{self.label}{joined}{note}", shape)


def differences(first: Loaded[Model], second: Loaded[Model]) -> list[Difference]:
    """Return what changed from the first config to the second, in the order of the first.

    Items of lists are matched by their `date` where all have one, by position otherwise.
    """
    start = _Spot((), "", Shape(type(first.scenario)))
    return list(_compared(validated(first.scenario), validated(second.scenario), start))


def in_words(node: Node) -> str:
    """Return a value as one says it: ``+25 bp``, ``19 Dec 2025``."""
    value = node.content
    if isinstance(value, dict | list):
        return _cut(flow_text(node))
    if isinstance(value, str):
        rate = RATE.fullmatch(value)
        return f"{float(rate[1]):+.6g} {rate[2]}" if rate else _cut(value) or '""'
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else scalar_text(value)
    return f"{value.day} {value:%b %Y}" if isinstance(value, date) else number(value)


def _cut(text: str) -> str:
    """Return text no longer than a line holds beside its key."""
    return text if len(text) <= MAX_WIDTH else f"{text[: MAX_WIDTH - 3]}..."


def _compared(before: Node, after: Node, spot: _Spot) -> Iterator[Difference]:
    """Yield the differences below one place."""
    if plain(before) == plain(after):
        return
    if isinstance(before.content, dict) and isinstance(after.content, dict):
        yield from _compared_mappings(before.content, after.content, spot)
    elif isinstance(before.content, list) and isinstance(after.content, list):
        yield from _compared_lists(before.content, after.content, spot)
    else:
        yield Difference(key_text(spot.path), spot.label, "changed", before, after, spot.shape.unit)


def _compared_mappings(before: dict[str, Node], after: dict[str, Node], spot: _Spot) -> Iterator[Difference]:
    """Yield the differences of two mappings, key by key."""
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        place = spot.below(key, old or new or Node(None, next(iter(before.values())).origin))
        yield from _either(old, new, place)


def _either(old: Node | None, new: Node | None, place: _Spot) -> Iterator[Difference]:
    """Yield the differences of two values of which one may not be there."""
    if old is not None and new is not None:
        yield from _compared(old, new, place)
    else:
        change = "added" if old is None else "removed"
        yield Difference(key_text(place.path), place.label.removesuffix(":"), change, old, new)


def _compared_lists(before: list[Node], after: list[Node], spot: _Spot) -> Iterator[Difference]:
    """Yield the differences of two lists, item by item."""
    old, new = _numbered(before), _numbered(after)
    for name in dict.fromkeys([*old, *new]):
        index, item = old.get(name) or new[name]
        date_node = item.child("date")
        place = spot.below(index, item, f" {in_words(date_node)}:" if date_node else "")
        yield from _either(old[name][1] if name in old else None, new[name][1] if name in new else None, place)


def _numbered(items: list[Node]) -> dict[object, tuple[int, Node]]:
    """Return the items of a list by their date where each has one of its own, by position otherwise."""
    dates = [node.content for node in (item.child("date") for item in items) if node is not None]
    by_date = len(set(map(str, dates))) == len(items)
    names = list(map(str, dates)) if by_date else range(len(items))
    return {name: (index, item) for index, (name, item) in enumerate(zip(names, items, strict=True))}


def _as_json(node: Node | None) -> object:
    """Return a value as JSON knows it: dates as text."""
    if node is None:
        return None
    if isinstance(node.content, dict):
        return {key: _as_json(child) for key, child in node.content.items()}
    if isinstance(node.content, list):
        return [_as_json(child) for child in node.content]
    return node.content.isoformat() if isinstance(node.content, date) else node.content
