"""Batches of runs: split into blocks, computed here or on worker processes, joined in run order.

The bytes of the result depend on neither the block size nor the number of workers, because every run draws from
streams of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulation.compute.workers import EnsembleError, available_processors, map_in_order
from simulation.scenario.batch import BLOCK_RUNS

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.results.run_results import Result
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

Progress = Callable[[int, int], None]
"""Called with the runs done and the runs in all."""

__all__ = ["EnsembleError", "run", "run_ensemble"]

PARALLEL_INVESTOR_DAYS = 10e6
"""Investor-days (runs x investors x business days) below which starting workers takes longer than it saves."""
DAYS_PER_BUSINESS_DAY = 7 / 5
LARGEST_SEED = 2**63 - 1


def split_runs(runs: int, size: int = BLOCK_RUNS) -> list[range]:
    """Return the run numbers 0 to runs - 1 in consecutive blocks."""
    return [range(first, min(first + size, runs)) for first in range(0, runs, size)]


def populations_defined_in_session(scenario: Scenario) -> list[str]:
    """Return the populations whose class was written in this session: a worker process could not find it."""
    return [name for name, own in scenario.populations.items() if type(own).__module__ == "__main__"]


def default_worker_count(scenario: Scenario, runs: int) -> int:
    """Return how many processes finish soonest: one for small work, as many as there are processors for large."""
    if populations_defined_in_session(scenario):
        return 1
    investors = sum(getattr(population, "investors", 1) for population in scenario.populations.values())
    days = (scenario.end - scenario.start).days / DAYS_PER_BUSINESS_DAY
    enough = runs * investors * days >= PARALLEL_INVESTOR_DAYS
    return max(1, min(available_processors(), len(split_runs(runs)))) if enough else 1


def run_ensemble(
    scenario: Scenario,
    runs: int,
    workers: int | None = 1,
    progress: Progress | None = None,
    cloud: Cloud | None = None,
) -> Record:
    """Simulate runs 0 to runs - 1 of a scenario and return them as one record.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    runs : int
        Number of runs, at least 1.
    workers : int, optional
        Processes to use; 1 computes in this process, None chooses by the size of the work. More than one needs
        the usual ``if __name__ == "__main__":`` in a script.
    progress : callable, optional
        Called with (done, total) runs after every block.
    cloud : Cloud, optional
        Calibrated parameter sets: run i takes set i, so that bands hold noise and what is uncertain of parameters.

    Raises
    ------
    EnsembleError
        If a worker process was killed.
    """
    if runs < 1:
        raise ValueError(f"runs must be at least 1, got {runs}")
    count = default_worker_count(scenario, runs) if workers is None else workers
    if count < 1:
        raise ValueError(f"workers must be at least 1, got {count}")
    if count > 1 and populations_defined_in_session(scenario):
        raise ValueError(
            f"populations {', '.join(populations_defined_in_session(scenario))} are of a class written in this session, which worker processes "
            f"cannot find: use workers=1, or move the class with its registration into a module (got workers={count})"
        )
    blocks = split_runs(runs, _block_size(runs, count))
    alone = count == 1 or len(blocks) == 1
    tasks = [(scenario, block, cloud) for block in blocks]
    records = (simulate_block(*task) for task in tasks) if alone else map_in_order(simulate_block, tasks, count)
    record = concatenate_records(_counted(records, runs, progress))
    return record if cloud is None else replace(record, parameter_sets=cloud.name)


def run(  # noqa: PLR0913 - the one call that most users make
    scenario: str | Path | Scenario,
    *,
    runs: int = 100,
    seed: int | None = None,
    workers: int | None = 1,
    settings: Sequence[str] = (),
    posterior: str | Path | Cloud | None = None,
) -> Result:
    """Run a scenario by name, by file or as an object.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A shipped scenario's name, a YAML file or a validated scenario.
    runs : int
        Number of runs.
    seed : int, optional
        Replaces the scenario's seed.
    workers : int, optional
        Processes to use; None chooses by the size of the work.
    settings : sequence of str
        Overrides such as ``"boj.meetings[0].decision=50bp"``, as after ``--set``.
    posterior : str, Path or Cloud, optional
        Calibrated parameter sets by name or file; the bands then carry their uncertainty.

    Returns
    -------
    Result
        Tables, summary and figures.

    Examples
    --------
    >>> import simulation as cf
    >>> result = cf.run("december_2025_official", runs=200)  # doctest: +SKIP
    >>> print(result.summary())  # doctest: +SKIP
    """
    from simulation.results.run_results import Result
    from simulation.scenario.config.parameter_sets import load_cloud

    cloud = load_cloud(posterior) if isinstance(posterior, str | Path) else posterior
    wanted = load_scenario(scenario, settings)
    wanted = wanted if seed is None else with_seed(wanted, seed)
    return Result(run_ensemble(wanted, runs, workers, cloud=cloud), cloud=cloud)


def load_scenario(scenario: str | Path | Scenario, settings: Sequence[str] = ()) -> Scenario:
    """Return a scenario from its name, its file or itself, with overrides applied."""
    from simulation.scenario.config.loading import load

    if isinstance(scenario, str | Path):
        return load(scenario, settings).scenario
    if settings:
        raise TypeError("settings apply to a scenario given by name or file; use model_copy for an object")
    return scenario


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    """Return the scenario with another seed."""
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed must lie between 0 and {LARGEST_SEED}, got {seed}")
    return scenario.model_copy(update={"seed": seed})


def concatenate_records(records: Iterable[Record]) -> Record:
    """Return consecutive records as one, in the order given."""
    parts = list(records)
    first = parts[0]
    starts = np.cumsum([0, *(len(part.runs) for part in parts)]).tolist()
    return replace(
        first,
        runs=np.concatenate([part.runs for part in parts]),
        market={name: np.concatenate([part.market[name] for part in parts]) for name in first.market},
        flows={
            population: {name: np.concatenate([part.flows[population][name] for part in parts]) for name in columns}
            for population, columns in first.flows.items()
        },
        stopped={
            start + row: stop for start, part in zip(starts, parts, strict=False) for row, stop in part.stopped.items()
        },
        residuals={name: np.concatenate([part.residuals[name] for part in parts]) for name in first.residuals},
    )


def _block_size(runs: int, workers: int) -> int:
    """Return a block size that gives every worker the same number of blocks, none above BLOCK_RUNS."""
    rounds = -(-runs // (BLOCK_RUNS * workers))
    return -(-runs // (rounds * workers))


def _counted(records: Iterable[Record], total: int, progress: Progress | None) -> Iterator[Record]:
    done = 0
    for record in records:
        done += len(record.runs)
        if progress is not None:
            progress(done, total)
        yield record


def simulate_block(
    scenario: Scenario, block: range, cloud: Cloud | None = None, columns: frozenset[str] | None = None
) -> Record:
    """Simulate one block, each run with its parameter set if there is a cloud; `columns` are those of `simulate`."""
    from simulation.day.capital_flows import simulate

    return simulate(scenario, block, None if cloud is None else cloud.variants(scenario, block), columns)
