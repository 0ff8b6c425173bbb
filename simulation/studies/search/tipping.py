"""The value of a key at which the mean of a metric crosses a level, with its interval.

Bisection (or, where many points fit into one batch, division into more parts) under common random numbers: every point
meets the same news, so that the mean over runs is one curve and noise does not make it cross back and forth.  What is left
of noise is that the runs are a sample: the interval comes from resampling runs.
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
    """The metric does not cross the level between the ends that were looked at."""


@dataclass(frozen=True)
class SearchBracket:
    """Where to look.

    Attributes
    ----------
    low, high
        Ends, in the unit of the key.
    tolerance
        Width to which the crossing is pinned down, in the same unit.
    parts
        Into how many parts each step divides; two is bisection.
    refinements
        Most rounds in which the ends of the interval are evaluated too.
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
        95 % interval of it for the news that happened to be drawn, no narrower than the tolerance of the search.
    history_low, history_high
        10 and 90 % quantiles over runs of where a single run crosses: what depends on the news itself.
    points, means
        What was evaluated, in order of the key.
    runs
        Runs at each point that finished at all of them.
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
        """The numbers as JSON-ready values."""
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
    """Points that were evaluated, with the metric of each run less the level."""

    response: MetricResponse
    level: float
    rows: dict[float, FloatArray] = field(default_factory=dict)

    def ask(self, points: Sequence[float]) -> None:
        new = [point for point in points if point not in self.rows]
        if new:
            values = self.response(np.array(new)[:, None]) - self.level
            self.rows.update(zip(new, values, strict=True))

    def table(self) -> tuple[FloatArray, FloatArray]:
        """Points in order, and the runs that finished at all of them, ``(points, runs)``."""
        points = np.array(sorted(self.rows))
        values = np.stack([self.rows[float(point)] for point in points])
        complete = np.isfinite(values).all(axis=0)
        if not complete.any():
            raise NoTippingError("no run finished at every value that was tried; narrow the range")
        return points, values[:, complete]

    def mean(self, point: float) -> float:
        """Mean at a point, less the level, over the runs that finished everywhere: others would bend the curve."""
        points, values = self.table()
        return float(values[int(np.searchsorted(points, point))].mean())


def find_tipping_point(response: MetricResponse, level: float, bracket: SearchBracket, seed: int = 0) -> TippingPoint:
    """Find where the mean of a metric over runs crosses a level.

    Parameters
    ----------
    response
        Metric by value and run.
    level
        The level, in the unit of the metric.
    bracket
        Ends between which it crosses once.
    seed
        Of the resampling of runs.

    Raises
    ------
    NoTippingError
        If the mean lies on one side of the level at both ends.
    """
    seen = _EvaluatedPoints(response, level)
    ends = (bracket.low, bracket.high)
    seen.ask(ends)
    if seen.mean(ends[0]) * seen.mean(ends[1]) > 0.0:
        raise NoTippingError(_describe_no_crossing(seen, ends))
    inner = _narrowed_bracket(seen, bracket)
    # The ends of the interval are measured, so that they are not read off a long chord.
    for _ in range(bracket.refinements):
        low, high = _interval(seen, seed)
        if _is_resolved(seen, (low, high), bracket.tolerance):
            break
        seen.ask([float(np.clip(at, *ends)) for at in (low, high)])
    return _tipping_point(seen, inner, seed)


def _describe_no_crossing(seen: _EvaluatedPoints, ends: tuple[float, float]) -> str:
    low, high = (seen.mean(end) + seen.level for end in ends)
    return (
        f"the mean is {low:.4g} at {ends[0]:g} and {high:.4g} at {ends[1]:g}: it does not cross {seen.level:g} in between; "
        "look further out"
    )


def _narrowed_bracket(seen: _EvaluatedPoints, bracket: SearchBracket) -> tuple[float, float]:
    """Narrow the bracket until it is no wider than the tolerance, and return it."""
    low, high = bracket.low, bracket.high
    while high - low > bracket.tolerance:
        inside = [float(point) for point in np.linspace(low, high, bracket.parts + 1)[1:-1]]
        seen.ask(inside)
        places = [low, *inside, high]
        signs = np.sign([seen.mean(place) for place in places])
        # The first crossing, should a step of the metric make more than one.
        at = int(np.argmax(signs[1:] != signs[0]))
        low, high = places[at], places[at + 1]
    return low, high


def _interval(seen: _EvaluatedPoints, seed: int) -> tuple[float, float]:
    """Ends of the middle 95 % of crossings over resampled runs."""
    points, values = seen.table()
    random = np.random.default_rng(np.random.SeedSequence([seed, values.shape[1]]))
    drawn = random.integers(values.shape[1], size=(RESAMPLES, values.shape[1]))
    means = values[:, drawn].mean(axis=2).T
    low, high = np.quantile(crossings(points, means), [TAIL, 1.0 - TAIL])
    return float(low), float(high)


def _is_resolved(seen: _EvaluatedPoints, ends: tuple[float, float], tolerance: float) -> bool:
    """Whether a point was evaluated near both ends of the interval."""
    points = np.array(list(seen.rows))
    return all(float(np.abs(points - end).min()) <= tolerance for end in ends)


def _tipping_point(seen: _EvaluatedPoints, inner: tuple[float, float], seed: int) -> TippingPoint:
    points, values = seen.table()
    low, high = _interval(seen, seed)
    within = np.array(inner)
    pair = np.stack([values[int(np.searchsorted(points, place))].mean() for place in inner])
    value = float(np.clip(crossings(within, pair[None, :])[0], *inner))
    single = crossings(points, values.T, beyond=True)
    history_low, history_high = np.quantile(single, [0.1, 0.9], method="nearest")
    return TippingPoint(
        value, min(low, inner[0]), max(high, inner[1]), float(history_low), float(history_high),
        points, values.mean(axis=1) + seen.level, values.shape[1],
    )  # fmt: skip


def crossings(points: FloatArray, curves: FloatArray, beyond: bool = False) -> FloatArray:
    """Where each curve first changes its sign, along chords between points, ``(curves,)``.

    Parameters
    ----------
    points
        In order, ``(points,)``.
    curves
        Values less the level, ``(curves, points)``.
    beyond
        What a curve that does not cross gives, on the side on which it comes nearer: infinity if true, else the end.
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
