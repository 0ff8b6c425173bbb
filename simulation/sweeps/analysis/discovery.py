"""Scenario discovery: which corners of parameter space give a crash, by a shallow decision tree.

Source: Bryant and Lempert (2010) on discovery by coverage and density; Breiman et al. (1984) on the tree; the tree is
scikit-learn's, an extra: ``pip install carryflow[discovery]``.
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
"""A box holds at least this share of the runs."""
LEAST_GAIN = 0.005
"""A cut of the tree explains at least this part of the variance of the outcome."""
WORTH_NAMING = 1.5
"""A box is named where the crash is so many times as frequent as overall."""
CONDITION_PATTERN = re.compile(r"\s*([A-Za-z0-9_]+)\s*(<=|>=|<|>)\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s*")
COMPARISONS: dict[str, Callable[[Any, float], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class OutcomeCondition:
    """What counts as the outcome that is looked for, such as ``usdjpy_trough_pct<-10``."""

    metric: str
    sign: str
    level: float

    @classmethod
    def parsed(cls, text: str) -> OutcomeCondition:
        """Read ``METRIC<LEVEL`` or the like.

        Raises
        ------
        OutputError
            If it is not of this form.
        """
        match = CONDITION_PATTERN.fullmatch(text)
        if match is None:
            raise OutputError(
                f"{text!r} is no condition; write METRIC<LEVEL or METRIC>LEVEL, e.g. usdjpy_trough_pct<-10"
            )
        return cls(match[1], match[2], float(match[3]))

    def of(self, runs: pd.DataFrame) -> Flags:
        """Whether each run meets it."""
        return np.asarray(COMPARISONS[self.sign](runs[self.metric].to_numpy(dtype=np.float64), self.level))

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.level:g}"


@dataclass(frozen=True)
class ParameterBox:
    """A corner of parameter space.

    Attributes
    ----------
    limits
        What holds in it, in words: ``markets.usdjpy.stress_slope > 0.9``.
    density
        Share of its runs that meet the condition.
    coverage
        Share of all runs that meet the condition that lie in it.
    mass
        Share of all runs that lie in it.
    """

    limits: tuple[str, ...]
    density: float
    coverage: float
    mass: float

    def __str__(self) -> str:
        return (
            f"{' and '.join(self.limits)}: {100 * self.density:.0f} % of its runs, {100 * self.coverage:.0f} % of all such runs "
            f"in {100 * self.mass:.0f} % of the space"
        )


@dataclass(frozen=True)
class Discovery:
    """Where a condition is met: how often overall, and the boxes in which it is met most, densest first."""

    condition: str
    share: float
    boxes: tuple[ParameterBox, ...]
    note: str = ""

    def in_words(self) -> str:
        """What was found, in a few sentences."""
        head = f"{self.condition} in {100 * self.share:.1f} % of runs."
        if self.note:
            return f"{head} {self.note}"
        return f"{head} {'; '.join(str(box) for box in self.boxes)}." if self.boxes else f"{head} No corner stands out."


def has_scikit_learn() -> bool:
    """Whether scikit-learn is installed."""
    return importlib.util.find_spec("sklearn") is not None


def discover_boxes(sweep: SweepTable, condition: OutcomeCondition) -> Discovery:
    """Find the boxes in which runs meet a condition most often.

    The leaves of a tree of depth 3 on the parameters of the sweep, each with at least 3 % of the runs.
    """
    runs = sweep.measured(condition.metric)
    return _discovered_boxes(sweep, runs, condition.of(runs), str(condition))


def discover_failures(sweep: SweepTable) -> Discovery:
    """Find the boxes in which runs failed most often: what is left out there is missing from everything else."""
    return _discovered_boxes(sweep, sweep.runs, (sweep.runs["status"] != DONE).to_numpy(), "Stopped early")


def _discovered_boxes(sweep: SweepTable, runs: pd.DataFrame, met: Flags, condition: str) -> Discovery:
    share = float(met.mean()) if len(met) else 0.0
    if share in (0.0, 1.0):
        return Discovery(condition, share, (), "Nothing to tell apart.")
    if not has_scikit_learn():
        return Discovery(condition, share, (), "No corner was looked for: pip install 'carryflow[discovery]'.")
    found = sorted(_leaf_boxes(parameter_features(sweep, runs), met), key=lambda box: (-box.density, box.limits))
    return Discovery(condition, share, tuple(box for box in found if box.density >= WORTH_NAMING * share))


def parameter_features(sweep: SweepTable, runs: pd.DataFrame) -> pd.DataFrame:
    """Parameters as numbers: a column a key, for an axis of words a column of 0 and 1 for each word (``key = word``)."""
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
    # A cut that tells nothing apart would name one corner several times.
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
    """Lower and upper bound of each column that leads to a leaf, by leaf."""
    found: dict[int, dict[str, tuple[float, float]]] = {}
    open_nodes: list[tuple[int, dict[str, tuple[float, float]]]] = [(0, {})]
    while open_nodes:
        node, bounds = open_nodes.pop()
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left == right:
            found[node] = bounds
            continue
        name, cut = names[tree.feature[node]], float(tree.threshold[node])
        low, high = bounds.get(name, (-np.inf, np.inf))
        open_nodes += [(left, bounds | {name: (low, min(high, cut))}), (right, bounds | {name: (max(low, cut), high)})]
    return found


def _format_limit(name: str, ends: tuple[float, float]) -> str:
    low, high = ends
    if " = " in name:
        return name if np.isfinite(low) else name.replace(" = ", " is not ")
    if np.isfinite(low) and np.isfinite(high):
        return f"{low:.3g} < {name} <= {high:.3g}"
    return f"{name} > {low:.3g}" if np.isfinite(low) else f"{name} <= {high:.3g}"
