"""The emulator: mean, spread and correlation of simulated moments as smooth functions of the parameters.

A simulation gives one noisy draw of the moments.  The emulator learns from a table of such draws how their mean and their
variance depend on the parameters, so that a likelihood can be evaluated anywhere at no cost.  Its own error counts as
variance: the residuals hold the simulator's noise and the misfit of the polynomial alike.

A row counts the more the less its moment scatters there, and the nearer it is to the posterior: polynomials that serve the
whole prior alike are bent by its wild corners and miss where it matters.

Source: Blum and Francois (2010), heteroscedastic regression for simulated moments; Wilkinson (2014), emulated synthetic
likelihood; Rasmussen and Williams (2006), section 2.2, ridge regression as a Gaussian process; Carroll and Ruppert (1988),
section 2, for weights by the fitted variance; Beaumont, Zhang and Balding (2002) for weights by nearness; Gneiting and
Raftery (2007) for the logarithmic score that chooses among them.
"""

from dataclasses import dataclass, replace

import numpy as np

from simulation.studies.calibration.basis import Basis
from simulation.studies.calibration.regression import Ridge, effective_rows, ridge
from simulation.studies.calibration.sample import Sample
from simulation.values.conventions import Array, Flags

MOST_ACTIVE = 10
"""Parameters that get terms of degree three, where the table is long enough for them."""
FOLDS = 5
"""Parts of a table, each predicted from the others."""
ROWS_PER_TERM = 4
"""Fewest rows of the table per term, or the terms of degree three are left out."""
LOG_CHI_SQUARED_MEAN = -1.2703628454614782
"""Mean of the logarithm of a chi-squared variable with one degree of freedom."""
EMPHASES = (1.0, 5.0, 30.0)
"""Weights of a row at the posterior, against one of the prior, that are tried."""
WEIGHINGS = 3
"""Times that mean and variance are fitted in turn, each with the weights that the variance before gives."""


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
    emphasis
        How much more a row at the posterior counted than one of the prior.
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
    emphasis: float = 1.0

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


def fitted(sample: Sample) -> Emulator:
    """Fit an emulator, with the emphasis on near rows that predicts them best.

    The level of the variance and the correlation come from rows that an emulator of the other rows predicts: residuals
    of a fit understate its errors, and a posterior that rests on them is too narrow.

    Raises
    ------
    ValueError
        If the sample has too few rows to tell anything.
    """
    rows, dimension = sample.scores.shape
    if rows < least_rows(dimension):
        raise ValueError(f"{rows} parameter sets finished; {least_rows(dimension)} or more are needed for an emulator")
    basis = chosen_basis(sample)
    emphases = EMPHASES if sample.nearness.any() else (1.0,)
    found = [held_out(basis, replace(sample, emphasis=emphasis)) for emphasis in emphases]
    best = max(found, key=HeldOut.score)
    emulator = fitted_once(basis, best.sample)
    level = best.level
    coefficients = emulator.log_variance.coefficients.copy()
    coefficients[0] += level
    log_variance = Ridge(coefficients, emulator.log_variance.freedom)
    limits, related = emulator.log_range + level, correlation(best.errors / best.sd, best.sample.importance)
    return replace(emulator, log_variance=log_variance, log_range=limits, correlation=related)


@dataclass(frozen=True)
class HeldOut:
    """What emulators of the other rows say of each row of a sample.

    Attributes
    ----------
    sample
        The rows.
    errors, sd
        Moments less predicted means, and predicted standard deviations, ``(n, moments)``.
    """

    sample: Sample
    errors: Array
    sd: Array

    @property
    def level(self) -> Array:
        """Logarithm of the variance of the errors over the predicted one, ``(moments,)``."""
        return np.asarray(np.log(np.average((self.errors / self.sd) ** 2, axis=0, weights=self.sample.importance)))

    def score(self) -> float:
        """Logarithmic score of the nearest rows with the targets' errors added, sum over moments; the higher the better."""
        near = self.sample.nearness == self.sample.nearness.max()
        variance = self.sd[near] ** 2 * np.exp(self.level) + self.sample.discrepancy**2
        added = self.errors[near] ** 2 + self.sample.discrepancy**2
        return float(-0.5 * (np.log(variance) + added / variance).mean(axis=0).sum())


