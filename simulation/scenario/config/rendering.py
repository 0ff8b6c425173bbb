"""Write a resolved config as YAML that loads back to the same config, with the place that set each value if wanted."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum

from pydantic import BaseModel

from simulation.scenario.config.loading import Loaded, Model
from simulation.scenario.config.tree import Node, Origin, Source

DEFAULT = Origin(Source("default", (), inline=True), 1, 1)
PLAIN_TEXT = re.compile(r"(?:[A-Za-z_][\w./%()+-]*(?: [\w./%()+-]+)*|[+-]?\d+(?:\.\d+)?(?:bp|%|pp))", re.ASCII)
EMPTY_DECIMAL = re.compile(r"\A([+-]?\d+)\.0(bp|%|pp)\Z")
WORDS_OF_YAML = frozenset({"null", "true", "false", "y", "n", "yes", "no", "on", "off"})
COMMENT_COLUMN = 48


def show(loaded: Loaded[Model], origins: bool = False) -> str:
    """Return a config with everything inherited, overridden and left at its default, as YAML.

    Parameters
    ----------
    loaded : Loaded
        The config.
    origins : bool
        Add to each value, as a comment, the file and line that set it, ``--set`` or ``default``.
    """
    lines = _mapping_lines(resolved(loaded), 0)
    if not origins:
        return "".join(f"{text}\n" for text, _ in lines)
    return "".join(f"{text:<{COMMENT_COLUMN}}  # {place}\n" if place else f"{text}\n" for text, place in lines)


def resolved(loaded: Loaded[Model]) -> Node:
    """Return every value of the validated config, as written where it was written, with its place."""
    return _filled(loaded.scenario.model_dump(by_alias=True), loaded.tree)


def validated(model: BaseModel) -> Node:
    """Return every value of a model as it was validated, without places."""
    return _filled(model.model_dump(by_alias=True), None)


def scalar_text(value: object) -> str:
    """Return a scalar as YAML that reads back as the same value."""
    if isinstance(value, Enum):
        return scalar_text(value.value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return text_of(value)
    return value.isoformat() if isinstance(value, date) else repr(value)


def text_of(value: str) -> str:
    """Return text as YAML: plain where nothing else could be read in it, in double quotes otherwise."""
    if PLAIN_TEXT.fullmatch(value) and value.casefold() not in WORDS_OF_YAML:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in escaped) + '"'


def flow_text(node: Node) -> str:
    """Return a value on one line."""
    if isinstance(node.content, dict):
        return "{" + ", ".join(f"{text_of(key)}: {flow_text(child)}" for key, child in node.content.items()) + "}"
    if isinstance(node.content, list):
        return "[" + ", ".join(flow_text(child) for child in node.content) + "]"
    return scalar_text(node.content)


def _filled(value: object, node: Node | None) -> Node:
    """Return a dumped value with the places, and the wording, that the config has for it."""
    origin = DEFAULT if node is None else node.origin
    if isinstance(value, Mapping):
        return Node(_filled_mapping(value, node), origin)
    if isinstance(value, list | tuple | set | frozenset):
        items = node.content if node is not None and isinstance(node.content, list) else []
        placed = [*items, *[None if node is None else Node(None, origin)] * (len(value) - len(items))]
        return Node([_filled(item, place) for item, place in zip(value, placed, strict=False)], origin)
    as_written = node is not None and isinstance(node.content, str | int | float | date)
    tidy = _tidy(value) if isinstance(value, str) else value
    return Node(node.content if node is not None and as_written else tidy, origin)  # type: ignore[arg-type]


def _filled_mapping(value: Mapping[object, object], node: Node | None) -> dict[str, Node]:
    """Return the entries of a dumped mapping; nulls that leave something out stay."""
    given = dict(node.content) if node is not None and isinstance(node.content, dict) else {}
    entries: dict[str, Node] = {}
    for key, child in value.items():
        name = str(key) if str(key) in given else _tidy(str(key))
        entries[name] = _filled(child, given.pop(name, None))
    left_out = {key: child for key, child in given.items() if child.content is None}
    return entries | left_out


def _tidy(text: str) -> str:
    """Return a rate without an empty decimal (``25bp`` for ``25.0bp``), other text as it is."""
    return EMPTY_DECIMAL.sub(r"\1\2", text)


def _mapping_lines(node: Node, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the lines of a mapping with the place of each value."""
    assert isinstance(node.content, dict)
    for key, child in node.content.items():
        head = f"{'  ' * depth}{text_of(key)}:"
        if _is_block(child):
            yield head, ""
            yield from _block_lines(child, depth + 1)
        else:
            yield f"{head} {flow_text(child)}", str(child.origin)


def _block_lines(node: Node, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the lines of a mapping, or of a list that holds more than scalars."""
    if isinstance(node.content, dict):
        yield from _mapping_lines(node, depth)
        return
    assert isinstance(node.content, list)
    for item in node.content:
        if not (isinstance(item.content, dict) and item.content):
            yield f"{'  ' * depth}- {flow_text(item)}", str(item.origin)
            continue
        for index, (text, place) in enumerate(_mapping_lines(item, depth + 1)):
            yield (f"{'  ' * depth}- {text.lstrip()}" if index == 0 else text), place


def _is_block(node: Node) -> bool:
    """Return whether a value takes lines of its own."""
    if isinstance(node.content, list):
        return any(isinstance(item.content, dict | list) for item in node.content)
    return isinstance(node.content, dict) and bool(node.content)
