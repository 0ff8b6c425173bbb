"""Scenario discovery: regions of parameter space in which an outcome is frequent, from a shallow decision tree.

Source: Bryant and Lempert (2010) on discovery by coverage and density; Breiman et al. (1984) on the tree. The tree is that of
scikit-learn, an extra: ``pip install carryflow[discovery]``.
"""

from __future__ import annotations

import importlib.util
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.results.output_folder import OutputError
from simulation.sweeps.analysis.sweep_table import DONE, SweepTable

Flags = NDArray[np.bool_]
DEPTH = 3
SMALLEST_LEAF = 0.03
"""Minimum share of the runs in a region."""
LEAST_GAIN = 0.005
"""Minimum share of the variance of the outcome that a split of the tree explains."""
WORTH_NAMING = 1.5
"""A region is reported if the outcome is at least this many times as frequent as overall."""
CONDITION_PATTERN = re.compile(r"\s*([A-Za-z0-9_]+)\s*(<=|>=|<|>)\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s*")
COMPARISONS: dict[str, Callable[[Any, float], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class OutcomeCondition:
    """The outcome of interest, such as ``usdjpy_trough_pct<-10``."""

    metric: str
    sign: str
    level: float

    @classmethod
    def parse(cls, text: str) -> OutcomeCondition:
        """Parse ``METRIC<LEVEL`` or ``METRIC>LEVEL``.

        Raises
        ------
        OutputError
            If the text has another form.
        """
        match = CONDITION_PATTERN.fullmatch(text)
        if match is None:
            raise OutputError(
                f"{text!r} is not a condition; write METRIC<LEVEL or METRIC>LEVEL, e.g. usdjpy_trough_pct<-10"
            )
        return cls(match[1], match[2], float(match[3]))

    def is_met(self, runs: pd.DataFrame) -> Flags:
        """Whether each run meets the condition."""
        return np.asarray(COMPARISONS[self.sign](runs[self.metric].to_numpy(dtype=np.float64), self.level))

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.level:g}"


@dataclass(frozen=True)
class ParameterBox:
    """A region of parameter space.

    Attributes
    ----------
    limits
        Its bounds as text: ``markets.usdjpy.stress_slope > 0.9``.
    density
        Share of its runs that meet the condition.
    coverage
        Its share of all runs that meet the condition.
    mass
        Its share of all runs.
    """

    limits: tuple[str, ...]
    density: float
    coverage: float
    mass: float

    def __str__(self) -> str:
        return (
            f"{' and '.join(self.limits)}: {100 * self.density:.0f} % of the runs there; {100 * self.coverage:.0f} % of all such "
            f"runs in {100 * self.mass:.0f} % of the parameter space"
        )


@dataclass(frozen=True)
class Discovery:
    """Frequency of a condition overall, and the regions in which it is most frequent, highest density first."""

    condition: str
    share: float
    boxes: tuple[ParameterBox, ...]
    note: str = ""

    def in_words(self) -> str:
        """Describe the result in a few sentences."""
        head = f"{self.condition} in {100 * self.share:.1f} % of runs."
        if self.note:
            return f"{head} {self.note}"
        return f"{head} {'; '.join(str(box) for box in self.boxes)}." if self.boxes else f"{head} No region stands out."


def has_scikit_learn() -> bool:
    """Whether scikit-learn is installed."""
    return importlib.util.find_spec("sklearn") is not None


def discover_boxes(sweep: SweepTable, condition: OutcomeCondition) -> Discovery:
    """Return the regions in which runs meet a condition most often.

    They are leaves of a tree of depth 3 on the parameters of the sweep, each with at least 3 % of the runs.
    """
    runs = sweep.runs_with(condition.metric)
    return _discovered_boxes(sweep, runs, condition.is_met(runs), str(condition))


def discover_failures(sweep: SweepTable) -> Discovery:
    """Return the regions in which runs failed most often; these runs are missing from all other results."""
    return _discovered_boxes(sweep, sweep.runs, (sweep.runs["status"] != DONE).to_numpy(), "Stopped early")


def _discovered_boxes(sweep: SweepTable, runs: pd.DataFrame, met: Flags, condition: str) -> Discovery:
    share = float(met.mean()) if len(met) else 0.0
    if share in (0.0, 1.0):
        return Discovery(condition, share, (), "No difference between regions.")
    if not has_scikit_learn():
        return Discovery(condition, share, (), "Regions were not searched: pip install 'carryflow[discovery]'.")
    boxes = sorted(_leaf_boxes(parameter_features(sweep, runs), met), key=lambda box: (-box.density, box.limits))
    return Discovery(condition, share, tuple(box for box in boxes if box.density >= WORTH_NAMING * share))


def parameter_features(sweep: SweepTable, runs: pd.DataFrame) -> pd.DataFrame:
    """Parameters as numbers: a column per numeric key, and for a text axis a 0-1 column per value (``key = value``)."""
    columns: dict[str, pd.Series[Any]] = {}
    for axis in sweep.axes:
        values = runs[axis.column]
        if axis.numeric:
            columns[axis.key] = values.astype(float)
        else:
            columns |= {
                f"{axis.key} = {word}": (values == word).astype(float) for word in sorted(values.dropna().unique())
            }
    return pd.DataFrame(columns)


def _leaf_boxes(columns: pd.DataFrame, met: Flags) -> Iterator[ParameterBox]:
    from sklearn.tree import DecisionTreeClassifier

    numbers = columns.to_numpy(dtype=np.float64)
    # Without a minimum gain, uninformative splits would report one region several times.
    gain = LEAST_GAIN * float(met.mean() * (1.0 - met.mean()))
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=SMALLEST_LEAF, min_impurity_decrease=gain, random_state=0
    ).fit(numbers, met)
    leaf_of = tree.apply(numbers)
    for leaf, bounds in _leaf_bounds(tree.tree_, [str(name) for name in columns]).items():
        inside = leaf_of == leaf
        density = float(met[inside].mean())
        limits = tuple(_format_limit(name, ends) for name, ends in bounds.items()) or ("everywhere",)
        yield ParameterBox(limits, density, float((met & inside).sum() / met.sum()), float(inside.mean()))


def _leaf_bounds(tree: Any, names: list[str]) -> dict[int, dict[str, tuple[float, float]]]:
    """Lower and upper bound of each column, by leaf."""
    leaves: dict[int, dict[str, tuple[float, float]]] = {}
    open_nodes: list[tuple[int, dict[str, tuple[float, float]]]] = [(0, {})]
    while open_nodes:
        node, bounds = open_nodes.pop()
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left == right:
            leaves[node] = bounds
            continue
        name, cut = names[tree.feature[node]], float(tree.threshold[node])
        low, high = bounds.get(name, (-np.inf, np.inf))
        open_nodes += [(left, bounds | {name: (low, min(high, cut))}), (right, bounds | {name: (max(low, cut), high)})]
    return leaves


def _format_limit(name: str, ends: tuple[float, float]) -> str:
    low, high = ends
    if " = " in name:
        return name if np.isfinite(low) else name.replace(" = ", " is not ")
    if np.isfinite(low) and np.isfinite(high):
        return f"{low:.3g} < {name} <= {high:.3g}"
    return f"{name} > {low:.3g}" if np.isfinite(low) else f"{name} <= {high:.3g}"
