"""Assets, fixed-proportion books of assets, and quotes; every ``(runs, assets)`` array has the order of `Roster.names`."""

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
    cache
        Arrays computed at these prices (see `cached`).
    """

    log_price: Array
    price: Array
    level: Array
    usdjpy: Array
    cache: dict[object, Array] = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def usd_per_yen(self) -> Array:
        """Dollars per yen, ``(runs, 1)``."""
        return 1.0 / self.usdjpy

    def frozen_where(self, rows: Flags, earlier: "Quote") -> "Quote":
        """The quote with the marked rows (boolean ``(runs, 1)``) replaced by those of `earlier`."""
        return Quote(
            np.where(rows, earlier.log_price, self.log_price),
            np.where(rows, earlier.price, self.price),
            np.where(rows, earlier.level, self.level),
            np.where(rows, earlier.usdjpy, self.usdjpy),
        )

    def at(self, rows: Rows | slice) -> "Quote":
        """The quote of some runs."""
        return self if isinstance(rows, slice) else QuoteSubset(self, rows)

    def cached(self, key: object, compute: Callable[["Quote"], Array]) -> Array:
        """The array ``compute(self)``, ``(runs, ...)``, stored under `key` on the first call."""
        value = self.cache.get(key)
        if value is None:
            value = self.cache[key] = compute(self)
        return value


class LazySubset:
    """A frozen dataclass restricted to some runs; each field is indexed on first access."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __init__(self, whole: Any, rows: Rows) -> None:
        self.__dict__.update(whole=whole, rows=rows)

    def __getattr__(self, name: str) -> Any:
        """Index the field of the full object and store it as an attribute."""
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
        self.__dict__.update(whole=whole, rows=rows, cache={})

    def cached(self, key: object, compute: Callable[[Quote], Array]) -> Array:
        """As `Quote.cached`; the rows come from the value for all runs."""
        value = self.cache.get(key)
        if value is None:
            value = self.cache[key] = self.whole.cached(key, compute)[self.rows]
        return value


USDJPY = "usdjpy"
UST10 = "ust10"
JGB10 = "jgb10"
US_EQUITY = "us_equity"
JAPAN_EQUITY = "japan_equity"
BITCOIN = "bitcoin"

STANDARD_ORDER = (USDJPY, UST10, JGB10, US_EQUITY, JAPAN_EQUITY, BITCOIN)
"""Prices are computed in this order; an asset may depend only on earlier assets."""


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
    def book_set(self) -> "BookSet":
        """All books of these assets."""
        return BookSet()

    @cached_property
    def in_dollars(self) -> Array:
        """One for assets priced in dollars, zero for other assets and the currency, ``(assets,)``."""
        return np.array(
            [float(not yen and name != USDJPY) for name, yen in zip(self.names, self.yen_priced, strict=True)]
        )

    @cached_property
    def in_yen(self) -> Array:
        """One for assets priced in yen, zero for others, ``(assets,)``."""
        return np.array(self.yen_priced, dtype=np.float64)

    def paid(self, amounts: Array) -> tuple[Array, Array]:
        """Totals in dollars and in yen, each ``(runs, 1)``, of amounts ``(runs, assets)`` in the currency of each asset."""
        totals = sum_over_assets(amounts[:, None, :], self._currencies)
        return totals[:, 0], totals[:, 1]

    @cached_property
    def _currencies(self) -> Array:
        return np.stack([self.in_dollars, self.in_yen])

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, values: Array, name: str) -> Array:
        """The column of `name` as ``(runs, 1)``."""
        at = self.columns[name]
        return values[:, at : at + 1]


def ordered_names(names: Sequence[str]) -> tuple[str, ...]:
    """Standard assets in standard order, then other assets by name."""
    standard = [name for name in STANDARD_ORDER if name in names]
    return (*standard, *sorted(set(names) - set(STANDARD_ORDER)))


class BookSet:
    """Books valued together: a value computed for one book at a quote is computed for all."""

    def __init__(self) -> None:
        self.books: list[Book] = []

    def add(self, book: "Book") -> slice:
        """Add a book; returns its column in ``(runs, books)`` arrays."""
        self.books.append(book)
        self.weights: Array = np.stack([item.weights for item in self.books])
        self.yen_priced: Flags = np.array([item.yen_priced for item in self.books])
        # Cache keys of values at a quote; replaced because values cached earlier lack this book.
        self.value_key, self.usd_value_key = object(), object()
        return slice(len(self.books) - 1, len(self.books))

    def value(self, prices: Array) -> Array:
        """Value of the securities in one unit of each book in its currency, ``(runs, books)``; prices ``(runs, assets)``."""
        return sum_over_assets(prices[:, None, :], self.weights)[:, :, 0]

    def worth(self, quote: Quote) -> Array:
        """Value of the securities in one unit of each book at a quote, ``(runs, books)``."""
        return quote.cached(self.value_key, lambda prices: self.value(prices.price))

    def worth_usd(self, quote: Quote) -> Array:
        """The same in dollars."""
        return quote.cached(self.usd_value_key, self._dollars)

    def _dollars(self, quote: Quote) -> Array:
        return self.worth(quote) / np.where(self.yen_priced, quote.usdjpy, 1.0)


