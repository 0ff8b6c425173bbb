"""Worker processes that compute the states of a batch as JSON for the page, with a time limit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulation.compute.workers import PRELOADED_MODULES, WorkerExecutor
from simulation.pages.explore.columns import PageColumn, pack_steps
from simulation.pages.explore.content import format_quantiles, page_events
from simulation.pages.serve.served_page import ServedPage
from simulation.results.metrics import METRICS, QUANTILES
from simulation.sweeps.kernel import SweepWork, cached_scenario, simulate_batch
from simulation.sweeps.run_rows import PointRuns, RunRows, concatenate_rows

QUANTILE_NAMES: Final = ("p10", "p50", "p90")


@dataclass(frozen=True)
class StateJob:
    """Runs of a state to compute.

    Attributes
    ----------
    values
        Values of the state, as JSON.
    runs
        Total number of runs.
    previous
        Runs computed before, None at first.
    counts
        Additional numbers of runs for which a JSON text is needed, each at most `runs`.
    """

    values: str
    runs: int
    previous: RunRows | None = None
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class StateResult:
    """Runs of a state, and JSON texts for the page by number of runs."""

    rows: RunRows
    texts: dict[int, str]


def compute_states(work: SweepWork, columns: tuple[PageColumn, ...], jobs: Sequence[StateJob]) -> list[StateResult]:
    """Compute the missing runs of several states in one batch; each run equals the run of that state alone.

    Parameters
    ----------
    work
        The scenario, the metrics and the daily series.
    columns
        Columns of the page.
    jobs
        States with their numbers of runs.
    """
    rows = simulate_batch(work, [missing_runs(at, job) for at, job in enumerate(jobs)])
    return [combine_runs(work, columns, job, state_rows(rows, at)) for at, job in enumerate(jobs)]


def missing_runs(at: int, job: StateJob) -> PointRuns:
    """Runs of a job that are not computed yet."""
    first = 0 if job.previous is None else len(job.previous)
    return PointRuns(at, at, job.values, tuple(range(first, job.runs)))


def state_rows(rows: RunRows, point: int) -> RunRows:
    """Rows of one state of a batch, as if computed alone."""
    chosen = np.flatnonzero(rows.point == point)
    series = []
    for first, part in rows.series:
        inside = chosen[(chosen >= first) & (chosen < first + len(part.values))]
        if len(inside):
            selected = replace(part, values=part.values[inside - first], reached=part.reached[inside - first])
            series.append((int(np.searchsorted(chosen, inside[0])), selected))
    reasons = tuple(rows.reason[at] for at in chosen)
    return RunRows(
        rows.point[chosen], rows.key[chosen], rows.replication[chosen], reasons, rows.metrics[chosen], tuple(series)
    )


def combine_runs(work: SweepWork, columns: tuple[PageColumn, ...], job: StateJob, new_rows: RunRows) -> StateResult:
    """Result of a job from its previous and its new runs."""
    rows = new_rows if job.previous is None else concatenate_rows([job.previous, new_rows])
    counts = sorted({*job.counts, job.runs})
    return StateResult(rows, {runs: state_json(work, columns, job.values, first_rows(rows, runs)) for runs in counts})


def first_rows(rows: RunRows, runs: int) -> RunRows:
    """The first `runs` rows."""
    series = tuple(
        (at, replace(part, values=part.values[: runs - at], reached=part.reached[: runs - at]))
        for at, part in rows.series
        if at < runs
    )
    return RunRows(
        rows.point[:runs], rows.key[:runs], rows.replication[:runs], rows.reason[:runs], rows.metrics[:runs], series
    )


def state_json(work: SweepWork, columns: tuple[PageColumn, ...], values: str, rows: RunRows) -> str:
    """JSON text of one state: the parts of the page content that belong to it (docs/explore.md)."""
    finished = np.array([not reason for reason in rows.reason])
    content: dict[str, Any] = {"runs": len(rows), "failed": int((~finished).sum())}
    if not finished.any():
        return json.dumps(content | {"reason": rows.reason[0]})
    days, daily = daily_series(rows, finished)
    scenario = cached_scenario(work.base, values)
    content["data"] = pack_steps(quantile_steps(daily, work.series, columns))
    content["numbers"] = metric_quantiles(rows.metrics[finished], work.metrics)
    content["story"] = [asdict(one) for one in page_events(scenario, days)]
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def daily_series(rows: RunRows, finished: NDArray[np.bool_]) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Days, and daily values of the finished runs, ``(runs, days, series)``."""
    parts = [part.values[finished[at : at + len(part.values)]] for at, part in rows.series]
    return rows.series[0][1].days.astype("datetime64[D]"), np.concatenate(parts)


