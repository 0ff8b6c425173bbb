"""Regressions of the emulator: polynomial terms, weighted ridge regression, and the probability that a run finishes.

Parameters enter as scores: the value, or its logarithm for a logarithmic prior, less the prior mean and over the prior standard
deviation.  For uniform priors the terms are orthonormal Legendre polynomials.  The ridge penalty is chosen by generalised
cross-validation.

Source: Xiu and Karniadakis (2002), Legendre polynomial chaos; Blatman and Sudret (2011), sparse terms of high degree;
Hoerl and Kennard (1970), ridge regression; Golub, Heath and Wahba (1979), cross-validation; Aitken (1936), weights; Kish
(1965), effective number of rows; McCullagh and Nelder (1989), logistic regression by iteratively reweighted least squares, here
with a ridge penalty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, permutations

import numpy as np
from scipy.special import expit, log_expit

from simulation.values.conventions import Array, Flags, Rows

SHRINKAGE_PER_DEGREE = 0.5
"""Prior scale of a coefficient relative to the next lower degree: the functions are expected to be smooth."""


@dataclass(frozen=True)
class PolynomialBasis:
    """All terms up to degree two, and the terms of degree three of selected parameters.

    Attributes
    ----------
    dimension
        Number of parameters.
    active
        Columns of the parameters with terms of degree three.
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
        """The squared and the linear parameter of each mixed product of degree three, ``(2, mixed)``."""
        return np.array(list(permutations(self.active, 2)), dtype=np.intp).reshape(-1, 2).T

    @cached_property
    def triples(self) -> Rows:
        """The three parameters of each product of degree three, ``(3, triples)``."""
        return np.array(list(combinations(self.active, 3)), dtype=np.intp).reshape(-1, 3).T

    def terms(self, scores: Array) -> Array:
        """Values of all terms at scores of parameter sets, ``(n, d)`` to ``(n, terms)``; the first term is one."""
        first, second, third = polynomials(scores)
        (lower, upper), (squared, linear), (one, two, three) = self.pairs, self.mixed, self.triples
        shrunk = SHRINKAGE_PER_DEGREE
        parts = [
            np.ones((len(scores), 1)),
            first,
            shrunk * second,
            take_columns(shrunk * first, lower) * take_columns(first, upper),
            take_columns(shrunk**2 * third, list(self.active)),
            take_columns(shrunk**2 * second, squared) * take_columns(first, linear),
            take_columns(shrunk**2 * first, one) * take_columns(first, two) * take_columns(first, three),
        ]
        return np.concatenate(parts, axis=1)


def take_columns(values: Array, columns: Rows | Sequence[int]) -> Array:
    """Selected columns; `take` copies them in half the time of index notation."""
    return np.take(values, np.asarray(columns, dtype=np.intp), axis=1)


def polynomials(scores: Array) -> tuple[Array, Array, Array]:
    """Polynomials of degree one to three, with mean zero and variance one for uniform scores."""
    return (
        scores,
        np.asarray(0.5 * np.sqrt(5.0) * (scores**2 - 1.0)),
        np.asarray(0.5 * np.sqrt(7.0 / 3.0) * (5.0 / 3.0 * scores**3 - 3.0 * scores)),
    )


PENALTIES = np.concatenate([np.zeros(1) + 1e-9, 10.0 ** np.arange(-5.0, 3.01, 0.5)])
"""Candidate penalties, as multiples of the number of rows."""
MAX_FREEDOM = 1 / 3
"""Maximum number of effective coefficients per row: above it, cross-validation favours a fit through every row."""


@dataclass(frozen=True)
class RidgeFit:
    """Coefficients of a ridge regression and their effective number.

    Attributes
    ----------
    coefficients
        ``(terms, responses)``.
    freedom
        Effective number of coefficients of each response, ``(responses,)``.
    """

    coefficients: Array
    freedom: Array


def effective_rows(weights: Array) -> Array:
    """Number of equally weighted rows with the same information, ``(n, ...)`` to ``(...)``."""
    return np.asarray(weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0))