@dataclass(frozen=True, eq=False)
class Book:
    """Assets held in fixed proportions, so that one number per investor describes the position.

    Attributes
    ----------
    weights
        Units of each asset in one unit of the book, ``(assets,)``.  One unit of an asset is one billion of its currency at
        start prices.
    cash_share
        Share of one unit held as dollar claims at par without price risk, in place of assets outside the roster.
    yen_priced
        Whether the book is priced in yen; a book never mixes currencies.
    book_set
        The books valued together with this one.
    column
        Column of the book in the set.
    """

    weights: Array
    cash_share: float
    yen_priced: bool
    book_set: BookSet = field(default_factory=BookSet, repr=False)
    column: slice = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", self.book_set.add(self))

    def value(self, prices: Array) -> Array:
        """Value of the securities in one unit, in the book's currency, shape ``(runs, 1)``; prices ``(runs, assets)``."""
        return sum_over_assets(prices, self.weights)

    def worth(self, quote: Quote) -> Array:
        """Value of the securities in one unit at a quote, in the book's currency, ``(runs, 1)``."""
        return self.book_set.worth(quote)[:, self.column]

    def worth_usd(self, quote: Quote) -> Array:
        """The same in dollars."""
        return self.book_set.worth_usd(quote)[:, self.column]

    def charge(self, quote: Quote, half_spread: Array) -> Array:
        """Half-spread cost of one unit at a quote, in the book's currency, ``(runs, 1)``; `half_spread` is ``(assets,)``."""
        key = self.book_set.value_key, half_spread.tobytes()
        return quote.cached(key, lambda prices: self.book_set.value(prices.price * half_spread))[:, self.column]


@dataclass(frozen=True)
class Repricing:
    """Change of prices from one quote to another; changes of book values are computed on first use."""

    before: Quote
    after: Quote
    changes: dict[BookSet, Array] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def yen_change(self) -> Array:
        """Change of the dollar value of one yen, ``(runs, 1)``."""
        return self.after.usd_per_yen - self.before.usd_per_yen

    def unit_change(self, book: Book) -> Array:
        """Change of the dollar value of one unit of a book, ``(runs, 1)``."""
        changes = self.changes.get(book.book_set)
        if changes is None:
            changes = book.book_set.worth_usd(self.after) - book.book_set.worth_usd(self.before)
            self.changes[book.book_set] = changes
        return changes[:, book.column]


def sum_over_assets(amounts: Array, weights: Array) -> Array:
    """Weighted sum over assets (the last axis), ``(runs, 1)``, of amounts ``(runs, assets)``."""
    total: Array = np.add.reduce(amounts * weights, axis=-1, keepdims=True)
    return total


def book_from_shares(roster: Roster, shares: Mapping[str, float]) -> Book:
    """The book with these asset shares; the remainder to one, and assets outside the roster, are dollar claims at par.

    Raises
    ------
    ValueError
        If a name is unknown or a currency, a share is negative, shares exceed one, or dollar and yen assets are mixed.
    """
    unknown = sorted(set(shares) - set(roster.names[1:]) - set(STANDARD_ORDER[1:]))
    if unknown or min(shares.values(), default=0.0) < 0.0 or sum(shares.values()) > 1.0 + 1e-12:
        problem = f"{unknown[0]!r} is not an asset" if unknown else "shares must be 0 or more and add up to at most 1"
        raise ValueError(f"basket {dict(shares)}: {problem}; assets: {', '.join(roster.names[1:])}")
    weights = np.array([shares.get(name, 0.0) for name in roster.names])
    yen = {priced for name, priced in zip(roster.names, roster.yen_priced, strict=True) if shares.get(name)}
    if len(yen) > 1:
        raise ValueError(f"basket {dict(shares)}: dollar and yen assets cannot be in one basket; use two populations")
    is_yen = bool(yen) and yen.pop()
    equal = (
        book for book in roster.book_set.books if book.yen_priced == is_yen and np.array_equal(book.weights, weights)
    )
    return next(equal, None) or Book(weights, 0.0 if is_yen else 1.0 - float(weights.sum()), is_yen, roster.book_set)
