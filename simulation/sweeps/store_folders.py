"""Store folders: open one to create, continue or extend a sweep; restore the plan of a store; merge two stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

from simulation.results import output_folder as folder
from simulation.results.output_folder import MANIFEST, OutputError
from simulation.scenario.config.parameter_sets import parse_cloud
from simulation.sweeps.code_version import extended_digests, merged_digests
from simulation.sweeps.pending_runs import missing_runs
from simulation.sweeps.plan import SweepPlan
from simulation.sweeps.points import BaseScenario, canonical_json
from simulation.sweeps.schema import Sweep
from simulation.sweeps.series_files import read_series_file, recover_parts
from simulation.sweeps.shards import (
    TEMPORARY_PREFIX,
    StoredRuns,
    read_shard,
    remove_temporary_files,
    write_atomically,
    write_shard,
)
from simulation.sweeps.store import (
    DAY_SHARDS,
    FINISHED,
    PARAMETER_SETS,
    PARTIAL,
    POINTS,
    ROW_SHARDS,
    SERIES,
    SHARDS,
    StoreWriter,
    read_manifest,
)

LOCK_FILE = ".lock"


@dataclass(frozen=True)
class StoreTarget:
    """Folder of a store and the conditions for opening it.

    Attributes
    ----------
    path
        The folder.
    extend
        Whether points or replications may be added to an existing store.
    command
        Command line for the manifest.
    force
        Whether to keep runs of another version of the model code.
    """

    path: Path
    extend: bool = False
    command: str | None = None
    force: bool = False


def open_store(target: StoreTarget, plan: SweepPlan, engines: tuple[str, ...] = ()) -> StoreWriter:
    """Open a folder for a plan: new, incomplete, or to be extended.

    Parameters
    ----------
    target, plan
        The folder and the plan of the sweep.
    engines
        Code versions of the stored runs, if no runs are computed now.

    Raises
    ------
    OutputError
        If the folder holds something else.
    """
    path, command = target.path, target.command
    manifest = existing_manifest(path)
    if manifest is not None and manifest["config_hash"] != plan.hash:
        check_extension(path, manifest, plan, target.extend)
    engines = engines or extended_digests(path, manifest, target.force)
    folder.make_folder(path / SHARDS)
    for part in (path, path / SHARDS):
        remove_temporary_files(part)
    recover_parts(path)
    if manifest is not None and manifest["config_hash"] == plan.hash and is_intact(path, manifest):
        return StoreWriter(path, plan, StoredRuns.empty(plan), command, engines, finished=True)
    store = StoreWriter.opened(path, plan, command, engines)
    store.begin()
    return store


def is_intact(path: Path, manifest: dict[str, Any]) -> bool:
    """Whether a store is finished and its tables are unchanged."""
    files: dict[str, str] = manifest["files"]
    return manifest["status"] == FINISHED and all(
        (path / name).is_file() and folder.file_digest(path / name) == digest for name, digest in files.items()
    )


def existing_manifest(path: Path) -> dict[str, Any] | None:
    """Manifest of the store in a folder; None for a new or empty folder."""
    if not path.exists():
        return None
    if not path.is_dir():
        raise OutputError(f"{path} is a file; a sweep needs a folder: choose another --out")
    if (path / MANIFEST).exists():
        return read_manifest(path)
    other_files = [item.name for item in path.iterdir() if not is_sweep_file(item.name)]
    if other_files:
        raise OutputError(f"{path} holds {sorted(other_files)[0]} and no sweep; choose another --out")
    return None


def is_sweep_file(name: str) -> bool:
    """Whether a file may belong to a sweep that was stopped before its manifest was written."""
    return (
        name in (SHARDS, LOCK_FILE, POINTS, PARAMETER_SETS)
        or name.startswith(TEMPORARY_PREFIX)
        or name in folder.DROPPED_BY_DESKTOPS
    )


def check_extension(path: Path, manifest: dict[str, Any], plan: SweepPlan, extend: bool) -> None:
    """Reject a store of another sweep, or of another design unless it is to be extended to this one.

    Raises
    ------
    OutputError
        If the store has runs that the plan does not have.
    """
    if manifest["mixing"] != plan.mixing:
        raise OutputError(
            f"{path} holds runs with another base scenario, seed, kind of noise, record or set of metrics; choose another --out"
        )
    if not extend:
        raise OutputError(
            f"{path} holds the same sweep with other points or replications; --extend adds what is missing"
        )
    stored_keys = set(pq.read_table(path / POINTS).column("key").to_pylist())
    lost = stored_keys - {f"{key:016x}" for key in plan.point_keys.tolist()}
    if lost:
        raise OutputError(
            f"{path} has {len(lost)} points that this design lacks; --extend only adds: choose another --out"
        )
    if manifest["replications"] > plan.sweep.replications:
        raise OutputError(f"{path} has {manifest['replications']} replications, more than {plan.sweep.replications}")


def check_extend_target(target: StoreTarget) -> None:
    """Reject the extension of a store that does not exist.

    Raises
    ------
    OutputError
        If the folder holds no sweep.
    """
    if target.extend and existing_manifest(target.path) is None:
        raise OutputError(
            f"{target.path} holds no sweep to extend: check the name, or omit --extend to start a new sweep"
        )


def _open_lock(lock: Path) -> IO[str]:
    try:
        return lock.open("a")
    except OSError as error:
        raise OutputError(f"{lock.parent} cannot be written: {error.strerror}; choose another --out") from error


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Prevent other processes of this machine from writing to the folder.

    Raises
    ------
    OutputError
        If another process is writing to it.
    """
    existing_manifest(path)
    folder.make_folder(path)
    with _open_lock(path / LOCK_FILE) as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # no such locks on Windows
            pass
        except BlockingIOError:
            raise OutputError(f"another process is writing to {path}; wait for it, or choose another --out") from None
        except OSError:  # a file system without locks
            pass
        yield


