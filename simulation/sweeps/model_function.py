"""The model as a function of numbers, for tools that bring their own designs: SALib, the EMA Workbench and others.

None of them is imported here: SALib takes `problem` and `evaluate`, the EMA Workbench takes the model itself as a function of
keyword arguments that returns a dictionary.

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
        What comes back.
    runs
        Runs at each point, the same news at all points.
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
        """Keys by a name that may stand in Python: ``markets_usdjpy_stress_slope``."""
        return {re.sub(r"\W+", "_", key).strip("_"): key for key in self.ranges}

    @property
    def problem(self) -> dict[str, Any]:
        """The keys and their ranges as SALib takes them."""
        bounds = [list(ends) for ends in self.ranges.values()]
        return {"num_vars": len(self.ranges), "names": list(self.ranges), "bounds": bounds}

    def evaluate(self, values: ArrayLike, metric: str | None = None) -> FloatArray:
        """Mean of a metric, the first if none is named, at points ``(points, keys)`` in the order of `ranges`: ``(points,)``.

        Not-a-number at a point where no run finished.
        """
        found = self._response(np.asarray(values, dtype=np.float64))[..., self.metrics.index(metric or self.metrics[0])]
        finished = np.isfinite(found)
        sums, counts = np.where(finished, found, 0.0).sum(axis=1), finished.sum(axis=1)
        return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))

    def __call__(self, **values: float) -> dict[str, float]:
        """Mean metrics at one point, given by the names in `names`: the form in which the EMA Workbench asks.

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
