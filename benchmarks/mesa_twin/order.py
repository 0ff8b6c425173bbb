"""Orders of agents and their sum over a sector."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.mesa_twin.prices import Number
from simulation.values.assets import Book
from simulation.values.conventions import Array, column
from simulation.values.orders import NetFlow


@dataclass
class Order:
    """An order of one investor, plain numbers in the units of `simulation.values.orders.Trade`."""

    units: dict[str, Number]
    spot_usd: Number = 0.0
    hedge_usd: Number = 0.0
    unwound: dict[str, Number] = field(default_factory=dict)
    repatriated: Number = 0.0
    kept_usd: Number = 0.0
    expected_units: dict[str, Number] = field(default_factory=dict)
    expected_spot_usd: Number = 0.0


def total(orders: Iterable[Order]) -> Order:
    """Sum of orders, added in sequence."""
    whole = Order({})
    for order in orders:
        whole.spot_usd += order.spot_usd
        whole.hedge_usd += order.hedge_usd
        whole.repatriated += order.repatriated
        whole.kept_usd += order.kept_usd
        whole.expected_spot_usd += order.expected_spot_usd
        for sums, parts in (
            (whole.units, order.units),
            (whole.unwound, order.unwound),
            (whole.expected_units, order.expected_units),
        ):
            for name, amount in parts.items():
                sums[name] = sums.get(name, 0.0) + amount
    return whole


def flow_of_sector(order: Order, books: Mapping[str, Book]) -> NetFlow:
    """Units of each asset bought by the sum of a sector's orders."""
    return NetFlow(_assets(order.units, order.spot_usd, books), column(order.hedge_usd, 1))


def expected_assets(order: Order, books: Mapping[str, Book]) -> Array:
    """Expected part of the sum of a sector's orders, ``(1, assets)``."""
    return _assets(order.expected_units, order.expected_spot_usd, books)


def _assets(units: Mapping[str, Number], spot_usd: Number, books: Mapping[str, Book]) -> Array:
    assets = np.zeros(next(iter(books.values())).weights.size)
    for name, amount in units.items():
        assets += amount * books[name].weights
    assets[0] += spot_usd
    return assets[None, :]
