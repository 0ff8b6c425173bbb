"""The emulator: mean, standard deviation and correlation of simulated moments as smooth functions of the parameters.

A simulation gives one noisy draw of the moments.  From a table of draws, the emulator estimates how their mean and variance
depend on the parameters, so that a likelihood can be evaluated anywhere at negligible cost.  The residuals contain both the
noise of the simulator and the misfit of the polynomial, so the emulator's own error counts as variance.

Rows have a higher weight where the moment varies less and where they are closer to the posterior: a polynomial that fits the
whole prior equally is distorted by its extreme corners and inaccurate near the posterior.

Source: Blum and Francois (2010), heteroscedastic regression for simulated moments; Wilkinson (2014), emulated synthetic
likelihood; Rasmussen and Williams (2006), section 2.2, ridge regression as a Gaussian process; Carroll and Ruppert (1988),
section 2, weights from the fitted variance; Beaumont, Zhang and Balding (2002), weights by nearness; Gneiting and
Raftery (2007), the logarithmic score that selects the weights.
"""

from dataclasses import dataclass, replace

import numpy as np

from simulation.studies.calibration.regression import PolynomialBasis, RidgeFit, effective_rows, ridge
from simulation.values.conventions import Array, Flags

BOUNDS_REACH = 1.0
"""Moments outside the central 98 % of the first table by more than this multiple of its width are set to the bound."""


@dataclass(frozen=True)
class MomentBounds:
    """Lowest and highest value of each moment used in regressions, ``(moments,)``."""

    lowest: Array
    highest: Array

    def clip(self, moments: Array) -> Array:
        """Moments clipped to the bounds, so that a ratio with a small denominator cannot distort a regression."""
        return np.asarray(np.clip(moments, self.lowest, self.highest))


def moment_bounds(moments: Array) -> MomentBounds:
    """Bounds from a table of moments, ``(n, moments)``, without rejected rows."""
    low, high = np.quantile(moments, (0.01, 0.99), axis=0)
    return MomentBounds(low - BOUNDS_REACH * (high - low), high + BOUNDS_REACH * (high - low))


@dataclass(frozen=True)
class EmulatorSample:
    """Simulated parameter sets to which an emulator is fitted.

    Attributes
    ----------
    scores, moments
        ``(n, d)`` and ``(n, moments)``, all finite.
    discrepancy
        Standard deviations of the targets, in addition to simulation noise, ``(moments,)``.
    nearness
        Position of each row between the prior (0) and the posterior (1), ``(n,)``.
    emphasis
        Weight of a row at the posterior relative to one from the prior.
    """

    scores: Array
    moments: Array
    discrepancy: Array
    nearness: Array
    emphasis: float = 1.0

    @property
    def importance(self) -> Array:
        """Weight of each row, ``(n,)``."""
        return np.asarray(self.emphasis**self.nearness)

    def select(self, rows: Flags) -> "EmulatorSample":
        """Sample with the selected rows only."""
        return replace(self, scores=self.scores[rows], moments=self.moments[rows], nearness=self.nearness[rows])


MAX_ACTIVE = 10
"""Maximum number of parameters with terms of degree three, if the table is long enough."""
EMULATOR_FOLDS = 5
"""Number of folds for cross-validation."""
ROWS_PER_TERM = 4
"""Minimum number of rows per term for terms of degree three."""
LOG_CHI_SQUARED_MEAN = -1.2703628454614782
"""Mean of the logarithm of a chi-squared variable with one degree of freedom."""
EMPHASES = (1.0, 5.0, 30.0)
"""Candidate weights of a row at the posterior relative to one from the prior."""
WEIGHTING_ROUNDS = 3
"""Iterations of the fit of mean and variance, each with weights from the previous variance."""


@dataclass(frozen=True)
class Emulator:
    """Moments of one simulator as functions of the scores of a parameter set.

    Attributes
    ----------
    basis
        Polynomial terms.
    mean
        Regression of the moments.
    log_variance
        Regression of the logarithm of the squared residuals on the terms up to degree two.
    log_range
        Lowest and highest fitted log variance, ``(2, moments)``; fitted values are clipped to this range.
    correlation
        Correlation of the standardised residuals, ``(moments, moments)``.
    leverage
        Variance from uncertainty of the fit, as a share of the residual variance and per squared length of the terms,
        ``(moments,)``.
    emphasis
        Weight of a row at the posterior relative to one from the prior.
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
    """Minimum number of parameter sets to fit an emulator with so many parameters."""
    return 2 * (dimension + 1)


def fit_emulator(sample: EmulatorSample) -> Emulator:
    """Fit an emulator, with the emphasis on near rows that gives the best predictions.

    The level of the variance and the correlation are estimated on rows that an emulator of the other rows predicts.  Residuals of
    the fit would understate the errors, and the posterior would be too narrow.

    Raises
    ------
    ValueError
        If the sample has too few rows.
    """
    rows, dimension = sample.scores.shape
    if rows < min_rows(dimension):
        raise ValueError(
            f"{rows} parameter sets finished; an emulator needs {min_rows(dimension)} or more: simulate more parameter sets"
        )
    basis = choose_basis(sample)
    emphases = EMPHASES if sample.nearness.any() else (1.0,)
    predictions = [predict_held_out(basis, replace(sample, emphasis=emphasis)) for emphasis in emphases]
    best = max(predictions, key=HeldOutPredictions.score)
    emulator = fit_emulator_once(basis, best.sample)
    level = best.level
    coefficients = emulator.log_variance.coefficients.copy()
    coefficients[0] += level
    log_variance = RidgeFit(coefficients, emulator.log_variance.freedom)
    limits, correlation = emulator.log_range + level, error_correlation(best.errors / best.sd, best.sample.importance)
    return replace(emulator, log_variance=log_variance, log_range=limits, correlation=correlation)


@dataclass(frozen=True)
class HeldOutPredictions:
    """Predictions of each row of a sample by emulators fitted to other rows.

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
        """Logarithmic score of the nearest rows, including the targets' errors, summed over moments; higher is better."""
        near = self.sample.nearness == self.sample.nearness.max()
        variance = self.sd[near] ** 2 * np.exp(self.level) + self.sample.discrepancy**2
        added = self.errors[near] ** 2 + self.sample.discrepancy**2
        return float(-0.5 * (np.log(variance) + added / variance).mean(axis=0).sum())


