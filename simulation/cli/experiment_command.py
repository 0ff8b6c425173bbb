"""``carryflow experiment``: run an experiment, print its findings, write its table and figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import options
from simulation.cli.output import EXIT_FAILED_RUNS, RESULTS_FOLDER, print_json, progress, remark

if TYPE_CHECKING:
    from simulation.studies.experiment.runner import ExperimentOutcome, ExperimentPlan


@click.command(short_help="Run an experiment: one question, a table and a figure.")
@click.argument("name")
@click.option("--quick", is_flag=True, help="Small version in seconds: fewer runs, investors and variants.")
@click.option(
    "--runs",
    type=click.IntRange(1, options.MOST_RUNS),
    metavar="N",
    help="Runs per variant.  [default: set by the experiment]",
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
    """Run the experiment NAME (see `carryflow list experiments`) or a Python file.

    A table (Parquet, CSV), a figure (PNG, SVG, its data as CSV), the findings and a manifest are written to --out, or to a
    folder under results/ determined by experiment, size and seed.
    """
    from simulation.results.output_folder import check_target
    from simulation.studies.experiment.runner import plan_experiment

    plan = plan_experiment(
        name, quick=quick, runs=runs, seed=seed, cloud=options.selected_parameter_sets(posterior, parameter_sets)
    )
    target = out or RESULTS_FOLDER / plan.folder
    check_target(target, plan.hash, force)
    outcome = run_with_progress(plan, workers, quiet)
    outcome.save(target, options.command_line())
    print_findings(outcome, target, as_json)
    remark(f"Table and figure in {target}", quiet)
    if outcome.runs_failed:
        context.exit(EXIT_FAILED_RUNS)


def run_with_progress(plan: ExperimentPlan, workers: int | None, quiet: bool) -> ExperimentOutcome:
    """Run an experiment with progress on standard error."""
    from simulation.studies.experiment.runner import experiment_workers, run_experiment

    with progress(plan.name, quiet) as update:
        return run_experiment(plan, workers or experiment_workers(plan), update)


def print_findings(outcome: ExperimentOutcome, target: Path, as_json: bool) -> None:
    """Print question and findings, or all results as JSON."""
    if as_json:
        print_json(outcome.facts() | {"folder": str(target)})
        return
    facts = outcome.facts()
    click.echo(facts["question"])
    click.echo(facts["findings"])
