"""Read one config file into a tree that knows where every key and value stands."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.tree import Source
from simulation.scenario.config.yaml_text import LINE_BREAK, Reading, compose, described

MAX_BYTES = 256_000
"""Largest file that is read: a config is a few kilobytes, and a parser in Python needs seconds for a megabyte."""


def read(path: Path) -> Reading:
    """Return the mapping in a file; raises ConfigError where there is none to read."""
    name = shown(path)
    text = _text(path, name)
    composed = _composed(text, name)
    # A list of mistakes of its own: the reader may find more of them.
    reading = replace(composed, problems=[*composed.problems])
    if not isinstance(reading.tree.content, dict) and not reading.problems:
        empty = reading.tree.content is None
        message = "the file is empty" if empty else f"expected keys and values, got {described(reading.tree)}"
        raise ConfigError([reading.tree.origin.problem((), message, "write lines such as `key: value`")])
    if not isinstance(reading.tree.content, dict):
        raise ConfigError(reading.problems)
    return reading


@lru_cache(maxsize=32)
def _composed(text: str, name: str) -> Reading:
    """Return the tree of a text, the same tree for the same text: experiments and sweeps read a few files a thousand times."""
    return compose(text, Source(name, tuple(LINE_BREAK.split(text))))


def shown(path: Path) -> str:
    """Return a path as a reader wants it: relative where it lies below the working directory."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def _text(path: Path, name: str) -> str:
    """Return the decoded file, or say why it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reasons = {FileNotFoundError: "no such file", IsADirectoryError: "this is a folder, not a file"}
        reason = reasons.get(type(error), f"cannot be read: {error.strerror}")
        raise ConfigError([Problem(name, None, None, "", reason)]) from None
    if len(data) > MAX_BYTES:
        reason = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        raise ConfigError([Problem(name, None, None, "", reason)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        raise ConfigError([_encoding_problem(name, before)]) from None


def _encoding_problem(name: str, before: str) -> Problem:
    """Return the mistake of a file that is not UTF-8, placed after the text that could be read."""
    lines = LINE_BREAK.split(before)
    place = (len(lines), len(lines[-1]) + 1)
    message = "the file is not UTF-8 text"
    return Problem(name, *place, "", message, "save it with the encoding UTF-8", lines[-1])
