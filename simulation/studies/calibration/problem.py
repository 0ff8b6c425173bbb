"""A calibration problem: priors, targets and the functions that simulate moments.

Samplers and emulators work in the unit cube, where every prior is uniform.  The inverse distribution function of each prior maps
a point of the cube to a parameter value.  Source: Devroye (1986), chapter II.2, inversion.

A `CalibrationProblem` is independent of the method.  Any module can define one, and any calibration library can call its
``simulate(theta, runs, seed) -> moments``.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Any, Literal, Self

import numpy as np
from scipy.special import ndtr, ndtri

from simulation.values.conventions import Array
from simulation.values.randomness import named_generator, stratified_uniform

PriorKind = Literal["uniform", "log_uniform", "normal", "lognormal"]
LOGARITHMIC = frozenset({"log_uniform", "lognormal"})
BELL_SHAPED = frozenset({"normal", "lognormal"})
UNIFORM_SD = float(np.sqrt(1.0 / 12.0))
HALF_LOG_TWO_PI = 0.5 * float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class Prior:
    """Prior distribution of one parameter.

    Attributes
    ----------
    name
        Short name, used for columns.
    key
        Config key of the parameter.
    kind
        Uniform or normal, in the value or in its logarithm; normal distributions are truncated at `low` and `high`.
    low, high
        Support, in `unit`; both ends included.
    unit, source, label
        Unit of the value, origin of the range, and label in figures.
    identified_by
        Part of the target that should identify the value.
    centre, spread
        For truncated distributions, before truncation: mean and standard deviation of the value (normal), or median and
        standard deviation of the logarithm (lognormal).

    Raises
    ------
    ValueError
        If the support is empty, or not positive for a logarithmic prior, or a normal or lognormal prior has no centre and spread.
    """

    name: str
    key: str
    kind: PriorKind
    low: float
    high: float
    unit: str
    source: str
    label: str
    identified_by: str
    centre: float | None = None
    spread: float | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(
                f"prior {self.name}: low is {self.low:g} and high {self.high:g} {self.unit}; low must be below high"
            )
        if self.kind in LOGARITHMIC and self.low <= 0:
            raise ValueError(
                f"prior {self.name}: low is {self.low:g} {self.unit}; kind {self.kind} requires low above 0"
            )
        if self.kind in BELL_SHAPED and (self.centre is None or not self.spread or self.spread < 0):
            raise ValueError(
                f"prior {self.name}: centre is {self.centre} and spread {self.spread}; "
                f"kind {self.kind} requires a centre and a spread above 0"
            )

    def from_unit(self, unit: Array) -> Array:
        """Values at which the distribution function equals `unit`, any shape, in (0, 1)."""
        low_end, high_end = self._transformed_support()
        if self.kind in BELL_SHAPED:
            location, scale = self._location_and_scale()
            below, above = ndtr((low_end - location) / scale), ndtr((high_end - location) / scale)
            transformed = location + scale * ndtri(below + unit * (above - below))
        else:
            transformed = low_end + unit * (high_end - low_end)
        return np.asarray(
            np.clip(np.exp(transformed) if self.kind in LOGARITHMIC else transformed, self.low, self.high)
        )

    def to_unit(self, values: Array) -> Array:
        """Distribution function at `values`; 0 below the support and 1 above it."""
        low_end, high_end = self._transformed_support()
        transformed = self._transform(np.clip(values, self.low, self.high))
        if self.kind in BELL_SHAPED:
            location, scale = self._location_and_scale()
            below, above = ndtr((low_end - location) / scale), ndtr((high_end - location) / scale)
            return np.asarray((ndtr((transformed - location) / scale) - below) / (above - below))
        return np.asarray((transformed - low_end) / (high_end - low_end))

    def score(self, unit: Array) -> Array:
        """Value or its logarithm, less the mean and over the standard deviation before truncation."""
        if self.kind not in BELL_SHAPED:
            return np.asarray((unit - 0.5) / UNIFORM_SD)
        location, scale = self._location_and_scale()
        return (self._transform(self.from_unit(unit)) - location) / scale

    def log_density(self, values: Array) -> Array:
        """Logarithm of the density at `values`, per unit of the parameter; minus infinity outside the support."""
        inside = (values >= self.low) & (values <= self.high)
        safe = np.clip(values, self.low, self.high)
        low_end, high_end = self._transformed_support()
        if self.kind in BELL_SHAPED:
            location, scale = self._location_and_scale()
            mass = ndtr((high_end - location) / scale) - ndtr((low_end - location) / scale)
            score = (self._transform(safe) - location) / scale
            log = -0.5 * score**2 - HALF_LOG_TWO_PI - np.log(scale * mass)
        else:
            log = np.full_like(safe, -np.log(high_end - low_end))
        jacobian = np.log(safe) if self.kind in LOGARITHMIC else 0.0
        return np.where(inside, log - jacobian, -np.inf)

    def _transform(self, values: Array) -> Array:
        return np.log(values) if self.kind in LOGARITHMIC else values

    def _transformed_support(self) -> tuple[float, float]:
        return (
            (float(np.log(self.low)), float(np.log(self.high))) if self.kind in LOGARITHMIC else (self.low, self.high)
        )

    def _location_and_scale(self) -> tuple[float, float]:
        assert self.centre is not None
        assert self.spread is not None
        return (float(np.log(self.centre)) if self.kind in LOGARITHMIC else self.centre), self.spread


Priors = tuple[Prior, ...]


def from_unit(priors: Priors, unit: Array) -> Array:
    """Parameter values at points of the unit cube, ``(n, d)``, one column per prior."""
    return np.stack([prior.from_unit(unit[:, column]) for column, prior in enumerate(priors)], axis=1)


def to_unit(priors: Priors, values: Array) -> Array:
    """Points of the unit cube for parameter values, ``(n, d)``."""
    return np.stack([prior.to_unit(values[:, column]) for column, prior in enumerate(priors)], axis=1)


def prior_scores(priors: Priors, unit: Array) -> Array:
    """Standardised values at points of the unit cube, ``(n, d)``: the variables of the emulator."""
    return np.stack([prior.score(unit[:, column]) for column, prior in enumerate(priors)], axis=1)


def prior_log_density(priors: Priors, values: Array) -> Array:
    """Logarithm of the joint prior density of parameter sets, ``(n, d)`` to ``(n,)``; priors are independent."""
    return np.asarray(np.sum([prior.log_density(values[:, column]) for column, prior in enumerate(priors)], axis=0))


def unit_sample(dimension: int, count: int, seed: int, name: str) -> Array:
    """Latin hypercube of `count` points, ``(count, dimension)``, from the random stream `name`.

    Source: McKay, Beckman and Conover (1979).
    """
    columns = [stratified_uniform(named_generator(seed, column, name), count) for column in range(dimension)]
    return np.stack(columns, axis=1)


def nested_sample(dimension: int, counts: Sequence[int], seed: int, name: str) -> Array:
    """Points of the unit cube, ``(last count, dimension)``, of which the first n are a balanced sample for each n in `counts`.

    `counts` increase; each additional part is a separate Latin hypercube.
    """
    sizes = np.diff([0, *counts])
    parts = [unit_sample(dimension, int(size), seed, f"{name}:{place}") for place, size in enumerate(sizes)]
    return np.concatenate(parts)


def prior_sample(priors: Priors, count: int, seed: int, name: str = "calibration:prior") -> Array:
    """`count` parameter sets drawn from the prior, ``(count, d)``."""
    return from_unit(priors, unit_sample(len(priors), count, seed, name))


def content_digest(tables: Sequence[dict[str, Any]]) -> str:
    """SHA-256 digest of JSON values, which identifies the inputs of a result."""
    content = list(tables)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


Simulate = Callable[[Array, int, int], Array]
"""``simulate(theta, runs, seed) -> moments``: takes parameter sets ``(n, d)`` in the units of the priors, runs per set and a
seed, and returns ``(n, moments)`` with columns in the order of the targets.  A set whose run stopped is NaN.  A row may depend
only on its parameter set, its position and the seed.  It must be a module-level function, so that worker processes can import
it."""


@dataclass(frozen=True)
class CalibrationTarget:
    """Observed moment, and how closely the model is expected to match it.

    Attributes
    ----------
    name, unit, source, label
        Short name for columns, unit of the value, origin of the observation, and label in figures.
    observed
        Value in the data.
    sd
        Standard deviation of what the model does not try to explain: measurement error and model discrepancy, in `unit`.
        The observation is treated as the moment of one simulation plus a normal error of this size.
        Source: Kennedy and O'Hagan (2001); Wilkinson (2013).
    group
        Name of the simulator that gives the moment.
    accept
        Accept range, for figures and tables; it is not used in the fit.
    """

    name: str
    observed: float
    sd: float
    unit: str
    source: str
    label: str
    group: str
    accept: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not (self.sd > 0 and np.isfinite(self.observed)):
            raise ValueError(
                f"target {self.name}: observed must be finite and sd above 0, got {self.observed}, {self.sd}"
            )


@dataclass(frozen=True)
class Simulator:
    """Simulator of a group of moments, and its budget.

    Attributes
    ----------
    name
        Name of the group of targets that it simulates, in their order.
    simulate
        The function.
    sets
        Maximum number of parameter sets to simulate, excluding the final check.
    batch
        Parameter sets in one call.
    runs
        Simulated runs per parameter set.
    checks
        Parameter sets of the result that are simulated again as a check.
    """

    name: str
    simulate: Simulate
    sets: int
    batch: int = 128
    runs: int = 1
    checks: int = 256


@dataclass(frozen=True)
class CalibrationProblem:
    """All inputs of a calibration except the seed.

    Attributes
    ----------
    name, version
        Name of the result, and version of the model.
    priors, targets
        Prior distributions and observed moments.
    simulators
        One for each group of targets, in order of decreasing number of parameter sets: the cheapest simulator comes first.
    products
        Pairs of prior names of which only the product should be identified.
    events
        Names of events whose data are among the targets; results for all other events are out of sample.
    """

    name: str
    version: str
    priors: Priors
    targets: tuple[CalibrationTarget, ...]
    simulators: tuple[Simulator, ...]
    products: tuple[tuple[str, str], ...] = ()
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [simulator.name for simulator in self.simulators]
        groups = {target.group for target in self.targets}
        if len(set(names)) != len(names) or set(names) != groups:
            raise ValueError(
                f"problem {self.name}: simulators are {names}; there must be exactly one for each group {sorted(groups)}"
            )
        sets = [simulator.sets for simulator in self.simulators]
        if sets != sorted(sets, reverse=True):
            raise ValueError(
                f"problem {self.name}: simulators have {sets} parameter sets; list them in decreasing order"
            )
        for names in ([prior.name for prior in self.priors], [target.name for target in self.targets]):
            if len(set(names)) != len(names):
                raise ValueError(f"problem {self.name}: {names} contains a name twice; names must be unique")

    def targets_of(self, group: str) -> tuple[CalibrationTarget, ...]:
        """Targets of one simulator, in the order of its columns."""
        return tuple(target for target in self.targets if target.group == group)

    @property
    def hashes(self) -> dict[str, str]:
        """Digests of the priors, of the targets and of the size of the simulations."""
        sizes = ("name", "sets", "batch", "runs", "checks")
        return {
            "priors": content_digest([asdict(prior) for prior in self.priors]),
            "targets": content_digest([asdict(target) for target in self.targets]),
            "simulators": content_digest([{size: getattr(one, size) for size in sizes} for one in self.simulators]),
        }

    def resized(self, sets: Sequence[int | None]) -> Self:
        """The same problem with other numbers of parameter sets per simulator; None keeps a number."""
        pairs = zip(self.simulators, sets, strict=True)
        changed = tuple(one if count is None else replace(one, sets=count) for one, count in pairs)
        return replace(self, simulators=changed)


def load_problem(place: str) -> CalibrationProblem:
    """Return the problem from a function without arguments, given as ``module:function``.

    Raises
    ------
    ValueError
        If the module or function does not exist, or the function returns another type.
    """
    module, _, function = place.partition(":")
    try:
        problem = getattr(import_module(module), function)()
    except (ImportError, AttributeError, TypeError) as error:
        raise ValueError(f"{place!r} is not a calibration problem: {error}") from error
    if not isinstance(problem, CalibrationProblem):
        raise ValueError(f"{place!r} returns {type(problem).__name__}; it must return a CalibrationProblem")
    return problem
