"""Reading of YAML 1.2 files into a tree of values with their places.

The text is composed into nodes and not constructed into objects, so every value keeps its place, and an invalid date or a
duplicate key is reported together with other problems instead of ending the reading.
"""

import math
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.tree import KeyPath, Node, Origin, Scalar, Source

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*%")
MAX_DEPTH = 40
MAX_BYTES = 256_000
"""Maximum file size; configs have a few kilobytes, and the parser needs seconds for a megabyte."""
YAML_TAG = "tag:yaml.org,2002:"
KNOWN_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "map", "seq"})
KIND_OF_TAG = {"timestamp": "a date", "int": "a whole number", "float": "a number", "bool": "true or false"}
BRACKET_CURE = (
    "close it, or put a comma between the items; text that holds a bracket, such as boj.meetings[0].decision, needs quotes "
    "inside { } and [ ]"
)
SYNTAX_MESSAGES = {
    r"'\t'": ("a tab stands where only spaces are allowed", "indent with spaces"),
    "another document": ("a second document starts here", "keep one document per file, without ---"),
    "mapping values are not allowed": (
        "a colon is not allowed here",
        "check the indentation, or put text that contains a colon in quotes",
    ),
    "cannot start any token": ("a word cannot start with this character", "put the text in quotes"),
    "undefined alias": ("anchors (&) and aliases (*) are not supported", "write the value in full, or use extends"),
    "unexpected end of stream": ("a quote is not closed", "close it"),
    "expected ',' or": ("a bracket is not closed", BRACKET_CURE),
    "found '<stream end>'": ("a bracket is not closed", "close it"),
    "could not find expected ':'": ("a key without a colon", "write `key: value`"),
    "<block end>": ("this line does not match the indentation of the lines above", "check its indentation"),
}
"""Part of a parser message: our message and the cure."""


@dataclass
class ParsedYaml:
    """The tree of a text, and the problems that did not stop the reading."""

    tree: Node
    source: Source
    problems: list[ConfigProblem] = field(default_factory=list)


def parse_yaml(text: str, source: Source) -> ParsedYaml:
    """Return the tree of a YAML text; raises ConfigError if the text is not YAML."""
    start = Origin(source, 1, 1)
    directive = DIRECTIVE.match(text)
    if directive:
        place = Origin(source, text.count("\n", 0, directive.end()) + 1, 1)
        raise ConfigError([place.problem((), "YAML directives are not supported", "remove the line")])
    try:
        document = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        raise ConfigError([_syntax_problem(error, text, source)]) from None
    except RecursionError:
        raise ConfigError(
            [start.problem((), "the values are nested too deeply", f"use at most {MAX_DEPTH} levels")]
        ) from None
    if document is None:
        return ParsedYaml(Node(None, start), source)
    builder = _TreeBuilder(source)
    return ParsedYaml(builder.node(document, ()), source, builder.problems)


def describe_value(node: Node) -> str:
    """Return a description of the value of a node."""
    content = node.content
    if isinstance(content, dict):
        return "a mapping"
    if isinstance(content, list):
        return f"a list of {len(content)}"
    if content is None:
        return "nothing"
    if isinstance(content, str):
        return f"the text {content[:40]!r}"
    return f"the value {str(content).lower() if isinstance(content, bool) else content}"


def _syntax_problem(error: YAMLError, text: str, source: Source) -> ConfigProblem:
    """Return the problem of a text that is not YAML, placed where the error starts if the parser knows it."""
    if isinstance(error, ReaderError):
        lines = LINE_BREAK.split(text[: error.position])
        place = Origin(source, len(lines), len(lines[-1]) + 1)
        return place.problem((), "a control character is not allowed", "remove it")
    if not isinstance(error, MarkedYAMLError):
        return Origin(source, 1, 1).problem((), f"not YAML: {error}")
    problem = str(error.problem or error.context)
    unfinished = any(sign in problem for sign in ("of stream", "stream end", "expected ',' or", "could not find"))
    begins = error.context_mark if unfinished else None
    mark = begins or error.problem_mark or error.context_mark
    place = Origin(source, mark.line + 1, mark.column + 1) if mark else Origin(source, 1, 1)
    messages = [message for sign, message in SYNTAX_MESSAGES.items() if sign in problem]
    return place.problem((), *(messages[0] if messages else (f"not YAML: {problem}", "")))


