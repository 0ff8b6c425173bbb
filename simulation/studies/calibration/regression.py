"""Weighted ridge regression with the penalty chosen by generalised cross-validation.

Source: Hoerl and Kennard (1970); Golub, Heath and Wahba (1979); Aitken (1936) for the weights; Kish (1965) for the number
of rows that they leave.
"""

from dataclasses import dataclass

import numpy as np

from simulation.values.conventions import Array

PENALTIES = np.concatenate([np.zeros(1) + 1e-9, 10.0 ** np.arange(-5.0, 3.01, 0.5)])
"""Penalties tried, as multiples of the number of rows."""
MOST_FREEDOM = 1 / 3
"""Most effective coefficients per row: beyond, cross-validation rewards a fit that passes through every row."""


@dataclass(frozen=True)
class Ridge:
    """Fitted coefficients, and how strongly each column of the responses was fitted.

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
    """Rows of equal weight that tell as much as rows of these weights, ``(n, ...)`` to ``(...)``."""
    return np.asarray(weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0))


def ridge(terms: Array, responses: Array, weights: Array | None = None) -> Ridge:
    """Regress each response on the terms; the first term, the constant, is not penalised.

    Parameters
    ----------
    terms
        ``(n, terms)``, the first column constant.
    responses
        ``(n, responses)``.
    weights
        Weight of each row, ``(n,)``, or of each row for each response, ``(n, responses)``; all alike if none are given.
    """
    if weights is None:
        return equally_weighted(terms, responses, np.ones(len(terms)))
    if weights.ndim == 1:
        return equally_weighted(terms, responses, weights)
    fits = [
        equally_weighted(terms, responses[:, column : column + 1], weights[:, column])
        for column in range(responses.shape[1])
    ]
    return Ridge(
        np.concatenate([fit.coefficients for fit in fits], axis=1), np.concatenate([fit.freedom for fit in fits])
    )


def equally_weighted(terms: Array, responses: Array, weights: Array) -> Ridge:
    """Regress responses ``(n, responses)`` whose rows have the same weights ``(n,)``."""
    rows, shares = float(effective_rows(weights)), weights / weights.sum()
    means, centre = shares @ terms, shares @ responses
    root = np.sqrt(rows * shares)[:, None]
    centred, off = root * (terms[:, 1:] - means[1:]), root * (responses - centre)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values = np.maximum(values, 0.0)
    rotated = vectors.T @ (centred.T @ off)
    kept = values > 1e-10 * max(float(values[-1]), 1e-300)
    filters = np.where(kept, values / (values + rows * PENALTIES[:, None]), 0.0)
    inverse = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    explained = (filters * (2.0 - filters)) @ (rotated**2 * inverse[:, None])
    left = np.maximum((off**2).sum(axis=0) - explained, 1e-12)
    freedom = 1.0 + filters.sum(axis=1)
    scores = left / (rows * np.maximum(1.0 - freedom[:, None] / rows, 1e-3) ** 2)
    best = np.argmin(np.where(freedom[:, None] <= MOST_FREEDOM * rows, scores, np.inf), axis=0)
    slopes = vectors @ (filters[best].T * inverse[:, None] * rotated)
    constant = centre - means[1:] @ slopes
    return Ridge(np.concatenate([constant[None, :], slopes]), freedom[best])
