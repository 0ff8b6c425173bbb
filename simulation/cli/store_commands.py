"""``carryflow verify``: run again what a manifest describes and compare byte by byte.

``carryflow rebuild`` and ``carryflow merge``: what can be done with the stores of sweeps.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options, output
from simulation.cli.output import print_json, remark
from simulation.cli.run_commands import RESULTS_FOLDER, RunRequest, check_run_folder, print_run_summary, run_request
from simulation.cli.sweep_commands import print_store_summary

if TYPE_CHECKING:
    from simulation.results.run_results import Result, RunFolder
    from simulation.sweeps.rebuild import RebuiltRun

TABLES = ("daily.parquet", "flows.parquet")


@dataclass(frozen=True)
class FileCheck:
    """What came of one file: whether its bytes are the same, and where they differ first."""

    file: str
    same: bool
    detail: str = ""


@click.command(short_help="Run a folder of results again and compare it byte by byte.")
@click.argument("run_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def verify(context: click.Context, run_dir: Path, workers: int | None, as_json: bool, quiet: bool) -> None:
    """Run again from RUN_DIR's manifest and compare the tables byte by byte (exit code 4 if they differ)."""
    from simulation.results.output_folder import read_manifest

    manifest = read_manifest(run_dir)
    folders = [run_dir / name for name in manifest.get("members", [])] or [run_dir]
    checks = [check for folder in folders for check in check_folder(folder, workers, quiet)]
    same = all(check.same for check in checks)
    if as_json:
        print_json({"same": same, "files": [vars(check) for check in checks]})
    else:
        for check in checks:
            click.echo(f"{check.file}: {'same' if check.same else 'differs: ' + check.detail}")
    if not same:
        for folder in folders:
            print_version_changes(read_manifest(folder), quiet)
        context.exit(output.EXIT_DIFFERS)


def check_folder(folder: Path, workers: int | None, quiet: bool) -> list[FileCheck]:
    """Run one folder again in a temporary place and compare its tables."""
    from simulation.results.run_results import open_run_folder

    result = simulate_again(open_run_folder(folder), workers, quiet)
    with tempfile.TemporaryDirectory() as temporary:
        result.write_tables(Path(temporary))
        return [compare_files(folder / name, Path(temporary) / name) for name in TABLES]


def simulate_again(held: RunFolder, workers: int | None, quiet: bool) -> Result:
    """The runs of a folder, simulated again with the numbers they have there."""
    if held.from_zero:
        return run_request(held.scenario, RunRequest(held.runs, workers, quiet, held.cloud))
    from simulation.day.capital_flows import simulate
    from simulation.results.run_results import Result

    variants = None if held.cloud is None else held.cloud.variants(held.scenario, held.numbers)
    return Result(simulate(held.scenario, held.numbers, variants), None, held.cloud)


def compare_files(kept: Path, again: Path) -> FileCheck:
    """Compare one file."""
    if not kept.is_file():
        return FileCheck(str(kept), same=False, detail="missing")
    if kept.read_bytes() == again.read_bytes():
        return FileCheck(str(kept), same=True)
    return FileCheck(str(kept), same=False, detail=describe_difference(kept, again))


def describe_difference(kept: Path, again: Path) -> str:
    """Say in which columns two tables differ and by how much at most."""
    import pandas as pd
    from pyarrow import ArrowInvalid

    try:
        before, after = pd.read_parquet(kept), pd.read_parquet(again)
    except ArrowInvalid:
        return "not a Parquet file"
    if list(before.columns) != list(after.columns) or len(before) != len(after):
        return f"{len(before)} rows and {len(before.columns)} columns, now {len(after)} and {len(after.columns)}"
    unlike = [name for name in before.columns if not before[name].equals(after[name])]
    if not unlike:
        return "the same numbers in other bytes"
    numbers = [name for name in unlike if before[name].dtype.kind == "f"]
    largest = max((float((before[name] - after[name]).abs().max()) for name in numbers), default=0.0)
    return f"{len(unlike)} of {len(before.columns)} columns, first {unlike[0]}; largest difference {largest:.3g}"


def print_version_changes(manifest: dict[str, Any], quiet: bool) -> None:
    """Name the versions that changed since, the usual reason for other bytes."""
    from simulation.results.output_folder import package_versions

    then, now = manifest.get("versions", {}), package_versions()
    changed = [f"{name} {then.get(name)} -> {now[name]}" for name in now if then.get(name) != now[name]]
    remark(f"Versions changed since: {', '.join(changed) or 'none'}", quiet)


FOLDER_TYPE = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(short_help="Run one run of a store again with everything recorded.")
@click.argument("store", type=FOLDER_TYPE)
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
    from simulation.sweeps.rebuild import rebuild_run as again

    found = again(store, run_id, options.command_line())
    if found.result is not None:
        target = out or RESULTS_FOLDER / f"{store.name}-{run_id}"
        check_run_folder(found.result.scenario, None, target, force)
        print_run_summary(found.result, as_json)
        found.result.save(target, force, figures=not no_figures)
        remark(f"Results in {target}", quiet)
    elif as_json:
        print_json({"run_id": run_id, "reason": found.reason})
    context.exit(print_rebuild_check(found, run_id, quiet))


def print_rebuild_check(found: RebuiltRun, run_id: str, quiet: bool = False) -> int:
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
        return output.EXIT_DIFFERS
    if found.reason:
        click.echo(f"{run_id} fails again: {found.reason}", err=True)
        return output.EXIT_FAILED_RUNS
    remark(f"{run_id}: all {len(found.metrics)} metrics are as in the store's table, bit by bit", quiet)
    return output.EXIT_DONE


@click.command(short_help="Join the stores of two machines' shares of a sweep.")
@click.argument("first", type=FOLDER_TYPE)
@click.argument("second", type=FOLDER_TYPE)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write.")
@click.option("--force", is_flag=True, help="Join runs of different versions of the model's code.")
@options.as_json
@click.pass_context
def merge(context: click.Context, first: Path, second: Path, out: Path, force: bool, as_json: bool) -> None:
    """Join two stores of one design, such as two machines' shares of it, into the store --out."""
    from simulation.sweeps.store import read_manifest
    from simulation.sweeps.store_folders import merge_stores as join

    join(first, second, out, options.command_line(), force)
    manifest = {**read_manifest(out), "folder": str(out)}
    print_store_summary(manifest, as_json)
    if manifest["runs_failed"]:
        context.exit(output.EXIT_FAILED_RUNS)
