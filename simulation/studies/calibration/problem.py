"""What a prior is, and the map between the unit cube and parameter values.

Samplers and emulators work in the unit cube, where every prior is uniform; the inverse distribution function of each
prior takes a point of it to parameter values.  Source: Devroye (1986), chapter II.2, inversion.

What a calibration is asked: priors, targets and the plain functions that simulate moments.

This is the seam between the method and the model.  Any module can state a `Problem`; any calibration library can call
its ``simulate(theta, runs, seed) -> moments`` instead of the sampler here.
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
    """What is believed of one parameter before the fit.

    Attributes
    ----------
    name
        Short name, used for columns.
    key
        Where the value goes in a config.
    kind
        Uniform or bell-shaped, in the value or in its logarithm; a bell is cut at `low` and `high`.
    low, high
        Support, in `unit`; both ends included.
    unit, source, label
        Unit of the value, where the range comes from, and the words of a figure.
    identified_by
        The part of the target that should tell the value.
    centre, spread
        Of a bell before it is cut: the mean and standard deviation of the value (normal) or the median and the
        standard deviation of the logarithm (lognormal).

    Raises
    ------
    ValueError
        If the support is empty, or not positive where the logarithm is taken, or a bell has no centre and spread.
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
            raise ValueError(f"prior {self.name}: low {self.low:g} must lie below high {self.high:g} {self.unit}")
        if self.kind in LOGARITHMIC and self.low <= 0:
            raise ValueError(f"prior {self.name}: {self.kind} needs low above 0, got {self.low:g} {self.unit}")
        if self.kind in BELL_SHAPED and (self.centre is None or not self.spread or self.spread < 0):
            raise ValueError(f"prior {self.name}: {self.kind} needs a centre and a spread above 0")

    def from_unit(self, unit: Array) -> Array:
        """Values whose distribution function is `unit`, any shape, in (0, 1)."""
        first, last = self._ends()
        if self.kind in BELL_SHAPED:
            middle, spread = self._bell()
            below, above = ndtr((first - middle) / spread), ndtr((last - middle) / spread)
            plain = middle + spread * ndtri(below + unit * (above - below))
        else:
            plain = first + unit * (last - first)
        return np.asarray(np.clip(np.exp(plain) if self.kind in LOGARITHMIC else plain, self.low, self.high))

    def to_unit(self, values: Array) -> Array:
        """Distribution function at `values`; 0 below the support and 1 above it."""
        first, last = self._ends()
        plain = self._plain(np.clip(values, self.low, self.high))
        if self.kind in BELL_SHAPED:
            middle, spread = self._bell()
            below, above = ndtr((first - middle) / spread), ndtr((last - middle) / spread)
            return np.asarray((ndtr((plain - middle) / spread) - below) / (above - below))
        return np.asarray((plain - first) / (last - first))

    def score(self, unit: Array) -> Array:
        """Value, or its logarithm, less its mean and over its standard deviation before a bell is cut."""
        if self.kind not in BELL_SHAPED:
            return np.asarray((unit - 0.5) / UNIFORM_SD)
        middle, spread = self._bell()
        return (self._plain(self.from_unit(unit)) - middle) / spread

    def log_density(self, values: Array) -> Array:
        """Logarithm of the density at `values`, per unit of the parameter; minus infinity outside the support."""
        inside = (values >= self.low) & (values <= self.high)
        safe = np.clip(values, self.low, self.high)
        first, last = self._ends()
        if self.kind in BELL_SHAPED:
            middle, spread = self._bell()
            mass = ndtr((last - middle) / spread) - ndtr((first - middle) / spread)
            score = (self._plain(safe) - middle) / spread
            log = -0.5 * score**2 - HALF_LOG_TWO_PI - np.log(spread * mass)
        else:
            log = np.full_like(safe, -np.log(last - first))
        jacobian = np.log(safe) if self.kind in LOGARITHMIC else 0.0
        return np.where(inside, log - jacobian, -np.inf)

    def _plain(self, values: Array) -> Array:
        return np.log(values) if self.kind in LOGARITHMIC else values

    def _ends(self) -> tuple[float, float]:
        return (
            (float(np.log(self.low)), float(np.log(self.high))) if self.kind in LOGARITHMIC else (self.low, self.high)
        )

    def _bell(self) -> tuple[float, float]:
        assert self.centre is not None
        assert self.spread is not None
        return (float(np.log(self.centre)) if self.kind in LOGARITHMIC else self.centre), self.spread


Priors = tuple[Prior, ...]


def from_unit(priors: Priors, unit: Array) -> Array:
    """Parameter values of points of the unit cube, ``(n, d)``, one column per prior."""
    return np.stack([prior.from_unit(unit[:, column]) for column, prior in enumerate(priors)], axis=1)


def to_unit(priors: Priors, values: Array) -> Array:
    """Points of the unit cube of parameter values, ``(n, d)``."""
    return np.stack([prior.to_unit(values[:, column]) for column, prior in enumerate(priors)], axis=1)


def prior_scores(priors: Priors, unit: Array) -> Array:
    """Standardised values of points of the unit cube, ``(n, d)``: the variables of the emulator."""
    return np.stack([prior.score(unit[:, column]) for column, prior in enumerate(priors)], axis=1)