class _TreeBuilder:
    """Converts composed YAML nodes into a tree and collects problems."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[ConfigProblem] = []
        self._constructor = YAML(typ="safe", pure=True).constructor

    def node(self, raw: YamlNode, path: KeyPath) -> Node:
        """Return the tree below one composed node."""
        unsupported = self._unsupported(raw, path)
        if unsupported:
            return self._broken(raw, path, *unsupported)
        place = self._place(raw)
        if isinstance(raw, MappingNode):
            return Node(self._mapping(raw, path), place)
        if isinstance(raw, SequenceNode):
            return Node([self.node(item, (*path, i)) for i, item in enumerate(raw.value)], place)
        return self._scalar(raw, path)

    def _unsupported(self, raw: YamlNode, path: KeyPath) -> tuple[str, str] | None:
        """Return why a node is not supported, and the cure; None if it is."""
        if raw.anchor is not None:
            return SYNTAX_MESSAGES["undefined alias"]
        if str(raw.tag).removeprefix(YAML_TAG) not in KNOWN_TAGS:
            return f"the tag {raw.tag} is not supported", "remove it"
        if len(path) > MAX_DEPTH:
            return "the values are nested too deeply", f"use at most {MAX_DEPTH} levels"
        return None

    def _mapping(self, raw: MappingNode, path: KeyPath) -> dict[str, Node]:
        """Return the entries of a mapping; of duplicate keys the first applies."""
        entries: dict[str, Node] = {}
        for raw_key, raw_value in raw.value:
            key = self._key(raw_key, path)
            if key is None:
                continue
            place = self._place(raw_key)
            value = self.node(raw_value, (*path, key))
            # The parser places an empty value on the next line that is not empty.
            origin = place if _is_empty(raw_value) else value.origin
            if key in entries:
                first = entries[key].head.line
                self.problems.append(
                    place.problem((*path, key), f"duplicate key, first used in line {first}", "remove one of them")
                )
            else:
                entries[key] = replace(value, origin=origin, key_origin=place)
        return entries

    def _key(self, raw: YamlNode, path: KeyPath) -> str | None:
        """Return the key as text; otherwise None, with a problem."""
        named = raw.tag in (YAML_TAG + "str", YAML_TAG + "timestamp")  # a date may be a key: a series by day
        if named and isinstance(raw, ScalarNode) and raw.anchor is None:
            return str(raw.value)
        text = raw.value if isinstance(raw, ScalarNode) else "a list or mapping"
        message, hint = f"a key must be a name, not {text}", "put it in quotes if it is a name"
        if raw.tag == YAML_TAG + "merge":
            message, hint = "merge keys (<<) are not supported", "use extends, or write the values in full"
        self.problems.append(self._place(raw).problem((*path, str(text)), message, hint))
        return None

    def _scalar(self, raw: YamlNode, path: KeyPath) -> Node:
        """Return a scalar; broken, with a problem, if its text is not a valid value of its type."""
        kind = KIND_OF_TAG.get(str(raw.tag).removeprefix(YAML_TAG), "a value")
        quotes = "put it in quotes if it is text"
        try:
            value: Scalar = self._constructor.construct_object(raw)
        except (ValueError, KeyError, AttributeError, YAMLError) as error:
            reason = f" ({error})" if kind == "a date" and isinstance(error, ValueError) else ""
            quotes = f"write an existing date as YYYY-MM-DD, or {quotes}" if reason else quotes
            return self._broken(raw, path, f"{raw.value} is not {kind}{reason}", quotes)
        if isinstance(value, float) and not math.isfinite(value):
            return self._broken(raw, path, f"{raw.value} is not a finite number", "remove the key or write a number")
        return Node(value, self._place(raw))

    def _broken(self, raw: YamlNode, path: KeyPath, message: str, hint: str) -> Node:
        """Record a problem and return a node for the unreadable value."""
        place = self._place(raw)
        self.problems.append(place.problem(path, message, hint))
        return Node(None, place, broken=True)

    def _place(self, raw: YamlNode) -> Origin:
        """Return the start of a node."""
        return Origin(self.source, raw.start_mark.line + 1, raw.start_mark.column + 1)


def _is_empty(raw: YamlNode) -> bool:
    """Return whether a value is missing (``key:`` only)."""
    return isinstance(raw, ScalarNode) and raw.value == "" and raw.style is None


def read_config_file(path: Path) -> ParsedYaml:
    """Return the mapping in a file; raises ConfigError if there is none."""
    name = display_path(path)
    text = _read_text(path, name)
    cached = _parse_cached(text, name)
    # A new list, because the caller may append problems.
    reading = replace(cached, problems=[*cached.problems])
    if not isinstance(reading.tree.content, dict) and not reading.problems:
        empty = reading.tree.content is None
        message = "the file is empty" if empty else f"expected keys and values, got {describe_value(reading.tree)}"
        raise ConfigError([reading.tree.origin.problem((), message, "write lines such as `key: value`")])
    if not isinstance(reading.tree.content, dict):
        raise ConfigError(reading.problems)
    return reading


@lru_cache(maxsize=32)
def _parse_cached(text: str, name: str) -> ParsedYaml:
    """Parse a text; cached because experiments and sweeps read the same files thousands of times."""
    return parse_yaml(text, Source(name, tuple(LINE_BREAK.split(text))))


def display_path(path: Path) -> str:
    """Return a path for messages: relative if it lies below the working directory."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def _read_text(path: Path, name: str) -> str:
    """Return the decoded file; raises ConfigError if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reasons = {FileNotFoundError: "no such file", IsADirectoryError: "this is a folder, not a file"}
        reason = reasons.get(type(error), f"cannot be read: {error.strerror}")
        raise ConfigError([ConfigProblem(name, None, None, "", reason)]) from None
    if len(data) > MAX_BYTES:
        reason = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed"
        raise ConfigError([ConfigProblem(name, None, None, "", reason)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        raise ConfigError([_encoding_problem(name, before)]) from None


def _encoding_problem(name: str, before: str) -> ConfigProblem:
    """Return the problem of a file that is not UTF-8, placed after the last readable text."""
    lines = LINE_BREAK.split(before)
    place = (len(lines), len(lines[-1]) + 1)
    message = "the file is not UTF-8 text"
    return ConfigProblem(name, *place, "", message, "save it in UTF-8", lines[-1])
