"""Large populations in parts that fit a processor's cache: every verb goes over parts, and arrays stay whole in memory.

A pass over millions of investors at once fetches and allocates every intermediate array from main memory; over
`PART_INVESTORS` at a time it stays in cache, and no intermediate array is larger than a part.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from simulation.investors.population import Population
from simulation.values.conventions import Array

PART_INVESTORS: Final = 32_768
"""Investors in a part, 256 kB an array: so many at any number of runs, because sums are added part by part (measured:
docs/performance_profile.md)."""


class WrittenThrough(dict[str, Array]):
    """Arrays by name that are views: assigning to a name that exists writes into its array."""

    def __setitem__(self, name: str, values: Array) -> None:
        if name in self:
            self[name][...] = values
        else:
            super().__setitem__(name, values)

    def __ior__(self, other: Mapping[str, Array]) -> "WrittenThrough":  # type: ignore[override, misc]
        for name, values in other.items():
            self[name] = values
        return self


def parts_of(population: Population) -> tuple[Population, ...]:
    """The population itself if it is small, else consecutive parts of it; what happens to a part happens to the whole."""
    count = population.traits["stock"].shape[1]
    if count <= PART_INVESTORS:
        return (population,)
    slices = (slice(first, first + PART_INVESTORS) for first in range(0, count, PART_INVESTORS))
    return tuple(_part(population, number, investors) for number, investors in enumerate(slices))


def _part(population: Population, number: int, investors: slice) -> Population:
    part, sheet = copy.copy(population), population.sheet
    part.key = f"{population.name}/{number}"
    part.sheet = replace(
        sheet,
        holdings=dict(_views(sheet.holdings, investors)),
        usd_cash=sheet.usd_cash[:, investors],
        jpy_cash=sheet.jpy_cash[:, investors],
        hedge_usd=None if sheet.hedge_usd is None else sheet.hedge_usd[:, investors],
        equity_usd=sheet.equity_usd[:, investors],
    )
    part.traits = dict(_views(population.traits, investors))
    own = {name: values for name, values in population.memory.items() if name not in population.common_memory}
    part.memory = WrittenThrough(_views(own, investors))
    part.memory |= {name: population.memory[name] for name in population.common_memory}
    return part


def _views(arrays: Mapping[str, Array], investors: slice) -> Iterator[tuple[str, Any]]:
    return ((name, values[:, investors]) for name, values in arrays.items())
