"""Prices at one moment.

The asset roster and its column order: every ``(runs, assets)`` array uses the order of `Roster.names`.
"""

from collections.abc import Callable, Mapping, Sequence
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
        return self if isinstance(rows, slice) else QuoteSubset(self, rows)

    def worth(self, item: object, work_out: Callable[["Quote"], Array]) -> Array:
        """What something is worth at these prices, ``(runs, 1)``: worked out for the first who asks; many do in a day."""
        found = self.worked_out.get(item)
        if found is None:
            found = self.worked_out[item] = work_out(self)
        return found


class LazySubset:
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


class QuoteSubset(LazySubset, Quote):
    """The quote of some runs."""

    def __init__(self, whole: Quote, rows: Rows) -> None:
        self.__dict__.update(whole=whole, rows=rows, worked_out={})

    def worth(self, item: object, work_out: Callable[[Quote], Array]) -> Array:
        """As `Quote.worth`, from what it is in all runs."""
        found = self.worked_out.get(item)
        if found is None:
            found = self.worked_out[item] = self.whole.worth(item, work_out)[self.rows]
        return found


USDJPY = "usdjpy"
UST10 = "ust10"
JGB10 = "jgb10"
US_EQUITY = "us_equity"
JAPAN_EQUITY = "japan_equity"
BITCOIN = "bitcoin"

STANDARD_ORDER = (USDJPY, UST10, JGB10, US_EQUITY, JAPAN_EQUITY, BITCOIN)
"""Prices are computed left to right: an asset may only depend on assets before it."""


@dataclass(frozen=True)
class Roster:
    """The assets of one scenario, in column order.

    Attributes
    ----------
    names
        Asset names; ``usdjpy`` always comes first.
    yen_priced
        For each asset, whether its price is in yen.
    """

    names: tuple[str, ...]
    yen_priced: tuple[bool, ...]

    @cached_property
    def columns(self) -> dict[str, int]:
        """Column of each asset."""
        return {name: column for column, name in enumerate(self.names)}

    @cached_property
    def shelf(self) -> "BookSet":
        """Every book that was made of these assets."""
        return BookSet()

    @cached_property
    def in_dollars(self) -> Array:
        """One for each asset that is paid for in dollars, zero for the others and the currency, ``(assets,)``."""
        return np.array(
            [float(not yen and name != USDJPY) for name, yen in zip(self.names, self.yen_priced, strict=True)]
        )

    @cached_property
    def in_yen(self) -> Array:
        """One for each asset that is paid for in yen, zero for the others, ``(assets,)``."""
        return np.array(self.yen_priced, dtype=np.float64)

    def paid(self, amounts: Array) -> tuple[Array, Array]:
        """Dollars and yen, each ``(runs, 1)``, that amounts of the assets, ``(runs, assets)`` in their own money, come to."""
        both = sum_over_assets(amounts[:, None, :], self._moneys)
        return both[:, 0], both[:, 1]

    @cached_property
    def _moneys(self) -> Array:
        return np.stack([self.in_dollars, self.in_yen])

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, values: Array, name: str) -> Array:
        """The column of `name` as ``(runs, 1)``."""
        at = self.columns[name]
        return values[:, at : at + 1]


def ordered_names(names: Sequence[str]) -> tuple[str, ...]:
    """Standard assets in standard order, then added ones by name."""
    standard = [name for name in STANDARD_ORDER if name in names]
    return (*standard, *sorted(set(names) - set(STANDARD_ORDER)))


class BookSet:
    """Books that are valued together: whoever asks for one at some prices has all of them worked out."""

    def __init__(self) -> None:
        self.books: list[Book] = []

    def add(self, book: "Book") -> slice:
        """Put another book on the shelf; returns its column in the arrays ``(runs, books)`` below."""
        self.books.append(book)
        self.weights: Array = np.stack([item.weights for item in self.books])
        self.yen_priced: Flags = np.array([item.yen_priced for item in self.books])
        # What is worked out at a quote is known by these: new ones, for what was worked out before lacks this book.
        self.own_money, self.in_dollars = object(), object()
        return slice(len(self.books) - 1, len(self.books))

    def value(self, prices: Array) -> Array:
        """Value of the securities in one unit of each book, in its own currency; prices ``(runs, assets)``."""
        return sum_over_assets(prices[:, None, :], self.weights)[:, :, 0]

    def worth(self, quote: Quote) -> Array:
        """The same at a quote."""
        return quote.worth(self.own_money, lambda prices: self.value(prices.price))

    def worth_usd(self, quote: Quote) -> Array:
        """The same in dollars."""
        return quote.worth(self.in_dollars, self._dollars)

    def _dollars(self, quote: Quote) -> Array:
        return self.worth(quote) / np.where(self.yen_priced, quote.usdjpy, 1.0)


