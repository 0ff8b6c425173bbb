"""``carryflow replay``: run an episode of history and hold it against what was observed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import options, output
from simulation.cli.output import print_json, progress, remark
from simulation.cli.run_commands import RESULTS_FOLDER

if TYPE_CHECKING:
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.event import Event
    from simulation.studies.replay.replay import Replay


@click.command(short_help="Run an episode of history beside what was observed.")
@click.argument("event", required=False)
@click.option(
    "--all", "every", is_flag=True, help="Replay all shipped episodes; fitted and unfitted in separate tables."
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
    """Replay EVENT, a shipped episode or a YAML file, and compare it with what was observed.

    Inputs that the event gives are listed apart from what the model answers; a price that is given is not scored. The
    figure, the scores (JSON) and a manifest go to --out, or to a folder under results/ that the same event, seed, runs
    and parameter sets always give. docs/events.md tells how to write an event. With --all, every shipped episode is
    replayed; the tables go to --out or a folder under results/.

    Numbers of the table and of --json: p10, p50 and p90 are quantiles over runs without drawn news (of `rank`: over the
    days observed). Units are in the names: _pct is %, _pp percentage points, _usd_bn $bn, _days days, _share and rank
    from 0 to 1. In JSON every score has its `unit`, `meaning` and range (`accept`: [least, most]), `bands` their own
    (yen per dollar), every observed column its own, and `units` says of all other numbers what they are.
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
    from simulation.studies.replay.tables import replay_dict as told
    from simulation.studies.replay.tables import replay_text

    wanted, cloud = load_event(event, settings, seed), options.selected_parameter_sets(posterior, parameter_sets)
    address = hash_with_cloud(wanted, cloud)
    target = out or RESULTS_FOLDER / content_address(wanted.name, address, runs)
    check_target(target, address, force)
    found = run_replay(wanted, cloud, (runs, workers, quiet))
    if as_json:
        print_json(told(found) | {"folder": str(target)})
    else:
        click.echo(replay_text(found))
    save_replay(found, target, address)
    remark(f"Figure and scores in {target}", quiet)
    if found.stopped:
        context.exit(output.EXIT_FAILED_RUNS)


@dataclass(frozen=True)
class ReplayOutput:
    """Which seed, where to write, whether to replace what is there, and whether to print JSON."""

    seed: int | None
    out: Path | None
    force: bool
    as_json: bool


def replay_all(
    context: click.Context, cloud: Cloud | None, how: tuple[int, int | None, bool], telling: ReplayOutput
) -> None:
    """Replay every shipped episode and tell fitted from unfitted."""
    from simulation.results.output_folder import check_target, content_address
    from simulation.scenario.config.catalog import shipped_files
    from simulation.scenario.config.parameter_sets import hash_with_cloud
    from simulation.studies.replay.replay import load_event
    from simulation.studies.replay.tables import replay_dict, validation_markdown

    events = [load_event(name, (), telling.seed) for name in shipped_files("events")]
    address = hashlib.sha256(" ".join(hash_with_cloud(event, cloud) for event in events).encode()).hexdigest()
    target = telling.out or RESULTS_FOLDER / content_address("episodes", address, how[0])
    check_target(target, address, telling.force)
    found = [run_replay(event, cloud, how) for event in events]
    text = validation_markdown(found)
    if telling.as_json:
        print_json([replay_dict(item) for item in found])
    else:
        click.echo(text)
    save_tables(text, target, address)
    remark(f"Tables in {target}", how[2])
    if any(item.stopped for item in found):
        context.exit(output.EXIT_FAILED_RUNS)


def save_tables(text: str, target: Path, address: str) -> None:
    """Write the tables of all episodes, whole or not at all."""
    from simulation.results.output_folder import atomic_folder, package_versions, write_manifest

    with atomic_folder(target) as draft:
        (draft / "episodes.md").write_text(text, encoding="utf-8")
        about = {
            "kind": "episodes",
            "config_hash": address,
            "command": options.command_line(),
            "versions": package_versions(),
        }
        write_manifest(draft, about)


def run_replay(event: Event, cloud: Cloud | None, how: tuple[int, int | None, bool]) -> Replay:
    """Replay an event with progress on standard error; `how` is runs, workers and whether to be quiet."""
    from simulation.studies.replay.replay import run_replay as run

    runs, workers, quiet = how
    with progress(event.name, quiet, runs) as update:
        return run(event, runs, cloud, workers, update)


def save_replay(found: Replay, target: Path, address: str) -> None:
    """Write the figure, its numbers and the scores, whole or not at all."""
    import json

    from simulation.results.output_folder import atomic_folder, package_versions, write_manifest
    from simulation.studies.experiment.figures import write_figure
    from simulation.studies.replay.figure import draw_replay
    from simulation.studies.replay.tables import replay_dict

    facts = replay_dict(found)
    with atomic_folder(target) as draft:
        write_figure(draw_replay(found), draft)
        (draft / "scores.json").write_text(json.dumps(facts, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        kept = {key: facts[key] for key in ("event", "fitted", "posterior", "seed", "runs", "runs_failed")}
        about = {
            "kind": "replay",
            "config_hash": address,
            "command": options.command_line(),
            "versions": package_versions(),
        }
        write_manifest(draft, about | kept)
