"""A metric of a scenario as a function of some of its keys, run by run under common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from simulation.compute.ensemble import load_scenario, run_ensemble
from simulation.results.metrics import (
    EFFECT_PREFIX,
    METRICS,
    FinishedRuns,
    columns_read_by,
    level_name,
    outcomes,
)
from simulation.results.output_folder import OutputError
from simulation.scenario.batch import BLOCK_RUNS, parameter_may_differ
from simulation.scenario.config.parameter_sets import with_values
from simulation.scenario.counterfactual import without_policy

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]
Settings = tuple[str, ...]
PointProgress = Callable[[int, int], None]


class MetricResponse(Protocol):
    """The function that a search evaluates: values ``(points, keys)`` to a metric ``(points, runs)``.

    Run i has the same news at every point; the metric is not-a-number if the run did not finish.
    """

    def __call__(self, values: FloatArray, /) -> FloatArray:
        """Return the metric of every run at every point."""


def check_metric_name(name: str) -> str:
    """Return the name of a metric.

    Raises
    ------
    OutputError
        If there is no such metric.
    """
    known = [outcome.name for outcome in outcomes()]
    if name not in known:
        raise OutputError(
            f"there is no metric {name!r}; known: {', '.join(metric.name for metric in METRICS)}, each also with "
            f"{EFFECT_PREFIX!r} before it for the effect of policy"
        )
    return name


def metric_unit(name: str) -> str:
    """Unit of a metric."""
    return next(outcome.unit for outcome in outcomes() if outcome.name == name)


def run_outcomes(
    record: Record, names: str | tuple[str, ...], record_without_policy: Callable[[], Record]
) -> FloatArray:
    """An outcome of every run of a record, ``(runs,)``, or several, ``(runs, outcomes)``.

    An effect is the metric less that of the same run without policy; those runs are simulated only if an effect is asked for.
    """
    asked = (names,) if isinstance(names, str) else names
    values = run_metrics(record, tuple(level_name(name) for name in asked))
    effects = [at for at, name in enumerate(asked) if name.startswith(EFFECT_PREFIX)]
    if effects:
        others = run_metrics(record_without_policy(), tuple(level_name(asked[at]) for at in effects))
        values[:, effects] = values[:, effects] - others
    return values[:, 0] if isinstance(names, str) else values


def run_metrics(record: Record, names: str | tuple[str, ...]) -> FloatArray:
    """A metric of every run of a record, ``(runs,)``, or several, ``(runs, metrics)``.

    Not-a-number if a run did not finish.

    Raises
    ------
    OutputError
        If the scenario does not have the metric.
    """
    if not isinstance(names, str):
        return np.stack([run_metrics(record, name) for name in names], axis=-1)
    finished, name = FinishedRuns(record), names
    of_finished = next(metric for metric in METRICS if metric.name == name).per_run(finished)
    if of_finished is None and finished.count:
        raise OutputError(f"{record.scenario.name} has no {name}: the scenario lacks the inputs of this metric")
    values = np.full(len(record.runs), np.nan)
    if of_finished is not None:
        values[finished.rows] = of_finished
    return values


@dataclass(frozen=True)
class PointEnsemble:
    """The runs at each point.

    Attributes
    ----------
    runs
        Number of runs at each point, numbered 0 to runs - 1.
    workers
        Number of processes; None chooses by the amount of work.
    cloud
        Calibrated parameter sets: run i uses set i.
    """

    runs: int
    workers: int | None = 1
    cloud: Cloud | None = None


@dataclass
class ScenarioResponse:
    """A metric of a scenario over some of its keys.

    Attributes
    ----------
    scenario_at
        Function from one value per key to the scenario.
    searched
        Keys that the search sets; they override the values of a cloud.
    metric
        Name of the metric, or names of several, which form a last axis.
    ensemble
        The runs at each point.
    progress
        Called with (points done, 0) after each batch; the number of points is not known in advance.
    known
        Results of earlier evaluations by point.
    """

    scenario_at: Callable[[Sequence[float]], Scenario]
    searched: tuple[str, ...]
    metric: str | tuple[str, ...]
    ensemble: PointEnsemble
    progress: PointProgress | None = None
    known: dict[tuple[float, ...], FloatArray] = field(default_factory=dict)

    def __call__(self, values: FloatArray) -> FloatArray:
        """Return the metric of every run at every point; known points are not run again."""
        points = [tuple(float(value) for value in row) for row in np.atleast_2d(values)]
        new = [point for point in dict.fromkeys(points) if point not in self.known]
        size = self._points_per_batch()
        for first in range(0, len(new), size):
            batch = new[first : first + size]
            self.known.update(zip(batch, self._run(batch), strict=True))
            if self.progress is not None:
                self.progress(len(self.known), 0)
        return np.stack([self.known[point] for point in points])

    def _points_per_batch(self) -> int:
        """Number of points in one pass; one if a key may not differ within a batch."""
        together = bool(self.searched) and all(parameter_may_differ(key) for key in self.searched)
        return max(1, BLOCK_RUNS // self.ensemble.runs) if together else 1

    def _run(self, points: Sequence[tuple[float, ...]]) -> list[FloatArray]:
        scenarios = [self.scenario_at(point) for point in points]
        overridden = set(self.searched) & set(self.ensemble.cloud.keys if self.ensemble.cloud else ())
        if len(points) == 1 and not overridden:
            one, scenario = self.ensemble, scenarios[0]

            def record_of(chosen: Scenario) -> Record:
                return run_ensemble(chosen, one.runs, one.workers, None, one.cloud)

            return [run_outcomes(record_of(scenario), self.metric, lambda: record_of(without_policy(scenario)))]
        values = [dict(zip(self.searched, point, strict=True)) for point in points]
        return self._side_by_side(scenarios, values)

    def _side_by_side(self, scenarios: Sequence[Scenario], values: Sequence[Mapping[str, float]]) -> list[FloatArray]:
        """Several points in passes of at most `BLOCK_RUNS` runs, or one whose key the cloud also sets."""
        runs = range(self.ensemble.runs)
        variants = [
            variant
            for scenario, of_point in zip(scenarios, values, strict=True)
            for variant in self._variants(scenario, runs, of_point)
        ]
        numbers = list(runs) * len(scenarios)
        parts: list[FloatArray] = []
        for first in range(0, len(numbers), BLOCK_RUNS):
            rows = slice(first, first + BLOCK_RUNS)
            part = partial(self._record, numbers[rows])
            given = variants[rows]
            parts.append(run_outcomes(part(given), self.metric, partial(part, [without_policy(one) for one in given])))
        together = np.concatenate(parts)
        return list(together.reshape(len(scenarios), self.ensemble.runs, *together.shape[1:]))

    def _record(self, numbers: Sequence[int], variants: Sequence[Scenario]) -> Record:
        """The runs of one pass, each with its scenario, with the columns that the metrics need."""
        from simulation.day.capital_flows import simulate

        return simulate(variants[0], numbers, variants, columns_read_by(self._metrics()))

    def _metrics(self) -> tuple[str, ...]:
        return (self.metric,) if isinstance(self.metric, str) else self.metric

    def _variants(self, scenario: Scenario, runs: range, values: Mapping[str, float]) -> list[Scenario]:
        cloud = self.ensemble.cloud
        if cloud is None:
            return [scenario] * len(runs)
        overridden = {key: value for key, value in values.items() if key in cloud.keys}
        return [with_values(variant, overridden) for variant in cloud.variants(scenario, runs)]


def scenario_loader(
    name: str, settings: Settings, texts: Callable[[Sequence[float]], Settings]
) -> Callable[..., Scenario]:
    """Return a function from values to the scenario with `settings` and the settings that `texts` gives for the values."""

    def at(values: Sequence[float]) -> Scenario:
        return load_scenario(name, (*settings, *texts(values)))

    return at
