"""The value of a key at which the mean of a metric crosses a level, with its interval.

The search uses bisection, or division into more parts where many points fit into one batch, under common random numbers: every
point has the same news, so that the mean over runs is a single curve without noise between points. The remaining uncertainty
is that the runs are a sample; the interval comes from resampling runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.studies.search.response import MetricResponse

FloatArray = NDArray[np.float64]
RESAMPLES = 1000
CONFIDENCE = 0.95
TAIL = (1.0 - CONFIDENCE) / 2.0


class NoTippingError(ValueError):
    """The metric does not cross the level in the range searched."""


@dataclass(frozen=True)
class SearchBracket:
    """Range and precision of a search.

    Attributes
    ----------
    low, high
        Ends, in the unit of the key.
    tolerance
        Width to which the crossing is located, in the same unit.
    parts
        Number of parts into which each step divides the range; two is bisection.
    refinements
        Maximum number of rounds that also evaluate the ends of the interval.
    """

    low: float
    high: float
    tolerance: float
    parts: int = 2
    refinements: int = 3


@dataclass(frozen=True)
class TippingPoint:
    """Where the mean of a metric crosses a level.

    Attributes
    ----------
    value
        The crossing of the mean over runs.
    low, high
        Its 95 % interval over samples of runs, no narrower than the tolerance of the search.
    history_low, history_high
        10 and 90 % quantiles over runs of the crossing of a single run, which depends on its news.
    points, means
        Values evaluated and the mean of the metric there, in order of the key.
    runs
        Number of runs that finished at all points.
    """

    value: float
    low: float
    high: float
    history_low: float
    history_high: float
    points: FloatArray
    means: FloatArray
    runs: int

    def to_dict(self) -> dict[str, Any]:
        """Return the results as JSON-ready values."""
        history = {"p10": _number(self.history_low), "p90": _number(self.history_high)}
        curve = [{"value": float(x), "mean": float(y)} for x, y in zip(self.points, self.means, strict=True)]
        return {
            "value": self.value, "low": self.low, "high": self.high,
            "of_single_runs": history, "runs": self.runs, "evaluated": curve,
        }  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@dataclass
class _EvaluatedPoints:
    """Points evaluated so far, with the metric of each run minus the level."""

    response: MetricResponse
    level: float
    rows: dict[float, FloatArray] = field(default_factory=dict)

    def evaluate(self, points: Sequence[float]) -> None:
        new = [point for point in points if point not in self.rows]
        if new:
            values = self.response(np.array(new)[:, None]) - self.level
            self.rows.update(zip(new, values, strict=True))

    def table(self) -> tuple[FloatArray, FloatArray]:
        """Points in order, and the values of runs that finished at all of them, ``(points, runs)``."""
        points = np.array(sorted(self.rows))
        values = np.stack([self.rows[float(point)] for point in points])
        complete = np.isfinite(values).all(axis=0)
        if not complete.any():
            raise NoTippingError("no run finished at all values tried; narrow the range")
        return points, values[:, complete]

    def mean(self, point: float) -> float:
        """Mean at a point minus the level, over the runs that finished at all points, so that the curve has no jumps."""
        points, values = self.table()
        return float(values[int(np.searchsorted(points, point))].mean())


def find_tipping_point(response: MetricResponse, level: float, bracket: SearchBracket, seed: int = 0) -> TippingPoint:
    """Return the value at which the mean of a metric over runs crosses a level.

    Parameters
    ----------
    response
        Metric by value and run.
    level
        The level, in the unit of the metric.
    bracket
        Range that contains one crossing.
    seed
        Seed of the resampling of runs.

    Raises
    ------
    NoTippingError
        If the mean lies on one side of the level at both ends.
    """
    evaluated = _EvaluatedPoints(response, level)
    ends = (bracket.low, bracket.high)
    evaluated.evaluate(ends)
    if evaluated.mean(ends[0]) * evaluated.mean(ends[1]) > 0.0:
        raise NoTippingError(_describe_no_crossing(evaluated, ends))
    inner = _narrowed_bracket(evaluated, bracket)
    # Evaluate the ends of the interval, so that they are not interpolated over a long distance.
    for _ in range(bracket.refinements):
        low, high = _interval(evaluated, seed)
        if _is_resolved(evaluated, (low, high), bracket.tolerance):
            break
        evaluated.evaluate([float(np.clip(at, *ends)) for at in (low, high)])
    return _tipping_point(evaluated, inner, seed)


def _describe_no_crossing(evaluated: _EvaluatedPoints, ends: tuple[float, float]) -> str:
    low, high = (evaluated.mean(end) + evaluated.level for end in ends)
    return (
        f"the mean is {low:.4g} at {ends[0]:g} and {high:.4g} at {ends[1]:g}: it does not cross {evaluated.level:g} in between; "
        "widen the range"
    )


def _narrowed_bracket(evaluated: _EvaluatedPoints, bracket: SearchBracket) -> tuple[float, float]:
    """Bracket narrowed to the tolerance."""
    low, high = bracket.low, bracket.high
    while high - low > bracket.tolerance:
        inside = [float(point) for point in np.linspace(low, high, bracket.parts + 1)[1:-1]]
        evaluated.evaluate(inside)
        places = [low, *inside, high]
        signs = np.sign([evaluated.mean(place) for place in places])
        # The first crossing, if steps of the metric cause several.
        at = int(np.argmax(signs[1:] != signs[0]))
        low, high = places[at], places[at + 1]
    return low, high


def _interval(evaluated: _EvaluatedPoints, seed: int) -> tuple[float, float]:
    """Ends of the middle 95 % of crossings over resampled runs."""
    points, values = evaluated.table()
    random = np.random.default_rng(np.random.SeedSequence([seed, values.shape[1]]))
    drawn = random.integers(values.shape[1], size=(RESAMPLES, values.shape[1]))
    means = values[:, drawn].mean(axis=2).T
    low, high = np.quantile(crossings(points, means), [TAIL, 1.0 - TAIL])
    return float(low), float(high)


def _is_resolved(evaluated: _EvaluatedPoints, ends: tuple[float, float], tolerance: float) -> bool:
    """Whether points were evaluated near both ends of the interval."""
    points = np.array(list(evaluated.rows))
    return all(float(np.abs(points - end).min()) <= tolerance for end in ends)


def _tipping_point(evaluated: _EvaluatedPoints, inner: tuple[float, float], seed: int) -> TippingPoint:
    points, values = evaluated.table()
    low, high = _interval(evaluated, seed)
    within = np.array(inner)
    pair = np.stack([values[int(np.searchsorted(points, place))].mean() for place in inner])
    value = float(np.clip(crossings(within, pair[None, :])[0], *inner))
    single = crossings(points, values.T, beyond=True)
    history_low, history_high = np.quantile(single, [0.1, 0.9], method="nearest")
    return TippingPoint(
        value, min(low, inner[0]), max(high, inner[1]), float(history_low), float(history_high),
        points, values.mean(axis=1) + evaluated.level, values.shape[1],
    )  # fmt: skip


def crossings(points: FloatArray, curves: FloatArray, beyond: bool = False) -> FloatArray:
    """Where each curve first changes its sign, by linear interpolation between points, ``(curves,)``.

    Parameters
    ----------
    points
        Points in order, ``(points,)``.
    curves
        Values minus the level, ``(curves, points)``.
    beyond
        Result for a curve without a crossing, on the side where it comes closer: infinity if true, otherwise the end.
    """
    signs = np.sign(curves)
    changed = signs[:, 1:] != signs[:, :1]
    crossed = changed.any(axis=1)
    at = np.argmax(changed, axis=1)
    rows = np.arange(len(curves))
    left, right = curves[rows, at], curves[rows, at + 1]
    step = np.where(left == right, 1.0, left - right)
    inside = points[at] + np.clip(left / step, 0.0, 1.0) * (points[at + 1] - points[at])
    rightwards = np.abs(curves[:, -1]) <= np.abs(curves[:, 0])
    ends = (-np.inf, np.inf) if beyond else (points[0], points[-1])
    return np.asarray(np.where(crossed, inside, np.where(rightwards, ends[1], ends[0])))
