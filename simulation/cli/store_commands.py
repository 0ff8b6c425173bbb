"""``carryflow rebuild`` and ``carryflow merge``: what can be done with the stores of sweeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import exit_codes, options
from simulation.cli.output import print_json, remark
from simulation.cli.run_command import RESULTS, refuse_early, report
from simulation.cli.sweep_command import tell

if TYPE_CHECKING:
    from simulation.sweeps.rebuild import Rebuilt

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(short_help="Run one run of a store again with everything recorded.")
@click.argument("store", type=FOLDER)
@click.argument("run_id")
@options.out
@options.force
@click.option("--no-figures", is_flag=True, help="Write tables without drawing figures, the slowest part.")
@options.as_json
@options.quiet
@click.pass_context
def rebuild(
    context: click.Context,
    store: Path,
    run_id: str,
    out: Path | None,
    force: bool,
    no_figures: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run one run of STORE again, alone, with everything recorded, and compare it with the store's table.

    RUN_ID stands in the column run_id. Tables and figures go to --out, or to a folder under results/.
    """
    from simulation.sweeps.rebuild import rebuild as again

    found = again(store, run_id, options.command_line())
    if found.result is not None:
        target = out or RESULTS / f"{store.name}-{run_id}"
        refuse_early(found.result.scenario, None, target, force)
        report(found.result, as_json)
        found.result.save(target, force, figures=not no_figures)
        remark(f"Results in {target}", quiet)
    elif as_json:
        print_json({"run_id": run_id, "reason": found.reason})
    context.exit(verdict(found, run_id, quiet))


def verdict(found: Rebuilt, run_id: str, quiet: bool = False) -> int:
    """Say how the run compares with the store and return the exit code."""
    for name, (before, now) in found.differing.items():
        click.echo(f"{run_id}: {name} is {now}, the store has {before}", err=True)
    if found.reason != found.row["reason"]:
        click.echo(
            f"{run_id}: now {found.reason or 'done'!r}, the store has {found.row['reason'] or 'done'!r}", err=True
        )
    if found.differing or found.reason != found.row["reason"]:
        if not found.same_code:
            click.echo("The store was filled with another version of the model's code.", err=True)
        return exit_codes.DIFFERS
    if found.reason:
        click.echo(f"{run_id} fails again: {found.reason}", err=True)
        return exit_codes.FAILED_RUNS
    remark(f"{run_id}: all {len(found.metrics)} metrics are as in the store's table, bit by bit", quiet)
    return exit_codes.DONE


@click.command(short_help="Join the stores of two machines' shares of a sweep.")
@click.argument("first", type=FOLDER)
@click.argument("second", type=FOLDER)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write.")
@click.option("--force", is_flag=True, help="Join runs of different versions of the model's code.")
@options.as_json
@click.pass_context
def merge(context: click.Context, first: Path, second: Path, out: Path, force: bool, as_json: bool) -> None:
    """Join two stores of one design, such as two machines' shares of it, into the store --out."""
    from simulation.sweeps.merge import merge as join
    from simulation.sweeps.store import read_manifest

    join(first, second, out, options.command_line(), force)
    manifest = {**read_manifest(out), "folder": str(out)}
    tell(manifest, as_json)
    if manifest["runs_failed"]:
        context.exit(exit_codes.FAILED_RUNS)
