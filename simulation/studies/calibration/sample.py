"""What an emulator learns from: simulated sets within bounds, and how much each of them counts."""

from dataclasses import dataclass, replace

import numpy as np

from simulation.values.conventions import Array, Flags

REACH = 1.0
"""Moments further outside the middle 98 % of the first table than this many times its width are set to that bound."""


@dataclass(frozen=True)
class Bounds:
    """Lowest and highest value of each moment that still tells something, ``(moments,)``."""

    lowest: Array
    highest: Array

    def applied(self, moments: Array) -> Array:
        """Moments within the bounds; a ratio with a small denominator must not bend a regression."""
        return np.asarray(np.clip(moments, self.lowest, self.highest))


def bounds_of(moments: Array) -> Bounds:
    """Bounds from a table of moments, ``(n, moments)``, without rejected rows."""
    low, high = np.quantile(moments, (0.01, 0.99), axis=0)
    return Bounds(low - REACH * (high - low), high + REACH * (high - low))


@dataclass(frozen=True)
class Sample:
    """Simulated parameter sets from which an emulator learns.

    Attributes
    ----------
    scores, moments
        ``(n, d)`` and ``(n, moments)``, all finite.
    discrepancy
        Standard deviations that the moments' targets have besides, ``(moments,)``.
    nearness
        Place of each row between the prior (0) and the posterior (1), ``(n,)``.
    emphasis
        How much more a row at the posterior counts than one of the prior.
    """

    scores: Array
    moments: Array
    discrepancy: Array
    nearness: Array
    emphasis: float = 1.0

    @property
    def importance(self) -> Array:
        """How much each row counts, ``(n,)``."""
        return np.asarray(self.emphasis**self.nearness)

    def only(self, rows: Flags) -> "Sample":
        """Some of the rows."""
        return replace(self, scores=self.scores[rows], moments=self.moments[rows], nearness=self.nearness[rows])
