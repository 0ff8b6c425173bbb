"""Errors in a configuration: place, message and suggested correction.

This module has no heavy imports, so that the command line can catch :class:`ConfigError` without loading the parser.
"""

from collections.abc import Iterable
from dataclasses import dataclass

EXCERPT_WIDTH = 120


@dataclass(frozen=True)
class ConfigProblem:
    """One error in a configuration and its place.

    Parameters
    ----------
    file : str
        Displayed file path, or ``--set`` with the text of the override.
    line, column : int or None
        Place in the file, counted from 1; an override has only a column; both None without a readable file.
    key : str
        Path of the key, such as ``boj.meetings[0].date``; empty if the error concerns the whole file.
    message : str
        The error, with the value and the allowed range.
    hint : str
        Suggested correction, such as the nearest valid key.
    excerpt : str
        The source line of the error.
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
        """``file:line:column``, without unknown parts."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def __str__(self) -> str:
        """Return place, key and message, then the source line with a caret below the error."""
        parts = [self.place, self.key, self.message]
        text = ": ".join(part for part in parts if part) + (f"; {self.hint}" if self.hint else "")
        if not self.excerpt.strip() or self.column is None:
            return text
        return f"{text}\n{_excerpt_with_caret(self.excerpt, self.column)}"


def _excerpt_with_caret(line: str, column: int) -> str:
    """Return the source line, shortened around the column, and a caret below it."""
    start = max(0, column - 1 - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
    excerpt = line[start : start + EXCERPT_WIDTH].replace("\t", " ").rstrip()
    return f"    {excerpt}\n    {' ' * (column - 1 - start)}^"


class ConfigError(ValueError):
    """An invalid configuration, with all errors found.

    Parameters
    ----------
    problems : iterable of ConfigProblem
        At least one; duplicates are dropped, order is kept.
    """

    def __init__(self, problems: Iterable[ConfigProblem]) -> None:
        self.problems: tuple[ConfigProblem, ...] = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[tuple[ConfigProblem, ...]]]:
        """Pickle the problems, so that the error can pass between processes."""
        return type(self), (self.problems,)
