"""A design made elsewhere: the rows of a CSV or Parquet file whose columns are config keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.reader import shown
from simulation.scenario.config.tree import Source, plain
from simulation.scenario.config.yaml_text import compose
from simulation.sweeps.bounds import MOST_POINTS
from simulation.sweeps.design import Values, jsonable

if TYPE_CHECKING:
    import pandas as pd


def rows_of(path: Path) -> list[Values]:
    """Points of a table, one a row; an empty cell keeps the base scenario's value.

    Cells of a CSV file are read as values of a config, so that ``25bp``, ``true`` and ``null`` mean what they mean there.

    Raises
    ------
    ConfigError
        If the file cannot be read, has no rows or too many.
    """
    frame = _frame(path)
    columns = {str(name): _cells(path, frame, str(name)) for name in frame.columns}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{key: value for key, value in row.items() if value is not MISSING} for row in rows]


MISSING: Any = object()


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix == ".parquet":
            check_rows(path, parquet_rows(path))
            return pd.read_parquet(path)
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, comment="#", nrows=MOST_POINTS + 1)
    except (OSError, ValueError) as error:
        message = f"the table cannot be read: {error}"
        raise ConfigError(
            [Problem(shown(path), None, None, "", message, "a CSV or Parquet file of config keys")]
        ) from None
    check_rows(path, len(frame))
    return frame


def parquet_rows(path: Path) -> int:
    """Rows of a Parquet file, from its footer alone."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    try:
        return file.metadata.num_rows
    finally:
        file.close()


def check_rows(path: Path, rows: int) -> None:
    """Refuse a table without rows or with more rows than a sweep may have points.

    Raises
    ------
    ConfigError
        With the number of rows, as far as they were counted.
    """
    if not rows:
        raise ConfigError([Problem(shown(path), None, None, "", "the table has no rows", "one row is one point")])
    if rows > MOST_POINTS:
        counted = f"{rows:,}" if path.suffix == ".parquet" else f"more than {MOST_POINTS:,}"
        message = f"the table has {counted} rows; allowed: at most {MOST_POINTS:,}"
        raise ConfigError([Problem(shown(path), None, None, "", message, "cut it into several tables and sweeps")])


def _cells(path: Path, frame: pd.DataFrame, name: str) -> list[Any]:
    """Values of a column; texts are read once each."""
    known: dict[str, Any] = {}
    cells = []
    for row, cell in enumerate(frame[name].tolist()):
        if isinstance(cell, str):
            if cell not in known:
                known[cell] = _read(path, row, name, cell)
            cells.append(known[cell])
        else:
            # Only a missing number differs from itself.
            cells.append(MISSING if cell is None or cell != cell else jsonable(cell))
    return cells


def _read(path: Path, row: int, name: str, text: str) -> Any:
    if not text.strip():
        return MISSING
    reading = compose(text, Source(f"{shown(path)}: row {row + 1}, {name}", (text,), inline=True))
    if reading.problems:
        raise ConfigError(reading.problems)
    return jsonable(plain(reading.tree))
