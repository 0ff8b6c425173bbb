"""Prices and public information of the day as plain numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from simulation.accounts.settlement import Accrual
from simulation.values.assets import Book, Quote
from simulation.values.conventions import Array
from simulation.values.orders import Information

Number: TypeAlias = Any
"""A float.  The rule functions are typed for arrays but accept plain numbers too."""


class Worth(NamedTuple):
    """One unit of a book: value in its currency, dollar value, and half-spread cost."""

    value: Number
    usd: Number
    cost: Number


@dataclass(frozen=True)
class Prices:
    """Prices at one moment, and the value of one unit of each book by sector."""

    quote: Quote
    usdjpy: Number
    log_usdjpy: Number
    worth: Mapping[str, Mapping[str, Worth]]


def prices_of(quote: Quote, books: Mapping[str, Mapping[str, Book]], half_spread: Array) -> Prices:
    """Plain numbers for a quote of one run; `books` by sector, `half_spread` ``(assets,)``."""
    usdjpy = quote.usdjpy.item()
    charged = quote.price * half_spread
    worth = {}
    for sector, own in books.items():
        worth[sector] = {name: _worth(book, quote.price, charged, usdjpy) for name, book in own.items()}
    return Prices(quote, usdjpy, quote.log_price[0, 0].item(), worth)


def _worth(book: Book, price: Array, charged: Array, usdjpy: Number) -> Worth:
    value = book.value(price).item()
    return Worth(value, value / usdjpy if book.yen_priced else value, book.value(charged).item())


@dataclass(frozen=True)
class News:
    """`Information` of one run as plain numbers; the names and units are the same."""

    day: date
    step: int
    prices: Prices
    log_return: Mapping[str, Number]
    fx_variance: Number
    fx_long_run_variance: Number
    momentum: Number
    recent_high: Number
    fed_rate: Number
    boj_rate: Number
    carry: Number
    adverse_surprise: Number
    ust10: Number
    jgb10: Number
    jgb30: Number
    hedging_cost: Number


ONE_NUMBER = (
    "momentum", "recent_high", "fed_rate", "boj_rate", "carry", "adverse_surprise", "ust10", "jgb10", "jgb30", "hedging_cost",
)  # fmt: skip


def news_of(now: Information, prices: Prices) -> News:
    """Plain numbers for the information of one run."""
    returns = dict(zip(now.roster.names, now.log_return[0].tolist(), strict=True))
    numbers = {name: getattr(now, name).item() for name in ONE_NUMBER}
    variances = now.fx_variance().item(), now.fx_long_run_variance().item()
    return News(now.day, now.step, prices, returns, *variances, **numbers)


@dataclass(frozen=True)
class Night:
    """Overnight accrual: rates for the period, and the coupon of one unit of each book."""

    dollar_rate: Number
    yen_rate: Number
    hedging_cost: Number
    years: Number
    coupon: Mapping[str, Mapping[str, Number]]


def night_of(accrual: Accrual, quote: Quote, books: Mapping[str, Mapping[str, Book]]) -> Night:
    """Plain numbers for the accrual of one run."""
    paid = quote.price * accrual.asset_yields
    coupons = {
        sector: {name: book.value(paid).item() * accrual.years for name, book in own.items()}
        for sector, own in books.items()
    }
    rates = accrual.dollar_rate.item(), accrual.yen_rate.item(), accrual.hedging_cost.item()
    return Night(*rates, accrual.years, coupons)
