"""Ridge regression with the penalty chosen by generalised cross-validation.

Source: Hoerl and Kennard (1970); Golub, Heath and Wahba (1979).
"""

from dataclasses import dataclass

import numpy as np

from simulation.conventions import Array

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


def ridge(terms: Array, responses: Array) -> Ridge:
    """Regress each response on the terms; the first term, the constant, is not penalised.

    Parameters
    ----------
    terms
        ``(n, terms)``, the first column constant.
    responses
        ``(n, responses)``.
    """
    rows = len(terms)
    means, centre = terms.mean(axis=0), responses.mean(axis=0)
    centred, off = terms[:, 1:] - means[1:], responses - centre
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
