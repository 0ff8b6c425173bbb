"""``carryflow experiment``: run one of the experiments, print its table and findings, write table, runs and figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import options, output
from simulation.cli.output import print_json, progress, remark
from simulation.cli.run_commands import RESULTS_FOLDER

if TYPE_CHECKING:
    from simulation.studies.experiment.runner import ExperimentOutcome, ExperimentPlan


@click.command(short_help="Answer one question with a table, a figure, a paragraph.")
@click.argument("name")
@click.option("--quick", is_flag=True, help="A small version in seconds: fewer runs, fewer investors, fewer variants.")
@click.option(
    "--runs",
    type=click.IntRange(1, options.MOST_RUNS),
    metavar="N",
    help="Runs per variant.  [default: what the experiment states]",
)
@options.seed
@options.posterior
@options.parameter_sets
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def experiment(
    context: click.Context,
    name: str,
    quick: bool,
    runs: int | None,
    seed: int | None,
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Answer the question of an experiment, NAME (see `carryflow list experiments`) or a Python file.

    Prints a table with effects, standard errors and 80 % bands, and the findings. The table (table.csv), the single runs
    (runs.csv, runs.parquet), the figure (PNG, SVG; its points as figure.csv), the findings and a manifest go to --out, or
    to a folder under results/ that the same experiment, size and seed always give.
    """
    from simulation.results.output_folder import check_target
    from simulation.studies.experiment.runner import plan_experiment

    plan = plan_experiment(
        name, quick=quick, runs=runs, seed=seed, cloud=options.selected_parameter_sets(posterior, parameter_sets)
    )
    target = out or RESULTS_FOLDER / plan.folder
    check_target(target, plan.hash, force)
    outcome = run_experiment(plan, workers, quiet)
    outcome.save(target, options.command_line())
    print_findings(outcome, target, as_json)
    remark(f"Table and figure in {target}", quiet)
    if outcome.runs_failed:
        context.exit(output.EXIT_FAILED_RUNS)


def run_experiment(plan: ExperimentPlan, workers: int | None, quiet: bool) -> ExperimentOutcome:
    """Run an experiment with progress on standard error."""
    from simulation.studies.experiment.runner import experiment_workers, run_experiment

    with progress(plan.name, quiet) as update:
        return run_experiment(plan, workers or experiment_workers(plan), update)


def print_findings(outcome: ExperimentOutcome, target: Path, as_json: bool) -> None:
    """Print question, table and findings, or everything as JSON."""
    if as_json:
        print_json(outcome.facts() | {"folder": str(target)})
        return
    facts = outcome.facts()
    click.echo(facts["question"])
    click.echo(f"\n{outcome.answer_text()}\n")
    click.echo(facts["findings"])