@dataclass(frozen=True, eq=False)
class Book:
    """A bundle of assets held in fixed proportion, so that one number per investor describes the whole position.

    Attributes
    ----------
    weights
        Units of each asset in one unit of the book, shape ``(assets,)``.  A unit of an asset is one billion of its
        own currency at start prices.
    cash_share
        Part of one unit that is held as dollar claims at par (no price risk), for the assets outside the roster.
    yen_priced
        Whether the book is traded for yen; a book never mixes currencies.
    shelf
        The books that it is valued with.
    column
        Where it stands among them.
    """

    weights: Array
    cash_share: float
    yen_priced: bool
    shelf: BookSet = field(default_factory=BookSet, repr=False)
    column: slice = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", self.shelf.add(self))

    def value(self, prices: Array) -> Array:
        """Value of the securities in one unit, in the book's currency, shape ``(runs, 1)``; prices ``(runs, assets)``."""
        return sum_over_assets(prices, self.weights)

    def worth(self, quote: Quote) -> Array:
        """Value of the securities in one unit at a quote, in the book's currency, ``(runs, 1)``."""
        return self.shelf.worth(quote)[:, self.column]

    def worth_usd(self, quote: Quote) -> Array:
        """The same in dollars."""
        return self.shelf.worth_usd(quote)[:, self.column]

    def charge(self, quote: Quote, half_spread: Array) -> Array:
        """What dealers charge for a unit at a quote, in the book's currency, ``(runs, 1)``; `half_spread` is ``(assets,)``."""
        item = self.shelf.own_money, half_spread.tobytes()
        return quote.worth(item, lambda prices: self.shelf.value(prices.price * half_spread))[:, self.column]


@dataclass(frozen=True)
class Repricing:
    """Prices that move from one quote to another; each change is worked out for the first who asks."""

    before: Quote
    after: Quote
    changes: dict[BookSet, Array] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def of_a_yen(self) -> Array:
        """Change of the dollars in a yen, ``(runs, 1)``."""
        return self.after.usd_per_yen - self.before.usd_per_yen

    def of_a_unit(self, book: Book) -> Array:
        """Change of the dollars in a unit of a book, ``(runs, 1)``."""
        found = self.changes.get(book.shelf)
        if found is None:
            found = book.shelf.worth_usd(self.after) - book.shelf.worth_usd(self.before)
            self.changes[book.shelf] = found
        return found[:, book.column]


def sum_over_assets(amounts: Array, weights: Array) -> Array:
    """Weighted sum over assets (the last axis), ``(runs, 1)``, of amounts ``(runs, assets)``."""
    total: Array = np.add.reduce(amounts * weights, axis=-1, keepdims=True)
    return total


def book_from_shares(roster: Roster, shares: Mapping[str, float]) -> Book:
    """The book with these shares by asset name; what is left to one, or is not in the roster, is held as dollar claims at par.

    Raises
    ------
    ValueError
        If the shares cannot be held: unknown or negative, more than the whole, a currency, or dollar and yen mixed.
    """
    unknown = sorted(set(shares) - set(roster.names[1:]) - set(STANDARD_ORDER[1:]))
    if unknown or min(shares.values(), default=0.0) < 0.0 or sum(shares.values()) > 1.0 + 1e-12:
        wrong = f"{unknown[0]!r} is not an asset" if unknown else "shares must be 0 or more and add up to at most 1"
        raise ValueError(f"basket {dict(shares)}: {wrong}; assets: {', '.join(roster.names[1:])}")
    weights = np.array([shares.get(name, 0.0) for name in roster.names])
    yen = {priced for name, priced in zip(roster.names, roster.yen_priced, strict=True) if shares.get(name)}
    if len(yen) > 1:
        raise ValueError(f"basket {dict(shares)}: dollar and yen assets cannot be in one basket; use two populations")
    is_yen = bool(yen) and yen.pop()
    made = (book for book in roster.shelf.books if book.yen_priced == is_yen and np.array_equal(book.weights, weights))
    return next(made, None) or Book(weights, 0.0 if is_yen else 1.0 - float(weights.sum()), is_yen, roster.shelf)
