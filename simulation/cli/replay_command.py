"""``carryflow replay``: simulate a historical episode and compare it with observed data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import options
from simulation.cli.output import EXIT_FAILED_RUNS, RESULTS_FOLDER, manifest_entries, print_json, progress, remark

if TYPE_CHECKING:
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.event import Event
    from simulation.studies.replay.replay import Replay


@click.command(short_help="Simulate a historical episode and compare it with data.")
@click.argument("event", required=False)
@click.option(
    "--all", "every", is_flag=True, help="Replay all shipped episodes; fitted and unfitted episodes in separate tables."
)
@options.runs
@options.seed
@options.settings
@options.posterior
@options.parameter_sets
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def replay(
    context: click.Context,
    event: str | None,
    every: bool,
    runs: int,
    seed: int | None,
    settings: tuple[str, ...],
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Replay EVENT, a shipped episode or a YAML file, and compare it with observed data.

    Inputs taken from the event are listed separately from model results; a price that is an input is not scored. The
    figure, the scores (JSON) and a manifest are written to --out, or to a folder under results/ determined by event, seed,
    runs and parameter sets. docs/events.md describes event files. With --all, every shipped episode is replayed and the
    tables are written to --out or a folder under results/.

    In the table and in --json, p10, p50 and p90 are quantiles over runs without drawn news (for `rank`: over the observed
    days). Names end in their unit: _pct is %, _pp percentage points, _usd_bn $bn, _days days; _share and rank run from 0 to
    1. In JSON every score has its `unit`, `meaning` and acceptance range (`accept`: [lowest, highest]); `bands` (yen per
    dollar) and observed columns have their own `unit`; `units` covers all other numbers.
    """
    if every is (event is not None):
        raise click.UsageError("give the name or file of one EVENT, or --all.")
    if event is None:
        replay_all(
            context,
            options.selected_parameter_sets(posterior, parameter_sets),
            (runs, workers, quiet),
            ReplayOutput(seed, out, force, as_json),
        )
        return
    from simulation.results.output_folder import check_target, content_address
    from simulation.scenario.config.parameter_sets import hash_with_cloud
    from simulation.studies.replay.replay import load_event
    from simulation.studies.replay.tables import replay_dict, replay_text

    loaded, cloud = load_event(event, settings, seed), options.selected_parameter_sets(posterior, parameter_sets)
    address = hash_with_cloud(loaded, cloud)
    target = out or RESULTS_FOLDER / content_address(loaded.name, address, runs)
    check_target(target, address, force)
    result = replay_with_progress(loaded, cloud, (runs, workers, quiet))
    if as_json:
        print_json(replay_dict(result) | {"folder": str(target)})
    else:
        click.echo(replay_text(result))
    save_replay(result, target, address)
    remark(f"Figure and scores in {target}", quiet)
    if result.stopped:
        context.exit(EXIT_FAILED_RUNS)


@dataclass(frozen=True)
class ReplayOutput:
    """Options of `--all`: seed, output folder, overwrite, JSON."""

    seed: int | None
    out: Path | None
    force: bool
    as_json: bool


def replay_all(
    context: click.Context, cloud: Cloud | None, how: tuple[int, int | None, bool], output: ReplayOutput
) -> None:
    """Replay every shipped episode; `how` is (runs, workers, quiet)."""
    from simulation.results.output_folder import check_target, content_address
    from simulation.scenario.config.catalog import shipped_files
    from simulation.scenario.config.parameter_sets import hash_with_cloud
    from simulation.studies.replay.replay import load_event
    from simulation.studies.replay.tables import replay_dict, validation_markdown

    events = [load_event(name, (), output.seed) for name in shipped_files("events")]
    address = hashlib.sha256(" ".join(hash_with_cloud(event, cloud) for event in events).encode()).hexdigest()
    target = output.out or RESULTS_FOLDER / content_address("episodes", address, how[0])
    check_target(target, address, output.force)
    results = [replay_with_progress(event, cloud, how) for event in events]
    text = validation_markdown(results)
    if output.as_json:
        print_json([replay_dict(result) for result in results])
    else:
        click.echo(text)
    save_tables(text, target, address)
    remark(f"Tables in {target}", how[2])
    if any(result.stopped for result in results):
        context.exit(EXIT_FAILED_RUNS)


def save_tables(text: str, target: Path, address: str) -> None:
    """Write the tables of all episodes; a failure leaves no partial folder."""
    from simulation.results.output_folder import atomic_folder, write_manifest

    with atomic_folder(target) as draft:
        (draft / "episodes.md").write_text(text, encoding="utf-8")
        write_manifest(draft, manifest_entries("episodes", address))


def replay_with_progress(event: Event, cloud: Cloud | None, how: tuple[int, int | None, bool]) -> Replay:
    """Replay an event with progress on standard error; `how` is (runs, workers, quiet)."""
    from simulation.studies.replay.replay import run_replay

    runs, workers, quiet = how
    with progress(event.name, quiet, runs) as update:
        return run_replay(event, runs, cloud, workers, update)


def save_replay(result: Replay, target: Path, address: str) -> None:
    """Write the figure, its data and the scores; a failure leaves no partial folder."""
    from simulation.results.output_folder import atomic_folder, write_manifest
    from simulation.studies.experiment.figures import write_figure
    from simulation.studies.replay.figure import draw_replay
    from simulation.studies.replay.tables import replay_dict

    facts = replay_dict(result)
    with atomic_folder(target) as draft:
        write_figure(draw_replay(result), draft)
        (draft / "scores.json").write_text(json.dumps(facts, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        entries = {key: facts[key] for key in ("event", "fitted", "posterior", "seed", "runs", "runs_failed")}
        write_manifest(draft, manifest_entries("replay", address) | entries)
