"""Probability that a run finishes, as a function of its parameters.

Source: McCullagh and Nelder (1989), logistic regression by iteratively reweighted least squares, with a ridge penalty.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

from simulation.studies.calibration.basis import Basis
from simulation.values.conventions import Array, Flags

PENALTY = 1.0
ITERATIONS = 30


@dataclass(frozen=True)
class Survival:
    """Log odds of finishing as a linear function of the terms; none where every run finished."""

    coefficients: Array | None

    def log_probability(self, scores: Array) -> Array:
        """Log probability of finishing at scores of parameter sets, ``(n, d)`` to ``(n,)``."""
        if self.coefficients is None:
            return np.zeros(len(scores))
        return np.asarray(log_expit(_terms(scores) @ self.coefficients))


def survival(scores: Array, finished: Flags) -> Survival:
    """Fit the probability of finishing to scores ``(n, d)`` of which some `finished`, ``(n,)``."""
    if finished.all():
        return Survival(None)
    terms = _terms(scores)
    penalty = PENALTY * np.eye(terms.shape[1])
    penalty[0, 0] = 1e-6
    coefficients = np.zeros(terms.shape[1])
    for _ in range(ITERATIONS):
        chance = expit(terms @ coefficients)
        weight = np.maximum(chance * (1.0 - chance), 1e-9)
        gradient = terms.T @ (finished - chance) - penalty @ coefficients
        coefficients = coefficients + np.linalg.solve((terms.T * weight) @ terms + penalty, gradient)
    return Survival(coefficients)


def _terms(scores: Array) -> Array:
    """A constant, and the first two degrees of each parameter."""
    return Basis(scores.shape[1]).terms(scores)[:, : 1 + 2 * scores.shape[1]]
