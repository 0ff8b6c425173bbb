"""The assessed claims as a table that a person reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulation.studies.claims import wording
from simulation.studies.claims.assessment import Assessed, Assessment

PIPE_WIDTH = 120
NARROWEST, WIDEST = 80, 160
PARTS = (24, 11, 21, 30, 22)
"""Shares of the width that the columns after the number get."""
LEAST = 10
"""Narrowest column: a number with its unit."""
NUMBER, GAP = 2, 2
"""Width of the column of numbers, and the space between two columns."""
GLUE = "\ue000"
"""Stands for a space at which a line must not break; a sign for private use, so that no text holds it."""
TOGETHER = re.compile(r"(?<=[\d)]) (?=(?:%|pp|bp|\$bn|JPY|Dec|Nov|y/y)(?:\W|$))")


def print_claims(assessment: Assessment) -> None:
    """Print to a terminal at its width, elsewhere as plain text at a fixed one."""
    console = Console(highlight=False)
    width = min(console.width, WIDEST) if sys.stdout.isatty() else PIPE_WIDTH
    sys.stdout.write(claims_text(assessment, width, colour=sys.stdout.isatty()) + "\n")


def claims_text(assessment: Assessment, width: int, colour: bool = False) -> str:
    """The table, its legend and the count, wrapped at `width` columns; the same on every machine without colour."""
    width = max(width, NARROWEST)
    console = (
        Console(width=width, highlight=False)
        if colour
        else Console(file=StringIO(), width=width, color_system=None, force_terminal=False, highlight=False)
    )
    with console.capture() as capture:
        console.print(claims_table(assessment, widths(width)))
    return "\n".join(line.rstrip() for line in capture.get().replace(GLUE, " ").rstrip().splitlines())


def widths(total: int) -> list[int]:
    """Widths of the columns after the number; rounding goes to the widest."""
    room = total - NUMBER - GAP * len(PARTS)
    found = [max(LEAST, room * part // sum(PARTS)) for part in PARTS]
    found[PARTS.index(max(PARTS))] += room - sum(found)
    return found


def claims_table(assessment: Assessment, columns: Sequence[int]) -> RenderableType:
    """Title, table, legend and count."""
    legend = [Text(glued(note), style="dim") for note in wording.LEGEND]
    count = [Text(note) for note in (wording.tally(assessment), wording.stopped_note(assessment)) if note]
    table = Padding(_table(assessment, columns), (1, 0))
    return Group(Text(assessment.ledger.title, style="bold"), table, *legend, Text(), *count)


def glued(text: str) -> str:
    """The text with numbers and their units kept on one line."""
    return TOGETHER.sub(GLUE, text)


def _table(assessment: Assessment, columns: Sequence[int]) -> Table:
    *stated, model, verdict = columns
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(wording.COLUMNS[0], justify="right", width=NUMBER, no_wrap=True)
    for heading, width in zip(wording.COLUMNS[1:4], stated, strict=True):
        table.add_column(heading, width=width, overflow="fold")
    # Model and verdict share a column, so that the answers to a claim stand one below the other beside it.
    headings = _answers([(wording.COLUMNS[4], wording.COLUMNS[5])], model, verdict)
    table.add_column(headings, width=model + GAP + verdict)
    table.add_row()
    for assessed in assessment.claims:
        _add_claim(table, assessed, _answers(answers(assessed), model, verdict))
    return table


def answers(assessed: Assessed) -> list[tuple[str, str]]:
    """The model's cell and the verdict beside it; the first verdict begins with that of official data."""
    found = [(text, f"model: {outcome}") for text, outcome in wording.rows(assessed)]
    text, outcome = found[0]
    return [(text, f"{wording.official_verdict(assessed)}\n{outcome}"), *found[1:]]


def _answers(pairs: Sequence[tuple[str, str]], model: int, verdict: int) -> Table:
    grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
    for width in (model, verdict):
        grid.add_column(width=width, overflow="fold")
    for text, outcome in pairs:
        grid.add_row(Text(glued(text)), Text(glued(outcome)))
    return grid


def _add_claim(table: Table, assessed: Assessed, found: Table) -> None:
    """Add a claim and an empty line after it."""
    claim = assessed.claim
    figures = (wording.figure_text(figure, claim.unit) for figure in (claim.article, claim.official))
    texts = (str(claim.id), claim.claim, *figures)
    table.add_row(*(Text(glued(text)) for text in texts), found)
    table.add_row()
