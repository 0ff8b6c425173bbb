"""``carryflow sweep`` and ``carryflow analyse``: run a scenario at many parameter points and analyse the results."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import (
    EXIT_FAILED_RUNS,
    EXIT_INTERRUPTED,
    RESULTS_FOLDER,
    SECONDS_BETWEEN_LINES,
    print_json,
    remark,
)

if TYPE_CHECKING:
    from simulation.sweeps.execution import BatchExecutor, SweepProgress
    from simulation.sweeps.plan import SweepPlan

SECONDS_BETWEEN_REDRAWS = 0.2
MINUTE, HOUR, DAY = 60, 3600, 86_400


def parse_share(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, int]:
    """Parse a part such as 2/5 as (index from 0, number of parts); (0, 1) if not given."""
    first, _, second = (text or "1/1").partition("/")
    if not (first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second)):
        raise click.BadParameter(f"{text!r} is not a part; write 1/4 for the first of four")
    return int(first) - 1, int(second)


@dataclass(frozen=True)
class ComputeTarget:
    """Where batches are computed: local processes or a Dask cluster."""

    workers: int | None
    dask: str | None

    def pool(self, plan: SweepPlan) -> AbstractContextManager[BatchExecutor]:
        """Open the pool."""
        if self.dask is not None:
            from simulation.sweeps.execution import dask_pool

            return dask_pool(self.dask)
        from simulation.sweeps.sweep_runner import local_pool

        return local_pool(self.count(plan))

    def count(self, plan: SweepPlan) -> int:
        """Number of worker processes; 0 computes in this process, where starting workers costs more than it saves."""
        if self.workers is not None:
            return self.workers
        from simulation.sweeps.sweep_runner import worthwhile_processes

        processes = worthwhile_processes(plan)
        return processes if processes > 1 else 0


@click.command(short_help="Run one scenario at many points of its parameter space.")
@click.argument("name", metavar="SWEEP")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one key of the sweep file, such as replications=10; repeatable. To change the base scenario, use the key "
    "settings: 'settings=[\"boj.meetings[0].decision=50bp\"]'.",
)
@click.option(
    "--replications", type=click.IntRange(1), metavar="N", help="Runs per point; replaces the value in the file."
)
@options.seed
@options.posterior
@options.parameter_sets
@options.out
@click.option("--extend", is_flag=True, help="Add replications or points to the store in --out.")
@click.option("--force", is_flag=True, help="Reuse runs computed by another version of the model code.")
@click.option(
    "--dry-run", is_flag=True, help="Estimate number of runs, time and size from short test runs; write nothing."
)
@options.workers
@click.option("--dask", metavar="ADDRESS", help="Compute on a Dask cluster, such as tcp://10.0.0.1:8786.")
@click.option("--batch", type=click.IntRange(1), metavar="N", help="Runs per task.  [default: up to 128]")
@click.option(
    "--part",
    callback=parse_share,
    metavar="K/N",
    help="Compute part K of N of the points only; `carryflow merge` joins the stores.",
)
@options.as_json
@options.quiet
@click.pass_context
def sweep(
    context: click.Context,
    name: str,
    settings: tuple[str, ...],
    replications: int | None,
    seed: int | None,
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    extend: bool,
    force: bool,
    dry_run: bool,
    workers: int | None,
    dask: str | None,
    batch: int | None,
    part: tuple[int, int],
    as_json: bool,
    quiet: bool,
) -> None:
    """Run SWEEP, a shipped name or a YAML file: one scenario at many points of its parameter space.

    The store is written to --out, or to a folder under results/ determined by the sweep. Running the command again computes
    only missing runs. See docs/sweeps.md for sweep files and stores.
    """
    from simulation.scenario.config.parameter_sets import SHIPPED_PARAMETER_SETS
    from simulation.sweeps.plan import load_plan

    if extend and out is None:
        raise click.UsageError("--extend adds to a store: name it with --out.")
    if dask is not None and workers is not None:
        raise click.UsageError("--workers sets local processes; a Dask cluster has its own workers: leave one out.")
    sets = parameter_sets or (SHIPPED_PARAMETER_SETS if posterior else None)
    given = [("replications", replications), ("seed", seed), ("posterior", sets)]
    plan = load_plan(name, (*settings, *(f"{key}={value}" for key, value in given if value is not None)))
    for text in plan.remarks:
        remark(text, quiet)
    where = ComputeTarget(workers, dask)
    if dry_run:
        print_estimate(plan, where, as_json)
        return
    manifest = run_to_store(plan, where, (out, extend, force), (batch, part, quiet))
    print_store_summary(manifest, as_json)
    if manifest["runs_failed"]:
        context.exit(EXIT_FAILED_RUNS)


def run_to_store(
    plan: SweepPlan,
    where: ComputeTarget,
    into: tuple[Path | None, bool, bool],
    how: tuple[int | None, tuple[int, int], bool],
) -> dict[str, Any]:
    """Run a sweep with progress and return its manifest.

    `into` is (out, extend, force), `how` is (batch, part, quiet).
    """
    from simulation.sweeps.execution import SweepOptions
    from simulation.sweeps.store import read_manifest
    from simulation.sweeps.store_folders import StoreTarget
    from simulation.sweeps.sweep_runner import default_folder_name, run_sweep

    (out, extend, force), (batch, part, quiet) = into, how
    path = out or RESULTS_FOLDER / default_folder_name(plan)
    command = options.command_line()
    try:
        with sweep_progress(plan.sweep.name, quiet) as update, where.pool(plan) as pool:
            run_sweep(plan, StoreTarget(path, extend, command, force), pool, SweepOptions(batch, part, update))
    except KeyboardInterrupt:
        click.echo(f"Interrupted; {path} is consistent. To go on: {resume_command(command, path, out)}", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    return {**read_manifest(path), "folder": str(path)}


def resume_command(command: str, path: Path, out: Path | None) -> str:
    """The command line that continues an interrupted sweep."""
    return command if out is not None else f"{command} --out {shlex.quote(str(path))}"


def print_store_summary(manifest: dict[str, Any], as_json: bool) -> None:
    """Print what a store contains."""
    names = ("name", "status", "points", "runs", "runs_done", "runs_failed", "points_short", "folder")
    if as_json:
        print_json({name: manifest[name] for name in names})
        return
    failed = f", {manifest['runs_failed']:,} of them failed (see the column reason)" if manifest["runs_failed"] else ""
    runs, points = count_phrase(manifest["runs_done"], "run"), count_phrase(manifest["points"], "point")
    click.echo(f"{manifest['name']}: {runs} at {points}{failed}.")
    if manifest["points_short"]:
        until, short = manifest["until"], count_phrase(manifest["points_short"], "point")
        stopped = f"stopped at {until['max_replications']:,} runs with a standard error of {until['metric']}"
        click.echo(f"{short} {stopped} above {until['standard_error']:g}: see the column precise of points.parquet.")
    if manifest["status"] == "partial":
        click.echo(f"This is a part: {manifest['runs'] - manifest['runs_done']:,} runs are missing.")
    click.echo(f"Store in {manifest['folder']}")


def count_phrase(number: int, noun: str, plural: str = "") -> str:
    """A number with a noun, plural unless it is one."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def print_estimate(plan: SweepPlan, where: ComputeTarget, as_json: bool) -> None:
    """Print number of runs, time and size of a sweep, estimated from short test runs."""
    from simulation.sweeps.sweep_runner import estimate_sweep

    estimate = estimate_sweep(plan, max(1, where.count(plan)))
    if as_json:
        print_json({"name": plan.sweep.name} | estimate.to_dict())
        return
    most = "at most " if plan.sweep.until is not None else ""
    runs, batches = count_phrase(estimate.runs, "run"), count_phrase(estimate.batches, "batch", "batches")
    processes = count_phrase(estimate.workers, "process", "processes")
    click.echo(f"{plan.sweep.name}: {count_phrase(estimate.points, 'point')}, {most}{runs} in {batches}")
    click.echo(
        f"time: {most}about {format_duration(estimate.seconds)} on {processes} "
        f"({estimate.seconds_per_run * 1e3:.3g} ms per run at the current load of this machine)"
    )
    click.echo(f"disk: {most}about {estimate.bytes / 1e6:,.1f} MB")
    remark("Nothing was written.")


