"""The same rule text on Python's own floats: what a Mesa user gets who never passes a number through NumPy.

A NumPy function takes about a microsecond for one number, Python's own a tenth of that.  While `plain_rules` is open, the name
`np` in the modules of the investors means the few functions below, so that the very same rule functions run without
NumPy.  Nothing else changes, and no rule is written twice.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from simulation.investors import (
    banks,
    bitcoin_etf_holders,
    carry_funds,
    crypto_traders,
    foreigners_in_japan,
    investment_trusts,
    life_insurers,
    pension_funds,
    retail_fx,
    rules,
    yen_borrowers,
)

RULE_MODULES: Final[tuple[ModuleType, ...]] = (
    banks, bitcoin_etf_holders, carry_funds, crypto_traders, foreigners_in_japan, investment_trusts, life_insurers,
    pension_funds, retail_fx, rules, yen_borrowers,
)  # fmt: skip


class Largest:
    """The larger of two numbers; `reduce` takes a sequence, as NumPy's does."""

    def __call__(self, first: Any, second: Any) -> Any:
        """The larger of two numbers."""
        return first if first >= second else second

    def reduce(self, numbers: Sequence[Any]) -> Any:
        """The largest of several numbers."""
        return max(numbers)


class Flag(int):
    """Yes or no, which rules may ask whether it holds anywhere, as they ask an array."""

    shape = ()

    def any(self) -> bool:
        """Whether it holds."""
        return bool(self)


YES, NO = Flag(1), Flag(0)


def same(number: Any) -> Any:
    """A number is what it is; a truth can be asked `any`."""
    return YES if number is True else NO if number is False else number


def smaller(first: Any, second: Any) -> Any:
    """The smaller of two numbers."""
    return first if first <= second else second


def either(condition: Any, yes: Any, no: Any) -> Any:
    """One of two numbers."""
    return yes if condition else no


def clipped(number: Any, low: Any, high: Any) -> Any:
    """A number held between two others."""
    return min(max(number, low), high)


def nothing_like(number: Any) -> float:
    """Zero."""
    return 0.0


PLAIN: Final = SimpleNamespace(
    asarray=same, minimum=smaller, maximum=Largest(), where=either, clip=clipped, zeros_like=nothing_like, zeros=nothing_like,
    abs=abs, sqrt=math.sqrt, inf=math.inf,
)  # fmt: skip


@contextmanager
def plain_rules() -> Iterator[None]:
    """Run the investors' rule functions on Python's own numbers; close it before the engine runs again."""
    changed = {module: module.__dict__["np"] for module in RULE_MODULES}
    try:
        for module in changed:
            module.__dict__["np"] = PLAIN
        yield
    finally:
        for module, numpy in changed.items():
            module.__dict__["np"] = numpy
