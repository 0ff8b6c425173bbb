"""Reverse stress: the mildest combination of shocks, in standard deviations of their priors, that reaches an outcome.

It is the point closest to no shock in the set where the outcome is reached, the design point of structural reliability: the
most probable such point if priors are normal. Source: Hasofer and Lind (1974); Breuer, Jandacka, Rheinberger and Summer (2009)
on systematic stress tests by Mahalanobis distance.
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
"""Precision of distances, standard deviations: during the search, and at the end."""


@dataclass(frozen=True)
class ShockSpace:
    """The shocks that can be combined.

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
        """Distance along a direction at which a shock first reaches its largest size."""
        with np.errstate(divide="ignore"):
            reach = np.where(direction > 0.0, self.most / np.where(direction > 0.0, direction, 1.0), np.inf)
        return float(reach.min()) * self.distance(direction)

    def unit(self, direction: FloatArray) -> FloatArray:
        """The direction scaled to distance one."""
        return direction / self.distance(direction)


@dataclass(frozen=True)
class ReachedOutcome:
    """The point where the outcome is reached along a direction.

    Attributes
    ----------
    sizes
        Sizes of the shocks where the mean crosses the level, ``(shocks,)``.
    distance
        Their distance from no shock, with its interval over samples of runs.
    """

    sizes: FloatArray
    distance: TippingPoint


@dataclass(frozen=True)
class ShockFrontier:
    """Sizes of two shocks alone at which the outcome is just reached, by direction; None where it is not reached."""

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
    """Evaluates the response and the distance of the outcome from the level."""

    def __init__(self, response: MetricResponse, level: float, space: ShockSpace) -> None:
        self.response, self.level, self.space = response, level, space
        self.evaluations = 0
        self.base = self.mean(np.zeros(len(space.names)))
        self.sign = 1.0 if self.base < level else -1.0

    def mean(self, sizes: FloatArray) -> float:
        """Mean of the metric; at least one run must finish."""
        self.evaluations += 1
        values = self.response(np.asarray(sizes, dtype=np.float64)[None, :])[0]
        if not np.isfinite(values).any():
            raise NoTippingError(f"no run finished at {np.round(sizes, 2).tolist()} standard deviations")
        return float(np.nanmean(values))

    def excess(self, sizes: FloatArray) -> float:
        """Amount by which the outcome exceeds the level; negative if the level is not reached."""
        return self.sign * (self.mean(sizes) - self.level)

    def along(self, direction: FloatArray, tolerance: float) -> ReachedOutcome | None:
        """Where the outcome is reached along a direction; None if it is not reached before a shock is at its largest size."""
        unit = self.space.unit(direction)

        def along_ray(distances: FloatArray) -> FloatArray:
            self.evaluations += len(distances)
            return self.response(distances * unit[None, :])

        try:
            rounds = 0 if tolerance == COARSE else 2
            crossing = find_tipping_point(
                along_ray, self.level, SearchBracket(0.0, self.space.furthest(direction), tolerance, 2, rounds)
            )
        except NoTippingError:
            return None
        return ReachedOutcome(crossing.value * unit, crossing)


def reverse_stress(
    response: MetricResponse, level: float, space: ShockSpace, evaluations: int = 40, frontier: bool = True
) -> ReverseStress:
    """Return the mildest combination of shocks at which the mean of a metric reaches a level.

    The search first moves along each shock alone. From the direction suggested by linear sensitivities it then uses constrained
    optimisation (scipy.optimize, COBYQA: without derivatives, because a mean over runs is not smooth). A last search along the
    direction found places the result on the frontier and gives its interval.

    Parameters
    ----------
    response
        Metric by sizes ``(points, shocks)`` and run.
    evaluations
        Maximum number of points of the optimiser.

    Raises
    ------
    NoTippingError
        If the level is reached without any shock, or not with all shocks at their largest.
    """
    search = _StressSearch(response, level, space)
    if search.base == level or (not np.isfinite(search.base)):
        raise NoTippingError(f"the mean is {search.base:g} without any shock: there is nothing to search for")
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
    return ReverseStress(space, level, search.base, mildest, tuple(alone), frontiers, search.evaluations)


