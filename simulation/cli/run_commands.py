"""What every run needs, imported at once before any of it is used.

``carryflow run``: simulate one scenario, print its summary, keep its results.

``carryflow demo``: the December 2025 scenario as the article states it and as official data have it.
"""

from __future__ import annotations

import gc
import hashlib
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options, output
from simulation.cli.output import print_json, print_table, progress, remark

if TYPE_CHECKING:
    from datetime import date

    from rich.console import RenderableType

    from simulation.results.run_results import Result
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

ENGINE_MODULES = (
    "simulation.scenario.config.loading",
    "simulation.compute.ensemble",
    "simulation.results.run_results",
    "simulation.day.capital_flows",
)


def load_engine() -> None:
    """Import the engine, the first time without looking for garbage on the way.

    An import makes many objects and hardly any garbage; looking for it takes a tenth of the time, and looking later once more
    through what has been imported takes some more.
    """
    if set(ENGINE_MODULES) <= set(sys.modules):
        return
    gc.disable()
    try:
        for part in ENGINE_MODULES:
            import_module(part)
    finally:
        gc.freeze()
        gc.enable()


RESULTS_FOLDER = Path("results")


@dataclass(frozen=True)
class RunRequest:
    """How a scenario is to be run and where its results go."""

    runs: int
    workers: int | None
    quiet: bool
    cloud: Cloud | None = None


def run_request(scenario: Scenario, request: RunRequest) -> Result:
    """Run a scenario with progress on standard error."""
    from simulation.compute.ensemble import run_ensemble
    from simulation.results.run_results import Result

    with progress(scenario.name, request.quiet, request.runs) as update:
        record = run_ensemble(scenario, request.runs, request.workers, update, request.cloud)
    return Result(record, options.command_line(), request.cloud)


def load_requested_scenario(name: str, settings: tuple[str, ...], seed: int | None) -> Scenario:
    """Return the scenario as asked for: name or file, overrides, seed."""
    load_engine()
    from simulation.compute.ensemble import load_scenario, with_seed

    scenario = load_scenario(name, settings)
    return scenario if seed is None else with_seed(scenario, seed)


def run_folder_path(scenario: Scenario, request: RunRequest, out: Path | None) -> Path:
    """Return the folder to write: the one given, or one whose name follows from config, seed, runs and parameter sets."""
    from simulation.results.output_folder import content_address
    from simulation.scenario.config.parameter_sets import hash_with_cloud

    return out or RESULTS_FOLDER / content_address(
        scenario.name, hash_with_cloud(scenario, request.cloud), request.runs
    )


def check_run_folder(scenario: Scenario, cloud: Cloud | None, target: Path, force: bool) -> None:
    """Refuse a folder that may not be written before the work starts, not after."""
    from simulation.results.output_folder import check_target
    from simulation.scenario.config.parameter_sets import hash_with_cloud

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
    wanted = load_requested_scenario(scenario, settings, seed)
    shown_day = None if day is None else parse_day(wanted, day)
    request = RunRequest(runs, workers, quiet, options.selected_parameter_sets(posterior, parameter_sets))
    target = run_folder_path(wanted, request, out)
    if not no_save:
        check_run_folder(wanted, request.cloud, target, force)
    print_cautions(wanted, quiet)
    result = run_request(wanted, request)
    print_run_summary(result, as_json, shown_day)
    if not no_save:
        result.save(target, force, figures=not no_figures)
        remark(f"Results in {target}", quiet)
    if result.record.stopped:
        context.exit(output.EXIT_FAILED_RUNS)


def print_cautions(scenario: Scenario, quiet: bool) -> None:
    """Say beside the results what of a scenario is suspicious."""
    from simulation.scenario.cautions import cautions

    for item in cautions(scenario):
        remark(f"Look again: {item}", quiet)


def parse_day(scenario: Scenario, day: str) -> date:
    """The day whose numbers are asked for; a wrong one is refused before the work starts."""
    from simulation.results.explanation.explain import parse_business_day

    return parse_business_day(scenario, day, first=0)


