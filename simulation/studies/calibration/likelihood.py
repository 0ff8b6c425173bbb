"""Synthetic likelihood: moments of one simulation vary around the emulator's mean.

The observed moments equal those of one simulation plus a discrepancy of given size:

    y ~ t_nu(mu(theta), V(theta)),   V = D(theta) R D(theta) + diag(tau^2)

with the emulator's mean mu, standard deviations D and correlation R, and the targets' tau; V is the covariance.  The tails are
fatter than normal if those of the simulations are: nu maximises the likelihood of the table of simulations.  Simulators
of different groups are independent.  A parameter set whose run stops cannot produce an observation, so the probability of
finishing is a factor of the likelihood.

Source: Wood (2010); Price, Drovandi, Lee and Nott (2018); Wilkinson (2014); Lange, Little and Taylor (1989), the tails.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from simulation.studies.calibration.emulator import Emulator, EmulatorSample, MomentBounds, fit_emulator, moment_bounds
from simulation.studies.calibration.problem import Priors, prior_scores
from simulation.studies.calibration.regression import CompletionModel, fit_completion
from simulation.studies.calibration.simulations import SimulationTables
from simulation.values.conventions import Array
from simulation.values.randomness import named_generator

TAIL_DEGREES = (4.0, 5.0, 6.0, 8.0, 10.0, 14.0, 20.0, 40.0, float("inf"))
"""Candidate degrees of freedom; infinity is the normal distribution."""


@dataclass(frozen=True)
class GroupLikelihood:
    """Likelihood of the moments of one group.

    Attributes
    ----------
    emulator, bounds, finishing
        Emulator of the moments, bounds used in its fit, and probability that a run finishes.
    discrepancy
        Standard deviations tau of the targets, ``(moments,)``.
    tails
        Degrees of freedom nu.
    """

    emulator: Emulator
    bounds: MomentBounds
    finishing: CompletionModel
    discrepancy: Array
    tails: float = float("inf")

    def at(self, variables: Array) -> "MomentDistribution":
        """Distribution of the observed moments at points given as scores ``(n, d)``."""
        mean, sd = self.emulator.moments(variables)
        covariance = sd[:, :, None] * self.emulator.correlation * sd[:, None, :]
        covariance += np.diag(self.discrepancy**2)
        root = np.linalg.cholesky(covariance)
        log_root = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        constant = np.asarray(self.finishing.log_probability(variables) - log_root)
        return MomentDistribution(self, mean, np.asarray(np.linalg.inv(root), dtype=np.float64), constant)


@dataclass(frozen=True)
class MomentDistribution:
    """Distribution of the observed moments of one group at given points.

    The emulator is evaluated once for any number of data sets.

    Attributes
    ----------
    group
        Likelihood of the group.
    mean, whitening
        Mean ``(n, moments)`` and inverse Cholesky root of the covariance V, ``(n, moments, moments)``.
    constant
        Log probability that a run finishes, less half the log determinant of V, ``(n,)``.
    """

    group: GroupLikelihood
    mean: Array
    whitening: Array
    constant: Array

    def log_likelihood(self, observed: Array) -> Array:
        """Log likelihood of `observed`, ``(moments,)`` or ``(n, moments)``, at each point, ``(n,)``."""
        distance = self.distance(self.group.bounds.clip(observed))
        return self.constant + t_log_density(distance, self.mean.shape[1], self.group.tails)

    def distance(self, observed: Array) -> Array:
        """Squared Mahalanobis distance of the observation, ``(n,)``."""
        scaled = (self.whitening @ (observed - self.mean)[:, :, None])[:, :, 0]
        return np.asarray((scaled**2).sum(axis=1))

    def draw(self, stream: np.random.Generator) -> Array:
        """One draw of the observed moments at each point, ``(n, moments)``."""
        noise, tails = stream.standard_normal(self.mean.shape), self.group.tails
        if np.isfinite(tails):
            noise *= np.sqrt((tails - 2.0) / stream.chisquare(tails, len(noise)))[:, None]
        return np.asarray(self.mean + np.linalg.solve(self.whitening, noise[:, :, None])[:, :, 0])


def t_log_density(distance: Array, count: int, tails: float) -> Array:
    """Log density of `count` variables with unit covariance at a squared distance, up to ``count/2 log(2 pi)``.

    The scale of the t distribution is ``(nu - 2) / nu``, so that the covariance is one for any nu.
    """
    if np.isinf(tails):
        return -0.5 * distance
    constant = gammaln((tails + count) / 2) - gammaln(tails / 2) - 0.5 * count * np.log((tails - 2.0) / 2.0)
    return np.asarray(constant - 0.5 * (tails + count) * np.log1p(distance / (tails - 2.0)))


@dataclass(frozen=True)
class SyntheticLikelihood:
    """Likelihood of the moments of all groups."""

    priors: Priors
    groups: dict[str, GroupLikelihood]

    def at(self, unit: Array) -> "MomentDistributions":
        """Distributions of all moments at points of the unit cube, ``(n, d)``."""
        variables = prior_scores(self.priors, unit)
        return MomentDistributions({name: group.at(variables) for name, group in self.groups.items()})

    def log_likelihood(self, unit: Array, observed: dict[str, Array]) -> Array:
        """Log likelihood of the observed moments of all groups at points ``(n, d)``, ``(n,)``."""
        return self.at(unit).log_likelihood(observed)


@dataclass(frozen=True)
class MomentDistributions:
    """Distributions of the moments of all groups at given points."""

    groups: dict[str, MomentDistribution]

    def log_likelihood(self, observed: dict[str, Array]) -> Array:
        """Log likelihood of the observed moments of all groups, ``(n,)``."""
        return np.asarray(
            np.sum([distribution.log_likelihood(observed[name]) for name, distribution in self.groups.items()], axis=0)
        )


def fit_likelihood(priors: Priors, tables: SimulationTables, discrepancy: dict[str, Array]) -> SyntheticLikelihood:
    """Fit the likelihood to the tables of simulations."""
    groups = {}
    for name, table in tables.items():
        variables, finished = prior_scores(priors, table.unit), table.finished
        limits = moment_bounds(table.moments[finished])
        moments = limits.clip(table.moments[finished])
        sample = EmulatorSample(variables[finished], moments, discrepancy[name], table.nearness[finished])
        group = GroupLikelihood(fit_emulator(sample), limits, fit_completion(variables, finished), discrepancy[name])
        groups[name] = replace(group, tails=fit_tails(group, replace(sample, emphasis=group.emulator.emphasis)))
    return SyntheticLikelihood(priors, groups)


def fit_tails(group: GroupLikelihood, sample: EmulatorSample) -> float:
    """Degrees of freedom that maximise the likelihood of the table, including the targets' normal errors."""
    count = sample.moments.shape[1]
    errors = named_generator(0, len(sample.scores), "calibration:tails").standard_normal(sample.moments.shape)
    distance = group.at(sample.scores).distance(sample.moments + errors * group.discrepancy)

    def likelihood(tails: float) -> float:
        return float(sample.importance @ t_log_density(distance, count, tails))

    return max(TAIL_DEGREES, key=likelihood)
