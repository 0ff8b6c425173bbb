"""The assessed claims as a table that a person reads.

``carryflow claims``: the article's claims against official data and against the model.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulation.cli import options, output
from simulation.cli.output import print_json, remark
from simulation.cli.run_commands import RESULTS_FOLDER, RunRequest, run_request
from simulation.studies.claims import tables
from simulation.studies.claims.assessment import AssessedClaim, Assessment

PIPE_WIDTH = 120
NARROWEST, WIDEST = 80, 160
COLUMN_SHARES = (24, 11, 21, 30, 22)
"""Shares of the width that the columns after the number get."""
LEAST_WIDTH = 10
"""Narrowest column: a number with its unit."""
NUMBER_WIDTH, COLUMN_GAP = 2, 2
"""Width of the column of numbers, and the space between two columns."""
NO_BREAK = "\ue000"
"""Stands for a space at which a line must not break; a sign for private use, so that no text holds it."""
NUMBER_AND_UNIT = re.compile(r"(?<=[\d)]) (?=(?:%|pp|bp|\$bn|JPY|Dec|Nov|y/y)(?:\W|$))")


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
        console.print(claims_table(assessment, column_widths(width)))
    return "\n".join(line.rstrip() for line in capture.get().replace(NO_BREAK, " ").rstrip().splitlines())


def column_widths(total: int) -> list[int]:
    """Widths of the columns after the number; rounding goes to the widest."""
    room = total - NUMBER_WIDTH - COLUMN_GAP * len(COLUMN_SHARES)
    found = [max(LEAST_WIDTH, room * part // sum(COLUMN_SHARES)) for part in COLUMN_SHARES]
    found[COLUMN_SHARES.index(max(COLUMN_SHARES))] += room - sum(found)
    return found


def claims_table(assessment: Assessment, columns: Sequence[int]) -> RenderableType:
    """Title, table, legend and count."""
    legend = [Text(with_unbroken_units(note), style="dim") for note in tables.LEGEND]
    count = [Text(note) for note in (tables.verdict_summary(assessment), tables.stopped_runs_note(assessment)) if note]
    table = Padding(_table(assessment, columns), (1, 0))
    return Group(Text(assessment.ledger.title, style="bold"), table, *legend, Text(), *count)


def with_unbroken_units(text: str) -> str:
    """The text with numbers and their units kept on one line."""
    return NUMBER_AND_UNIT.sub(NO_BREAK, text)


def _table(assessment: Assessment, columns: Sequence[int]) -> Table:
    *stated, model, verdict = columns
    table = Table(box=None, padding=(0, COLUMN_GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(tables.TABLE_COLUMNS[0], justify="right", width=NUMBER_WIDTH, no_wrap=True)
    for heading, width in zip(tables.TABLE_COLUMNS[1:4], stated, strict=True):
        table.add_column(heading, width=width, overflow="fold")
    # Model and verdict share a column, so that the answers to a claim stand one below the other beside it.
    headings = _answer_grid([(tables.TABLE_COLUMNS[4], tables.TABLE_COLUMNS[5])], model, verdict)
    table.add_column(headings, width=model + COLUMN_GAP + verdict)
    table.add_row()
    for assessed in assessment.claims:
        _add_claim(table, assessed, _answer_grid(answer_rows(assessed), model, verdict))
    return table


def answer_rows(assessed: AssessedClaim) -> list[tuple[str, str]]:
    """The model's cell and the verdict beside it; the first verdict begins with that of official data."""
    found = [(text, f"model: {outcome}") for text, outcome in tables.model_rows(assessed)]
    text, outcome = found[0]
    return [(text, f"{tables.official_verdict(assessed)}\n{outcome}"), *found[1:]]


def _answer_grid(pairs: Sequence[tuple[str, str]], model: int, verdict: int) -> Table:
    grid = Table.grid(padding=(0, COLUMN_GAP, 0, 0), pad_edge=False)
    for width in (model, verdict):
        grid.add_column(width=width, overflow="fold")
    for text, outcome in pairs:
        grid.add_row(Text(with_unbroken_units(text)), Text(with_unbroken_units(outcome)))
    return grid


def _add_claim(table: Table, assessed: AssessedClaim, found: Table) -> None:
    """Add a claim and an empty line after it."""
    claim = assessed.claim
    figures = (tables.figure_text(figure, claim.unit) for figure in (claim.article, claim.official))
    texts = (str(claim.id), claim.claim, *figures)
    table.add_row(*(Text(with_unbroken_units(text)) for text in texts), found)
    table.add_row()


DEFAULT_CLAIM_RUNS = 40
"""Enough for a verdict, few enough for less than a minute: a dozen scenarios are run."""


@click.command(short_help="Hold the article's 47 claims against data and the model.")
@click.option(
    "--runs",
    type=click.IntRange(1, options.MOST_RUNS),
    default=DEFAULT_CLAIM_RUNS,
    show_default=True,
    metavar="N",
    help="Number of runs of each scenario.",
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
    """Hold the article's 47 claims against official data and, where it has a counterpart, the model.

    Prints article, official figure, model (p50, p10 to p90) and verdict, and writes the same as Markdown and CSV
    into --out, or into a folder under results/ that the same claims, scenarios, seed and runs always give.
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
        context.exit(output.EXIT_FAILED_RUNS)


def _print_assessment(assessment: Assessment, as_json: bool) -> None:
    """Print the claims."""
    from simulation.studies.claims.tables import claim_dicts

    if as_json:
        print_json(claim_dicts(assessment))
    else:
        print_claims(assessment)


def _save_assessment(assessment: Assessment, target: Path) -> None:
    """Write Markdown and CSV, whole or not at all."""
    from simulation.results.output_folder import atomic_folder
    from simulation.studies.claims.tables import write_claims

    with atomic_folder(target) as draft:
        write_claims(assessment, draft, options.command_line())
