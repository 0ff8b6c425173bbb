"""How far two records of the same runs are from each other: metrics and every daily column."""

import numpy as np

from simulation.day.recorder import Record
from simulation.results.metrics import metric_values
from simulation.values.conventions import Array

TOLERANCE = 1e-9
"""Largest difference between the twin and the engine, relative to the larger of one and the column's largest value."""


def relative_difference(first: Array, second: Array) -> float:
    """Largest difference of two columns relative to the larger of one and the first's largest value."""
    scale = max(1.0, float(np.abs(first).max(initial=0.0)))
    return float(np.abs(first - second).max(initial=0.0)) / scale


def metric_differences(first: Record, second: Record) -> dict[str, float]:
    """Relative difference of every metric that both records have, in the first run of each.

    Raises
    ------
    ValueError
        If only one of them has a metric.
    """
    ours, theirs = metric_values(first), metric_values(second)
    found = {}
    for name, values in ours.items():
        other = theirs[name]
        if values is None and other is None:
            continue
        if values is None or other is None:
            raise ValueError(f"metric {name!r} is measured in one record only")
        found[name] = relative_difference(values[:1], other[:1])
    return found


def column_differences(first: Record, second: Record) -> dict[str, float]:
    """Relative difference of every daily column, market columns by name and flows by ``population.name``.

    Raises
    ------
    ValueError
        If the records have different columns.
    """
    ours, theirs = columns(first), columns(second)
    if ours.keys() != theirs.keys():
        raise ValueError(f"columns in one record only: {sorted(ours.keys() ^ theirs.keys())}")
    return {name: relative_difference(values, theirs[name]) for name, values in ours.items()}


def columns(record: Record) -> dict[str, Array]:
    """All daily columns of a record, each ``(runs, days + 1)``."""
    flows = {f"{sector}.{name}": values for sector, table in record.flows.items() for name, values in table.items()}
    return record.market | flows
