"""The answer of an experiment as tables: one row per point of the figure, and the table printed in the terminal."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from simulation.results.estimates import EstimateWithError
from simulation.results.figures.style import Columns

STATISTICS: Final = ("mean", "se", "p10", "p90", "runs")
"""Mean over runs, its standard error, 10 and 90 % quantile of single runs, and number of runs of a point."""
DESCRIPTION: Final = ("quantity", "unit")


@dataclass(frozen=True)
class Quantity:
    """A measured column of an experiment.

    Attributes
    ----------
    column
        Its name, which ends in its unit.
    unit
        The unit as printed.
    label
        Heading of its column in the printed table.
    decimals
        Digits after the point in the printed table.
    band
        Whether the printed table shows its 80 % band.
    signed
        Whether a plus is printed.
    """

    column: str
    unit: str
    label: str
    decimals: int = 1
    band: bool = False
    signed: bool = True


def point_table(table: pd.DataFrame, by: Sequence[str], quantities: Sequence[Quantity]) -> pd.DataFrame:
    """Return one row per combination of labels and quantity: labels, quantity, unit and STATISTICS over runs.

    `table` has one row per combination and run.
    """
    parts = []
    for quantity in quantities:
        groups = table.groupby(list(by), sort=False, dropna=False)[quantity.column]
        statistics = {
            "mean": groups.mean(),
            "se": groups.sem(),
            "p10": groups.quantile(0.1),
            "p90": groups.quantile(0.9),
            "runs": groups.count(),
        }
        rows = pd.DataFrame(statistics).reset_index()
        for place, (name, value) in enumerate(zip(DESCRIPTION, (quantity.column, quantity.unit), strict=True)):
            rows.insert(len(by) + place, name, value)
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def point_estimate(points: pd.DataFrame, quantity: str, **labels: object) -> EstimateWithError:
    """Return the mean and standard error of one point; NaN where the table has no such point."""
    chosen = points["quantity"] == quantity
    for name, value in labels.items():
        chosen &= points[name] == value
    rows = points[chosen]
    if rows.empty:
        return EstimateWithError(float("nan"), float("nan"))
    return EstimateWithError(float(rows["mean"].iloc[0]), float(rows["se"].iloc[0]))


def label_columns(points: pd.DataFrame) -> list[str]:
    """Return the columns of a point table that are labels."""
    return [str(name) for name in points.columns if name not in (*DESCRIPTION, *STATISTICS)]


def answer_table(points: pd.DataFrame, quantities: Sequence[Quantity]) -> pd.DataFrame:
    """Return the printed table with numbers: a row per combination of labels, columns ``<quantity>_<statistic>``."""
    shown = points[points["quantity"].isin([quantity.column for quantity in quantities])]
    labels = [name for name in label_columns(points) if not shown[name].isna().all()]
    rows = shown[labels].drop_duplicates().reset_index(drop=True)
    for quantity in quantities:
        own = shown[shown["quantity"] == quantity.column][[*labels, *STATISTICS]]
        named = own.rename(columns={name: f"{quantity.column}_{name}" for name in STATISTICS})
        rows = rows.merge(named, on=labels, how="left")
    counts = rows[[f"{quantity.column}_runs" for quantity in quantities]]
    return rows.drop(columns=counts.columns).assign(runs=counts.max(axis=1).astype(int))


def written_table(points: pd.DataFrame, quantities: Sequence[Quantity]) -> pd.DataFrame:
    """Return the printed table without statistics that no row has, such as the band of an area."""
    return answer_table(points, quantities).dropna(axis="columns", how="all")


def answer_text(points: pd.DataFrame, quantities: Sequence[Quantity]) -> str:
    """Return the answer as a table of text: mean ± standard error, and for some columns the band of 80 % of runs."""
    rows = answer_table(points, quantities)
    labels = [str(name) for name in rows.columns[: len(rows.columns) - 4 * len(quantities) - 1]]
    columns = [[name.replace("_", " "), *map(_label_text, rows[name])] for name in labels]
    for quantity in quantities:
        unit = "" if quantity.unit in quantity.label or not quantity.unit else f", {quantity.unit}"
        cells = [_cell_text(row, quantity) for row in rows.to_dict("records")]
        columns.append([f"{quantity.label}{unit}{' (80 % of runs)' if quantity.band else ''}", *cells])
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(
            cell.ljust(width) if at < len(labels) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in zip(*columns, strict=True)
    ]
    return "\n".join([*lines, "± standard error over runs."])


def _label_text(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:g}"
    return str(value)


def _cell_text(row: Mapping[Hashable, object], quantity: Quantity) -> str:
    mean, error, low, high = (float(str(row[f"{quantity.column}_{name}"])) for name in STATISTICS[:4])
    if np.isnan(mean):
        return "–"
    text = EstimateWithError(mean, error).text(quantity.decimals, quantity.signed)
    text = text if not np.isnan(error) else text.partition(" ±")[0]
    if not quantity.band or np.isnan(low):
        return text
    band = f" ({low:+.{quantity.decimals}f} to {high:+.{quantity.decimals}f})"
    return text + band.replace("-", "−")


def point_columns(points: pd.DataFrame) -> Columns:
    """Return a point table as the columns of a figure's data."""
    return {str(name): points[name].to_numpy() for name in points.columns}
