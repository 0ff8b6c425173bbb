"""Shapley shares of the mechanisms of a scenario: every coalition of mechanisms is run under the same news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.compute.ensemble import default_worker_count, load_scenario, run_ensemble, with_seed
from simulation.compute.workers import map_in_order
from simulation.results.metrics import METRICS, FinishedRuns, Metric
from simulation.results.output_folder import OutputError
from simulation.studies.shapley.shares import Attribution, Estimate, Mechanisms, MechanismShare
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
    """Say what margin calls, stops, volatility targets, carry incentives and repatriation contribute to a metric.

    Every coalition of the mechanisms is run (32 times `runs`) under the same news; the Shapley values add up to the
    metric with all mechanisms less that with none.

    Parameters
    ----------
    scenario : str, Path or Scenario
        What to simulate; its holders must leave by their own rules (``unwind.rule: structural``).
    runs : int
        Runs of each coalition, at least 2.
    metrics : sequence of str
        Metrics to attribute, names as ``carryflow list metrics`` shows them.
    seed, workers, settings, cloud, progress
        As for `run`.

    Raises
    ------
    OutputError
        If a metric is unknown, the scenario has none of the mechanisms, or too few runs finish.
    """
    if runs < FEWEST_RUNS:
        raise OutputError(f"runs must be at least {FEWEST_RUNS} for a standard error, got {runs}")
    wanted = load_scenario(scenario, settings)
    wanted = wanted if seed is None else with_seed(wanted, seed)
    chosen, players = metrics_by_name(metrics), scenario_mechanisms(wanted)
    groups, found = list(coalitions(players)), {}
    games = [(without_mechanisms(wanted, set(players) - group), runs, metrics, cloud) for group in groups]
    count = default_worker_count(wanted, runs * len(groups)) if workers is None else workers
    for at, group_measured in enumerate(measure_games(games, count)):
        found[groups[at]] = group_measured
        if progress is not None:
            progress((at + 1) * runs, len(groups) * runs)
    worths, kept = common_run_worths(found, chosen)
    attributions = tuple(attribute_metric(metric, worths[metric.name], players) for metric in chosen)
    switched = {one: switch_off_settings(wanted, one) for one in players}
    return Mechanisms(wanted.name, wanted.seed, runs, runs - kept, attributions, switched)


RunMetrics = tuple[NDArray[np.int64], dict[str, FloatArray]]
"""Numbers of the finished runs, and each metric of them."""
CoalitionGame = tuple["Scenario", int, Sequence[str], "Cloud | None"]
"""A scenario with some mechanisms off, its runs, the metrics, and the parameter sets of the runs."""


def measure_games(games: Sequence[CoalitionGame], workers: int) -> Iterator[RunMetrics]:
    """Measure every game in order, here or on worker processes; the numbers are the same."""
    return (measure_game(*game) for game in games) if workers == 1 else map_in_order(measure_game, games, workers)


def measure_game(scenario: Scenario, runs: int, metrics: Sequence[str], cloud: Cloud | None) -> RunMetrics:
    """Run one coalition and measure it."""
    return finished_run_metrics(run_ensemble(scenario, runs, cloud=cloud), metrics_by_name(metrics))


def metrics_by_name(names: Sequence[str]) -> tuple[Metric, ...]:
    """Metrics by name."""
    known = {metric.name: metric for metric in METRICS}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise OutputError(f"metric {unknown[0] if unknown else ''!r} is unknown; known: {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names))


def scenario_mechanisms(scenario: Scenario) -> tuple[str, ...]:
    """The mechanisms that a scenario has."""
    if scenario.unwind.rule == "threshold":
        raise OutputError(
            f"{scenario.name}: holders leave by thresholds, which replace the mechanisms; set unwind.rule=structural"
        )
    players = tuple(one for one in MECHANISMS if switch_off_settings(scenario, one))
    if not players:
        raise OutputError(f"{scenario.name} has none of the mechanisms: {', '.join(MECHANISM_LABELS)}")
    return players


def finished_run_metrics(record: Record, metrics: Sequence[Metric]) -> RunMetrics:
    """Metrics of the finished runs of a coalition."""
    finished = FinishedRuns(record)
    values = {metric.name: metric.per_run(finished) for metric in metrics}
    missing = [name for name, found in values.items() if found is None]
    if missing:
        raise OutputError(f"{record.scenario.name}: {missing[0]} cannot be measured there")
    return record.runs[finished.rows], {name: found for name, found in values.items() if found is not None}


def common_run_worths(found: dict[Coalition, RunMetrics], metrics: Sequence[Metric]) -> tuple[dict[str, Worths], int]:
    """Worths by metric over the runs that finished in every coalition, and how many these are."""
    kept = None
    for numbers, _ in found.values():
        kept = numbers if kept is None else np.intersect1d(kept, numbers)
    count = 0 if kept is None else len(kept)
    if kept is None or count < FEWEST_RUNS:
        raise OutputError(f"{count} runs finished in every coalition; at least {FEWEST_RUNS} are needed")
    worths: dict[str, Worths] = {
        metric.name: {group: values[metric.name][np.isin(numbers, kept)] for group, (numbers, values) in found.items()}
        for metric in metrics
    }
    return worths, count


def attribute_metric(metric: Metric, worths: Worths, players: tuple[str, ...]) -> Attribution:
    """The mechanisms' shares of one metric."""
    full, none = worths[frozenset(players)], worths[frozenset()]
    values, ends = shapley(worths, players), alone_and_last(worths, players)
    shares = tuple(
        MechanismShare(one, Estimate.of(values[one]), Estimate.of(ends[one][0]), Estimate.of(ends[one][1]))
        for one in players
    )
    return Attribution(metric, Estimate.of(none), Estimate.of(full), Estimate.of(full - none), shares)
