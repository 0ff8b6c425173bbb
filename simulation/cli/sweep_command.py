"""``carryflow sweep``: run one scenario at many points, safe to interrupt, and go on where it was."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import exit_codes, options
from simulation.cli.output import print_json, remark
from simulation.cli.run_command import RESULTS
from simulation.cli.sweep_progress import duration, sweep_progress

if TYPE_CHECKING:
    from simulation.sweeps.execute import Pool
    from simulation.sweeps.plan import Plan


def share(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, int]:
    """Return a share such as 2/5, counted from 0, and the number of shares; the whole where none is given."""
    first, _, second = (text or "1/1").partition("/")
    if not (first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second)):
        raise click.BadParameter(f"{text!r} is no share; write 1/4 for the first of four")
    return int(first) - 1, int(second)


@dataclass(frozen=True)
class Where:
    """Where the batches are computed: processes of this machine, or a Dask cluster."""

    workers: int | None
    dask: str | None

    def pool(self, plan: Plan) -> AbstractContextManager[Pool]:
        """Open the pool."""
        if self.dask is not None:
            from simulation.sweeps.cluster import dask_pool

            return dask_pool(self.dask)
        from simulation.sweeps.running import local_pool

        return local_pool(self.count(plan))

    def count(self, plan: Plan) -> int:
        """Processes to use; 0 for this one where starting others takes longer than it saves."""
        if self.workers is not None:
            return self.workers
        from simulation.sweeps.running import worthwhile

        found = worthwhile(plan)
        return found if found > 1 else 0


@click.command(short_help="Run one scenario at many points of its parameter space.")
@click.argument("name", metavar="SWEEP")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one key of the sweep file, such as replications=10; may be given several times. The base scenario is changed "
    "by its key settings: 'settings=[\"boj.meetings[0].decision=50bp\"]'.",
)
@click.option("--replications", type=click.IntRange(1), metavar="N", help="Runs at each point in place of the file's.")
@options.seed
@options.posterior
@options.parameter_sets
@options.out
@click.option("--extend", is_flag=True, help="Add replications or points to the store in --out.")
@click.option("--force", is_flag=True, help="Take over runs of another version of the model's code.")
@click.option(
    "--dry-run", is_flag=True, help="Say how many runs, how long and how large, by short probes; write nothing."
)
@options.workers
@click.option("--dask", metavar="ADDRESS", help="Compute on a Dask cluster, such as tcp://10.0.0.1:8786.")
@click.option("--batch", type=click.IntRange(1), metavar="N", help="Runs to a task.  [default: up to 128]")
@click.option(
    "--part", callback=share, metavar="K/N", help="Only this share of the points; `carryflow merge` joins the stores."
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

    The store goes to --out, or to a folder under results/ that the same sweep always gives. Run it again and only what
    is missing is computed; docs/sweeps.md describes the file and the store.
    """
    from simulation.scenario.config.posterior import SHIPPED
    from simulation.sweeps.plan import plan_of

    if extend and out is None:
        raise click.UsageError("--extend adds to a store: name it with --out.")
    if dask is not None and workers is not None:
        raise click.UsageError("--workers is for this machine; a Dask cluster has its own: leave one out.")
    sets = parameter_sets or (SHIPPED if posterior else None)
    given = [("replications", replications), ("seed", seed), ("posterior", sets)]
    plan = plan_of(name, (*settings, *(f"{key}={value}" for key, value in given if value is not None)))
    for each in plan.remarks:
        remark(each, quiet)
    where = Where(workers, dask)
    if dry_run:
        tell_estimate(plan, where, as_json)
        return
    manifest = swept(plan, where, (out, extend, force), (batch, part, quiet))
    tell(manifest, as_json)
    if manifest["runs_failed"]:
        context.exit(exit_codes.FAILED_RUNS)


def swept(
    plan: Plan, where: Where, into: tuple[Path | None, bool, bool], how: tuple[int | None, tuple[int, int], bool]
) -> dict[str, Any]:
    """Run a sweep with progress and return its manifest; `into` is out, extend and force, `how` batch, part and quiet."""
    from simulation.sweeps.execute import Options
    from simulation.sweeps.opening import Target
    from simulation.sweeps.running import folder_of, run_sweep
    from simulation.sweeps.store import read_manifest

    (out, extend, force), (batch, part, quiet) = into, how
    path = out or RESULTS / folder_of(plan)
    command = options.command_line()
    try:
        with sweep_progress(plan.sweep.name, quiet) as update, where.pool(plan) as pool:
            run_sweep(plan, Target(path, extend, command, force), pool, Options(batch, part, update))
    except KeyboardInterrupt:
        click.echo(f"Interrupted; {path} is whole. To go on: {go_on(command, path, out)}", err=True)
        raise click.exceptions.Exit(exit_codes.INTERRUPTED) from None
    return {**read_manifest(path), "folder": str(path)}


def go_on(command: str, path: Path, out: Path | None) -> str:
    """The command line that goes on with a sweep."""
    return command if out is not None else f"{command} --out {shlex.quote(str(path))}"


def tell(manifest: dict[str, Any], as_json: bool) -> None:
    """Say what a store holds."""
    names = ("name", "status", "points", "runs", "runs_done", "runs_failed", "points_short", "folder")
    if as_json:
        print_json({name: manifest[name] for name in names})
        return
    failed = f", {manifest['runs_failed']:,} of them failed (see the column reason)" if manifest["runs_failed"] else ""
    runs, points = counted(manifest["runs_done"], "run"), counted(manifest["points"], "point")
    click.echo(f"{manifest['name']}: {runs} at {points}{failed}.")
    if manifest["points_short"]:
        until, short = manifest["until"], counted(manifest["points_short"], "point")
        stopped = f"stopped at {until['max_replications']:,} runs with a standard error of {until['metric']}"
        click.echo(f"{short} {stopped} above {until['standard_error']:g}: see the column precise of points.parquet.")
    if manifest["status"] == "partial":
        click.echo(f"This is a part: {manifest['runs'] - manifest['runs_done']:,} runs are missing.")
    click.echo(f"Store in {manifest['folder']}")


def counted(number: int, what: str) -> str:
    """A number of things in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def tell_estimate(plan: Plan, where: Where, as_json: bool) -> None:
    """Say what a sweep will take."""
    from simulation.sweeps.probe import estimate

    found = estimate(plan, max(1, where.count(plan)))
    if as_json:
        print_json({"name": plan.sweep.name} | found.to_dict())
        return
    most = "at most " if plan.sweep.until is not None else ""
    runs, batches = counted(found.runs, "run"), f"{found.batches:,} batch{'' if found.batches == 1 else 'es'}"
    click.echo(f"{plan.sweep.name}: {counted(found.points, 'point')}, {most}{runs} in {batches}")
    click.echo(
        f"time: {most}about {duration(found.seconds)} on {found.workers} process{'' if found.workers == 1 else 'es'} "
        f"({found.seconds_per_run * 1e3:.3g} ms a run, as busy as this machine is now)"
    )
    click.echo(f"disk: {most}about {found.bytes / 1e6:,.1f} MB")
    remark("Nothing was written.")