def _linear_direction(search: _StressSearch, alone: Sequence[ReachedOutcome | None]) -> FloatArray:
    """Best direction if effects add: correlation times sensitivities, or equal shocks if none has an effect."""
    space = search.space
    slopes = np.zeros(len(alone))
    for at, (row, one) in enumerate(zip(np.eye(len(alone)), alone, strict=True)):
        far = float(one.sizes[at]) if one is not None else float(space.most[at])
        base = search.sign * (search.base - search.level)
        slopes[at] = -base / far if one is not None else max(0.0, (search.excess(far * row) - base) / far)
    direction = np.maximum(space.correlation @ slopes, 0.0)
    return direction if direction.any() else np.ones(len(alone))


def _optimised_points(search: _StressSearch, direction: FloatArray, evaluations: int) -> list[FloatArray]:
    """Points on the frontier: in the suggested direction, and where the optimiser ends."""
    space = search.space
    start = search.along(direction, COARSE)
    first = space.most.copy() if start is None else start.sizes
    inverse = np.linalg.inv(space.correlation)
    # The type stubs accept only functions of one-dimensional arrays.
    optimiser: Any = minimize
    constraint: Any = NonlinearConstraint
    optimum = optimiser(
        lambda sizes: float(sizes @ inverse @ sizes),
        np.minimum(first, space.most),
        method="COBYQA",
        bounds=Bounds(np.zeros(len(first)), space.most),
        constraints=constraint(search.excess, 0.0, np.inf),
        options={"maxfev": evaluations, "initial_tr_radius": 0.5, "final_tr_radius": FINE / 2, "scale": False},
    )
    better = search.along(np.clip(optimum.x, 0.0, space.most), COARSE) if np.any(optimum.x > 0.0) else None
    return [one.sizes for one in (start, better) if one is not None] or [space.most]


def _frontiers(
    search: _StressSearch, mildest: ReachedOutcome, alone: Sequence[ReachedOutcome | None]
) -> tuple[ShockFrontier, ...]:
    """Frontiers of pairs of the most important shocks: those of the mildest combination, then the strongest alone."""
    count = len(search.space.names)
    strength = [0.0 if one is None else 1.0 / one.distance.value for one in alone]
    ranked = sorted(range(count), key=lambda at: (-round(float(mildest.sizes[at]), 3), -strength[at]))[:MOST_PAIRED]
    return tuple(_frontier(search, pair) for pair in combinations(sorted(ranked), 2))


def _frontier(search: _StressSearch, pair: tuple[int, int]) -> ShockFrontier:
    reached = []
    for angle in ANGLES:
        direction = np.zeros(len(search.space.names))
        # The cosine of 90 degrees is 6e-17, not zero.
        direction[list(pair)] = np.round([np.cos(np.radians(angle)), np.sin(np.radians(angle))], 12)
        reached.append(search.along(direction, COARSE))
    names = search.space.names
    return ShockFrontier((names[pair[0]], names[pair[1]]), ANGLES, tuple(reached))


def reverse_stress_json(stress: ReverseStress) -> dict[str, Any]:
    """The results as JSON-ready values."""

    def outcome_json(one: ReachedOutcome | None) -> dict[str, Any] | None:
        if one is None:
            return None
        sizes = {name: float(size) for name, size in zip(stress.space.names, one.sizes, strict=True)}
        interval = {"distance": one.distance.value, "low": one.distance.low, "high": one.distance.high}
        return interval | {"sizes_sd": sizes}

    alone = dict(zip(stress.space.names, map(outcome_json, stress.alone), strict=True))
    frontiers = [
        {
            "pair": list(one.pair),
            "points": [{"angle": a, "reached": outcome_json(r)} for a, r in zip(one.angles, one.reached, strict=True)],
        }
        for one in stress.frontiers
    ]
    return {
        "level": stress.level, "without_shocks": stress.base, "mildest": outcome_json(stress.mildest), "alone": alone,
        "frontiers": frontiers, "evaluations": stress.evaluations,
    }  # fmt: skip
