"""The model as a function of numbers, for external tools such as SALib and the EMA Workbench.

SALib uses `problem` and `evaluate`. The EMA Workbench calls the model itself, a function of keyword arguments that returns a
dictionary. Neither is imported here.

    >>> from simulation.sweeps.model_function import ModelFunction
    >>> model = ModelFunction(
    ...     "december_2025_official", {"markets.usdjpy.stress_slope": (0.4, 1.3)}, ("usdjpy_trough_pct",), runs=8
    ... )
    >>> model.problem["num_vars"]
    1
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulation.results.output_folder import OutputError
from simulation.studies.search.response import (
    PointEnsemble,
    ScenarioResponse,
    Settings,
    check_metric_name,
    scenario_loader,
)
from simulation.studies.search.search_key import search_key

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ModelFunction:
    """Mean metrics of a scenario as a function of some of its keys, under common random numbers.

    Attributes
    ----------
    scenario
        Name or file of a scenario.
    ranges
        Lowest and highest value of each key, in the unit of the key; basis points for rates.
    metrics
        Names of the metrics to return.
    runs
        Runs at each point, with the same news at all points.
    settings
        Changes to the scenario, as after ``--set``.
    """

    scenario: str
    ranges: Mapping[str, tuple[float, float]]
    metrics: tuple[str, ...]
    runs: int = 16
    settings: Settings = ()

    def __post_init__(self) -> None:
        for name in self.metrics:
            check_metric_name(name)
        if not self.ranges or not self.metrics:
            raise OutputError("give at least one key with its range, and one metric")

    @property
    def names(self) -> dict[str, str]:
        """Keys by a valid Python name, such as ``markets_usdjpy_stress_slope``."""
        return {re.sub(r"\W+", "_", key).strip("_"): key for key in self.ranges}

    @property
    def problem(self) -> dict[str, Any]:
        """The keys and their ranges as a SALib problem."""
        bounds = [list(ends) for ends in self.ranges.values()]
        return {"num_vars": len(self.ranges), "names": list(self.ranges), "bounds": bounds}

    def evaluate(self, values: ArrayLike, metric: str | None = None) -> FloatArray:
        """Mean of a metric, by default the first, at points ``(points, keys)`` in the order of `ranges`: ``(points,)``.

        Not-a-number at points where no run finished.
        """
        results = self._response(np.asarray(values, dtype=np.float64))[
            ..., self.metrics.index(metric or self.metrics[0])
        ]
        finished = np.isfinite(results)
        sums, counts = np.where(finished, results, 0.0).sum(axis=1), finished.sum(axis=1)
        return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))

    def __call__(self, **values: float) -> dict[str, float]:
        """Mean metrics at one point, given by the names in `names`, as the EMA Workbench calls it.

        Raises
        ------
        OutputError
            If a key is missing or unknown.
        """
        names = self.names
        wrong = set(names) ^ set(values)
        if wrong:
            raise OutputError(f"missing or unknown: {', '.join(sorted(wrong))}; this model takes {', '.join(names)}")
        point = [[float(values[name]) for name in names]]
        return {metric: float(self.evaluate(point, metric)[0]) for metric in self.metrics}

    @cached_property
    def _response(self) -> ScenarioResponse:
        keys = [search_key(self.scenario, self.settings, key, str(ends[0])) for key, ends in self.ranges.items()]

        def texts(values: Sequence[float]) -> Settings:
            return tuple(key.setting(float(value)) for key, value in zip(keys, values, strict=True))

        at = scenario_loader(self.scenario, self.settings, texts)
        return ScenarioResponse(at, tuple(self.ranges), self.metrics, PointEnsemble(self.runs))