def prior_log_density(priors: Priors, values: Array) -> Array:
    """Logarithm of the joint prior density of parameter sets, ``(n, d)`` to ``(n,)``; priors are independent."""
    return np.asarray(np.sum([prior.log_density(values[:, column]) for column, prior in enumerate(priors)], axis=0))


def unit_sample(dimension: int, count: int, seed: int, name: str) -> Array:
    """A Latin hypercube of `count` points, ``(count, dimension)``, from the stream `name`.

    Source: McKay, Beckman and Conover (1979).
    """
    columns = [stratified_uniform(named_generator(seed, column, name), count) for column in range(dimension)]
    return np.stack(columns, axis=1)


def nested_sample(dimension: int, counts: Sequence[int], seed: int, name: str) -> Array:
    """Points of the unit cube of which the first n are a balanced sample for each n in `counts`, rising.

    Each part is a Latin hypercube of its own, ``(last count, dimension)``.
    """
    sizes = np.diff([0, *counts])
    parts = [unit_sample(dimension, int(size), seed, f"{name}:{place}") for place, size in enumerate(sizes)]
    return np.concatenate(parts)


def prior_sample(priors: Priors, count: int, seed: int, name: str = "calibration:prior") -> Array:
    """`count` parameter sets drawn from the prior, ``(count, d)``."""
    return from_unit(priors, unit_sample(len(priors), count, seed, name))


def content_digest(tables: Sequence[dict[str, Any]]) -> str:
    """SHA-256 of plain values, so that a result names what it was fitted with."""
    content = list(tables)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


Simulate = Callable[[Array, int, int], Array]
"""``simulate(theta, runs, seed) -> moments``: parameter sets ``(n, d)`` in the units of the priors, simulated runs per
set, and a seed; gives ``(n, moments)``, the columns in the order of the targets.  A set whose runs stopped is NaN.  A row
may depend on its set, its place and the seed only.  A module-level function, so that worker processes find it."""


@dataclass(frozen=True)
class CalibrationTarget:
    """A moment as observed, and how well the model is expected to meet it.

    Attributes
    ----------
    name, unit, source, label
        Short name for columns, unit of the value, where the observation comes from, words of a figure.
    observed
        Value in the data.
    sd
        Standard deviation of what the model does not try to explain: measurement and model discrepancy, in `unit`.
        The observation is taken as the moment of one simulation plus a normal error of this size.
        Source: Kennedy and O'Hagan (2001); Wilkinson (2013).
    group
        Name of the simulator that gives the moment.
    accept
        Range that the brief accepts, for the figure; plays no part in the fit.
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
    """A simulator of some of the moments and how often it may be called.

    Attributes
    ----------
    name
        The group whose targets it gives, in their order.
    simulate
        The plain function.
    sets
        Parameter sets that may be simulated in all, the final check left out.
    batch
        Parameter sets in one call.
    runs
        Simulated runs per parameter set.
    checks
        Sets of the result that are simulated once more to check it.
    """

    name: str
    simulate: Simulate
    sets: int
    batch: int = 128
    runs: int = 1
    checks: int = 256


@dataclass(frozen=True)
class CalibrationProblem:
    """Everything that a calibration follows from, the seed left out.

    Attributes
    ----------
    name, version
        Name of the result and the version of the model that it belongs to.
    priors, targets
        What is believed before, and what is to be met.
    simulators
        One for each group of targets.  A set is simulated with the first one first: it should be the cheap one.
    products
        Pairs of names of priors of which only the product should be identified.
    events
        Names of the events whose data are among the targets; results on them are fitted, all others out of sample.
    """

    name: str
    version: str
    priors: Priors
    targets: tuple[CalibrationTarget, ...]
    simulators: tuple[Simulator, ...]
    products: tuple[tuple[str, str], ...] = ()
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = [simulator.name for simulator in self.simulators]
        wanted = {target.group for target in self.targets}
        if len(set(named)) != len(named) or set(named) != wanted:
            raise ValueError(f"problem {self.name}: simulators {named} must be one for each group {sorted(wanted)}")
        sets = [simulator.sets for simulator in self.simulators]
        if sets != sorted(sets, reverse=True):
            raise ValueError(f"problem {self.name}: simulators must come with the most sets first, got {sets}")
        for names in ([prior.name for prior in self.priors], [target.name for target in self.targets]):
            if len(set(names)) != len(names):
                raise ValueError(f"problem {self.name}: a name occurs twice in {names}")

    def targets_of(self, group: str) -> tuple[CalibrationTarget, ...]:
        """Targets that one simulator gives, in the order of its columns."""
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
        """The same problem with other numbers of sets per simulator; None leaves one as it is."""
        pairs = zip(self.simulators, sets, strict=True)
        changed = tuple(one if count is None else replace(one, sets=count) for one, count in pairs)
        return replace(self, simulators=changed)


def load_problem(place: str) -> CalibrationProblem:
    """Return the problem that a function without arguments gives; `place` is ``module:function``.

    Raises
    ------
    ValueError
        If there is no such module or function, or it gives something else.
    """
    module, _, function = place.partition(":")
    try:
        found = getattr(import_module(module), function)()
    except (ImportError, AttributeError, TypeError) as error:
        raise ValueError(f"{place!r} is not a calibration problem: {error}") from error
    if not isinstance(found, CalibrationProblem):
        raise ValueError(f"{place!r} gives {type(found).__name__}, not a Problem")
    return found
