"""Simulate many runs of a scenario, in this process or on worker processes.

Results are identical for every block size and number of workers, because each run has its own random streams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulation.compute.workers import EnsembleError, available_processors, map_in_order
from simulation.scenario.batch import BLOCK_RUNS

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.results.effects import Effects
    from simulation.results.run_results import Result
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

Progress = Callable[[int, int], None]
"""Called with the number of finished runs and the total number of runs."""

__all__ = ["EnsembleError", "run", "run_ensemble"]

WORTH_PARALLEL_SECONDS = 5.0
"""Expected computing time below which starting worker processes costs more time than it saves."""
SECONDS_PER_POPULATION, SECONDS_PER_INVESTOR = 1e-3, 3e-7
"""Time of a simulated day per population and per investor of a run, measured on one core of a small machine.

They determine the number of processes only, never results.
"""
DAYS_PER_BUSINESS_DAY = 7 / 5
LARGEST_SEED = 2**63 - 1


def split_runs(runs: int, size: int = BLOCK_RUNS) -> list[range]:
    """Return the run numbers 0 to runs - 1 in consecutive blocks."""
    return [range(first, min(first + size, runs)) for first in range(0, runs, size)]


def populations_defined_in_session(scenario: Scenario) -> list[str]:
    """Return the populations whose class is defined in ``__main__``, which a worker process cannot import."""
    return [name for name, own in scenario.populations.items() if type(own).__module__ == "__main__"]


def expected_seconds(scenario: Scenario, runs: int) -> float:
    """Return roughly how long one process takes to simulate so many runs, in seconds."""
    days = (scenario.end - scenario.start).days / DAYS_PER_BUSINESS_DAY
    investors = sum(getattr(population, "investors", 1) for population in scenario.populations.values())
    return days * (SECONDS_PER_POPULATION * len(scenario.populations) + SECONDS_PER_INVESTOR * runs * investors)


def default_worker_count_for(work: Sequence[tuple[Scenario, int]], tasks: int) -> int:
    """Return the number of processes that should finish soonest: 1 for a small amount of work, else one per processor.

    Parameters
    ----------
    work
        Scenarios with their numbers of runs.
    tasks
        Number of tasks the work is divided into; more processes than tasks are never used.
    """
    if any(populations_defined_in_session(scenario) for scenario, _ in work):
        return 1
    seconds = sum(expected_seconds(scenario, runs) for scenario, runs in work)
    return max(1, min(available_processors(), tasks)) if seconds > WORTH_PARALLEL_SECONDS else 1


def default_worker_count(scenario: Scenario, runs: int) -> int:
    """Return the number of processes that should finish the runs of one scenario soonest."""
    return default_worker_count_for([(scenario, runs)], len(split_runs(runs)))


def run_ensemble(  # noqa: PLR0913 - what is simulated, and how
    scenario: Scenario,
    runs: int,
    workers: int | None = 1,
    progress: Progress | None = None,
    cloud: Cloud | None = None,
    columns: frozenset[str] | None = None,
) -> Record:
    """Simulate runs 0 to runs - 1 of a scenario and return them as one record.

    Parameters
    ----------
    scenario : Scenario
        What to simulate.
    runs : int
        Number of runs, at least 1.
    workers : int, optional
        Number of processes. With 1, the calling process computes; with None, the number follows from the amount of work.
        A script that uses more than one needs the usual ``if __name__ == "__main__":``.
    progress : callable, optional
        Called with (finished, total) runs after every block.
    cloud : Cloud, optional
        Calibrated parameter sets: run i uses set i, so that bands reflect parameter uncertainty as well as simulation noise.
    columns : frozenset of str, optional
        Columns to record, as in `simulation.day.capital_flows.simulate`; all if not given.

    Raises
    ------
    EnsembleError
        If a worker process died.
    ValueError
        If `runs` or `workers` is below 1, or a population's class cannot be imported by worker processes.
    """
    if runs < 1:
        raise ValueError(f"runs must be at least 1, got {runs}")
    count = default_worker_count(scenario, runs) if workers is None else workers
    if count < 1:
        raise ValueError(f"workers must be at least 1, got {count}")
    if count > 1 and (local := populations_defined_in_session(scenario)):
        raise ValueError(
            f"workers={count} is not possible: the classes of populations {', '.join(local)} are defined in this session, "
            "and worker processes cannot import them; use workers=1, or move the class and its registration into a module"
        )
    blocks = split_runs(runs, _block_size(runs, count))
    serial = count == 1 or len(blocks) == 1
    tasks = [(scenario, block, cloud, columns) for block in blocks]
    records = (simulate_block(*task) for task in tasks) if serial else map_in_order(simulate_block, tasks, count)
    record = concatenate_records(_with_progress(records, runs, progress))
    return record if cloud is None else replace(record, parameter_sets=cloud.name)


def run(  # noqa: PLR0913 - the one call that most users make
    scenario: str | Path | Scenario,
    *,
    runs: int = 100,
    seed: int | None = None,
    workers: int | None = 1,
    settings: Sequence[str] = (),
    posterior: str | Path | Cloud | None = None,
    against: str | None = "no_policy",
) -> Result:
    """Simulate a scenario and, with the same news, its counterfactual.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A shipped scenario's name, a YAML file or a validated scenario.
    runs : int
        Number of runs.
    seed : int, optional
        Replaces the scenario's seed.
    workers : int, optional
        Number of processes; with None, it follows from the amount of work.
    settings : sequence of str
        Overrides such as ``"boj.meetings[0].decision=50bp"``, as after ``--set``; they hold in every run, also for keys that
        `posterior` would vary.
    posterior : str, Path or Cloud, optional
        Calibrated parameter sets, by name or file; the bands then include parameter uncertainty.
    against : str
        Counterfactual for effects: ``no_policy`` (the scenario without any policy), a scenario by name or file, or none.

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
    from simulation.scenario.config.parameter_sets import load_cloud, sets_beside

    cloud = sets_beside(load_cloud(posterior) if isinstance(posterior, str | Path) else posterior, settings)
    chosen = load_scenario(scenario, settings)
    chosen = chosen if seed is None else with_seed(chosen, seed)
    counterfactual = load_counterfactual(chosen, against)
    record = run_ensemble(chosen, runs, workers, cloud=cloud)
    effects = run_effects(record, counterfactual, workers, cloud=cloud)
    return Result(record, cloud=cloud, effects=effects, no_effects=counterfactual.reason)


