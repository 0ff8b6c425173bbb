"""Sweeps of functions with known results, as tables in the form of a store."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.sweeps.analysis.sweep_table import SweepAxis, SweepTable
from simulation.sweeps.points import saltelli_shares
from simulation.sweeps.schema import Design

FloatArray = NDArray[np.float64]
Metric = Callable[[FloatArray, FloatArray], FloatArray]
"""Of parameters ``(points, 1, keys)`` and noise ``(1 or points, runs)``."""
UNIT = "%"


def sweep_of(points: Mapping[str, Any], metrics: Mapping[str, Metric], design: str, runs: int = 1) -> SweepTable:
    """The table of a sweep of these points with common random numbers."""
    columns = pd.DataFrame({f"param:{key}": values for key, values in points.items()})
    count = len(columns)
    noise = np.random.default_rng(7).standard_normal((1, runs))
    numeric = columns.select_dtypes("number").to_numpy(dtype=np.float64)[:, None, :]
    table = columns.loc[columns.index.repeat(runs)].reset_index(drop=True)
    table.insert(0, "point", np.repeat(np.arange(count), runs))
    table.insert(1, "replication", np.tile(np.arange(runs), count))
    table["status"] = "done"
    for name, metric in metrics.items():
        table[name] = np.broadcast_to(metric(numeric, noise), (count, runs)).ravel()
    axes = tuple(SweepAxis(key, "", pd.api.types.is_numeric_dtype(columns[f"param:{key}"])) for key in points)
    return SweepTable("toy", table, axes, dict.fromkeys(metrics, UNIT), design)


def saltelli(keys: tuple[str, ...], ends: tuple[float, float], rows: int, seed: int = 1) -> dict[str, FloatArray]:
    """Blocks A, B and A with one column of B, in the order of a store."""
    low, high = ends
    shares = saltelli_shares(len(keys), Design(kind="saltelli", samples=rows, seed=seed))
    return {key: low + shares[:, column] * (high - low) for column, key in enumerate(keys)}


def uniform(keys: tuple[str, ...], count: int, seed: int = 3) -> dict[str, FloatArray]:
    """Independent points between 0 and 1."""
    drawn = np.random.default_rng(seed).random((count, len(keys)))
    return {key: drawn[:, column] for column, key in enumerate(keys)}


def ishigami(parameters: FloatArray, noise: FloatArray) -> FloatArray:
    """Ishigami and Homma (1990): sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1."""
    first, second, third = (parameters[..., column] for column in range(3))
    return np.asarray(np.sin(first) + 7.0 * np.sin(second) ** 2 + 0.1 * third**4 * np.sin(first) + 0.0 * noise)


def failed(sweep: SweepTable, row: int) -> None:
    """Mark a run as failed."""
    sweep.runs.loc[row, "status"] = "failed"
    sweep.runs.loc[row, list(sweep.units)] = np.nan
