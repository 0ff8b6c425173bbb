"""Reverse stress: the mildest combination of shocks, in units of their prior spread, that reaches an outcome.

The mildest combination is the point of the set where the outcome is reached that lies nearest to no shock at all, the
design point of structural reliability: the most probable way to get there if priors are normal.  Source: Hasofer and Lind
(1974); Breuer, Jandacka, Rheinberger and Summer (2009) on systematic stress tests by Mahalanobis distance.

What a reverse stress found, as JSON-ready values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, NonlinearConstraint, minimize

from simulation.studies.search.response import MetricResponse
from simulation.studies.search.tipping import NoTippingError, SearchBracket, TippingPoint, find_tipping_point

FloatArray = NDArray[np.float64]
ANGLES: Final = (0.0, 22.5, 45.0, 67.5, 90.0)
"""Directions of the frontier of a pair, degrees from the first shock."""
MOST_PAIRED = 3
COARSE, FINE = 0.2, 0.05
"""Width to which distances are pinned down, in standard deviations: on the way, and at the end."""


@dataclass(frozen=True)
class ShockSpace:
    """The shocks that may be combined.

    Attributes
    ----------
    names
        Their names.
    most
        Largest size of each, standard deviations, ``(shocks,)``.
    correlation
        Correlation of sizes, ``(shocks, shocks)``; the identity for the Euclidean distance.
    """

    names: tuple[str, ...]
    most: FloatArray
    correlation: FloatArray

    def distance(self, sizes: FloatArray) -> float:
        """Mahalanobis distance from no shock: ``sqrt(z' R^-1 z)``."""
        return float(np.sqrt(sizes @ np.linalg.solve(self.correlation, sizes)))

    def furthest(self, direction: FloatArray) -> float:
        """How far a direction goes before a shock is at its largest, as a distance."""
        with np.errstate(divide="ignore"):
            reach = np.where(direction > 0.0, self.most / np.where(direction > 0.0, direction, 1.0), np.inf)
        return float(reach.min()) * self.distance(direction)

    def unit(self, direction: FloatArray) -> FloatArray:
        """The direction at distance one."""
        return direction / self.distance(direction)


@dataclass(frozen=True)
class ReachedOutcome:
    """An outcome reached along a direction.

    Attributes
    ----------
    sizes
        Sizes of the shocks where the mean crosses the level, ``(shocks,)``.
    distance
        Their distance from no shock, with its interval for the news drawn.
    """

    sizes: FloatArray
    distance: TippingPoint


@dataclass(frozen=True)
class ShockFrontier:
    """Where the outcome is just reached with two shocks alone: sizes by direction; none where it is not."""

    pair: tuple[str, str]
    angles: tuple[float, ...]
    reached: tuple[ReachedOutcome | None, ...]


@dataclass(frozen=True)
class ReverseStress:
    """The mildest combination, each shock alone, and the frontiers of pairs."""

    space: ShockSpace
    level: float
    base: float
    mildest: ReachedOutcome
    alone: tuple[ReachedOutcome | None, ...]
    frontiers: tuple[ShockFrontier, ...]
    evaluations: int

    def sizes(self) -> dict[str, float]:
        """Sizes of the mildest combination by name, standard deviations."""
        return {name: float(size) for name, size in zip(self.space.names, self.mildest.sizes, strict=True)}


class _StressSearch:
    """Points that were evaluated, and how far the outcome is from being reached at each."""

    def __init__(self, response: MetricResponse, level: float, space: ShockSpace) -> None:
        self.response, self.level, self.space = response, level, space
        self.asked = 0
        self.base = self.mean(np.zeros(len(space.names)))
        self.sign = 1.0 if self.base < level else -1.0

    def mean(self, sizes: FloatArray) -> float:
        """Mean of the metric; at least one run must finish."""
        self.asked += 1
        values = self.response(np.asarray(sizes, dtype=np.float64)[None, :])[0]
        if not np.isfinite(values).any():
            raise NoTippingError(f"no run finished at {np.round(sizes, 2).tolist()} standard deviations")
        return float(np.nanmean(values))

    def excess(self, sizes: FloatArray) -> float:
        """How far the outcome is passed; negative where it is not reached."""
        return self.sign * (self.mean(sizes) - self.level)

    def along(self, direction: FloatArray, tolerance: float) -> ReachedOutcome | None:
        """Where the outcome is reached along a direction; none if it is not before a shock is at its largest."""
        unit = self.space.unit(direction)

        def ray(distances: FloatArray) -> FloatArray:
            self.asked += len(distances)
            return self.response(distances * unit[None, :])

        try:
            rounds = 0 if tolerance == COARSE else 2
            found = find_tipping_point(
                ray, self.level, SearchBracket(0.0, self.space.furthest(direction), tolerance, 2, rounds)
            )
        except NoTippingError:
            return None
        return ReachedOutcome(found.value * unit, found)


def reverse_stress(
    response: MetricResponse, level: float, space: ShockSpace, evaluations: int = 40, frontier: bool = True
) -> ReverseStress:
    """Find the mildest combination of shocks at which the mean of a metric reaches a level.

    Each shock alone first; then from the direction that linear sensitivities advise, constrained optimisation
    (scipy.optimize, COBYQA: without derivatives, for a mean over runs is no smooth function); the direction found is walked
    once more, which puts the answer on the frontier and gives its interval.

    Parameters
    ----------
    response
        Metric by sizes ``(points, shocks)`` and run.
    evaluations
        Most points that the optimiser may ask for.

    Raises
    ------
    NoTippingError
        If the level is reached without any shock, or not with all of them at their largest.
    """
    search = _StressSearch(response, level, space)
    if search.base == level or (not np.isfinite(search.base)):
        raise NoTippingError(f"the mean is {search.base:g} without any shock: there is nothing to look for")
    if search.excess(space.most) < 0.0:
        raise NoTippingError(
            f"the mean is {search.base:.4g} without shocks and {search.mean(space.most):.4g} with all at their largest: "
            f"{level:g} is not reached"
        )
    alone = [search.along(row, COARSE) for row in np.eye(len(space.names))]
    candidates = [one.sizes for one in alone if one is not None]
    candidates += _optimised_points(search, _linear_direction(search, alone), evaluations)
    best = min(candidates, key=space.distance)
    mildest = search.along(best, FINE)
    if mildest is None:
        raise NoTippingError("the optimiser found no combination that reaches the level; allow more evaluations")
    frontiers = _frontiers(search, mildest, alone) if frontier else ()
    return ReverseStress(space, level, search.base, mildest, tuple(alone), frontiers, search.asked)


def _linear_direction(search: _StressSearch, alone: Sequence[ReachedOutcome | None]) -> FloatArray:
    """The direction that is best if effects add: correlation times sensitivities (all shocks alike if none does anything)."""
    space = search.space
    slopes = np.zeros(len(alone))
    for at, (row, one) in enumerate(zip(np.eye(len(alone)), alone, strict=True)):
        far = float(one.sizes[at]) if one is not None else float(space.most[at])
        base = search.sign * (search.base - search.level)
        slopes[at] = -base / far if one is not None else max(0.0, (search.excess(far * row) - base) / far)
    direction = np.maximum(space.correlation @ slopes, 0.0)
    return direction if direction.any() else np.ones(len(alone))


def _optimised_points(search: _StressSearch, direction: FloatArray, evaluations: int) -> list[FloatArray]:
    """Points on the frontier: along the advised direction, and where the optimiser goes from there."""
    space = search.space
    start = search.along(direction, COARSE)
    first = space.most.copy() if start is None else start.sizes
    inverse = np.linalg.inv(space.correlation)
    # Typed for functions of one-dimensional arrays alone, which cannot be said of ours.
    optimiser: Any = minimize
    constraint: Any = NonlinearConstraint
    found = optimiser(
        lambda sizes: float(sizes @ inverse @ sizes),
        np.minimum(first, space.most),
        method="COBYQA",
        bounds=Bounds(np.zeros(len(first)), space.most),
        constraints=constraint(search.excess, 0.0, np.inf),
        options={"maxfev": evaluations, "initial_tr_radius": 0.5, "final_tr_radius": FINE / 2, "scale": False},
    )
    better = search.along(np.clip(found.x, 0.0, space.most), COARSE) if np.any(found.x > 0.0) else None
    return [one.sizes for one in (start, better) if one is not None] or [space.most]


def _frontiers(
    search: _StressSearch, mildest: ReachedOutcome, alone: Sequence[ReachedOutcome | None]
) -> tuple[ShockFrontier, ...]:
    """Frontiers of the pairs among the shocks that matter most: those of the mildest combination, then the strongest alone."""
    count = len(search.space.names)
    strength = [0.0 if one is None else 1.0 / one.distance.value for one in alone]
    ranked = sorted(range(count), key=lambda at: (-round(float(mildest.sizes[at]), 3), -strength[at]))[:MOST_PAIRED]
    return tuple(_frontier(search, pair) for pair in combinations(sorted(ranked), 2))


def _frontier(search: _StressSearch, pair: tuple[int, int]) -> ShockFrontier:
    reached = []
    for angle in ANGLES:
        direction = np.zeros(len(search.space.names))
        # Rounding leaves 6e-17 of the other shock at 90 degrees.
        direction[list(pair)] = np.round([np.cos(np.radians(angle)), np.sin(np.radians(angle))], 12)
        reached.append(search.along(direction, COARSE))
    names = search.space.names
    return ShockFrontier((names[pair[0]], names[pair[1]]), ANGLES, tuple(reached))


def reverse_stress_json(found: ReverseStress) -> dict[str, Any]:
    """The numbers as JSON-ready values."""

    def told(one: ReachedOutcome | None) -> dict[str, Any] | None:
        if one is None:
            return None
        sizes = {name: float(size) for name, size in zip(found.space.names, one.sizes, strict=True)}
        interval = {"distance": one.distance.value, "low": one.distance.low, "high": one.distance.high}
        return interval | {"sizes_sd": sizes}

    alone = dict(zip(found.space.names, map(told, found.alone), strict=True))
    frontiers = [
        {
            "pair": list(one.pair),
            "points": [{"angle": a, "reached": told(r)} for a, r in zip(one.angles, one.reached, strict=True)],
        }
        for one in found.frontiers
    ]
    return {
        "level": found.level, "without_shocks": found.base, "mildest": told(found.mildest), "alone": alone,
        "frontiers": frontiers, "evaluations": found.evaluations,
    }  # fmt: skip
