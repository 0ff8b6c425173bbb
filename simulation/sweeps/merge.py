"""Join two stores of one design, such as two machines' shares of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from simulation.results.store import OutputError
from simulation.sweeps.batches import missing
from simulation.sweeps.engine import common
from simulation.sweeps.facts import FINISHED, PARTIAL
from simulation.sweeps.opening import Target, held, locked, prepared
from simulation.sweeps.plan import Plan
from simulation.sweeps.reopen import plan_from
from simulation.sweeps.series import read_any
from simulation.sweeps.shards import read_shard, write_shard, write_whole
from simulation.sweeps.store import DAYS, ROWS, SERIES, SHARDS, Store


def merge(first: Path, second: Path, target: Path, command: str | None = None, force: bool = False) -> Store:
    """Write a store with the runs of two others.

    Their base, noise, metrics and record must be the same, and one design must contain the other; runs that both have are
    kept once.

    Parameters
    ----------
    first, second, target : Path
        The stores, and the folder to write.
    command : str, optional
        Command line for the manifest.
    force : bool
        Whether runs of different versions of the model's code may be joined.

    Raises
    ------
    OutputError
        If the two do not fit together, or the target holds something else.
    """
    plan = common_plan(first, second)
    if target.resolve() in (first.resolve(), second.resolve()):
        raise OutputError(f"{target} is one of the stores to be merged; choose another --out")
    with locked(target):
        there = [manifest for manifest in map(held, (first, second, target)) if manifest is not None]
        engines = common(there, force)
        store = prepared(Target(target, extend=True, command=command), plan, engines)
        for source in (first, second):
            copy_shards(source, target)
        store = Store.opened(target, plan, command, engines)
        store.begin()
        store.close(PARTIAL if missing(plan, store.have).any() else FINISHED)
    return store


def common_plan(first: Path, second: Path) -> Plan:
    """The plan that holds the runs of both stores.

    Raises
    ------
    OutputError
        If there is none.
    """
    plans = (plan_from(first), plan_from(second))
    if plans[0].mixing != plans[1].mixing or plans[0].sweep.until != plans[1].sweep.until:
        raise OutputError(
            f"{first} and {second} are of different sweeps: base, seed, noise, metrics, record or until differ"
        )
    keys = [set(plan.point_keys.tolist()) for plan in plans]
    if not (keys[0] <= keys[1] or keys[1] <= keys[0]):
        raise OutputError(
            f"{first} and {second} have points that the other lacks; extend one of them to the whole design first"
        )
    larger = plans[0] if keys[0] >= keys[1] else plans[1]
    most = max(plan.sweep.replications for plan in plans)
    return replace(larger, sweep=larger.sweep.model_copy(update={"replications": most}))


def copy_shards(source: Path, target: Path) -> None:
    """Copy whole shards; parts of daily series become shards again."""
    for kind in (ROWS, DAYS):
        for path in sorted((source / SHARDS).glob(f"{kind}-*.parquet")):
            if read_shard(path) is not None and not (target / SHARDS / path.name).exists():
                write_whole(target / SHARDS / path.name, path.read_bytes())
    for path in sorted((source / SERIES).glob("part-*.parquet")):
        table = read_any(path)
        if table is not None:
            write_shard(target / SHARDS, DAYS, table)
