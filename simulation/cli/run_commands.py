"""``carryflow run``, ``carryflow demo`` and ``carryflow compare``: simulate one scenario or two."""

from __future__ import annotations

import gc
import hashlib
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import (
    EXIT_FAILED_RUNS,
    RESULTS_FOLDER,
    manifest_entries,
    print_json,
    print_note,
    print_table,
    progress,
    result_folder,
)

if TYPE_CHECKING:
    from datetime import date

    from rich.console import RenderableType

    from simulation.compute.ensemble import Counterfactual
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
    """Import the engine modules with garbage collection suspended, which saves a tenth of the import time."""
    if set(ENGINE_MODULES) <= set(sys.modules):
        return
    gc.disable()
    try:
        for module in ENGINE_MODULES:
            import_module(module)
    finally:
        gc.freeze()
        gc.enable()


@dataclass(frozen=True)
class RunRequest:
    """Size and options of a simulation."""

    runs: int
    workers: int | None
    quiet: bool
    cloud: Cloud | None = None
    counterfactual: Counterfactual | None = None


def simulate_request(scenario: Scenario, request: RunRequest) -> Result:
    """Simulate a scenario and its counterfactual, if any, and show progress on standard error."""
    from simulation.compute.ensemble import run_effects, run_ensemble
    from simulation.results.run_results import Result

    with progress(scenario.name, request.quiet, request.runs) as update:
        record = run_ensemble(scenario, request.runs, request.workers, update, request.cloud)
    other = request.counterfactual
    if other is None or other.scenario is None:
        reason = None if other is None else other.reason
        return Result(record, options.command_line(), request.cloud, no_effects=reason)
    with progress(other.name, request.quiet, request.runs) as update:
        effects = run_effects(record, other, request.workers, update, request.cloud)
    return Result(record, options.command_line(), request.cloud, effects)


def load_requested_scenario(name: str, settings: tuple[str, ...], seed: int | None) -> Scenario:
    """Load a scenario by name or file and apply overrides and seed."""
    load_engine()
    from simulation.compute.ensemble import load_scenario, with_seed

    scenario = load_scenario(name, settings)
    return scenario if seed is None else with_seed(scenario, seed)


def run_folder_path(scenario: Scenario, request: RunRequest, out: Path | None) -> Path:
    """Return --out, or the folder whose name is determined by config, seed, runs, parameter sets and counterfactual."""
    from simulation.results.run_results import run_folder_name
    from simulation.scenario.config.parameter_sets import hash_with_cloud

    against = "none" if request.counterfactual is None else request.counterfactual.name
    return out or RESULTS_FOLDER / run_folder_name(
        scenario.name, hash_with_cloud(scenario, request.cloud), request.runs, against
    )


def check_run_folder(scenario: Scenario, cloud: Cloud | None, target: Path, force: bool) -> None:
    """Raise OutputError before the simulation if the folder may not be written."""
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
@options.against
@click.option("--date", "day", metavar="D", help="Also print the values on this day, such as 2025-12-19.")
@options.out
@options.force
@click.option("--no-save", is_flag=True, help="Print only; write no files.")
@click.option("--no-figures", is_flag=True, help="Write tables only; drawing figures is the slowest part.")
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
    against: str,
    day: str | None,
    out: Path | None,
    force: bool,
    no_save: bool,
    no_figures: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate SCENARIO, a shipped name or a YAML file, and its counterfactual, and print a summary.

    The first line says what policy does: the difference from the counterfactual, run by run with the same news.

    Tables (Parquet), figures and a manifest are written to --out, or to a folder under results/ whose name is determined by
    config, seed and runs: the same command overwrites the same folder.
    """
    if no_save and (out is not None or force):
        raise click.UsageError("--no-save writes nothing: leave out --out and --force.")
    from simulation.compute.ensemble import load_counterfactual

    loaded = load_requested_scenario(scenario, settings, seed)
    printed_day = None if day is None else parse_day(loaded, day)
    cloud = options.selected_parameter_sets(posterior, parameter_sets, settings, quiet)
    request = RunRequest(runs, workers, quiet, cloud, load_counterfactual(loaded, against))
    target = run_folder_path(loaded, request, out)
    if not no_save:
        check_run_folder(loaded, request.cloud, target, force)
    print_cautions(loaded, quiet)
    result = simulate_request(loaded, request)
    print_run_summary(result, as_json, printed_day)
    if not no_save:
        result.save(target, force, figures=not no_figures)
        print_note(f"Results in {target}", quiet)
    if result.record.stopped:
        context.exit(EXIT_FAILED_RUNS)


def print_cautions(scenario: Scenario, quiet: bool) -> None:
    """Print the cautions of a scenario to standard error."""
    from simulation.scenario.cautions import cautions

    for item in cautions(scenario):
        print_note(f"Caution: {item}", quiet)


def parse_day(scenario: Scenario, day: str) -> date:
    """Return the date; fails if it is not a business day of the scenario."""
    from simulation.results.explanation.explain import parse_business_day

    return parse_business_day(scenario, day, first=0)


def print_run_summary(result: Result, as_json: bool, day: date | None = None) -> None:
    """Print the summary of the runs, and the values on `day` if given."""
    summary = result.summary()
    if as_json:
        print_json(summary.to_dict() | ({} if day is None else {"day": day_as_json(result, day)}))
        return
    print_table(summary.__rich__())
    if day is not None:
        print_table(day_table(result, day))


def day_as_json(result: Result, day: date) -> dict[str, Any]:
    """Values on a day, JSON-ready."""
    from simulation.pages.explore.columns import day_rows, day_values

    return day_values(day_rows(result.record, day), day)


def day_table(result: Result, day: date) -> RenderableType:
    """Values on a day as a table grouped by subject."""
    from simulation.pages.explore.columns import day_rows
    from simulation.results.summary import quantile_rows_table

    rows = day_rows(result.record, day)
    groups = dict.fromkeys(row.group for row in rows)
    cells = {group: {row.label: row.cells for row in rows if row.group == group} for group in groups}
    return quantile_rows_table(cells, result.runs == 1)


DEMO_SCENARIOS = {"article": "december_2025_article", "official": "december_2025_official"}
COMPARISON_FIGURE = "article_vs_official"


def combined_hash(hashes: list[str]) -> str:
    """Hash of several config hashes."""
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


@click.command(short_help="Simulate December 2025 with the article's and with official data.")
@options.runs
@options.seed
@options.against
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
    against: str,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate December 2025 twice, with the article's figures and with official data, and print both side by side."""
    from simulation.compute.ensemble import load_counterfactual
    from simulation.results.output_folder import check_target
    from simulation.results.run_results import run_folder_name
    from simulation.scenario.config.loading import config_hash

    scenarios = {name: load_requested_scenario(scenario, (), seed) for name, scenario in DEMO_SCENARIOS.items()}
    config = combined_hash([config_hash(scenario) for scenario in scenarios.values()])
    target = out or RESULTS_FOLDER / run_folder_name("demo", config, runs, against)
    check_target(target, config, force)
    results = {}
    for name, scenario in scenarios.items():
        request = RunRequest(runs, workers, quiet, counterfactual=load_counterfactual(scenario, against))
        results[name] = simulate_request(scenario, request)
    print_demo_summary(results, as_json)
    print_note("Drawing the figures ...", quiet)
    save_demo(results, target, config)
    print_note(f"Tables and figures in {target}:", quiet)
    for picture in sorted(path.relative_to(target) for path in target.rglob("*.png")):
        print_note(f"  {target / picture}", quiet)
    if any(result.record.stopped for result in results.values()):
        context.exit(EXIT_FAILED_RUNS)


