"""A calibration as tables that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from simulation.studies.calibration.diagnostics import Columns


def parameters(table: Columns) -> Table:
    """Return prior against posterior: median and middle 80 %, and how much narrower the posterior is."""
    rows = _empty("Parameter", ("prior", "10 - 90 %", "posterior", "10 - 90 %", "narrower"))
    for row, name in enumerate(table["parameter"]):
        cells = [cell for when in ("prior", "posterior") for cell in _band(table, when, row)]
        narrower = f"{100.0 * float(table['shrinkage'][row]):.0f} %"
        rows.add_row(Text(f"{name}, {table['unit'][row]}"), *cells, narrower)
    return rows


def moments(table: Columns) -> Table:
    """Return the fit of the moments: observed with the target's error, simulated, and the distance in errors."""
    rows = _empty("Moment", ("observed", "sd", "simulated", "10 - 90 %", "distance"))
    for row, name in enumerate(table["moment"]):
        cells = [_number(table["observed"][row]), _number(table["sd"][row]), *_band(table, "simulated", row)]
        rows.add_row(Text(f"{name}, {table['unit'][row]}"), *cells, f"{float(table['score'][row]):+.1f} sd")
    return rows


def _empty(first: str, columns: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    table.add_column(first, min_width=28, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _band(table: Columns, when: str, row: int) -> tuple[str, str]:
    low, middle, high = (table[f"{when}_p{level}"][row] for level in (10, 50, 90))
    return _number(middle), f"{_number(low)} - {_number(high)}"


def _number(value: Any) -> str:
    return f"{float(value):.3g}"
