"""The numbers that pages quote (docs/quotes.yaml): where they stand, what they say and what they are compared with."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from tests.support.places import ROOT

WORDS = {"half": (0.5, 0.05), "a third": (1 / 3, 0.05), "nine": (9.0, 0.0), "nineteen": (19.0, 0.0)}
"""Numbers in words, and how far off each may be."""
BRACES = re.compile(r"\{([^{}]*)\}")
SIGN_OR_START = r"(?<![\w.-])"
WITH_UNIT = re.compile(SIGN_OR_START + r"[+-]?\d[\d,]*(?:\.\d+)?(?= ?(?:%|pp\b|\$bn|points?\b|bp\b))")
FLOAT_DUST = 1e-9


@dataclass(frozen=True)
class Quote:
    """A passage of a page, with the numbers in it and the keys that they are compared with."""

    page: str
    says: str
    of: str
    keys: tuple[str, ...]
    within: float | None

    @property
    def passage(self) -> str:
        """The passage as it stands on the page."""
        return self.says.replace("{", "").replace("}", "")

    @property
    def numbers(self) -> tuple[str, ...]:
        """The quoted numbers as they are written."""
        return tuple(BRACES.findall(self.says))

    def __str__(self) -> str:
        """Name of its test."""
        return f"{Path(self.page).stem}: {self.passage[:40]}"


@cache
def file() -> Any:
    """The file of quotes as it is."""
    return YAML(typ="safe").load((ROOT / "docs" / "quotes.yaml").read_text(encoding="utf-8"))


def quotes() -> list[Quote]:
    """Every quote in order."""
    return [
        Quote(one["page"], flat(one["says"]), one["of"], tuple(map(str, one["keys"])), one.get("within"))
        for one in file()["quotes"]
    ]


def flat(text: str) -> str:
    """Text in one line, with single spaces."""
    return " ".join(text.split())


@cache
def prose(page: str) -> str:
    """A page in one line without its blocks of code."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return flat(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def difference(written: str, value: float, within: float | None = None) -> str:
    """What is wrong with a quoted number; empty if it is the value to the precision at which it is written."""
    known = WORDS.get(written.lower())
    quoted, slack = known or (float(written.replace(",", "")), half_a_step(written))
    slack = slack if within is None or known else within
    return "" if abs(quoted - value) <= slack + FLOAT_DUST else f"quoted {written}, made anew {value:.4g}"


def half_a_step(written: str) -> float:
    """Half of the last digit of a number."""
    return float(0.5 * 10.0 ** -len(written.partition(".")[2]))


def value_of(key: str, source: Any) -> float:
    """The value of a key: paths and numbers, with `` * `` and `` / `` between them from left to right."""
    first, *rest = re.split(r" ([*/]) ", key)
    value = term(first, source)
    for operator, text in zip(rest[::2], rest[1::2], strict=True):
        value = value * term(text, source) if operator == "*" else value / term(text, source)
    return value


def term(text: str, source: Any) -> float:
    """A number, or what a path of names with ``/`` between them leads to."""
    try:
        return float(text)
    except ValueError:
        pass
    found = source
    for name in text.split("/"):
        found = entry(found, name)
    return float(found)


def entry(found: Any, name: str) -> Any:
    """An entry of a mapping, or the item of a list whose metric or value has a name."""
    if isinstance(found, list):
        return next(item for item in found if name in (item.get("metric"), f"{item.get('value', np.nan):g}"))
    return found[name]


def unclassified(page: str) -> list[str]:
    """Numbers with a unit on a page that stand in no quote and in no given passage, with what is around them."""
    text = prose(page)
    passages = [quote.passage for quote in quotes() if quote.page == page]
    passages += [flat(one["says"]) for one in file()["given"] if one["page"] == page]
    covered = [(found.start(), found.end()) for said in passages for found in re.finditer(re.escape(said), text)]
    return [
        text[max(0, one.start() - 30) : one.end() + 20]
        for one in WITH_UNIT.finditer(re.sub(r"`[^`]*`", lambda code: " " * len(code[0]), text))
        if not any(start <= one.start() and one.end() <= end for start, end in covered)
    ]
