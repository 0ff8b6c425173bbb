"""The rule functions on Python floats instead of NumPy scalars.

A NumPy function takes about a microsecond for one number, a Python function a tenth of that.  Inside `plain_rules`, the name `np`
in the investor modules refers to the functions below, so the same rule functions run without NumPy.
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
    """A Boolean with the `any` method of an array."""

    shape = ()

    def any(self) -> bool:
        """Whether the flag is set."""
        return bool(self)


YES, NO = Flag(1), Flag(0)


def same(number: Any) -> Any:
    """The number itself; a `Flag` for a Boolean."""
    return YES if number is True else NO if number is False else number


def smaller(first: Any, second: Any) -> Any:
    """The smaller of two numbers."""
    return first if first <= second else second


def either(condition: Any, yes: Any, no: Any) -> Any:
    """The second or third argument, by condition."""
    return yes if condition else no


def clipped(number: Any, low: Any, high: Any) -> Any:
    """A number limited to a range."""
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
    """Run the investors' rule functions on Python floats; must end before the engine runs again."""
    changed = {module: module.__dict__["np"] for module in RULE_MODULES}
    try:
        for module in changed:
            module.__dict__["np"] = PLAIN
        yield
    finally:
        for module, numpy in changed.items():
            module.__dict__["np"] = numpy
