"""The assessed claims as a table that a person reads."""

from __future__ import annotations

import sys
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulation.claims import wording
from simulation.claims.assessment import Assessed, Assessment

PIPE_WIDTH = 120
WIDEST = 160
PARTS = (24, 13, 22, 34, 18)
"""Shares of the width that the columns after the number get."""
BLANK = ("", "", "", "")


def claims_table(assessment: Assessment) -> RenderableType:
    """Table, legend and count."""
    notes = [*wording.LEGEND, wording.tally(assessment), wording.stopped_note(assessment)]
    footer = [Text(note, style="" if note == notes[-2] else "dim") for note in notes if note]
    return Group(Text(assessment.ledger.title, style="bold"), Padding(_table(assessment), (1, 0)), *footer)


def print_claims(assessment: Assessment) -> None:
    """Print to a terminal at its width, elsewhere as plain text at a fixed one."""
    if sys.stdout.isatty():
        console = Console(highlight=False)
        console.print(claims_table(assessment), width=min(console.width, WIDEST))
    else:
        sys.stdout.write(plain_text(assessment, PIPE_WIDTH) + "\n")


def plain_text(assessment: Assessment, width: int) -> str:
    """The table without colour, the same on every machine."""
    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=False, highlight=False)
    with console.capture() as capture:
        console.print(claims_table(assessment))
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def _table(assessment: Assessment) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True, show_edge=False, header_style="dim", pad_edge=False)
    table.add_column(wording.COLUMNS[0], justify="right", width=2, no_wrap=True)
    for heading, part in zip(wording.COLUMNS[1:], PARTS, strict=True):
        table.add_column(heading, ratio=part)
    for assessed in assessment.claims:
        _add_claim(table, assessed)
    return table


def _add_claim(table: Table, assessed: Assessed) -> None:
    """Add a row for each counterpart; the first also holds the claim and both figures, an empty line ends it."""
    claim, unit = assessed.claim, assessed.claim.unit
    stated = (str(claim.id), claim.claim, wording.figure_text(claim.article, unit), wording.figure_text(claim.official, unit))
    for index, (model, outcome) in enumerate(wording.rows(assessed)):
        first = index == 0
        verdict = f"model: {outcome}"
        if first:
            verdict = f"{wording.official_verdict(assessed)}\n{verdict}"
        texts = (*(stated if first else BLANK), model, verdict)
        table.add_row(*(Text(text) for text in texts))
    table.add_row()
