"""Run a sweep into its store: open it, compute what is missing, write the tables.

What a sweep will take, before it is run: runs, time by probes, room on the disk.

A sweep from Python: run it, and read its store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulation.compute.ensemble import default_worker_count
from simulation.compute.workers import worker_executor
from simulation.results.output_folder import content_address
from simulation.sweeps.execution import SweepOptions, WorkerPool, compute_missing_runs, sweep_work
from simulation.sweeps.kernel import simulate_batch
from simulation.sweeps.pending_runs import batch_size, group_by_point, missing_runs
from simulation.sweeps.plan import SweepPlan, load_plan
from simulation.sweeps.points import scenario_at
from simulation.sweeps.store import FINISHED, INTERRUPTED, PARTIAL, StoreWriter, read_manifest, read_runs, read_series
from simulation.sweeps.store_folders import StoreTarget, check_extend_target, folder_lock, open_store

if TYPE_CHECKING:
    import pandas as pd

Value = TypeVar("Value")
PRELOADED = ("simulation.sweeps.kernel", "simulation.sweeps.points", "simulation.scenario.event")


def run_sweep(
    plan: SweepPlan, target: StoreTarget, pool: WorkerPool, options: SweepOptions | None = None
) -> StoreWriter:
    """Compute what a store lacks of a plan and write its tables.

    An interruption (Ctrl-C) leaves tables of what there is; being killed leaves the shards, from which the next call goes on.

    Raises
    ------
    OutputError
        If the folder holds something else, or nothing that could be extended.
    EnsembleError
        If workers die whatever they are given.
    """
    how = options or SweepOptions()
    check_extend_target(target)
    with folder_lock(target.path):
        store = open_store(target, plan)
        if store.finished:
            return store
        try:
            compute_missing_runs(store, pool, how)
        except KeyboardInterrupt:
            store.close(INTERRUPTED)
            raise
        store.close(PARTIAL if missing_runs(plan, store.have).any() else FINISHED)
    return store


def default_folder_name(plan: SweepPlan) -> str:
    """Name of the folder that the same sweep always gives."""
    return content_address(plan.sweep.name, plan.hash, plan.sweep.replications)


@contextmanager
def local_pool(workers: int) -> Iterator[WorkerPool]:
    """Give so many processes of this machine; 0 computes in this process."""
    if workers == 0:
        yield WorkerPool(SerialExecutor(), 1, waiting=0)
        return
    with worker_executor(workers, PRELOADED) as executor:
        yield WorkerPool(executor, workers)


class SerialExecutor(Executor):
    """The interface of the workers without other processes: a task is run when it is submitted."""

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function now."""
        future: Future[Value] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def worthwhile_processes(plan: SweepPlan) -> int:
    """How many processes finish soonest; 1 where starting others takes longer than it saves."""
    return default_worker_count(scenario_at(plan.base, plan.points[0]), plan.most_runs)


FEWEST_PROBED, MOST_PROBED = 4, 16
"""Runs of the second probe: beside that of one run it tells what a pass costs and what each further run adds."""
PROBE_SECONDS = 3.0
"""What probing may take, about: the second probe has as many runs as fit, and a second structure is probed where time is left."""
MOST_STRUCTURES = 2
"""Structures that are probed; others are taken to cost the same."""
BYTES_PER_NUMBER, BYTES_PER_ROW, FIXED_BYTES = 8, 40, 50_000
"""A number hardly compresses; names and labels of a row do.  Each row stands in a shard and in the table."""


