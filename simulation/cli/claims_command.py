"""``carryflow claims``: compare the article's claims with official data and with the model."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import options
from simulation.cli.output import EXIT_FAILED_RUNS, RESULTS_FOLDER, print_json, remark
from simulation.cli.run_commands import RunRequest, run_request

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from simulation.studies.claims.assessment import AssessedClaim, Assessment

DEFAULT_CLAIM_RUNS = 40
"""Enough runs for stable verdicts in less than a minute; a dozen scenarios are simulated."""
PIPE_WIDTH = 120
NARROWEST, WIDEST = 80, 160
COLUMN_SHARES = (24, 11, 21, 30, 22)
"""Relative widths of the columns after the claim number."""
LEAST_WIDTH = 10
"""Narrowest column, characters."""
NUMBER_WIDTH, COLUMN_GAP = 2, 2
"""Width of the claim-number column and space between columns, characters."""
NO_BREAK = "\ue000"
"""Stands for a space at which a line must not break (private-use character, in no text)."""
NUMBER_AND_UNIT = re.compile(r"(?<=[\d)]) (?=(?:%|pp|bp|\$bn|JPY|Dec|Nov|y/y)(?:\W|$))")


@click.command(short_help="Compare the article's 47 claims with data and the model.")
@click.option(
    "--runs",
    type=click.IntRange(1, options.MOST_RUNS),
    default=DEFAULT_CLAIM_RUNS,
    show_default=True,
    metavar="N",
    help="Number of runs per scenario.",
)
@options.seed
@options.out
@options.force
@options.workers
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, one object per claim, instead of a table.")
@options.quiet
@click.pass_context
def claims(
    context: click.Context,
    runs: int,
    seed: int | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare the article's 47 claims with official data and, where possible, with the model.

    Prints the article's figure, the official figure, the model result (p50, p10 to p90) and the verdict. The same table is
    written as Markdown and CSV to --out, or to a folder under results/ determined by claims, scenarios, seed and runs.
    """
    from simulation.results.output_folder import check_target, content_address
    from simulation.studies.claims.assessment import assess_with_runner, case_scenarios, ledger_hash, load_ledger

    ledger = load_ledger()
    scenarios = case_scenarios(ledger, seed)
    address = ledger_hash(ledger, scenarios)
    target = out or RESULTS_FOLDER / content_address("claims", address, runs)
    check_target(target, address, force)
    remark(f"Running {len(scenarios)} scenarios, {runs} runs each ...", quiet)
    request = RunRequest(runs, workers, quiet)
    assessment = assess_with_runner(
        ledger, scenarios, runs, lambda _name, scenario: run_request(scenario, request).record
    )
    _print_assessment(assessment, as_json)
    _save_assessment(assessment, target)
    remark(f"Markdown and CSV in {target}", quiet)
    if assessment.stopped:
        context.exit(EXIT_FAILED_RUNS)


def _print_assessment(assessment: Assessment, as_json: bool) -> None:
    """Print the claims as a table or as JSON."""
    from simulation.studies.claims.tables import claim_dicts

    if as_json:
        print_json(claim_dicts(assessment))
    else:
        print_claims(assessment)


def _save_assessment(assessment: Assessment, target: Path) -> None:
    """Write Markdown and CSV; a failure leaves no partial folder."""
    from simulation.results.output_folder import atomic_folder
    from simulation.studies.claims.tables import write_claims

    with atomic_folder(target) as draft:
        write_claims(assessment, draft, options.command_line())


def print_claims(assessment: Assessment) -> None:
    """Print the claims at the width of the terminal, or as plain text at a fixed width."""
    from rich.console import Console

    console = Console(highlight=False)
    width = min(console.width, WIDEST) if sys.stdout.isatty() else PIPE_WIDTH
    sys.stdout.write(claims_text(assessment, width, colour=sys.stdout.isatty()) + "\n")


