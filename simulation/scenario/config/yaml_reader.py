"""Turn a YAML 1.2 text into a tree of values with places.

The text is composed into nodes, not constructed into objects: so every value keeps its place, and a bad date, a key
given twice or a key that is no name is reported with the other mistakes instead of ending the reading.

Read one config file into a tree that knows where every key and value stands.
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
YAML_TAG = "tag:yaml.org,2002:"
KNOWN_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "map", "seq"})
KIND_OF_TAG = {"timestamp": "a date", "int": "a whole number", "float": "a number", "bool": "true or false"}
BRACKET_CURE = (
    "close it, or put a comma between the items; text that holds a bracket, such as boj.meetings[0].decision, needs quotes "
    "inside { } and [ ]"
)
SYNTAX_MESSAGES = {
    r"'\t'": ("a tab stands where only spaces are allowed", "indent with spaces"),
    "another document": ("a second document begins here", "keep one document per file, without ---"),
    "mapping values are not allowed": (
        "a colon is not allowed here",
        "check the indentation, or put text that contains a colon in quotes",
    ),
    "cannot start any token": ("a word cannot begin with this sign", "put the text in quotes"),
    "undefined alias": ("anchors (&) and aliases (*) are not used here", "write the value out, or use extends"),
    "unexpected end of stream": ("a quote is not closed", "close it"),
    "expected ',' or": ("a bracket is not closed", BRACKET_CURE),
    "found '<stream end>'": ("a bracket is not closed", "close it"),
    "could not find expected ':'": ("a key without a colon", "write `key: value`"),
    "<block end>": ("this line does not fit the lines above it", "check its indentation"),
}
"""What the parser says (a part of it), what a person would say, and the cure."""


@dataclass
class ParsedYaml:
    """A text as read: its tree, and the mistakes that did not stop the reading."""

    tree: Node
    source: Source
    problems: list[ConfigProblem] = field(default_factory=list)


def parse_yaml(text: str, source: Source) -> ParsedYaml:
    """Return the tree of a YAML text; raises ConfigError where the text is not YAML."""
    start = Origin(source, 1, 1)
    directive = DIRECTIVE.match(text)
    if directive:
        place = Origin(source, text.count("\n", 0, directive.end()) + 1, 1)
        raise ConfigError([place.problem((), "YAML directives are not used here", "remove the line")])
    try:
        document = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        raise ConfigError([_syntax_problem(error, text, source)]) from None
    except RecursionError:
        raise ConfigError([start.problem((), "the values are nested too deeply")]) from None
    if document is None:
        return ParsedYaml(Node(None, start), source)
    builder = _TreeBuilder(source)
    return ParsedYaml(builder.node(document, ()), source, builder.problems)


def describe_value(node: Node) -> str:
    """Return what a node holds, in words."""
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
    """Return the mistake of a text that is not YAML, where it begins rather than where the parser gave up."""
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
    words = [words for sign, words in SYNTAX_MESSAGES.items() if sign in problem]
    return place.problem((), *(words[0] if words else (f"not YAML: {problem}", "")))


class _TreeBuilder:
    """Turns composed YAML nodes into a tree and gathers what is wrong with them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[ConfigProblem] = []
        self._constructor = YAML(typ="safe", pure=True).constructor

    def node(self, raw: YamlNode, path: KeyPath) -> Node:
        """Return the tree below one composed node."""
        refusal = self._refusal(raw, path)
        if refusal:
            return self._broken(raw, path, *refusal)
        place = self._place(raw)
        if isinstance(raw, MappingNode):
            return Node(self._mapping(raw, path), place)
        if isinstance(raw, SequenceNode):
            return Node([self.node(item, (*path, i)) for i, item in enumerate(raw.value)], place)
        return self._scalar(raw, path)

    def _refusal(self, raw: YamlNode, path: KeyPath) -> tuple[str, str] | None:
        """Return why a node is not taken at all, with the cure."""
        if raw.anchor is not None:
            return SYNTAX_MESSAGES["undefined alias"]
        if str(raw.tag).removeprefix(YAML_TAG) not in KNOWN_TAGS:
            return f"the tag {raw.tag} is not used here", "remove it"
        if len(path) > MAX_DEPTH:
            return "the values are nested too deeply", ""
        return None

    def _mapping(self, raw: MappingNode, path: KeyPath) -> dict[str, Node]:
        """Return the entries of a mapping; of a key given twice the first counts."""
        entries: dict[str, Node] = {}
        for raw_key, raw_value in raw.value:
            key = self._key(raw_key, path)
            if key is None:
                continue
            place = self._place(raw_key)
            value = self.node(raw_value, (*path, key))
            # An empty value has no place of its own: the parser puts it at the next line that holds something.
            origin = place if _is_empty(raw_value) else value.origin
            if key in entries:
                first = entries[key].head.line
                self.problems.append(place.problem((*path, key), f"this key is given twice, first in line {first}"))
            else:
                entries[key] = replace(value, origin=origin, key_origin=place)
        return entries

    def _key(self, raw: YamlNode, path: KeyPath) -> str | None:
        """Return the key as text, None (and a mistake) where it is something else."""
        named = raw.tag in (YAML_TAG + "str", YAML_TAG + "timestamp")  # a date may be a key: a series by day
        if named and isinstance(raw, ScalarNode) and raw.anchor is None:
            return str(raw.value)
        text = raw.value if isinstance(raw, ScalarNode) else "a list or mapping"
        message, hint = f"a key must be a name, not {text}", "put it in quotes if it is meant as a name"
        if raw.tag == YAML_TAG + "merge":
            message, hint = "merge keys (<<) are not used here", "use extends, or write the values out"
        self.problems.append(self._place(raw).problem((*path, str(text)), message, hint))
        return None

    def _scalar(self, raw: YamlNode, path: KeyPath) -> Node:
        """Return a scalar, broken (and a mistake) where its text does not make the value it looks like."""
        kind = KIND_OF_TAG.get(str(raw.tag).removeprefix(YAML_TAG), "a value")
        quotes = "put it in quotes if text is meant"
        try:
            value: Scalar = self._constructor.construct_object(raw)
        except (ValueError, KeyError, AttributeError, YAMLError) as error:
            reason = f" ({error})" if kind == "a date" and isinstance(error, ValueError) else ""
            quotes = f"write a day that there is, as YYYY-MM-DD, or {quotes}" if reason else quotes
            return self._broken(raw, path, f"{raw.value} is not {kind}{reason}", quotes)
        if isinstance(value, float) and not math.isfinite(value):
            return self._broken(raw, path, f"{raw.value} is not a finite number", "leave the key out or write a number")
        return Node(value, self._place(raw))

    def _broken(self, raw: YamlNode, path: KeyPath, message: str, hint: str) -> Node:
        """Note a mistake and return a node that stands for the unreadable value."""
        place = self._place(raw)
        self.problems.append(place.problem(path, message, hint))
        return Node(None, place, broken=True)

    def _place(self, raw: YamlNode) -> Origin:
        """Return where a node begins."""
        return Origin(self.source, raw.start_mark.line + 1, raw.start_mark.column + 1)


