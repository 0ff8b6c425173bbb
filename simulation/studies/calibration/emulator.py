"""What an emulator learns from: simulated sets within bounds, and how much each of them counts.

The emulator: mean, spread and correlation of simulated moments as smooth functions of the parameters.

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

from simulation.studies.calibration.regression import PolynomialBasis, RidgeFit, effective_rows, ridge
from simulation.values.conventions import Array, Flags

BOUNDS_REACH = 1.0
"""Moments further outside the middle 98 % of the first table than this many times its width are set to that bound."""


@dataclass(frozen=True)
class MomentBounds:
    """Lowest and highest value of each moment that still tells something, ``(moments,)``."""

    lowest: Array
    highest: Array

    def applied(self, moments: Array) -> Array:
        """Moments within the bounds; a ratio with a small denominator must not bend a regression."""
        return np.asarray(np.clip(moments, self.lowest, self.highest))


def moment_bounds(moments: Array) -> MomentBounds:
    """Bounds from a table of moments, ``(n, moments)``, without rejected rows."""
    low, high = np.quantile(moments, (0.01, 0.99), axis=0)
    return MomentBounds(low - BOUNDS_REACH * (high - low), high + BOUNDS_REACH * (high - low))


@dataclass(frozen=True)
class EmulatorSample:
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

    def only(self, rows: Flags) -> "EmulatorSample":
        """Some of the rows."""
        return replace(self, scores=self.scores[rows], moments=self.moments[rows], nearness=self.nearness[rows])


MAX_ACTIVE = 10
"""Parameters that get terms of degree three, where the table is long enough for them."""
EMULATOR_FOLDS = 5
"""Parts of a table, each predicted from the others."""
ROWS_PER_TERM = 4
"""Fewest rows of the table per term, or the terms of degree three are left out."""
LOG_CHI_SQUARED_MEAN = -1.2703628454614782
"""Mean of the logarithm of a chi-squared variable with one degree of freedom."""
EMPHASES = (1.0, 5.0, 30.0)
"""Weights of a row at the posterior, against one of the prior, that are tried."""
WEIGHTING_ROUNDS = 3
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

    basis: PolynomialBasis
    mean: RidgeFit
    log_variance: RidgeFit
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


def min_rows(dimension: int) -> int:
    """Fewest parameter sets that an emulator of so many parameters can be fitted to."""
    return 2 * (dimension + 1)


def fit_emulator(sample: EmulatorSample) -> Emulator:
    """Fit an emulator, with the emphasis on near rows that predicts them best.

    The level of the variance and the correlation come from rows that an emulator of the other rows predicts: residuals
    of a fit understate its errors, and a posterior that rests on them is too narrow.

    Raises
    ------
    ValueError
        If the sample has too few rows to tell anything.
    """
    rows, dimension = sample.scores.shape
    if rows < min_rows(dimension):
        raise ValueError(f"{rows} parameter sets finished; {min_rows(dimension)} or more are needed for an emulator")
    basis = choose_basis(sample)
    emphases = EMPHASES if sample.nearness.any() else (1.0,)
    found = [predict_held_out(basis, replace(sample, emphasis=emphasis)) for emphasis in emphases]
    best = max(found, key=HeldOutPredictions.score)
    emulator = fit_emulator_once(basis, best.sample)
    level = best.level
    coefficients = emulator.log_variance.coefficients.copy()
    coefficients[0] += level
    log_variance = RidgeFit(coefficients, emulator.log_variance.freedom)
    limits, related = emulator.log_range + level, error_correlation(best.errors / best.sd, best.sample.importance)
    return replace(emulator, log_variance=log_variance, log_range=limits, correlation=related)


@dataclass(frozen=True)
class HeldOutPredictions:
    """What emulators of the other rows say of each row of a sample.

    Attributes
    ----------
    sample
        The rows.
    errors, sd
        Moments less predicted means, and predicted standard deviations, ``(n, moments)``.
    """

    sample: EmulatorSample
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


def predict_held_out(basis: PolynomialBasis, sample: EmulatorSample) -> HeldOutPredictions:
    """Predict each row by an emulator that did not see it."""
    errors, sds = np.empty_like(sample.moments), np.empty_like(sample.moments)
    folds = np.arange(len(errors)) % EMULATOR_FOLDS
    for fold in range(EMULATOR_FOLDS):
        out: Flags = folds == fold
        mean, sds[out] = fit_emulator_once(basis, sample.only(~out)).moments(sample.scores[out])
        errors[out] = sample.moments[out] - mean
    return HeldOutPredictions(sample, errors, sds)


def fit_emulator_once(basis: PolynomialBasis, sample: EmulatorSample) -> Emulator:
    """Fit an emulator whose level of variance and correlation are those of its own residuals."""
    terms, importance = basis.terms(sample.scores), sample.importance
    plain, weights = terms[:, basis.up_to_two], importance
    for _ in range(WEIGHTING_ROUNDS):
        mean = ridge(terms, sample.moments, weights)
        share = mean.freedom / effective_rows(weights)
        residuals = (sample.moments - terms @ mean.coefficients) / (1.0 - np.minimum(share, 0.9))
        log_variance, log_range = fit_log_variance(plain, residuals, importance)
        variance = np.exp(np.clip(plain @ log_variance.coefficients, *log_range))
        weights = importance[:, None] / (variance + sample.discrepancy**2)
    length = float(np.average((terms[:, 1:] ** 2).sum(axis=1), weights=importance))
    related = error_correlation(residuals / np.sqrt(variance), importance)
    return Emulator(basis, mean, log_variance, log_range, related, share / length, sample.emphasis)


def choose_basis(sample: EmulatorSample) -> PolynomialBasis:
    """All terms of degree two, and those of degree three of the parameters that matter most, if the table is long."""
    rows, dimension = sample.scores.shape
    plain = PolynomialBasis(dimension)
    spreads = np.maximum(sample.moments.std(axis=0), 1e-12)
    effects = ridge(plain.terms(sample.scores), sample.moments / spreads, sample.importance).coefficients ** 2
    lower, upper = np.triu_indices(dimension, 1)
    pairs = effects[1 + 2 * dimension :].sum(axis=1)
    importance = effects[plain.linear].sum(axis=1) + effects[1 + dimension : 1 + 2 * dimension].sum(axis=1)
    importance += np.bincount(lower, pairs, dimension) + np.bincount(upper, pairs, dimension)
    active = tuple(sorted(int(column) for column in np.argsort(-importance, kind="stable")[:MAX_ACTIVE]))
    rich = PolynomialBasis(dimension, active)
    return rich if rows >= ROWS_PER_TERM * rich.terms(sample.scores[:1]).shape[1] else plain


def fit_log_variance(terms: Array, residuals: Array, importance: Array) -> tuple[RidgeFit, Array]:
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
    return RidgeFit(coefficients, fit.freedom), limits + level


def error_correlation(errors: Array, importance: Array) -> Array:
    """Correlation of standardised errors ``(n, moments)``, drawn a little to zero where the table is short."""
    rows, count = float(effective_rows(importance)), errors.shape[1]
    raw = (errors.T * importance) @ errors / importance.sum()
    lengths = np.sqrt(np.diag(raw))
    shrink = count / (rows + count)
    return np.asarray((1.0 - shrink) * raw / np.outer(lengths, lengths) + shrink * np.eye(count))
