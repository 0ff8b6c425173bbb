"""The table of an experiment as files."""

from pathlib import Path

import pandas as pd

from simulation.results.tables import arrow_table


def write_table(table: pd.DataFrame, directory: Path) -> None:
    """Write the table as Parquet and CSV, with the same bytes for the same numbers."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(table), directory / "table.parquet", compression="zstd")
    table.to_csv(directory / "table.csv", index=False, lineterminator="\n", float_format="%.10g")
