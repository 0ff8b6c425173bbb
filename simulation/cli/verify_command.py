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
    from simulation.cloud import Cloud
    from simulation.scenario import Scenario

TABLES = ("daily.parquet", "flows.parquet")


@dataclass(frozen=True)
class Check:
    """What came of one file: whether its bytes are the same, and where they differ first."""

    file: str
    same: bool
    detail: str = ""


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def verify(context: click.Context, run_dir: Path, workers: int | None, as_json: bool, quiet: bool) -> None:
    """Run again from RUN_DIR's manifest and compare the tables byte by byte (exit code 4 if they differ)."""
    from simulation.store import read_manifest

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
    from simulation.cloud import read_cloud
    from simulation.results import PARAMETER_SETS
    from simulation.store import read_manifest

    manifest = read_manifest(folder)
    kept = folder / PARAMETER_SETS
    cloud = read_cloud(kept) if kept.is_file() else None
    scenario = scenario_of(manifest, folder, cloud)
    result = simulated(scenario, Request(int(manifest["runs"]), workers, quiet, cloud))
    with tempfile.TemporaryDirectory() as temporary:
        result.write_tables(Path(temporary))
        return [compared(folder / name, Path(temporary) / name) for name in TABLES]


def scenario_of(manifest: dict[str, Any], folder: Path, cloud: Cloud | None) -> Scenario:
    """Return the scenario of a manifest; refuse one whose config was edited after the run."""
    from pydantic import ValidationError

    from simulation.config.posterior import hash_with_cloud
    from simulation.scenario import Scenario
    from simulation.store import OutputError

    if "config" not in manifest:
        raise OutputError(
            f"{folder}: it holds no run, so there is nothing to run again; verify works on `run` and `demo` folders"
        )
    try:
        scenario = Scenario.model_validate(manifest["config"])
    except ValidationError as error:
        raise OutputError(f"{folder}: this version refuses the config of the manifest: {error}") from error
    found = hash_with_cloud(scenario, cloud)
    if found != manifest["config_hash"]:
        raise OutputError(
            f"{folder}: the config in the manifest has the hash {found[:12]}, "
            f"the manifest says {str(manifest['config_hash'])[:12]}: it was edited, or written by another version"
        )
    return scenario


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
    from simulation.store import versions

    then, now = manifest.get("versions", {}), versions()
    changed = [f"{name} {then.get(name)} -> {now[name]}" for name in now if then.get(name) != now[name]]
    remark(f"Versions changed since: {', '.join(changed) or 'none'}", quiet)
