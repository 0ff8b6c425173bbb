"""Run a sweep: estimate its cost, compute it into its store, and the Python interface `sweep`."""

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
from simulation.sweeps.execution import BatchExecutor, SweepOptions, compute_missing_runs, sweep_work
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
RESULTS_FOLDER = Path("results")
FEWEST_PROBED, MOST_PROBED = 4, 16
"""Runs of the second probe. Its time and that of a single run give the fixed cost of a pass and the cost per run."""
PROBE_SECONDS = 3.0
"""Approximate duration of the probes. A second structure is probed if time remains."""
MOST_STRUCTURES = 2
"""Structures probed; the others are assumed to cost the same."""
BYTES_PER_NUMBER, BYTES_PER_ROW, FIXED_BYTES = 8, 40, 50_000
"""Numbers hardly compress, the labels of a row do. Each row is stored in a shard and in the table."""


def run_sweep(
    plan: SweepPlan, target: StoreTarget, pool: BatchExecutor, options: SweepOptions | None = None
) -> StoreWriter:
    """Compute the runs of a plan that a store lacks, and write its tables.

    After an interruption (Ctrl-C) the tables hold the runs so far. A killed process leaves the shards, which the next call
    continues.

    Raises
    ------
    OutputError
        If the folder holds something else, or no sweep to extend.
    EnsembleError
        If workers die before they compute anything.
    """
    check_extend_target(target)
    with folder_lock(target.path):
        store = open_store(target, plan)
        if store.finished:
            return store
        try:
            compute_missing_runs(store, pool, options)
        except KeyboardInterrupt:
            store.close(INTERRUPTED)
            raise
        store.close(PARTIAL if missing_runs(plan, store.stored_runs).any() else FINISHED)
    return store


def default_folder_name(plan: SweepPlan) -> str:
    """Name of the folder of a sweep; it depends on the plan alone."""
    return content_address(plan.sweep.name, plan.hash, plan.sweep.replications)


@contextmanager
def local_pool(workers: int) -> Iterator[BatchExecutor]:
    """Provide a pool of local processes; 0 computes in this process."""
    if workers == 0:
        yield BatchExecutor(SerialExecutor(), 1, waiting=0)
        return
    with worker_executor(workers, PRELOADED) as executor:
        yield BatchExecutor(executor, workers)


class SerialExecutor(Executor):
    """An executor that runs a task in this process when it is submitted."""

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function now."""
        future: Future[Value] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def worthwhile_processes(plan: SweepPlan) -> int:
    """Number of processes that finish soonest; 1 if starting more takes longer than it saves."""
    return default_worker_count(scenario_at(plan.base, plan.points[0]), plan.most_runs)


@dataclass(frozen=True)
class SweepEstimate:
    """Expected cost of a sweep.

    Attributes
    ----------
    points, runs, batches
        Counts; runs and batches are maxima if points stop by precision.
    workers
        Number of processes assumed.
    seconds
        Expected wall time, excluding the start of the workers.
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
        """Return the values for JSON."""
        return asdict(self)