@dataclass(frozen=True)
class SweepEstimate:
    """What a sweep will take.

    Attributes
    ----------
    points, runs, batches
        Their numbers; runs and batches at most where points stop by precision.
    workers
        Processes that the time is for.
    seconds
        Expected wall time, without what starting workers takes.
    seconds_per_run
        Processor time of a run in a full batch.
    bytes
        Expected size of the finished store.
    """

    points: int
    runs: int
    batches: int
    workers: int
    seconds: float
    seconds_per_run: float
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON."""
        return asdict(self)


def estimate_sweep(plan: SweepPlan, workers: int) -> SweepEstimate:
    """Probe a plan and say what it will take on so many processes."""
    size = batch_size(plan.most_runs, workers)
    counts = np.bincount(plan.structures) * plan.sweep.most_replications
    batches = int(np.ceil(counts / size).sum())
    fixed, each = probe_costs(plan, np.unique([0, len(counts) - 1])[:MOST_STRUCTURES].tolist())
    spent = batches * fixed + plan.most_runs * each
    # A batch is not divided: with few batches some processes have nothing to do.
    rounds = -(-batches // workers) / batches * spent
    return SweepEstimate(
        len(plan.points), plan.most_runs, batches, workers, rounds, spent / plan.most_runs, store_bytes(plan)
    )


def probe_costs(plan: SweepPlan, structures: list[int]) -> tuple[float, float]:
    """Seconds that a pass takes whatever its size, and that each run adds, averaged over some structures."""
    started, found = time.perf_counter(), []
    for structure in structures:
        found.append(_structure_costs(plan, structure))
        if time.perf_counter() - started > PROBE_SECONDS:
            break
    fixed, each = np.array(found).mean(axis=0).tolist()
    return fixed, each


def _structure_costs(plan: SweepPlan, structure: int) -> tuple[float, float]:
    points = np.flatnonzero(plan.structures == structure)
    alone = _pass_seconds(plan, points, 1)
    runs = int(np.clip(PROBE_SECONDS / alone, FEWEST_PROBED, MOST_PROBED))
    each = max(0.0, (_pass_seconds(plan, points, runs) - alone) / (runs - 1))
    return max(0.0, alone - each), each


def _pass_seconds(plan: SweepPlan, points: NDArray[np.intp], runs: int) -> float:
    """Wall time of one pass over so many runs."""
    chosen = np.sort(np.resize(points, runs))
    replication = np.arange(runs) - np.searchsorted(chosen, chosen)
    started = time.perf_counter()
    simulate_batch(sweep_work(plan), group_by_point(plan, chosen, replication))
    return time.perf_counter() - started


def store_bytes(plan: SweepPlan) -> int:
    """Bytes of the finished store, about."""
    row = BYTES_PER_NUMBER * (len(plan.sweep.measured) + len(plan.keys)) + BYTES_PER_ROW
    days = _scenario_length(plan) * len(plan.sweep.kept_series) * BYTES_PER_NUMBER
    kept = {"none": 0, "all": plan.most_runs * days, "quantiles": len(plan.points) * days * 4}
    return FIXED_BYTES + 2 * plan.most_runs * row + kept[plan.sweep.record]


def _scenario_length(plan: SweepPlan) -> int:
    from simulation.day.capital_flows import scenario_days
    from simulation.sweeps.points import scenario_at

    return len(scenario_days(scenario_at(plan.base, plan.points[0])))


RESULTS_FOLDER = Path("results")


@dataclass(frozen=True)
class SweepStore:
    """The store of a sweep, opened for reading.

    Attributes
    ----------
    folder
        Where it is.
    """

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run, and how far it is."""
        return read_manifest(self.folder)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run, sorted by point and replication; docs/sweeps.md lists the columns."""
        return read_runs(self.folder)

    @cached_property
    def series(self) -> pd.DataFrame:
        """The daily series that were kept."""
        return read_series(self.folder)


def sweep(  # noqa: PLR0913 - the one call that most users make
    plan: str | Path | SweepPlan,
    out: str | Path | None = None,
    *,
    settings: Sequence[str] = (),
    workers: int | None = 1,
    extend: bool = False,
    force: bool = False,
) -> SweepStore:
    """Run a sweep by name, by file or as a plan, and open its store; what the store has is not computed again.

    Parameters
    ----------
    plan : str, Path or Plan
        A shipped sweep's name, a YAML file, or what `plan_of` gives.
    out : str or Path, optional
        Folder of the store; none: the one under ``results/`` that ``carryflow sweep`` uses for the same sweep.
    settings : sequence of str
        Changes to the sweep file such as ``"replications=10"``, as after ``--set``.
    workers : int, optional
        Processes to use; 1 computes in this process, None chooses by the size of the work.  More than one needs the usual
        ``if __name__ == "__main__":`` in a script.
    extend : bool
        Add replications or points to the store in `out`.
    force : bool
        Take over runs of another version of the model's code.

    Returns
    -------
    SweepStore
        Its table of runs, daily series and manifest.

    Raises
    ------
    ConfigError
        With every mistake in the sweep or in the scenarios of its points.
    OutputError
        If the folder holds something else.

    Examples
    --------
    >>> import simulation as cf
    >>> store = cf.sweep("spread_grid", settings=["replications=20"])  # doctest: +SKIP
    >>> store.runs.groupby("point")["unwound_share"].mean()  # doctest: +SKIP
    """
    if isinstance(plan, SweepPlan) and settings:
        raise TypeError("settings apply to a sweep given by name or file; give them to plan_of for a plan")
    wanted = plan if isinstance(plan, SweepPlan) else load_plan(plan, settings)
    folder = RESULTS_FOLDER / default_folder_name(wanted) if out is None else Path(out)
    count = worthwhile_processes(wanted) if workers is None else workers
    with local_pool(0 if count == 1 else count) as pool:
        run_sweep(wanted, StoreTarget(folder, extend, force=force), pool, SweepOptions())
    return SweepStore(folder)
