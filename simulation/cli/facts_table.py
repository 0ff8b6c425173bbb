"""The facts as a table that a person reads."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulation.studies.facts.comparison import OUTSIDE, Comparison
from simulation.studies.facts.writing import HEADINGS, cells, explained


def facts_table(comparison: Comparison, heading: str) -> RenderableType:
    """Return title, table, and what the verdicts mean; `heading` names the scenario and its size."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    for place, text in enumerate(HEADINGS):
        table.add_column(text, justify="right" if place in (1, 2) else "left", no_wrap=True)
    for row in comparison.rows:
        weight = "bold" if row.verdict.endswith(OUTSIDE) else ""
        table.add_row(*(Text(text, style=weight) for text in cells(row)))
    below = (Text(line) for line in explained(comparison))
    head = (Text(comparison.title, style="bold"), Text(heading, style="dim"))
    return Group(*head, Padding(table, (1, 0)), *below)
