"""The emulator: mean, spread and correlation of simulated moments as smooth functions of the parameters.

A simulation gives one noisy draw of the moments.  The emulator learns from a table of such draws how their mean and their
variance depend on the parameters, so that a likelihood can be evaluated anywhere at no cost.  Its own error counts as
variance: the residuals hold the simulator's noise and the misfit of the polynomial alike.

Source: Blum and Francois (2010), heteroscedastic regression for simulated moments; Wilkinson (2014), emulated synthetic
likelihood; Rasmussen and Williams (2006), section 2.2, ridge regression as a Gaussian process.
"""

from dataclasses import dataclass, replace

import numpy as np

from simulation.calibration.basis import Basis
from simulation.calibration.regression import Ridge, ridge
from simulation.conventions import Array

MOST_ACTIVE = 10
"""Parameters that get terms of degree three, where the table is long enough for them."""
FOLDS = 5
"""Parts of a table, each predicted from the others."""
ROWS_PER_TERM = 4
"""Fewest rows of the table per term, or the terms of degree three are left out."""
LOG_CHI_SQUARED_MEAN = -1.2703628454614782
"""Mean of the logarithm of a chi-squared variable with one degree of freedom."""
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
class Emulator:
    """Moments of one simulator as functions of the scores of a parameter set.

    Attributes
    ----------
    basis
        Explanatory terms.
    mean
        Regression of the moments.
    log_variance
        Regression of the logarithm of the squared residuals on the terms up to degree two.
    log_range
        Lowest and highest fitted log variance, ``(2, moments)``; outside it nothing is known.
    correlation
        Correlation of the standardised residuals, ``(moments, moments)``.
    leverage
        Variance that the fit's own uncertainty adds, as a share of the residual variance and per squared length of
        the terms, ``(moments,)``.
    """

    basis: Basis
    mean: Ridge
    log_variance: Ridge
    log_range: Array
    correlation: Array
    leverage: Array

    def moments(self, scores: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the moments of one run, each ``(n, moments)``, at scores ``(n, d)``."""
        terms = self.basis.terms(scores)
        log = terms[:, self.basis.up_to_two] @ self.log_variance.coefficients
        length = (terms[:, 1:] ** 2).sum(axis=1)
        variance = np.exp(np.clip(log, *self.log_range)) * (1.0 + length[:, None] * self.leverage)
        return terms @ self.mean.coefficients, np.sqrt(variance)


def least_rows(dimension: int) -> int:
    """Fewest parameter sets that an emulator of so many parameters can be fitted to."""
    return 2 * (dimension + 1)


def fitted(scores: Array, moments: Array) -> Emulator:
    """Fit an emulator to a table of scores ``(n, d)`` and their moments ``(n, moments)``, all finite.

    The level of the variance and the correlation come from rows that an emulator of the other rows predicts: residuals
    of a fit understate its errors, and a posterior that rests on them is too narrow.

    Raises
    ------
    ValueError
        If the table has too few rows to tell anything.
    """
    rows, dimension = scores.shape
    if rows < least_rows(dimension):
        raise ValueError(f"{rows} parameter sets finished; {least_rows(dimension)} or more are needed for an emulator")
    basis = chosen_basis(scores, moments)
    emulator = fitted_once(basis, scores, moments)
    errors = held_out_errors(basis, scores, moments)
    level = np.log((errors**2).mean(axis=0))
    coefficients = emulator.log_variance.coefficients.copy()
    coefficients[0] += level
    log_variance = Ridge(coefficients, emulator.log_variance.freedom)
    limits = emulator.log_range + level
    return replace(emulator, log_variance=log_variance, log_range=limits, correlation=correlation(errors))


def held_out_errors(basis: Basis, scores: Array, moments: Array) -> Array:
    """Standardised errors of each row under an emulator that did not see it, ``(n, moments)``."""
    errors = np.empty_like(moments)
    folds = np.arange(len(scores)) % FOLDS
    for fold in range(FOLDS):
        out = folds == fold
        mean, sd = fitted_once(basis, scores[~out], moments[~out]).moments(scores[out])
        errors[out] = (moments[out] - mean) / sd
    return errors


def fitted_once(basis: Basis, scores: Array, moments: Array) -> Emulator:
    """Fit an emulator whose level of variance and correlation are those of its own residuals."""
    terms, rows = basis.terms(scores), len(scores)
    mean = ridge(terms, moments)
    share = mean.freedom / rows
    residuals = (moments - terms @ mean.coefficients) / (1.0 - np.minimum(share, 0.9))
    log_variance, log_range = spread(terms[:, basis.up_to_two], residuals)
    length = float((terms[:, 1:] ** 2).sum(axis=1).mean())
    scale = np.exp(np.clip(terms[:, basis.up_to_two] @ log_variance.coefficients, *log_range) / 2)
    return Emulator(basis, mean, log_variance, log_range, correlation(residuals / scale), share / length)


def chosen_basis(scores: Array, moments: Array) -> Basis:
    """All terms of degree two, and those of degree three of the parameters that matter most, if the table is long."""
    rows, dimension = scores.shape
    plain = Basis(dimension)
    terms = plain.terms(scores)
    effects = ridge(terms, moments / np.maximum(moments.std(axis=0), 1e-12)).coefficients ** 2
    lower, upper = np.triu_indices(dimension, 1)
    pairs = effects[1 + 2 * dimension :].sum(axis=1)
    importance = effects[plain.linear].sum(axis=1) + effects[1 + dimension : 1 + 2 * dimension].sum(axis=1)
    importance += np.bincount(lower, pairs, dimension) + np.bincount(upper, pairs, dimension)
    active = tuple(sorted(int(column) for column in np.argsort(-importance, kind="stable")[:MOST_ACTIVE]))
    rich = Basis(dimension, active)
    return rich if rows >= ROWS_PER_TERM * rich.terms(scores[:1]).shape[1] else plain


def spread(terms: Array, residuals: Array) -> tuple[Ridge, Array]:
    """Regression of the log variance of residuals ``(n, moments)`` and the range of its fitted values."""
    floor = 1e-12 * np.maximum((residuals**2).mean(axis=0), 1e-300)
    logs = np.log(residuals**2 + floor) - LOG_CHI_SQUARED_MEAN
    fit = ridge(terms, logs)
    found = terms @ fit.coefficients
    limits = np.quantile(found, (0.005, 0.995), axis=0)
    # Residuals are not exactly normal: the level is set so that the standardised ones have mean square one.
    level = np.log((residuals**2 / np.exp(np.clip(found, *limits))).mean(axis=0))
    coefficients = fit.coefficients.copy()
    coefficients[0] += level
    return Ridge(coefficients, fit.freedom), limits + level


def correlation(errors: Array) -> Array:
    """Correlation of standardised errors ``(n, moments)``, drawn a little to zero where the table is short."""
    rows, count = errors.shape
    raw = (errors.T @ errors) / rows
    lengths = np.sqrt(np.diag(raw))
    shrink = count / (rows + count)
    return np.asarray((1.0 - shrink) * raw / np.outer(lengths, lengths) + shrink * np.eye(count))
