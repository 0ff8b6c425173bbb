"""What a worker process does: run the states of a pass and say of each what the page shows.

The workers: each computes one pass at a time and is ended when it takes too long over it.
"""

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
    """Runs of a state.

    Attributes
    ----------
    values
        The state, as JSON.
    runs
        Number of runs that there shall be.
    before
        Runs that there are, none at first.
    cuts
        Further numbers of runs of which the page is told, each at most `runs`.
    """

    values: str
    runs: int
    before: RunRows | None = None
    cuts: tuple[int, ...] = ()


@dataclass(frozen=True)
class StateResult:
    """A state with its runs, and what the page is told of the first so many of them, as JSON."""

    rows: RunRows
    texts: dict[int, str]


def compute_states(work: SweepWork, columns: tuple[PageColumn, ...], orders: Sequence[StateJob]) -> list[StateResult]:
    """Compute the missing runs of some states in one pass, each run as it would be alone.

    Parameters
    ----------
    work
        The scenario, what is measured and the daily series.
    columns
        What the page shows.
    orders
        States with the number of their runs.
    """
    rows = simulate_batch(work, [missing_runs(at, order) for at, order in enumerate(orders)])
    return [combine_runs(work, columns, order, state_rows(rows, at)) for at, order in enumerate(orders)]


def missing_runs(at: int, order: StateJob) -> PointRuns:
    """The missing runs of a state."""
    first = 0 if order.before is None else len(order.before)
    return PointRuns(at, at, order.values, tuple(range(first, order.runs)))


def state_rows(rows: RunRows, point: int) -> RunRows:
    """The rows of one state out of those of a pass, as if it had been alone in it."""
    mine = np.flatnonzero(rows.point == point)
    series = []
    for first, part in rows.series:
        own = mine[(mine >= first) & (mine < first + len(part.values))]
        if len(own):
            kept = replace(part, values=part.values[own - first], reached=part.reached[own - first])
            series.append((int(np.searchsorted(mine, own[0])), kept))
    reasons = tuple(rows.reason[at] for at in mine)
    return RunRows(rows.point[mine], rows.key[mine], rows.replication[mine], reasons, rows.metrics[mine], tuple(series))


def combine_runs(work: SweepWork, columns: tuple[PageColumn, ...], order: StateJob, fresh: RunRows) -> StateResult:
    """A state with its earlier and its fresh runs."""
    rows = fresh if order.before is None else concatenate_rows([order.before, fresh])
    cuts = sorted({*order.cuts, order.runs})
    return StateResult(rows, {runs: state_json(work, columns, order.values, first_rows(rows, runs)) for runs in cuts})


def first_rows(rows: RunRows, runs: int) -> RunRows:
    """The first so many rows."""
    series = tuple(
        (at, replace(part, values=part.values[: runs - at], reached=part.reached[: runs - at]))
        for at, part in rows.series
        if at < runs
    )
    return RunRows(
        rows.point[:runs], rows.key[:runs], rows.replication[:runs], rows.reason[:runs], rows.metrics[:runs], series
    )


def state_json(work: SweepWork, columns: tuple[PageColumn, ...], values: str, rows: RunRows) -> str:
    """What the page is told of a state: the parts of a page's content that belong to one state (docs/explore.md)."""
    fine = np.array([not reason for reason in rows.reason])
    answer: dict[str, Any] = {"runs": len(rows), "failed": int((~fine).sum())}
    if not fine.any():
        return json.dumps(answer | {"reason": rows.reason[0]})
    days, daily = daily_series(rows, fine)
    scenario = cached_scenario(work.base, values)
    answer["data"] = pack_steps(quantile_steps(daily, work.series, columns))
    answer["numbers"] = metric_quantiles(rows.metrics[fine], work.metrics)
    answer["story"] = [asdict(one) for one in page_events(scenario, days)]
    return json.dumps(answer, separators=(",", ":"), allow_nan=False)


def daily_series(rows: RunRows, fine: NDArray[np.bool_]) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Days, and the daily values of the runs that reached the last of them, ``(runs, days, series)``."""
    parts = [part.values[fine[at : at + len(part.values)]] for at, part in rows.series]
    return rows.series[0][1].days.astype("datetime64[D]"), np.concatenate(parts)


def quantile_steps(
    daily: NDArray[np.float64], names: tuple[str, ...], columns: tuple[PageColumn, ...]
) -> NDArray[np.float64]:
    """Quantiles over runs in steps of each column, ``(1, columns, days)``."""
    bands = np.quantile(daily, QUANTILES, axis=0)
    chosen = [bands[QUANTILE_NAMES.index(one.quantile), :, names.index(one.series)] / one.step for one in columns]
    return np.stack(chosen)[None]


def metric_quantiles(metrics: NDArray[np.float64], names: tuple[str, ...]) -> list[list[str]]:
    """Quantiles of each metric as `carryflow run` prints them."""
    known = [one for one in METRICS if one.name in names]
    return format_quantiles(metrics[:, [names.index(one.name) for one in known]], known)


PRELOAD: Final = (*PRELOADED_MODULES, "simulation.pages.serve.worker_pool")
WORKER_START_SECONDS: Final = 60.0
"""What a worker is given beyond the limit for its first pass, to start and to import the engine."""


class WorkerError(RuntimeError):
    """A pass that gave nothing, with the reason in words."""


class WorkerSlots:
    """Who of so many workers has nothing to do."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._free = list(range(workers))

    @property
    def free(self) -> int:
        """Number of workers that have nothing to do."""
        return len(self._free)

    def take(self) -> int:
        """Take a free worker; returns its place."""
        return self._free.pop(0)

    def give_back(self, place: int) -> None:
        """Say that a worker has nothing to do."""
        self._free.append(place)


class WorkerPool(WorkerSlots):
    """So many worker processes with one pass each.

    Parameters
    ----------
    study
        What is computed.
    workers
        Number of processes.
    """

    def __init__(self, study: ServedPage, workers: int) -> None:
        super().__init__(workers)
        self.study = study
        self._lanes = [WorkerExecutor(1, PRELOAD) for _ in range(workers)]
        self._new = set(self._free)

    async def made(self, place: int, orders: Sequence[StateJob], seconds: float) -> list[StateResult]:
        """States as a worker makes them.

        Raises
        ------
        EndedError
            If it dies over them or takes longer than so many seconds; another worker takes its place.
        """
        future = self._lanes[place].submit(compute_states, self.study.work, self.study.columns, orders)
        start = WORKER_START_SECONDS if place in self._new else 0.0
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(future), seconds + start)
        except TimeoutError:
            await asyncio.to_thread(self._lanes[place].kill)
            self._lanes[place] = WorkerExecutor(1, PRELOAD)
            self._new.add(place)
            raise WorkerError(
                f"the runs took longer than {seconds:g} s, which is the limit; a less extreme state is faster, or "
                "start `carryflow serve` with a larger --seconds"
            ) from None
        except BrokenExecutor:
            raise WorkerError("a worker process died over these runs, most often for lack of memory") from None
        except Exception as error:
            raise WorkerError(f"internal error: {type(error).__name__}: {error}") from error
        self._new.discard(place)
        return found

    def kill(self) -> None:
        """End all workers at once."""
        for lane in self._lanes:
            lane.kill()