def estimate_sweep(plan: SweepPlan, workers: int) -> SweepEstimate:
    """Return the expected cost of a plan on a number of processes, from probe runs."""
    size = batch_size(plan.most_runs, workers)
    counts = np.bincount(plan.structures) * plan.sweep.most_replications
    batches = int(np.ceil(counts / size).sum())
    fixed, per_run = probe_costs(plan, np.unique([0, len(counts) - 1])[:MOST_STRUCTURES].tolist())
    total = batches * fixed + plan.most_runs * per_run
    # A batch is not divided: with few batches some processes are idle.
    seconds = -(-batches // workers) / batches * total
    return SweepEstimate(
        len(plan.points), plan.most_runs, batches, workers, seconds, total / plan.most_runs, store_bytes(plan)
    )


def probe_costs(plan: SweepPlan, structures: list[int]) -> tuple[float, float]:
    """Fixed seconds of a pass and additional seconds per run, averaged over structures."""
    started, costs = time.perf_counter(), []
    for structure in structures:
        costs.append(_structure_costs(plan, structure))
        if time.perf_counter() - started > PROBE_SECONDS:
            break
    fixed, per_run = np.array(costs).mean(axis=0).tolist()
    return fixed, per_run


def _structure_costs(plan: SweepPlan, structure: int) -> tuple[float, float]:
    points = np.flatnonzero(plan.structures == structure)
    single = _pass_seconds(plan, points, 1)
    runs = int(np.clip(PROBE_SECONDS / single, FEWEST_PROBED, MOST_PROBED))
    per_run = max(0.0, (_pass_seconds(plan, points, runs) - single) / (runs - 1))
    return max(0.0, single - per_run), per_run


def _pass_seconds(plan: SweepPlan, points: NDArray[np.intp], runs: int) -> float:
    """Wall time of one pass with a number of runs."""
    chosen = np.sort(np.resize(points, runs))
    replication = np.arange(runs) - np.searchsorted(chosen, chosen)
    started = time.perf_counter()
    simulate_batch(sweep_work(plan), group_by_point(plan, chosen, replication))
    return time.perf_counter() - started


def store_bytes(plan: SweepPlan) -> int:
    """Approximate size of the finished store, bytes."""
    row = BYTES_PER_NUMBER * (len(plan.sweep.measured) + len(plan.keys)) + BYTES_PER_ROW
    days = _scenario_length(plan) * len(plan.sweep.kept_series) * BYTES_PER_NUMBER
    series_bytes = {"none": 0, "all": plan.most_runs * days, "quantiles": len(plan.points) * days * 4}
    return FIXED_BYTES + 2 * plan.most_runs * row + series_bytes[plan.sweep.record]


def _scenario_length(plan: SweepPlan) -> int:
    from simulation.day.capital_flows import scenario_days

    return len(scenario_days(scenario_at(plan.base, plan.points[0])))


@dataclass(frozen=True)
class SweepStore:
    """The store of a sweep, opened for reading.

    Attributes
    ----------
    folder
        Folder of the store.
    """

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Inputs and progress of the sweep; docs/sweeps.md lists the keys."""
        return read_manifest(self.folder)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run, sorted by point and replication; docs/sweeps.md lists the columns."""
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
    """Run a sweep and open its store; runs that the store already has are not computed again.

    Parameters
    ----------
    plan : str, Path or SweepPlan
        Name of a shipped sweep, a YAML file, or the result of `load_plan`.
    out : str or Path, optional
        Folder of the store. Default: the folder under ``results/`` that ``carryflow sweep`` uses for the same sweep.
    settings : sequence of str
        Changes to the sweep file such as ``"replications=10"``, as after ``--set``.
    workers : int, optional
        Number of processes; 1 computes in this process, None chooses by the amount of work. More than one requires the usual
        ``if __name__ == "__main__":`` in a script.
    extend : bool
        Add replications or points to the store in `out`.
    force : bool
        Keep runs of another version of the model code.

    Returns
    -------
    SweepStore
        Its table of runs, daily series and manifest.

    Raises
    ------
    ConfigError
        With all problems of the sweep and of the scenarios of its points.
    OutputError
        If the folder holds something else.

    Examples
    --------
    >>> import simulation as cf
    >>> store = cf.sweep("spread_grid", settings=["replications=20"])  # doctest: +SKIP
    >>> store.runs.groupby("point")["unwound_share"].mean()  # doctest: +SKIP
    """
    if isinstance(plan, SweepPlan) and settings:
        raise TypeError("settings apply to a sweep given by name or file; pass them to load_plan for a plan")
    loaded = plan if isinstance(plan, SweepPlan) else load_plan(plan, settings)
    folder = RESULTS_FOLDER / default_folder_name(loaded) if out is None else Path(out)
    count = worthwhile_processes(loaded) if workers is None else workers
    with local_pool(0 if count == 1 else count) as pool:
        run_sweep(loaded, StoreTarget(folder, extend, force=force), pool, SweepOptions())
    return SweepStore(folder)
