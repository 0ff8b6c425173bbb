"""Prices at one moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from simulation.values.conventions import Array, Flags, Rows


@dataclass(frozen=True)
class Quote:
    """Prices at one moment.

    Attributes
    ----------
    log_price
        Log price relative to the start, ``(runs, assets)``; for USDJPY the log of yen per dollar relative to the start.
    price
        Price relative to the start, ``(runs, assets)``.
    level
        Log price relative to the start, or decimal yield for a bond.
    usdjpy
        Yen per dollar, ``(runs, 1)``.
    worked_out
        What somebody has asked for before at these prices (see `worth`).
    """

    log_price: Array
    price: Array
    level: Array
    usdjpy: Array
    worked_out: dict[object, Array] = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def usd_per_yen(self) -> Array:
        """Dollars per yen, ``(runs, 1)``."""
        return 1.0 / self.usdjpy

    def frozen_where(self, rows: Flags, earlier: "Quote") -> "Quote":
        """The quote with the rows marked (boolean ``(runs, 1)``) replaced by an earlier one."""
        return Quote(
            np.where(rows, earlier.log_price, self.log_price),
            np.where(rows, earlier.price, self.price),
            np.where(rows, earlier.level, self.level),
            np.where(rows, earlier.usdjpy, self.usdjpy),
        )

    def at(self, rows: Rows | slice) -> "Quote":
        """The quote of some runs."""
        return self if isinstance(rows, slice) else QuoteOfRuns(self, rows)

    def worth(self, item: object, work_out: Callable[["Quote"], Array]) -> Array:
        """What something is worth at these prices, ``(runs, 1)``: worked out for the first who asks; many do in a day."""
        found = self.worked_out.get(item)
        if found is None:
            found = self.worked_out[item] = work_out(self)
        return found


class CutOut:
    """What a frozen dataclass says of some runs: each item is cut out of that of all when it is first asked for."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __init__(self, whole: Any, rows: Rows) -> None:
        self.__dict__.update(whole=whole, rows=rows)

    def __getattr__(self, name: str) -> Any:
        """Cut out an item; it is an attribute from then on."""
        if name not in self.__dataclass_fields__:
            raise AttributeError(name)
        value = getattr(self.whole, name)
        if isinstance(value, np.ndarray):
            value = value[self.rows]
        elif isinstance(value, Quote):
            value = value.at(self.rows)
        self.__dict__[name] = value
        return value


class QuoteOfRuns(CutOut, Quote):
    """The quote of some runs."""

    def __init__(self, whole: Quote, rows: Rows) -> None:
        self.__dict__.update(whole=whole, rows=rows, worked_out={})

    def worth(self, item: object, work_out: Callable[[Quote], Array]) -> Array:
        """As `Quote.worth`, from what it is in all runs."""
        found = self.worked_out.get(item)
        if found is None:
            found = self.worked_out[item] = self.whole.worth(item, work_out)[self.rows]
        return found
