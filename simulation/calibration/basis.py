"""Polynomials of the parameters: the explanatory variables of the emulator.

Parameters enter as scores: the value, or its logarithm where the prior is one of the logarithm, less its prior mean and over
its prior standard deviation.  For uniform priors the terms are Legendre's and orthonormal.

Source: Xiu and Karniadakis (2002), Legendre polynomial chaos; Blatman and Sudret (2011) for keeping few terms of high
degree.
"""

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from simulation.conventions import Array

SHRINKAGE_PER_DEGREE = 0.5
"""Prior scale of a coefficient relative to that of a degree below: smooth functions are expected."""


@dataclass(frozen=True)
class Basis:
    """All terms up to degree two, and of degree three those of the few parameters that matter most.

    Attributes
    ----------
    dimension
        Number of parameters.
    active
        Columns of the parameters that get terms of degree three.
    """

    dimension: int
    active: tuple[int, ...] = ()

    @property
    def linear(self) -> slice:
        """Columns of the terms of degree one."""
        return slice(1, 1 + self.dimension)

    @property
    def up_to_two(self) -> slice:
        """Columns of all terms up to degree two."""
        return slice(0, 1 + 2 * self.dimension + self.dimension * (self.dimension - 1) // 2)

    def terms(self, scores: Array) -> Array:
        """Values of every term at scores of parameter sets, ``(n, d)`` to ``(n, terms)``; the first is one."""
        first, second, third = polynomials(scores)
        lower, upper = np.triu_indices(self.dimension, 1)
        shrunk = SHRINKAGE_PER_DEGREE
        parts = [np.ones((len(scores), 1)), first, shrunk * second, shrunk * first[:, lower] * first[:, upper]]
        if self.active:
            parts.append(shrunk**2 * third[:, self.active])
        squares = list(permutations(self.active, 2))
        if squares:
            one, other = np.array(squares).T
            parts.append(shrunk**2 * second[:, one] * first[:, other])
        triples = list(combinations(self.active, 3))
        if triples:
            one, two, three = np.array(triples).T
            parts.append(shrunk**2 * first[:, one] * first[:, two] * first[:, three])
        return np.concatenate(parts, axis=1)


def polynomials(scores: Array) -> tuple[Array, Array, Array]:
    """Polynomials of degree one to three, of mean zero and variance one where the scores are uniform."""
    return (
        scores,
        np.asarray(0.5 * np.sqrt(5.0) * (scores**2 - 1.0)),
        np.asarray(0.5 * np.sqrt(7.0 / 3.0) * (5.0 / 3.0 * scores**3 - 3.0 * scores)),
    )
