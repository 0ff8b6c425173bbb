"""What is wrong with a question: every mistake with its key, value, unit, allowed range and cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

LONGEST_SHOWN: Final = 80
"""Characters of a wrong value that are said back."""


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes
    ----------
    key
        The config key or the part of the question; empty for the question as a whole.
    value
        What was sent, as text.
    unit
        Unit of the key, empty where it has none.
    allowed
        What may be sent.
    cure
        What to send instead.
    """

    key: str
    value: str
    unit: str
    allowed: str
    cure: str


class RefusedError(ValueError):
    """A question that cannot be answered; holds every mistake in it."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.key}: {one.value} is not allowed; {one.allowed}" for one in self.mistakes))

    def to_dict(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {
            "error": "the question was not understood; nothing was computed",
            "mistakes": [asdict(one) for one in self.mistakes],
        }


def shown(value: object) -> str:
    """A value as it was sent, cut to what one reads."""
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
