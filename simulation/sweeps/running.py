"""Run a sweep into its store: open it, compute what is missing, write the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from simulation.compute.ensemble import worthwhile_workers
from simulation.compute.workers import lanes
from simulation.results.store import content_address
from simulation.sweeps.batches import missing
from simulation.sweeps.execute import Options, Pool, execute
from simulation.sweeps.facts import FINISHED, INTERRUPTED, PARTIAL
from simulation.sweeps.opening import Target, check_to_extend, locked, prepared
from simulation.sweeps.points import scenario_at
from simulation.sweeps.store import Store

if TYPE_CHECKING:
    from simulation.sweeps.plan import Plan

Value = TypeVar("Value")
PRELOADED = ("simulation.sweeps.kernel", "simulation.sweeps.points", "simulation.scenario.event")


def run_sweep(plan: Plan, target: Target, pool: Pool, options: Options | None = None) -> Store:
    """Compute what a store lacks of a plan and write its tables.

    An interruption (Ctrl-C) leaves tables of what there is; being killed leaves the shards, from which the next call goes on.

    Raises
    ------
    OutputError
        If the folder holds something else, or nothing that could be extended.
    EnsembleError
        If workers die whatever they are given.
    """
    how = options or Options()
    check_to_extend(target)
    with locked(target.path):
        store = prepared(target, plan)
        if store.finished:
            return store
        try:
            execute(store, pool, how)
        except KeyboardInterrupt:
            store.close(INTERRUPTED)
            raise
        store.close(PARTIAL if missing(plan, store.have).any() else FINISHED)
    return store


def folder_of(plan: Plan) -> str:
    """Name of the folder that the same sweep always gives."""
    return content_address(plan.sweep.name, plan.hash, plan.sweep.replications)


@contextmanager
def local_pool(workers: int) -> Iterator[Pool]:
    """Give so many processes of this machine; 0 computes in this process."""
    if workers == 0:
        yield Pool(Here(), 1, waiting=0)
        return
    with lanes(workers, PRELOADED) as executor:
        yield Pool(executor, workers)


class Here(Executor):
    """The interface of the workers without other processes: a task is run when it is submitted."""

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> Future[Value]:
        """Run a function now."""
        future: Future[Value] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def worthwhile(plan: Plan) -> int:
    """How many processes finish soonest; 1 where starting others takes longer than it saves."""
    return worthwhile_workers(scenario_at(plan.base, plan.points[0]), plan.most_runs)