def quantile_steps(
    daily: NDArray[np.float64], names: tuple[str, ...], columns: tuple[PageColumn, ...]
) -> NDArray[np.float64]:
    """Quantiles over runs in steps of each column, ``(1, columns, days)``."""
    bands = np.quantile(daily, QUANTILES, axis=0)
    steps = [bands[QUANTILE_NAMES.index(one.quantile), :, names.index(one.series)] / one.step for one in columns]
    return np.stack(steps)[None]


def metric_quantiles(metrics: NDArray[np.float64], names: tuple[str, ...]) -> list[list[str]]:
    """Quantiles of each metric, formatted as by `carryflow run`."""
    known = [one for one in METRICS if one.name in names]
    return format_quantiles(metrics[:, [names.index(one.name) for one in known]], known)


PRELOAD: Final = (*PRELOADED_MODULES, "simulation.pages.serve.worker_pool")
WORKER_START_SECONDS: Final = 60.0
"""Additional time for the first batch of a worker, s, to start and import the engine."""


class WorkerError(RuntimeError):
    """A batch failed; the message names the reason and the cure."""


class WorkerSlots:
    """Free slots of a fixed number of workers."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._free = list(range(workers))

    @property
    def free(self) -> int:
        """Number of idle workers."""
        return len(self._free)

    def acquire(self) -> int:
        """Reserve an idle worker; returns its slot."""
        return self._free.pop(0)

    def release(self, slot: int) -> None:
        """Return a worker to the idle ones."""
        self._free.append(slot)


class WorkerPool(WorkerSlots):
    """Worker processes that compute one batch each.

    Parameters
    ----------
    page
        The served page.
    workers
        Number of processes.
    """

    def __init__(self, page: ServedPage, workers: int) -> None:
        super().__init__(workers)
        self.page = page
        self._executors = [WorkerExecutor(1, PRELOAD) for _ in range(workers)]
        self._new = set(self._free)

    async def compute(self, slot: int, jobs: Sequence[StateJob], seconds: float) -> list[StateResult]:
        """Compute a batch on the worker of a slot.

        Raises
        ------
        WorkerError
            If the worker dies or exceeds the time limit; it is replaced by a new one.
        """
        future = self._executors[slot].submit(compute_states, self.page.work, self.page.columns, jobs)
        start = WORKER_START_SECONDS if slot in self._new else 0.0
        try:
            results = await asyncio.wait_for(asyncio.wrap_future(future), seconds + start)
        except TimeoutError:
            await asyncio.to_thread(self._executors[slot].kill)
            self._executors[slot] = WorkerExecutor(1, PRELOAD)
            self._new.add(slot)
            raise WorkerError(
                f"the runs exceeded the time limit of {seconds:g} s; choose a less extreme state, or start "
                "`carryflow serve` with a larger --seconds"
            ) from None
        except BrokenExecutor:
            raise WorkerError(
                "a worker process died during these runs, most often for lack of memory; start `carryflow serve` with "
                "fewer --workers"
            ) from None
        except Exception as error:
            raise WorkerError(f"internal error: {type(error).__name__}: {error}") from error
        self._new.discard(slot)
        return results

    def kill(self) -> None:
        """Terminate all workers."""
        for executor in self._executors:
            executor.kill()
