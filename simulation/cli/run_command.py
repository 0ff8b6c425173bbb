"""``carryflow run``: simulate one scenario, print its summary, keep its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import engine, exit_codes, options
from simulation.cli.output import print_json, print_table, progress, remark

if TYPE_CHECKING:
    from datetime import date

    from rich.console import RenderableType

    from simulation.results.results import Result
    from simulation.scenario.cloud import Cloud
    from simulation.scenario.scenario import Scenario

RESULTS = Path("results")


@dataclass(frozen=True)
class Request:
    """How a scenario is to be run and where its results go."""

    runs: int
    workers: int | None
    quiet: bool
    cloud: Cloud | None = None


def simulated(scenario: Scenario, request: Request) -> Result:
    """Run a scenario with progress on standard error."""
    from simulation.compute.ensemble import run_ensemble
    from simulation.results.results import Result

    with progress(scenario.name, request.quiet, request.runs) as update:
        record = run_ensemble(scenario, request.runs, request.workers, update, request.cloud)
    return Result(record, options.command_line(), request.cloud)


def requested(name: str, settings: tuple[str, ...], seed: int | None) -> Scenario:
    """Return the scenario as asked for: name or file, overrides, seed."""
    engine.load()
    from simulation.compute.ensemble import resolved, with_seed

    scenario = resolved(name, settings)
    return scenario if seed is None else with_seed(scenario, seed)


def target_of(scenario: Scenario, request: Request, out: Path | None) -> Path:
    """Return the folder to write: the one given, or one whose name follows from config, seed, runs and parameter sets."""
    from simulation.results.store import content_address
    from simulation.scenario.config.posterior import hash_with_cloud

    return out or RESULTS / content_address(scenario.name, hash_with_cloud(scenario, request.cloud), request.runs)


def refuse_early(scenario: Scenario, cloud: Cloud | None, target: Path, force: bool) -> None:
    """Refuse a folder that may not be written before the work starts, not after."""
    from simulation.results.store import check_target
    from simulation.scenario.config.posterior import hash_with_cloud

    check_target(target, hash_with_cloud(scenario, cloud), force)


@click.command(short_help="Simulate a scenario and print a summary.")
@click.argument("scenario")
@options.runs
@options.seed
@options.settings
@options.posterior
@options.parameter_sets
@click.option("--date", "day", metavar="D", help="Print the numbers of this day as well, such as 2025-12-19.")
@options.out
@options.force
@click.option("--no-save", is_flag=True, help="Write nothing, only print.")
@click.option("--no-figures", is_flag=True, help="Write tables without drawing figures, the slowest part.")
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def run(
    context: click.Context,
    scenario: str,
    runs: int,
    seed: int | None,
    settings: tuple[str, ...],
    posterior: bool,
    parameter_sets: str | None,
    day: str | None,
    out: Path | None,
    force: bool,
    no_save: bool,
    no_figures: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate SCENARIO, a shipped name or a YAML file, and print a summary.

    Tables (Parquet), figures and a manifest go to --out, or to a folder under results/ that
    the same config, seed and runs always give, so that nothing piles up.
    """
    if no_save and (out is not None or force):
        raise click.UsageError("--no-save writes nothing: leave out --out and --force.")
    wanted = requested(scenario, settings, seed)
    shown_day = None if day is None else day_of(wanted, day)
    request = Request(runs, workers, quiet, options.cloud_of(posterior, parameter_sets))
    target = target_of(wanted, request, out)
    if not no_save:
        refuse_early(wanted, request.cloud, target, force)
    look_again(wanted, quiet)
    result = simulated(wanted, request)
    report(result, as_json, shown_day)
    if not no_save:
        result.save(target, force, figures=not no_figures)
        remark(f"Results in {target}", quiet)
    if result.record.stopped:
        context.exit(exit_codes.FAILED_RUNS)


def look_again(scenario: Scenario, quiet: bool) -> None:
    """Say beside the results what of a scenario is suspicious."""
    from simulation.scenario.cautions import cautions

    for item in cautions(scenario):
        remark(f"Look again: {item}", quiet)


def day_of(scenario: Scenario, day: str) -> date:
    """The day whose numbers are asked for; a wrong one is refused before the work starts."""
    from simulation.results.explanation.explaining import checked_day

    return checked_day(scenario, day, first=0)


def report(result: Result, as_json: bool, day: date | None = None) -> None:
    """Print the summary of a run, and the numbers of a day if one is asked for."""
    summary = result.summary()
    if as_json:
        print_json(summary.to_dict() | ({} if day is None else {"day": day_numbers(result, day)}))
        return
    print_table(summary.__rich__())
    if day is not None:
        print_table(day_table(result, day))


def day_numbers(result: Result, day: date) -> dict[str, Any]:
    """The numbers of a day as JSON-ready values."""
    from simulation.pages.explore.day_table import day_numbers, day_rows

    return day_numbers(day_rows(result.record, day), day)


def day_table(result: Result, day: date) -> RenderableType:
    """The numbers of a day as a table."""
    from simulation.pages.explore.day_table import day_rows
    from simulation.results.summary_table import rows_table

    rows = day_rows(result.record, day)
    groups = dict.fromkeys(row.group for row in rows)
    made = {group: {row.label: row.cells for row in rows if row.group == group} for group in groups}
    return rows_table(made, result.runs == 1)
