"""Shapley values of the mechanisms of a scenario, from runs of every coalition under the same news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.compute.ensemble import default_worker_count_for, load_scenario, run_ensemble, with_seed
from simulation.compute.workers import map_in_order
from simulation.results.estimates import EstimateWithError
from simulation.results.metrics import METRICS, FinishedRuns, Metric
from simulation.results.output_folder import OutputError
from simulation.scenario.config.parameter_sets import sets_beside
from simulation.studies.shapley.shares import Attribution, Mechanisms, MechanismShare
from simulation.studies.shapley.switches import MECHANISM_LABELS, MECHANISMS, switch_off_settings, without_mechanisms
from simulation.studies.shapley.values import Coalition, FloatArray, Worths, alone_and_last, coalitions, shapley

if TYPE_CHECKING:
    from simulation.compute.ensemble import Progress
    from simulation.day.recorder import Record
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

DEFAULT_METRICS = ("usdjpy_trough_pct", "unwound_share")
DEFAULT_RUNS = 20
FEWEST_RUNS = 2


def mechanisms(  # noqa: PLR0913 - the one call that most users make
    scenario: str | Path | Scenario,
    *,
    runs: int = DEFAULT_RUNS,
    metrics: Sequence[str] = DEFAULT_METRICS,
    seed: int | None = None,
    workers: int | None = 1,
    settings: Sequence[str] = (),
    cloud: Cloud | None = None,
    progress: Progress | None = None,
) -> Mechanisms:
    """Return the contributions of margin calls, stops, volatility targets, carry incentives and repatriation to metrics.

    Every coalition of the mechanisms is run (up to 32 times `runs`) under the same news. The Shapley values sum to the
    metric with all mechanisms minus the metric with none.

    Parameters
    ----------
    scenario : str, Path or Scenario
        Scenario with ``unwind.rule: structural``.
    runs : int
        Runs of each coalition, at least 2.
    metrics : sequence of str
        Names of the metrics, as in ``carryflow list metrics``.
    seed, workers, settings, cloud, progress
        As for `run`.

    Raises
    ------
    OutputError
        If a metric is unknown, the scenario has none of the mechanisms, or too few runs finish.
    """
    if runs < FEWEST_RUNS:
        raise OutputError(f"runs must be at least {FEWEST_RUNS} for a standard error, got {runs}")
    base = load_scenario(scenario, settings)
    base = base if seed is None else with_seed(base, seed)
    sets = sets_beside(cloud, settings)
    chosen, players = metrics_by_name(metrics), scenario_mechanisms(base)
    groups, by_group = list(coalitions(players)), {}
    games = [(without_mechanisms(base, set(players) - group), runs, metrics, sets) for group in groups]
    count = default_worker_count_for([(base, runs)] * len(groups), len(groups)) if workers is None else workers
    for at, run_metrics in enumerate(measure_games(games, count)):
        by_group[groups[at]] = run_metrics
        if progress is not None:
            progress((at + 1) * runs, len(groups) * runs)
    worths, finished = common_run_worths(by_group, chosen)
    attributions = tuple(attribute_metric(metric, worths[metric.name], players) for metric in chosen)
    switched = {one: switch_off_settings(base, one) for one in players}
    return Mechanisms(base.name, base.seed, runs, runs - finished, attributions, switched)


RunMetrics = tuple[NDArray[np.int64], dict[str, FloatArray]]
"""Numbers of the finished runs, and their metrics by name."""
CoalitionGame = tuple["Scenario", int, Sequence[str], "Cloud | None"]
"""A scenario with some mechanisms off, number of runs, metric names, and parameter sets of the runs."""


def measure_games(games: Sequence[CoalitionGame], workers: int) -> Iterator[RunMetrics]:
    """Yield the metrics of every coalition in order; the number of workers does not affect them."""
    return (measure_game(*game) for game in games) if workers == 1 else map_in_order(measure_game, games, workers)


def measure_game(scenario: Scenario, runs: int, metrics: Sequence[str], cloud: Cloud | None) -> RunMetrics:
    """Run one coalition and return its metrics."""
    return finished_run_metrics(run_ensemble(scenario, runs, cloud=cloud), metrics_by_name(metrics))


def metrics_by_name(names: Sequence[str]) -> tuple[Metric, ...]:
    """Return metrics by name, without duplicates."""
    known = {metric.name: metric for metric in METRICS}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise OutputError(f"metric {unknown[0] if unknown else ''!r} is unknown; known: {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names))


def scenario_mechanisms(scenario: Scenario) -> tuple[str, ...]:
    """Return the mechanisms that are active in a scenario."""
    if scenario.unwind.rule == "threshold":
        raise OutputError(
            f"{scenario.name}: unwind.rule is 'threshold'; thresholds replace the mechanisms; set unwind.rule=structural"
        )
    players = tuple(one for one in MECHANISMS if switch_off_settings(scenario, one))
    if not players:
        raise OutputError(f"{scenario.name} has none of the mechanisms: {', '.join(MECHANISM_LABELS)}")
    return players


def finished_run_metrics(record: Record, metrics: Sequence[Metric]) -> RunMetrics:
    """Return numbers and metrics of the finished runs of a coalition."""
    finished = FinishedRuns(record)
    values = {metric.name: metric.per_run(finished) for metric in metrics}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise OutputError(f"{record.scenario.name}: metric {missing[0]} is not available; choose another --metric")
    return record.runs[finished.rows], {name: value for name, value in values.items() if value is not None}


def common_run_worths(
    by_group: dict[Coalition, RunMetrics], metrics: Sequence[Metric]
) -> tuple[dict[str, Worths], int]:
    """Return worths by metric over the runs that finished in every coalition, and the number of these runs."""
    common = None
    for numbers, _ in by_group.values():
        common = numbers if common is None else np.intersect1d(common, numbers)
    count = 0 if common is None else len(common)
    if common is None or count < FEWEST_RUNS:
        raise OutputError(
            f"{count} runs finished in every coalition; at least {FEWEST_RUNS} are needed: use more --runs"
        )
    worths: dict[str, Worths] = {
        metric.name: {
            group: values[metric.name][np.isin(numbers, common)] for group, (numbers, values) in by_group.items()
        }
        for metric in metrics
    }
    return worths, count


def attribute_metric(metric: Metric, worths: Worths, players: tuple[str, ...]) -> Attribution:
    """Return the contributions of the mechanisms to one metric."""
    full, none = worths[frozenset(players)], worths[frozenset()]
    values, ends = shapley(worths, players), alone_and_last(worths, players)
    shares = tuple(
        MechanismShare(
            one,
            EstimateWithError.of(values[one]),
            EstimateWithError.of(ends[one][0]),
            EstimateWithError.of(ends[one][1]),
            values[one],
        )
        for one in players
    )
    return Attribution(
        metric, EstimateWithError.of(none), EstimateWithError.of(full), EstimateWithError.of(full - none), shares
    )