def held_out(basis: Basis, sample: Sample) -> HeldOut:
    """Predict each row by an emulator that did not see it."""
    errors, sds = np.empty_like(sample.moments), np.empty_like(sample.moments)
    folds = np.arange(len(errors)) % FOLDS
    for fold in range(FOLDS):
        out: Flags = folds == fold
        mean, sds[out] = fitted_once(basis, sample.only(~out)).moments(sample.scores[out])
        errors[out] = sample.moments[out] - mean
    return HeldOut(sample, errors, sds)


def fitted_once(basis: Basis, sample: Sample) -> Emulator:
    """Fit an emulator whose level of variance and correlation are those of its own residuals."""
    terms, importance = basis.terms(sample.scores), sample.importance
    plain, weights = terms[:, basis.up_to_two], importance
    for _ in range(WEIGHINGS):
        mean = ridge(terms, sample.moments, weights)
        share = mean.freedom / effective_rows(weights)
        residuals = (sample.moments - terms @ mean.coefficients) / (1.0 - np.minimum(share, 0.9))
        log_variance, log_range = spread(plain, residuals, importance)
        variance = np.exp(np.clip(plain @ log_variance.coefficients, *log_range))
        weights = importance[:, None] / (variance + sample.discrepancy**2)
    length = float(np.average((terms[:, 1:] ** 2).sum(axis=1), weights=importance))
    related = correlation(residuals / np.sqrt(variance), importance)
    return Emulator(basis, mean, log_variance, log_range, related, share / length, sample.emphasis)


def chosen_basis(sample: Sample) -> Basis:
    """All terms of degree two, and those of degree three of the parameters that matter most, if the table is long."""
    rows, dimension = sample.scores.shape
    plain = Basis(dimension)
    spreads = np.maximum(sample.moments.std(axis=0), 1e-12)
    effects = ridge(plain.terms(sample.scores), sample.moments / spreads, sample.importance).coefficients ** 2
    lower, upper = np.triu_indices(dimension, 1)
    pairs = effects[1 + 2 * dimension :].sum(axis=1)
    importance = effects[plain.linear].sum(axis=1) + effects[1 + dimension : 1 + 2 * dimension].sum(axis=1)
    importance += np.bincount(lower, pairs, dimension) + np.bincount(upper, pairs, dimension)
    active = tuple(sorted(int(column) for column in np.argsort(-importance, kind="stable")[:MOST_ACTIVE]))
    rich = Basis(dimension, active)
    return rich if rows >= ROWS_PER_TERM * rich.terms(sample.scores[:1]).shape[1] else plain


def spread(terms: Array, residuals: Array, importance: Array) -> tuple[Ridge, Array]:
    """Regression of the log variance of residuals ``(n, moments)`` and the range of its fitted values."""
    floor = 1e-12 * np.maximum((residuals**2).mean(axis=0), 1e-300)
    logs = np.log(residuals**2 + floor) - LOG_CHI_SQUARED_MEAN
    fit = ridge(terms, logs, importance)
    found = terms @ fit.coefficients
    limits = np.quantile(found, (0.005, 0.995), axis=0)
    # Residuals are not exactly normal: the level is set so that the standardised ones have mean square one.
    squares = residuals**2 / np.exp(np.clip(found, *limits))
    level = np.log(np.average(squares, axis=0, weights=importance))
    coefficients = fit.coefficients.copy()
    coefficients[0] += level
    return Ridge(coefficients, fit.freedom), limits + level


def correlation(errors: Array, importance: Array) -> Array:
    """Correlation of standardised errors ``(n, moments)``, drawn a little to zero where the table is short."""
    rows, count = float(effective_rows(importance)), errors.shape[1]
    raw = (errors.T * importance) @ errors / importance.sum()
    lengths = np.sqrt(np.diag(raw))
    shrink = count / (rows + count)
    return np.asarray((1.0 - shrink) * raw / np.outer(lengths, lengths) + shrink * np.eye(count))