def predict_held_out(basis: PolynomialBasis, sample: EmulatorSample) -> HeldOutPredictions:
    """Predict each row with an emulator that was fitted to other rows."""
    errors, sds = np.empty_like(sample.moments), np.empty_like(sample.moments)
    folds = np.arange(len(errors)) % EMULATOR_FOLDS
    for fold in range(EMULATOR_FOLDS):
        out: Flags = folds == fold
        mean, sds[out] = fit_emulator_once(basis, sample.select(~out)).moments(sample.scores[out])
        errors[out] = sample.moments[out] - mean
    return HeldOutPredictions(sample, errors, sds)


def fit_emulator_once(basis: PolynomialBasis, sample: EmulatorSample) -> Emulator:
    """Fit an emulator whose variance level and correlation are those of its own residuals."""
    terms, importance = basis.terms(sample.scores), sample.importance
    quadratic, weights = terms[:, basis.up_to_two], importance
    for _ in range(WEIGHTING_ROUNDS):
        mean = ridge(terms, sample.moments, weights)
        share = mean.freedom / effective_rows(weights)
        residuals = (sample.moments - terms @ mean.coefficients) / (1.0 - np.minimum(share, 0.9))
        log_variance, log_range = fit_log_variance(quadratic, residuals, importance)
        variance = np.exp(np.clip(quadratic @ log_variance.coefficients, *log_range))
        weights = importance[:, None] / (variance + sample.discrepancy**2)
    length = float(np.average((terms[:, 1:] ** 2).sum(axis=1), weights=importance))
    correlation = error_correlation(residuals / np.sqrt(variance), importance)
    return Emulator(basis, mean, log_variance, log_range, correlation, share / length, sample.emphasis)


def choose_basis(sample: EmulatorSample) -> PolynomialBasis:
    """All terms of degree two, and those of degree three of the most important parameters if the table is long enough."""
    rows, dimension = sample.scores.shape
    quadratic = PolynomialBasis(dimension)
    spreads = np.maximum(sample.moments.std(axis=0), 1e-12)
    effects = ridge(quadratic.terms(sample.scores), sample.moments / spreads, sample.importance).coefficients ** 2
    lower, upper = np.triu_indices(dimension, 1)
    pairs = effects[1 + 2 * dimension :].sum(axis=1)
    influence = effects[quadratic.linear].sum(axis=1) + effects[1 + dimension : 1 + 2 * dimension].sum(axis=1)
    influence += np.bincount(lower, pairs, dimension) + np.bincount(upper, pairs, dimension)
    active = tuple(sorted(int(column) for column in np.argsort(-influence, kind="stable")[:MAX_ACTIVE]))
    cubic = PolynomialBasis(dimension, active)
    return cubic if rows >= ROWS_PER_TERM * cubic.terms(sample.scores[:1]).shape[1] else quadratic


def fit_log_variance(terms: Array, residuals: Array, importance: Array) -> tuple[RidgeFit, Array]:
    """Regression of the log variance of residuals ``(n, moments)``, and the range of its fitted values."""
    floor = 1e-12 * np.maximum((residuals**2).mean(axis=0), 1e-300)
    logs = np.log(residuals**2 + floor) - LOG_CHI_SQUARED_MEAN
    fit = ridge(terms, logs, importance)
    fitted = terms @ fit.coefficients
    limits = np.quantile(fitted, (0.005, 0.995), axis=0)
    # Residuals are not exactly normal: the level gives standardised residuals a mean square of one.
    squares = residuals**2 / np.exp(np.clip(fitted, *limits))
    level = np.log(np.average(squares, axis=0, weights=importance))
    coefficients = fit.coefficients.copy()
    coefficients[0] += level
    return RidgeFit(coefficients, fit.freedom), limits + level


def error_correlation(errors: Array, importance: Array) -> Array:
    """Correlation of standardised errors ``(n, moments)``, shrunk slightly towards zero in short tables."""
    rows, count = float(effective_rows(importance)), errors.shape[1]
    raw = (errors.T * importance) @ errors / importance.sum()
    lengths = np.sqrt(np.diag(raw))
    shrink = count / (rows + count)
    return np.asarray((1.0 - shrink) * raw / np.outer(lengths, lengths) + shrink * np.eye(count))
