"""What a prior is, and the map between the unit cube and parameter values.

Samplers and emulators work in the unit cube, where every prior is uniform; the inverse distribution function of each
prior takes a point of it to parameter values.  Source: Devroye (1986), chapter II.2, inversion.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from simulation.values.conventions import Array
from simulation.values.randomness import generator, stratified_uniform

Kind = Literal["uniform", "log_uniform", "normal", "lognormal"]
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
    kind: Kind
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


def scores(priors: Priors, unit: Array) -> Array:
    """Standardised values of points of the unit cube, ``(n, d)``: the variables of the emulator."""
    return np.stack([prior.score(unit[:, column]) for column, prior in enumerate(priors)], axis=1)


def log_density(priors: Priors, values: Array) -> Array:
    """Logarithm of the joint prior density of parameter sets, ``(n, d)`` to ``(n,)``; priors are independent."""
    return np.asarray(np.sum([prior.log_density(values[:, column]) for column, prior in enumerate(priors)], axis=0))


def unit_sample(dimension: int, count: int, seed: int, name: str) -> Array:
    """A Latin hypercube of `count` points, ``(count, dimension)``, from the stream `name`.

    Source: McKay, Beckman and Conover (1979).
    """
    columns = [stratified_uniform(generator(seed, column, name), count) for column in range(dimension)]
    return np.stack(columns, axis=1)


def nested_sample(dimension: int, counts: Sequence[int], seed: int, name: str) -> Array:
    """Points of the unit cube of which the first n are a balanced sample for each n in `counts`, rising.

    Each part is a Latin hypercube of its own, ``(last count, dimension)``.
    """
    sizes = np.diff([0, *counts])
    parts = [unit_sample(dimension, int(size), seed, f"{name}:{place}") for place, size in enumerate(sizes)]
    return np.concatenate(parts)


def sample(priors: Priors, count: int, seed: int, name: str = "calibration:prior") -> Array:
    """`count` parameter sets drawn from the prior, ``(count, d)``."""
    return from_unit(priors, unit_sample(len(priors), count, seed, name))


def digest_of(tables: Sequence[dict[str, Any]]) -> str:
    """SHA-256 of plain values, so that a result names what it was fitted with."""
    content = list(tables)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
