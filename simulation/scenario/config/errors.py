"""Mistakes in a configuration: where each one stands, what is wrong and what to write instead.

This module imports nothing heavy, so that the command line can catch :class:`ConfigError` without loading a parser.
"""

from collections.abc import Iterable
from dataclasses import dataclass

EXCERPT_WIDTH = 120


@dataclass(frozen=True)
class ConfigProblem:
    """One mistake, with its place.

    Parameters
    ----------
    file : str
        The file as shown to the reader, or ``--set`` with the text of the override.
    line, column : int or None
        Place in the file, counted from 1; an override has a column only; neither when there is no file to read.
    key : str
        Path of the key, such as ``boj.meetings[0].date``; empty when the mistake concerns the whole file.
    message : str
        What is wrong, with the value and the allowed range.
    hint : str
        What to write instead, such as the nearest valid key.
    excerpt : str
        The offending source line.
    """

    file: str
    line: int | None
    column: int | None
    key: str
    message: str
    hint: str = ""
    excerpt: str = ""

    @property
    def place(self) -> str:
        """``file:line:column``, as far as it is known."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def __str__(self) -> str:
        """Return the message after its place and key, then the offending line with a caret under the mistake."""
        parts = [self.place, self.key, self.message]
        text = ": ".join(part for part in parts if part) + (f"; {self.hint}" if self.hint else "")
        if not self.excerpt.strip() or self.column is None:
            return text
        return f"{text}\n{_excerpt_with_caret(self.excerpt, self.column)}"


def _excerpt_with_caret(line: str, column: int) -> str:
    """Return the source line, cut to a readable width around the column, and a caret below it."""
    start = max(0, column - 1 - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
    shown = line[start : start + EXCERPT_WIDTH].replace("\t", " ").rstrip()
    return f"    {shown}\n    {' ' * (column - 1 - start)}^"


class ConfigError(ValueError):
    """A configuration that cannot be used; carries every mistake found in it.

    Parameters
    ----------
    problems : iterable of Problem
        At least one mistake; repeated ones are kept once, in the order given.
    """

    def __init__(self, problems: Iterable[ConfigProblem]) -> None:
        self.problems: tuple[ConfigProblem, ...] = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[tuple[ConfigProblem, ...]]]:
        """Pickle by the problems, so that the error crosses a process border whole."""
        return type(self), (self.problems,)
