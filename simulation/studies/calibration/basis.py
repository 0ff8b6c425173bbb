"""Polynomials of the parameters: the explanatory variables of the emulator.

Parameters enter as scores: the value, or its logarithm where the prior is one of the logarithm, less its prior mean and over
its prior standard deviation.  For uniform priors the terms are Legendre's and orthonormal.

Source: Xiu and Karniadakis (2002), Legendre polynomial chaos; Blatman and Sudret (2011) for keeping few terms of high
degree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, permutations

import numpy as np

from simulation.values.conventions import Array, Rows

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

    @cached_property
    def pairs(self) -> Rows:
        """The two parameters of each product of degree two, ``(2, pairs)``."""
        return np.array(np.triu_indices(self.dimension, 1))

    @cached_property
    def mixed(self) -> Rows:
        """The squared and the plain parameter of each product of degree three, ``(2, mixed)``."""
        return np.array(list(permutations(self.active, 2)), dtype=np.intp).reshape(-1, 2).T

    @cached_property
    def triples(self) -> Rows:
        """The three parameters of each product of degree three, ``(3, triples)``."""
        return np.array(list(combinations(self.active, 3)), dtype=np.intp).reshape(-1, 3).T

    def terms(self, scores: Array) -> Array:
        """Values of every term at scores of parameter sets, ``(n, d)`` to ``(n, terms)``; the first is one."""
        first, second, third = polynomials(scores)
        (lower, upper), (squared, plain), (one, two, three) = self.pairs, self.mixed, self.triples
        shrunk = SHRINKAGE_PER_DEGREE
        parts = [
            np.ones((len(scores), 1)),
            first,
            shrunk * second,
            picked(shrunk * first, lower) * picked(first, upper),
            picked(shrunk**2 * third, list(self.active)),
            picked(shrunk**2 * second, squared) * picked(first, plain),
            picked(shrunk**2 * first, one) * picked(first, two) * picked(first, three),
        ]
        return np.concatenate(parts, axis=1)


def picked(values: Array, columns: Rows | Sequence[int]) -> Array:
    """Some columns; `take` copies them in half the time that an index in brackets needs."""
    return np.take(values, np.asarray(columns, dtype=np.intp), axis=1)


def polynomials(scores: Array) -> tuple[Array, Array, Array]:
    """Polynomials of degree one to three, of mean zero and variance one where the scores are uniform."""
    return (
        scores,
        np.asarray(0.5 * np.sqrt(5.0) * (scores**2 - 1.0)),
        np.asarray(0.5 * np.sqrt(7.0 / 3.0) * (5.0 / 3.0 * scores**3 - 3.0 * scores)),
    )