@dataclass(frozen=True)
class Counterfactual:
    """What a scenario is compared with: a name and a scenario, or the reason why there is none."""

    name: str
    scenario: Scenario | None = None
    reason: str | None = None


def load_counterfactual(scenario: Scenario, against: str | None) -> Counterfactual:
    """Return the counterfactual of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario whose effects are asked for; the counterfactual takes its seed.
    against : str
        ``no_policy``, ``none`` for no counterfactual, or another scenario by name or file.
    """
    from simulation.scenario.config.catalog import is_path, shipped_files
    from simulation.scenario.config.errors import ConfigError, ConfigProblem
    from simulation.scenario.config.formatting import suggest_name
    from simulation.scenario.counterfactual import NO_COUNTERFACTUAL, NO_POLICY, effect_obstacle, without_policy

    if against is None or against == NO_COUNTERFACTUAL:
        return Counterfactual(NO_COUNTERFACTUAL)
    names = [NO_POLICY, NO_COUNTERFACTUAL, *shipped_files("scenarios")]
    if against not in names and not is_path(against):
        hint = suggest_name(against, names, "known names")
        raise ConfigError([ConfigProblem(against, None, None, "", "no counterfactual of this name", hint)])
    if against != NO_POLICY:
        return Counterfactual(against, with_seed(load_scenario(against), scenario.seed))
    obstacle = effect_obstacle(scenario)
    if obstacle is not None:
        return Counterfactual(against, reason=f"No effect of policy: {obstacle}.")
    return Counterfactual(against, without_policy(scenario))


def run_effects(
    record: Record,
    counterfactual: Counterfactual,
    workers: int | None = 1,
    progress: Progress | None = None,
    cloud: Cloud | None = None,
) -> Effects | None:
    """Simulate the counterfactual of runs 0 to n - 1 of a scenario with the same news and return the effects.

    Parameters
    ----------
    record : Record
        The runs.
    counterfactual : Counterfactual
        As `load_counterfactual` returns it; without a scenario there are no effects.
    workers, progress, cloud
        As in `run_ensemble`.
    """
    from simulation.results.effects import effects_between
    from simulation.results.metrics import METRICS, columns_read_by

    if counterfactual.scenario is None:
        return None
    columns = columns_read_by(metric.name for metric in METRICS)
    twin = run_ensemble(counterfactual.scenario, len(record.runs), workers, progress, cloud, columns=columns)
    return effects_between(record, twin, counterfactual.name)


def load_scenario(scenario: str | Path | Scenario, settings: Sequence[str] = ()) -> Scenario:
    """Return a scenario given by name, by file or as an object, with overrides applied.

    Raises
    ------
    TypeError
        If overrides are given for a scenario object.
    """
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
    """Return one record with the runs of several, in the order given."""
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
    """Return the block size that gives every worker the same number of blocks, at most BLOCK_RUNS."""
    rounds = -(-runs // (BLOCK_RUNS * workers))
    return -(-runs // (rounds * workers))


def _with_progress(records: Iterable[Record], total: int, progress: Progress | None) -> Iterator[Record]:
    finished = 0
    for record in records:
        finished += len(record.runs)
        if progress is not None:
            progress(finished, total)
        yield record


def simulate_block(
    scenario: Scenario, block: range, cloud: Cloud | None = None, columns: frozenset[str] | None = None
) -> Record:
    """Simulate one block of runs, each with its parameter set if `cloud` is given.

    `columns` limits the recorded columns, as in `simulate`.
    """
    from simulation.day.capital_flows import simulate

    return simulate(scenario, block, None if cloud is None else cloud.variants(scenario, block), columns)
