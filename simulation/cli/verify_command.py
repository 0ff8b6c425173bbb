"""``carryflow verify``: run again what a manifest describes and compare byte by byte."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import exit_codes, options
from simulation.cli.output import print_json, remark
from simulation.cli.run_command import Request, simulated

if TYPE_CHECKING:
    from simulation.results.results import Result
    from simulation.results.run_folder import RunFolder

TABLES = ("daily.parquet", "flows.parquet")


@dataclass(frozen=True)
class Check:
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
    from simulation.results.store import read_manifest

    manifest = read_manifest(run_dir)
    folders = [run_dir / name for name in manifest.get("members", [])] or [run_dir]
    checks = [check for folder in folders for check in checked(folder, workers, quiet)]
    same = all(check.same for check in checks)
    if as_json:
        print_json({"same": same, "files": [vars(check) for check in checks]})
    else:
        for check in checks:
            click.echo(f"{check.file}: {'same' if check.same else 'differs: ' + check.detail}")
    if not same:
        for folder in folders:
            remark_versions(read_manifest(folder), quiet)
        context.exit(exit_codes.DIFFERS)


def checked(folder: Path, workers: int | None, quiet: bool) -> list[Check]:
    """Run one folder again in a temporary place and compare its tables."""
    from simulation.results.run_folder import open_folder

    result = made_again(open_folder(folder), workers, quiet)
    with tempfile.TemporaryDirectory() as temporary:
        result.write_tables(Path(temporary))
        return [compared(folder / name, Path(temporary) / name) for name in TABLES]


def made_again(held: RunFolder, workers: int | None, quiet: bool) -> Result:
    """The runs of a folder, simulated again with the numbers they have there."""
    if held.from_zero:
        return simulated(held.scenario, Request(held.runs, workers, quiet, held.cloud))
    from simulation.day.capital_flows import simulate
    from simulation.results.results import Result

    variants = None if held.cloud is None else held.cloud.variants(held.scenario, held.numbers)
    return Result(simulate(held.scenario, held.numbers, variants), None, held.cloud)


def compared(kept: Path, again: Path) -> Check:
    """Compare one file."""
    if not kept.is_file():
        return Check(str(kept), same=False, detail="missing")
    if kept.read_bytes() == again.read_bytes():
        return Check(str(kept), same=True)
    return Check(str(kept), same=False, detail=difference(kept, again))


def difference(kept: Path, again: Path) -> str:
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


def remark_versions(manifest: dict[str, Any], quiet: bool) -> None:
    """Name the versions that changed since, the usual reason for other bytes."""
    from simulation.results.store import versions

    then, now = manifest.get("versions", {}), versions()
    changed = [f"{name} {then.get(name)} -> {now[name]}" for name in now if then.get(name) != now[name]]
    remark(f"Versions changed since: {', '.join(changed) or 'none'}", quiet)