def ridge(terms: Array, responses: Array, weights: Array | None = None) -> RidgeFit:
    """Regress each response on the terms; the first term, the constant, is not penalised.

    Parameters
    ----------
    terms
        ``(n, terms)``; the first column is constant.
    responses
        ``(n, responses)``.
    weights
        Weight of each row, ``(n,)``, or of each row for each response, ``(n, responses)``; equal weights by default.
    """
    if weights is None:
        return ridge_common_weights(terms, responses, np.ones(len(terms)))
    if weights.ndim == 1:
        return ridge_common_weights(terms, responses, weights)
    fits = [
        ridge_common_weights(terms, responses[:, column : column + 1], weights[:, column])
        for column in range(responses.shape[1])
    ]
    return RidgeFit(
        np.concatenate([fit.coefficients for fit in fits], axis=1), np.concatenate([fit.freedom for fit in fits])
    )


def ridge_common_weights(terms: Array, responses: Array, weights: Array) -> RidgeFit:
    """Regress responses ``(n, responses)`` with the same row weights ``(n,)``."""
    rows, shares = float(effective_rows(weights)), weights / weights.sum()
    means, centre = shares @ terms, shares @ responses
    root = np.sqrt(rows * shares)[:, None]
    centred, deviations = root * (terms[:, 1:] - means[1:]), root * (responses - centre)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values = np.maximum(values, 0.0)
    rotated = vectors.T @ (centred.T @ deviations)
    nonzero = values > 1e-10 * max(float(values[-1]), 1e-300)
    filters = np.where(nonzero, values / (values + rows * PENALTIES[:, None]), 0.0)
    inverse = np.where(nonzero, 1.0 / np.where(nonzero, values, 1.0), 0.0)
    explained = (filters * (2.0 - filters)) @ (rotated**2 * inverse[:, None])
    residual_squares = np.maximum((deviations**2).sum(axis=0) - explained, 1e-12)
    freedom = 1.0 + filters.sum(axis=1)
    scores = residual_squares / (rows * np.maximum(1.0 - freedom[:, None] / rows, 1e-3) ** 2)
    best = np.argmin(np.where(freedom[:, None] <= MAX_FREEDOM * rows, scores, np.inf), axis=0)
    slopes = vectors @ (filters[best].T * inverse[:, None] * rotated)
    constant = centre - means[1:] @ slopes
    return RidgeFit(np.concatenate([constant[None, :], slopes]), freedom[best])


COMPLETION_PENALTY = 1.0
COMPLETION_ITERATIONS = 30


@dataclass(frozen=True)
class CompletionModel:
    """Log odds that a run finishes as a linear function of terms; without coefficients every run finishes."""

    coefficients: Array | None

    def log_probability(self, scores: Array) -> Array:
        """Log probability that a run finishes at scores of parameter sets, ``(n, d)`` to ``(n,)``."""
        if self.coefficients is None:
            return np.zeros(len(scores))
        return np.asarray(log_expit(_completion_terms(scores) @ self.coefficients))


def fit_completion(scores: Array, finished: Flags) -> CompletionModel:
    """Fit the probability that a run finishes to scores ``(n, d)`` and the outcomes `finished`, ``(n,)``."""
    if finished.all():
        return CompletionModel(None)
    terms = _completion_terms(scores)
    penalty = COMPLETION_PENALTY * np.eye(terms.shape[1])
    penalty[0, 0] = 1e-6
    coefficients = np.zeros(terms.shape[1])
    for _ in range(COMPLETION_ITERATIONS):
        chance = expit(terms @ coefficients)
        weight = np.maximum(chance * (1.0 - chance), 1e-9)
        gradient = terms.T @ (finished - chance) - penalty @ coefficients
        coefficients = coefficients + np.linalg.solve((terms.T * weight) @ terms + penalty, gradient)
    return CompletionModel(coefficients)


def _completion_terms(scores: Array) -> Array:
    """A constant, and the linear and squared term of each parameter."""
    return PolynomialBasis(scores.shape[1]).terms(scores)[:, : 1 + 2 * scores.shape[1]]
