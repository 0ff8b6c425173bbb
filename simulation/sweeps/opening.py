"""Open a folder for a sweep: a new one, one to go on with, one to extend; anything else is refused with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from simulation.results import store as folder
from simulation.results.store import MANIFEST, OutputError
from simulation.sweeps.engine import continued
from simulation.sweeps.facts import FINISHED
from simulation.sweeps.have import Have
from simulation.sweeps.series import recover
from simulation.sweeps.shards import TEMPORARY, clear_temporary
from simulation.sweeps.store import PARAMETER_SETS, POINTS, SHARDS, Store, read_manifest

if TYPE_CHECKING:
    from simulation.sweeps.plan import Plan

LOCK = ".lock"


@dataclass(frozen=True)
class Target:
    """Where a sweep goes, and how it may be opened.

    Attributes
    ----------
    path
        The folder.
    extend
        Whether points or replications may be added to what is there.
    command
        Command line for the manifest.
    force
        Whether runs of another version of the model's code are taken over.
    """

    path: Path
    extend: bool = False
    command: str | None = None
    force: bool = False


def prepared(target: Target, plan: Plan, engines: tuple[str, ...] = ()) -> Store:
    """Open a folder for a plan: a new one, one that holds part of it, or one that is to be extended.

    Parameters
    ----------
    target, plan
        Where it goes and what it is to hold.
    engines
        Versions of the model's code of its runs, where none are computed now.

    Raises
    ------
    OutputError
        If the folder holds something else.
    """
    path, command = target.path, target.command
    manifest = held(path)
    if manifest is not None and manifest["config_hash"] != plan.hash:
        check_extension(path, manifest, plan, target.extend)
    engines = engines or continued(path, manifest, target.force)
    folder.made(path / SHARDS)
    for place in (path, path / SHARDS):
        clear_temporary(place)
    recover(path)
    if manifest is not None and manifest["config_hash"] == plan.hash and intact(path, manifest):
        return Store(path, plan, Have.nothing(plan), command, engines, finished=True)
    store = Store.opened(path, plan, command, engines)
    store.begin()
    return store


def intact(path: Path, manifest: dict[str, Any]) -> bool:
    """Whether a store is finished and its tables are as they were written."""
    files: dict[str, str] = manifest["files"]
    return manifest["status"] == FINISHED and all(
        (path / name).is_file() and folder.digest(path / name) == digest for name, digest in files.items()
    )


def held(path: Path) -> dict[str, Any] | None:
    """The manifest of what is in a folder, none for a new or an empty one."""
    if not path.exists():
        return None
    if not path.is_dir():
        raise OutputError(f"{path} is a file; a sweep needs a folder: choose another --out")
    if (path / MANIFEST).exists():
        return read_manifest(path)
    strangers = [item.name for item in path.iterdir() if not is_ours(item.name)]
    if strangers:
        raise OutputError(f"{path} holds {sorted(strangers)[0]} and no sweep; choose another --out")
    return None


def is_ours(name: str) -> bool:
    """Whether a file can be what a sweep that was killed at its very beginning leaves."""
    return (
        name in (SHARDS, LOCK, POINTS, PARAMETER_SETS)
        or name.startswith(TEMPORARY)
        or name in folder.DROPPED_BY_DESKTOPS
    )


def check_extension(path: Path, manifest: dict[str, Any], plan: Plan, extend: bool) -> None:
    """Refuse a store of another sweep, and one of another design unless it is to be extended to this one.

    Raises
    ------
    OutputError
        If rows of the store would have no place in the table of the plan.
    """
    if manifest["mixing"] != plan.mixing:
        raise OutputError(
            f"{path} holds runs of another base scenario, seed, kind of noise, record or set of metrics; choose another --out"
        )
    if not extend:
        raise OutputError(
            f"{path} holds the same sweep with other points or replications; --extend adds what is missing"
        )
    import pyarrow.parquet as pq

    there = set(pq.read_table(path / POINTS).column("key").to_pylist())
    lost = there - {f"{key:016x}" for key in plan.point_keys.tolist()}
    if lost:
        raise OutputError(
            f"{path} has {len(lost)} points that this design lacks; --extend only adds: choose another --out"
        )
    if manifest["replications"] > plan.sweep.replications:
        raise OutputError(f"{path} has {manifest['replications']} replications, more than {plan.sweep.replications}")


def check_to_extend(target: Target) -> None:
    """Refuse to extend a store that is not there, such as one whose name was mistyped.

    Raises
    ------
    OutputError
        If the folder holds no sweep.
    """
    if target.extend and held(target.path) is None:
        raise OutputError(f"{target.path} holds no sweep to extend: see the name, or leave --extend out to begin one")


def _opened(lock: Path) -> IO[str]:
    try:
        return lock.open("a")
    except OSError as error:
        raise OutputError(f"{lock.parent} cannot be written: {error.strerror}; choose another --out") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes of this machine from writing into the folder.

    Raises
    ------
    OutputError
        If one already does.
    """
    held(path)
    folder.made(path)
    with _opened(path / LOCK) as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # no such locks on Windows
            pass
        except BlockingIOError:
            raise OutputError(f"another process is writing into {path}; wait for it, or choose another --out") from None
        except OSError:  # a file system without locks
            pass
        yield