def claims_text(assessment: Assessment, width: int, colour: bool = False) -> str:
    """Table, legend and number of verdicts, wrapped at `width` characters."""
    from rich.console import Console

    width = max(width, NARROWEST)
    console = (
        Console(width=width, highlight=False)
        if colour
        else Console(file=StringIO(), width=width, color_system=None, force_terminal=False, highlight=False)
    )
    with console.capture() as capture:
        console.print(claims_table(assessment, column_widths(width)))
    return "\n".join(line.rstrip() for line in capture.get().replace(NO_BREAK, " ").rstrip().splitlines())


def column_widths(total: int) -> list[int]:
    """Widths of the columns after the claim number; the widest column takes the rounding difference."""
    room = total - NUMBER_WIDTH - COLUMN_GAP * len(COLUMN_SHARES)
    widths = [max(LEAST_WIDTH, room * share // sum(COLUMN_SHARES)) for share in COLUMN_SHARES]
    widths[COLUMN_SHARES.index(max(COLUMN_SHARES))] += room - sum(widths)
    return widths


def claims_table(assessment: Assessment, columns: Sequence[int]) -> RenderableType:
    """Title, table, legend and number of verdicts."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from simulation.studies.claims import tables

    legend = [Text(with_unbroken_units(note), style="dim") for note in tables.LEGEND]
    count = [Text(note) for note in (tables.verdict_summary(assessment), tables.stopped_runs_note(assessment)) if note]
    table = Padding(_table(assessment, columns), (1, 0))
    return Group(Text(assessment.ledger.title, style="bold"), table, *legend, Text(), *count)


def with_unbroken_units(text: str) -> str:
    """Text in which no line break may separate a number from its unit."""
    return NUMBER_AND_UNIT.sub(NO_BREAK, text)


def _table(assessment: Assessment, columns: Sequence[int]) -> Table:
    from rich.table import Table

    from simulation.studies.claims import tables

    *stated, model, verdict = columns
    table = Table(box=None, padding=(0, COLUMN_GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(tables.TABLE_COLUMNS[0], justify="right", width=NUMBER_WIDTH, no_wrap=True)
    for heading, width in zip(tables.TABLE_COLUMNS[1:4], stated, strict=True):
        table.add_column(heading, width=width, overflow="fold")
    # Model and verdict share one column, so that several model results of a claim line up with their verdicts.
    headings = _answer_grid([(tables.TABLE_COLUMNS[4], tables.TABLE_COLUMNS[5])], model, verdict)
    table.add_column(headings, width=model + COLUMN_GAP + verdict)
    table.add_row()
    for assessed in assessment.claims:
        _add_claim(table, assessed, _answer_grid(answer_rows(assessed), model, verdict))
    return table


def answer_rows(assessed: AssessedClaim) -> list[tuple[str, str]]:
    """Model results of a claim with their verdicts; the first verdict is preceded by that of official data."""
    from simulation.studies.claims import tables

    rows = [(text, f"model: {verdict}") for text, verdict in tables.model_rows(assessed)]
    text, verdict = rows[0]
    return [(text, f"{tables.official_verdict(assessed)}\n{verdict}"), *rows[1:]]


def _answer_grid(pairs: Sequence[tuple[str, str]], model: int, verdict: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, COLUMN_GAP, 0, 0), pad_edge=False)
    for width in (model, verdict):
        grid.add_column(width=width, overflow="fold")
    for text, outcome in pairs:
        grid.add_row(Text(with_unbroken_units(text)), Text(with_unbroken_units(outcome)))
    return grid


def _add_claim(table: Table, assessed: AssessedClaim, answers: Table) -> None:
    """Add a claim and an empty line."""
    from rich.text import Text

    from simulation.studies.claims import tables

    claim = assessed.claim
    figures = (tables.figure_text(figure, claim.unit) for figure in (claim.article, claim.official))
    texts = (str(claim.id), claim.claim, *figures)
    table.add_row(*(Text(with_unbroken_units(text)) for text in texts), answers)
    table.add_row()
