"""``carryflow claims``: the article's claims against official data and against the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import exit_codes, options
from simulation.cli.output import print_json, remark
from simulation.cli.run_command import RESULTS, Request, simulated

if TYPE_CHECKING:
    from simulation.studies.claims.assessment import Assessment

DEFAULT_RUNS = 40
"""Enough for a verdict, few enough for less than a minute: a dozen scenarios are run."""


@click.command(short_help="Hold the article's 47 claims against data and the model.")
@click.option(
    "--runs",
    type=click.IntRange(1, options.MOST_RUNS),
    default=DEFAULT_RUNS,
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
    from simulation.results.store import check_target, content_address
    from simulation.studies.claims.assessment import assess_with, ledger_hash, scenarios_of
    from simulation.studies.claims.ledger import load_ledger

    ledger = load_ledger()
    scenarios = scenarios_of(ledger, seed)
    address = ledger_hash(ledger, scenarios)
    target = out or RESULTS / content_address("claims", address, runs)
    check_target(target, address, force)
    remark(f"Running {len(scenarios)} scenarios, {runs} runs each ...", quiet)
    request = Request(runs, workers, quiet)
    assessment = assess_with(ledger, scenarios, runs, lambda _name, scenario: simulated(scenario, request).record)
    _report(assessment, as_json)
    _save(assessment, target)
    remark(f"Markdown and CSV in {target}", quiet)
    if assessment.stopped:
        context.exit(exit_codes.FAILED_RUNS)


def _report(assessment: Assessment, as_json: bool) -> None:
    """Print the claims."""
    from simulation.cli.claims_table import print_claims
    from simulation.studies.claims.writing import objects

    if as_json:
        print_json(objects(assessment))
    else:
        print_claims(assessment)


def _save(assessment: Assessment, target: Path) -> None:
    """Write Markdown and CSV, whole or not at all."""
    from simulation.results.store import written_whole
    from simulation.studies.claims.writing import write

    with written_whole(target) as draft:
        write(assessment, draft, options.command_line())