def stored_plan(store: Path) -> SweepPlan:
    """Return the plan of a store, read from the store alone.

    Raises
    ------
    OutputError
        If the folder holds no sweep, or files of different sweeps.
    """
    manifest = read_manifest(store)
    if not (store / POINTS).is_file():
        raise OutputError(f"{store} has no {POINTS}; run its sweep again")
    points = tuple(json.loads(text) for text in pq.read_table(store / POINTS).column("values").to_pylist())
    base = BaseScenario(manifest["base"]["kind"], canonical_json(manifest["base"]["config"]))
    sets = store / PARAMETER_SETS
    name = manifest["parameter_sets"]
    cloud = None if name is None else parse_cloud(name, sets.read_text(encoding="utf-8"), str(sets))
    plan = SweepPlan(Sweep.model_validate(manifest["sweep"]), base, points, cloud)
    if plan.hash != manifest["config_hash"]:
        raise OutputError(f"{store}: {POINTS} and the manifest belong to different sweeps; run the sweep again")
    return plan


def merge_stores(
    first: Path, second: Path, target: Path, command: str | None = None, force: bool = False
) -> StoreWriter:
    """Write a store with the runs of two others.

    Their base, noise, metrics and record must be equal, and the design of one must contain that of the other. Runs in both are
    kept once.

    Parameters
    ----------
    first, second, target : Path
        The stores, and the folder to write.
    command : str, optional
        Command line for the manifest.
    force : bool
        Whether runs of different versions of the model code may be merged.

    Raises
    ------
    OutputError
        If the two stores do not match, or the target holds something else.
    """
    plan = merged_plan(first, second)
    if target.resolve() in (first.resolve(), second.resolve()):
        raise OutputError(f"{target} is one of the stores to be merged; choose another --out")
    with folder_lock(target):
        manifests = [manifest for manifest in map(existing_manifest, (first, second, target)) if manifest is not None]
        engines = merged_digests(manifests, force)
        open_store(StoreTarget(target, extend=True, command=command), plan, engines)
        for source in (first, second):
            copy_shards(source, target)
        store = StoreWriter.opened(target, plan, command, engines)
        store.begin()
        store.close(PARTIAL if missing_runs(plan, store.stored_runs).any() else FINISHED)
    return store


def merged_plan(first: Path, second: Path) -> SweepPlan:
    """The plan that contains the runs of both stores.

    Raises
    ------
    OutputError
        If the stores do not match.
    """
    plans = (stored_plan(first), stored_plan(second))
    if plans[0].mixing != plans[1].mixing or plans[0].sweep.until != plans[1].sweep.until:
        raise OutputError(
            f"{first} and {second} belong to different sweeps: base, seed, noise, metrics, record or until differ"
        )
    keys = [set(plan.point_keys.tolist()) for plan in plans]
    if not (keys[0] <= keys[1] or keys[1] <= keys[0]):
        raise OutputError(
            f"{first} and {second} each have points that the other lacks; first extend one of them to the whole design"
        )
    larger = plans[0] if keys[0] >= keys[1] else plans[1]
    most = max(plan.sweep.replications for plan in plans)
    return replace(larger, sweep=larger.sweep.model_copy(update={"replications": most}))


def copy_shards(source: Path, target: Path) -> None:
    """Copy complete shards; parts of daily series become shards again."""
    for kind in (ROW_SHARDS, DAY_SHARDS):
        for path in sorted((source / SHARDS).glob(f"{kind}-*.parquet")):
            if read_shard(path) is not None and not (target / SHARDS / path.name).exists():
                write_atomically(target / SHARDS / path.name, path.read_bytes())
    for path in sorted((source / SERIES).glob("part-*.parquet")):
        table = read_series_file(path)
        if table is not None:
            write_shard(target / SHARDS, DAY_SHARDS, table)