def save_demo(results: dict[str, Result], target: Path, config: str) -> None:
    """Write both results and their comparison figure into one folder; a failure leaves no partial folder."""
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
    """Print the effects of policy in both, then both summaries side by side and the main finding of each."""
    from simulation.results.findings import scenario_finding
    from simulation.results.summary import answer_lines, comparison_table, effects_block

    summaries = {name: result.summary() for name, result in results.items()}
    if as_json:
        print_json({name: summary.to_dict() for name, summary in summaries.items()})
        return
    for name, summary in summaries.items():
        for line in answer_lines(summary):
            click.echo(f"{name.capitalize()}: {line}")
    print_table(effects_block(list(summaries.values()), list(summaries)))
    print_table(comparison_table(list(summaries.values()), list(summaries)))
    click.echo()
    for name, result in results.items():
        click.echo(f"{name.capitalize()}, levels (medians, which do not add up): {scenario_finding(result.record)}")
        for note in summaries[name].notes:
            click.echo(f"  Note: {note}")
    residuals = [summary.ledger_max_residual or 0.0 for summary in summaries.values()]
    click.echo(f"Largest ledger residual: {max(residuals):.1e} (relative)")


@click.command(short_help="Compare two scenarios run by run under the same news.")
@click.argument("a")
@click.argument("b")
@options.runs
@options.seed
@options.settings
@click.option("--set-b", "settings_b", multiple=True, metavar="KEY=VALUE", help="As --set, for B only.")
@options.posterior
@options.parameter_sets
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def compare(
    context: click.Context,
    a: str,
    b: str,
    runs: int,
    seed: int | None,
    settings: tuple[str, ...],
    settings_b: tuple[str, ...],
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare scenarios A and B run by run under the same news (common random numbers, seed of A).

    Prints the differences between the configs, the difference of every metric with its confidence interval, and the number
    of runs that independent news would need. A figure and tables are written to --out, or to a folder under results/.
    """
    from simulation.results.output_folder import atomic_folder, write_manifest
    from simulation.scenario.config.loading import load
    from simulation.studies.paired import FEWEST_RUNS
    from simulation.studies.paired import compare as compare_scenarios

    if runs < FEWEST_RUNS:
        raise click.UsageError(f"--runs {runs}: a difference with an interval needs at least {FEWEST_RUNS}.")
    both_settings = (settings, (*settings, *settings_b))
    cloud = options.selected_parameter_sets(posterior, parameter_sets, settings, quiet)
    hashes = [load(name, changes).hash for name, changes in zip((a, b), both_settings, strict=True)]
    inputs = {"configs": hashes, "seed": seed, "runs": runs, "sets": cloud.digest if cloud else None}
    target = result_folder("compare", inputs, out, force)
    with progress("compare", quiet, 2 * runs) as update:
        result = compare_scenarios(
            a, b, runs=runs, seed=seed, workers=workers, settings=both_settings, cloud=cloud, progress=update
        )
    if as_json:
        print_json(result.to_dict() | {"folder": str(target.folder)})
    else:
        click.echo(result.text())
    with atomic_folder(target.folder) as draft:
        result.write(draft)
        write_manifest(draft, manifest_entries("compare", target.address))
    print_note(f"Figure and tables in {target.folder}", quiet)
    if result.failed:
        context.exit(EXIT_FAILED_RUNS)