def _is_empty(raw: YamlNode) -> bool:
    """Return whether nothing at all is written for a value (``key:`` and no more)."""
    return isinstance(raw, ScalarNode) and raw.value == "" and raw.style is None


MAX_BYTES = 256_000
"""Largest file that is read: a config is a few kilobytes, and a parser in Python needs seconds for a megabyte."""


def read_config_file(path: Path) -> ParsedYaml:
    """Return the mapping in a file; raises ConfigError where there is none to read."""
    name = display_path(path)
    text = _read_text(path, name)
    composed = _parse_cached(text, name)
    # A list of mistakes of its own: the reader may find more of them.
    reading = replace(composed, problems=[*composed.problems])
    if not isinstance(reading.tree.content, dict) and not reading.problems:
        empty = reading.tree.content is None
        message = "the file is empty" if empty else f"expected keys and values, got {describe_value(reading.tree)}"
        raise ConfigError([reading.tree.origin.problem((), message, "write lines such as `key: value`")])
    if not isinstance(reading.tree.content, dict):
        raise ConfigError(reading.problems)
    return reading


@lru_cache(maxsize=32)
def _parse_cached(text: str, name: str) -> ParsedYaml:
    """Return the tree of a text, the same tree for the same text: experiments and sweeps read a few files a thousand times."""
    return parse_yaml(text, Source(name, tuple(LINE_BREAK.split(text))))


def display_path(path: Path) -> str:
    """Return a path as a reader wants it: relative where it lies below the working directory."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def _read_text(path: Path, name: str) -> str:
    """Return the decoded file, or say why it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reasons = {FileNotFoundError: "no such file", IsADirectoryError: "this is a folder, not a file"}
        reason = reasons.get(type(error), f"cannot be read: {error.strerror}")
        raise ConfigError([ConfigProblem(name, None, None, "", reason)]) from None
    if len(data) > MAX_BYTES:
        reason = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        raise ConfigError([ConfigProblem(name, None, None, "", reason)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        raise ConfigError([_encoding_problem(name, before)]) from None


def _encoding_problem(name: str, before: str) -> ConfigProblem:
    """Return the mistake of a file that is not UTF-8, placed after the text that could be read."""
    lines = LINE_BREAK.split(before)
    place = (len(lines), len(lines[-1]) + 1)
    message = "the file is not UTF-8 text"
    return ConfigProblem(name, *place, "", message, "save it with the encoding UTF-8", lines[-1])
