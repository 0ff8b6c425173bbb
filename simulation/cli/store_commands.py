"""``carryflow verify``, ``rebuild`` and ``merge``: reproduce stored runs and join stores."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import EXIT_DIFFERS, EXIT_DONE, EXIT_FAILED_RUNS, RESULTS_FOLDER, print_json, remark
from simulation.cli.run_commands import RunRequest, check_run_folder, print_run_summary, run_request
from simulation.cli.sweep_commands import print_store_summary

if TYPE_CHECKING:
    from simulation.results.run_results import Result, RunFolder
    from simulation.sweeps.rebuild import RebuiltRun

TABLES = ("daily.parquet", "flows.parquet")
EFFECTS_FILE = "effects.parquet"
FOLDER_TYPE = click.Path(exists=True, file_okay=False, path_type=Path)


@dataclass(frozen=True)
class FileCheck:
    """Result of comparing one file: whether the bytes are equal, and where they differ."""

    file: str
    same: bool
    detail: str = ""


@click.command(short_help="Reproduce a result folder and compare it byte by byte.")
@click.argument("run_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def verify(context: click.Context, run_dir: Path, workers: int | None, as_json: bool, quiet: bool) -> None:
    """Repeat the runs in the manifest of RUN_DIR and compare the tables byte by byte (exit code 4 if they differ)."""
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
        context.exit(EXIT_DIFFERS)


def check_folder(folder: Path, workers: int | None, quiet: bool) -> list[FileCheck]:
    """Repeat the runs of a folder in a temporary folder and compare the tables."""
    from simulation.results.run_results import open_run_folder

    result = simulate_again(open_run_folder(folder), workers, quiet)
    with tempfile.TemporaryDirectory() as temporary:
        result.write_tables(Path(temporary))
        names = [*TABLES, *([EFFECTS_FILE] if result.effects is not None else [])]
        return [compare_files(folder / name, Path(temporary) / name) for name in names]


def simulate_again(stored: RunFolder, workers: int | None, quiet: bool) -> Result:
    """Repeat the runs of a folder, and of its counterfactual, under their stored run numbers."""
    from simulation.compute.ensemble import load_counterfactual

    if stored.from_zero:
        counterfactual = load_counterfactual(stored.scenario, str(stored.manifest.get("against") or "none"))
        return run_request(stored.scenario, RunRequest(stored.runs, workers, quiet, stored.cloud, counterfactual))
    from simulation.day.capital_flows import simulate
    from simulation.results.run_results import Result

    variants = None if stored.cloud is None else stored.cloud.variants(stored.scenario, stored.numbers)
    return Result(simulate(stored.scenario, stored.numbers, variants), None, stored.cloud)


def compare_files(stored: Path, repeated: Path) -> FileCheck:
    """Compare one table with its repetition."""
    if not stored.is_file():
        return FileCheck(str(stored), same=False, detail="missing")
    if stored.read_bytes() == repeated.read_bytes():
        return FileCheck(str(stored), same=True)
    return FileCheck(str(stored), same=False, detail=describe_difference(stored, repeated))


def describe_difference(stored: Path, repeated: Path) -> str:
    """Columns in which two tables differ, and the largest difference."""
    import pandas as pd
    from pyarrow import ArrowInvalid

    try:
        before, after = pd.read_parquet(stored), pd.read_parquet(repeated)
    except ArrowInvalid:
        return "not a Parquet file"
    if list(before.columns) != list(after.columns) or len(before) != len(after):
        return f"{len(before)} rows and {len(before.columns)} columns, now {len(after)} and {len(after.columns)}"
    differing = [name for name in before.columns if not before[name].equals(after[name])]
    if not differing:
        return "equal values in different bytes"
    numeric = [name for name in differing if before[name].dtype.kind == "f"]
    largest = max((float((before[name] - after[name]).abs().max()) for name in numeric), default=0.0)
    return f"{len(differing)} of {len(before.columns)} columns, first {differing[0]}; largest difference {largest:.3g}"


def print_version_changes(manifest: dict[str, Any], quiet: bool) -> None:
    """Print the package versions that have changed since, the usual cause of different bytes."""
    from simulation.results.output_folder import package_versions

    then, now = manifest.get("versions", {}), package_versions()
    changed = [f"{name} {then.get(name)} -> {now[name]}" for name in now if then.get(name) != now[name]]
    remark(f"Versions changed since: {', '.join(changed) or 'none'}", quiet)


@click.command(short_help="Repeat one run of a store and record everything.")
@click.argument("store", type=FOLDER_TYPE)
@click.argument("run_id")
@options.out
@options.force
@click.option("--no-figures", is_flag=True, help="Write tables only; drawing figures is the slowest part.")
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
    """Repeat one run of STORE alone, record everything, and compare it with the table of the store.

    RUN_ID is a value of the column run_id. Tables and figures are written to --out, or to a folder under results/.
    """
    from simulation.sweeps.rebuild import rebuild_run

    rebuilt = rebuild_run(store, run_id, options.command_line())
    if rebuilt.result is not None:
        target = out or RESULTS_FOLDER / f"{store.name}-{run_id}"
        check_run_folder(rebuilt.result.scenario, None, target, force)
        print_run_summary(rebuilt.result, as_json)
        rebuilt.result.save(target, force, figures=not no_figures)
        remark(f"Results in {target}", quiet)
    elif as_json:
        print_json({"run_id": run_id, "reason": rebuilt.reason})
    context.exit(print_rebuild_check(rebuilt, run_id, quiet))


def print_rebuild_check(rebuilt: RebuiltRun, run_id: str, quiet: bool = False) -> int:
    """Print the differences of a repeated run from the store and return the exit code."""
    for name, (before, now) in rebuilt.differing.items():
        click.echo(f"{run_id}: {name} is {now}, the store has {before}", err=True)
    if rebuilt.reason != rebuilt.row["reason"]:
        click.echo(
            f"{run_id}: now {rebuilt.reason or 'done'!r}, the store has {rebuilt.row['reason'] or 'done'!r}", err=True
        )
    if rebuilt.differing or rebuilt.reason != rebuilt.row["reason"]:
        if not rebuilt.same_code:
            click.echo("The store was computed by another version of the model code.", err=True)
        return EXIT_DIFFERS
    if rebuilt.reason:
        click.echo(f"{run_id} fails again: {rebuilt.reason}", err=True)
        return EXIT_FAILED_RUNS
    remark(f"{run_id}: all {len(rebuilt.metrics)} metrics equal the store's table bit by bit", quiet)
    return EXIT_DONE


@click.command(short_help="Join two stores with parts of one sweep.")
@click.argument("first", type=FOLDER_TYPE)
@click.argument("second", type=FOLDER_TYPE)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Output folder.")
@click.option("--force", is_flag=True, help="Join runs computed by different versions of the model code.")
@options.as_json
@click.pass_context
def merge(context: click.Context, first: Path, second: Path, out: Path, force: bool, as_json: bool) -> None:
    """Join two stores of one design, such as parts computed on two machines, into the store --out."""
    from simulation.sweeps.store import read_manifest
    from simulation.sweeps.store_folders import merge_stores

    merge_stores(first, second, out, options.command_line(), force)
    manifest = {**read_manifest(out), "folder": str(out)}
    print_store_summary(manifest, as_json)
    if manifest["runs_failed"]:
        context.exit(EXIT_FAILED_RUNS)
