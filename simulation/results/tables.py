"""A record as tidy tables: one row per run and day, and one per run, day and population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from simulation.day.recorder import Record


def reached_days(record: Record) -> NDArray[np.bool_]:
    """Return the days that each run reached with finite prices, shape (R, T+1).

    Later days of a stopped run are excluded, so that tables have no missing values.
    """
    days = np.ones((len(record.runs), len(record.dates)), dtype=bool)
    for row, stop in record.stopped.items():
        days[row] = record.dates < np.datetime64(stop.date, "D")
        at_stop = record.dates == np.datetime64(stop.date, "D")
        days[row] |= at_stop & _finite_days(record, row)
    return days


def _finite_days(record: Record, row: int) -> NDArray[np.bool_]:
    columns = [values[row] for values in record.market.values() if not np.isnan(values).all()]
    return np.asarray(np.isfinite(columns).all(axis=0))


def _dates(record: Record) -> NDArray[np.datetime64]:
    # Milliseconds are the coarsest unit that Parquet stores and pandas reads back unchanged.
    return record.dates.astype("datetime64[ms]")


def daily_table(record: Record) -> pd.DataFrame:
    """Return market variables of every run and day, sorted by run and date; assets that the scenario lacks have no column."""
    import pandas as pd

    keep = reached_days(record)
    runs, days = keep.shape
    columns: dict[str, NDArray[np.generic]] = {
        "run": np.repeat(record.runs, days)[keep.ravel()],
        "date": np.tile(_dates(record), runs)[keep.ravel()],
    }
    for name, values in record.market.items():
        if not np.isnan(values).all():
            columns[name] = values[keep]
    return pd.DataFrame(columns, copy=False)


def flow_columns(record: Record) -> list[str]:
    """Return the names of the flow columns of all populations, in order of first occurrence."""
    return list(dict.fromkeys(column for flows in record.flows.values() for column in flows))


def flows_table(record: Record) -> pd.DataFrame:
    """Return flows of every run, day and population in USD bn, sorted by run, date and population."""
    import pandas as pd

    keep = reached_days(record)
    runs, days = keep.shape
    names = sorted(record.flows)
    rows = np.repeat(keep.ravel(), len(names))
    columns: dict[str, NDArray[np.generic]] = {
        "run": np.repeat(record.runs, days * len(names))[rows],
        "date": np.tile(np.repeat(_dates(record), len(names)), runs)[rows],
        "population": np.tile(np.array(names, dtype=object), runs * days)[rows],
    }
    zeros = np.zeros(keep.shape)
    for column in flow_columns(record):
        stacked = np.stack([record.flows[name].get(column, zeros) for name in names], axis=-1)
        columns[column] = stacked.reshape(-1)[rows]
    return pd.DataFrame(columns, copy=False)


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table without pandas metadata, which depends on the pandas version."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    return table.replace_schema_metadata(None)