def print_run_summary(result: Result, as_json: bool, day: date | None = None) -> None:
    """Print the summary of a run, and the numbers of a day if one is asked for."""
    summary = result.summary()
    if as_json:
        print_json(summary.to_dict() | ({} if day is None else {"day": day_as_json(result, day)}))
        return
    print_table(summary.__rich__())
    if day is not None:
        print_table(day_table(result, day))


def day_as_json(result: Result, day: date) -> dict[str, Any]:
    """The numbers of a day as JSON-ready values."""
    from simulation.pages.explore.columns import day_rows, day_values

    return day_values(day_rows(result.record, day), day)


def day_table(result: Result, day: date) -> RenderableType:
    """The numbers of a day as a table."""
    from simulation.pages.explore.columns import day_rows
    from simulation.results.summary import quantile_rows_table

    rows = day_rows(result.record, day)
    groups = dict.fromkeys(row.group for row in rows)
    made = {group: {row.label: row.cells for row in rows if row.group == group} for group in groups}
    return quantile_rows_table(made, result.runs == 1)


DEMO_SCENARIOS = {"article": "december_2025_article", "official": "december_2025_official"}
COMPARISON_FIGURE = "article_vs_official"


def combined_hash(hashes: list[str]) -> str:
    """Return one hash for both configs."""
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


@click.command(short_help="Run December 2025 as the article states it and officially.")
@options.runs
@options.seed
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def demo(
    context: click.Context,
    runs: int,
    seed: int | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run December 2025 twice, as the article states it and with official data, side by side."""
    from simulation.results.output_folder import check_target, content_address
    from simulation.scenario.config.loading import config_hash

    scenarios = {name: load_requested_scenario(scenario, (), seed) for name, scenario in DEMO_SCENARIOS.items()}
    config = combined_hash([config_hash(scenario) for scenario in scenarios.values()])
    target = out or RESULTS_FOLDER / content_address("demo", config, runs)
    check_target(target, config, force)
    request = RunRequest(runs, workers, quiet)
    results = {name: run_request(scenario, request) for name, scenario in scenarios.items()}
    print_demo_summary(results, as_json)
    remark("Drawing the figures ...", quiet)
    save_demo(results, target, config)
    remark(f"Tables and figures in {target}:", quiet)
    for picture in sorted(path.relative_to(target) for path in target.rglob("*.png")):
        remark(f"  {target / picture}", quiet)
    if any(result.record.stopped for result in results.values()):
        context.exit(output.EXIT_FAILED_RUNS)


def save_demo(results: dict[str, Result], target: Path, config: str) -> None:
    """Write both results and the figure that compares them into one folder, whole or not at all."""
    from simulation.results.figures import charts
    from simulation.results.output_folder import atomic_folder, write_manifest

    records = {name.capitalize(): result.record for name, result in results.items()}
    facts = {
        "kind": "demo",
        "config_hash": config,
        "members": list(results),
        "command": options.command_line(),
    }
    with atomic_folder(target) as draft:
        for name, result in results.items():
            (draft / name).mkdir()
            result.write(draft / name)
        charts.write_figures({COMPARISON_FIGURE: charts.comparison_figure(records)}, draft)
        write_manifest(draft, facts)


def print_demo_summary(results: dict[str, Result], as_json: bool) -> None:
    """Print both summaries side by side and the finding of each."""
    from simulation.results.findings import scenario_finding
    from simulation.results.summary import comparison_table

    summaries = {name: result.summary() for name, result in results.items()}
    if as_json:
        print_json({name: summary.to_dict() for name, summary in summaries.items()})
        return
    print_table(comparison_table(list(summaries.values()), list(summaries)))
    click.echo()
    for name, result in results.items():
        click.echo(f"{name.capitalize()}: {scenario_finding(result.record)}")
        for note in summaries[name].notes:
            click.echo(f"  Note: {note}")
    residuals = [summary.ledger_max_residual or 0.0 for summary in summaries.values()]
    click.echo(f"Largest ledger residual: {max(residuals):.1e} (relative)")
