"""What a model and a record hold, flattened by name, so that two of them can be compared bit for bit."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from simulation.day.recorder import Record
from simulation.investors.population import Population
from simulation.values.conventions import Array

if TYPE_CHECKING:
    from simulation.day.model import CapitalFlowModel


def population_state(population: Population) -> dict[str, Array]:
    """Balance sheets, traits and memory of a population, each array ``(runs, investors)``."""
    sheet, name = population.sheet, population.name
    arrays = {f"{name}.holdings.{book}": units for book, units in sheet.holdings.items()}
    for part in ("usd_cash", "jpy_cash", "hedge_usd", "equity_usd"):
        if getattr(sheet, part) is not None:
            arrays[f"{name}.{part}"] = getattr(sheet, part)
    arrays |= {f"{name}.traits.{trait}": values for trait, values in population.traits.items()}
    return {key: np.array(values) for key, values in arrays.items()} | {
        f"{name}.memory.{key}": np.array(values) for key, values in population.memory.items()
    }


def state(model: CapitalFlowModel) -> dict[str, Array]:
    """Every state array of a model by name, runs first."""
    arrays: dict[str, Array] = {}
    for population in model.populations:
        arrays |= population_state(population)
    for name, account in model.economy.books.accounts.items():
        arrays |= {f"{name}.{item.name}": np.array(getattr(account, item.name)) for item in fields(account)}
    for name in ("fundamental", "inventory", "supplied", "lasting", "fading", "excess_variance", "log_return"):
        arrays[f"market.{name}"] = np.array(getattr(model.economy.market, name))
    return arrays | {"momentum": np.array(model.economy.momentum), "highs": np.array(model.economy.highs)}


def columns(record: Record) -> dict[str, Array]:
    """Every market and flow column of a record by name."""
    arrays = dict(record.market)
    for population, table in record.flows.items():
        arrays |= {f"{population}.{name}": values for name, values in table.items()}
    return arrays


def assert_same_record(found: Record, expected: Record, rows: slice | None = None) -> None:
    """Every column of two records is equal bit for bit; `rows` picks rows of `expected`."""
    ours, theirs = columns(found), columns(expected)
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        part = theirs[name] if rows is None else theirs[name][rows]
        assert values.tobytes() == np.ascontiguousarray(part).tobytes(), name


def digest(record: Record) -> str:
    """A fingerprint of every byte of a record."""
    content = hashlib.sha256()
    for name, values in sorted(columns(record).items()):
        content.update(name.encode() + np.ascontiguousarray(values).tobytes())
    return content.hexdigest()
