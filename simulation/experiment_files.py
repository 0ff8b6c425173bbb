"""The files of an experiment: its table as Parquet and CSV, its figure as PNG and SVG with the plotted numbers."""

from io import BytesIO
from pathlib import Path

import pandas as pd

from simulation.figures import Drawing, png, write_numbers
from simulation.tables import arrow_table

HASH_SALT = "carryflow"


def write_table(table: pd.DataFrame, directory: Path) -> None:
    """Write the table as Parquet and CSV, with the same bytes for the same numbers."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(table), directory / "table.parquet", compression="zstd")
    table.to_csv(directory / "table.csv", index=False, lineterminator="\n", float_format="%.10g")


def write_figure(drawing: Drawing, directory: Path) -> None:
    """Write the figure as PNG and SVG and the plotted numbers as CSV."""
    (directory / "figure.png").write_bytes(png(drawing.figure))
    (directory / "figure.svg").write_bytes(svg(drawing))
    write_numbers(drawing, directory / "figure.csv")


def svg(drawing: Drawing) -> bytes:
    """Return a figure as SVG without the date and the random names that would change its bytes."""
    import matplotlib

    from simulation.figures.style import house_style

    buffer = BytesIO()
    with house_style(), matplotlib.rc_context({"svg.hashsalt": HASH_SALT}):
        drawing.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