def progress_line(label: str, state: SweepProgress) -> str:
    """Progress of a sweep in one line: runs done, failed, runs per second, time left."""
    failed = f", {state.failed:,} failed" if state.failed else ""
    left = "" if state.seconds_left is None else f", {format_duration(state.seconds_left)} left"
    return f"{label}: {state.done:,} of {state.total:,} runs{failed}, {state.runs_per_second:,.1f} runs/s{left}"


def format_duration(seconds: float) -> str:
    """Duration with at most two units, such as ``2 min 5 s``."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


@contextmanager
def sweep_progress(label: str, quiet: bool) -> Iterator[Callable[[SweepProgress], None] | None]:
    """Yield a progress callback: one line redrawn on a terminal, a line every ten seconds elsewhere; None if quiet."""
    if quiet:
        yield None
        return
    terminal = sys.stderr.isatty()
    last = time.monotonic()

    def update(state: SweepProgress) -> None:
        nonlocal last
        now = time.monotonic()
        if terminal and now - last > SECONDS_BETWEEN_REDRAWS:
            last = now
            click.echo(f"\r\x1b[K{progress_line(label, state)}", err=True, nl=False)
        elif not terminal and now - last > SECONDS_BETWEEN_LINES:
            last = now
            click.echo(progress_line(label, state), err=True)

    try:
        yield update
    finally:
        if terminal:
            click.echo("\r\x1b[K", err=True, nl=False)


@click.command(short_help="Analyse a sweep: sensitivity, response curves, maps.")
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Metric to analyse; repeatable.  [default: all]"
)
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Find the regions of parameter space with an outcome such as 'usdjpy_trough_pct<-10'.",
)
@click.option(
    "--level", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True, help="Confidence level of intervals."
)
@click.option(
    "--resamples",
    type=click.IntRange(20, 100_000),
    default=500,
    show_default=True,
    help="Number of bootstrap resamples.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Output folder itself, not its parent.  [default: STORE-analysis next to the store]",
)
@options.force
@options.as_json
@options.quiet
def analyse(
    store: Path,
    metrics: tuple[str, ...],
    conditions: tuple[str, ...],
    level: float,
    resamples: int,
    out: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Analyse the sweep in the folder STORE.

    Prints the most important parameters. Figures (response curves, heat maps, Sobol indices for a saltelli design), their
    data and the report are written to --out, or to a folder next to the store.
    """
    from simulation.results.output_folder import atomic_folder, check_target, package_versions, write_manifest
    from simulation.sweeps.analysis.report import analyse_sweep
    from simulation.sweeps.analysis.sobol import Bootstrap
    from simulation.sweeps.analysis.sweep_table import read_sweep

    sweep = read_sweep(store)
    target = out or store.with_name(f"{store.resolve().name}-analysis")
    address = str((sweep.facts or {}).get("config_hash"))
    check_target(target, address, force)
    analysis = analyse_sweep(sweep, metrics, conditions, Bootstrap(level, resamples))
    if as_json:
        print_json(analysis.to_dict() | {"folder": str(target)})
    else:
        click.echo(analysis.text())
    with atomic_folder(target) as draft:
        analysis.write(draft)
        about = {"kind": "analysis", "config_hash": address, "sweep": sweep.name, "command": options.command_line()}
        write_manifest(draft, about | {"versions": package_versions()})
    remark(f"Figures and tables in {target}", quiet)
