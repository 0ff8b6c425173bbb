"""Simulation-based calibration: whether the posterior is neither too wide nor too narrow.

Truths are drawn, data are simulated from them, and the rank of each truth among draws of its own posterior is noted.  If the
method is right, ranks are uniform.  A hump means a posterior that is too wide, a trough one that is too narrow.

Two designs use simulations that the calibration made anyway, so that they cost no further ones:

* ``prior_check``: truths from the prior, the sets of the first stage; each is judged by an emulator that did not see it.
  It tests the method without refinement, all over the prior.
* ``posterior_check``: truths from the posterior, the sets of the result with their repeated runs; each posterior is given
  the observed and the synthetic data.  It tests the emulator of the result where the result is.

Source: Cook, Gelman and Rubin (2006); Talts, Betancourt, Simpson, Vehtari and Gelman (2018); Modrak et al. (2023) for the
likelihood as a further quantity; Saeilynoja, Schmitt, Buerkner and Vehtari (2025), posterior calibration.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri
from scipy.stats import binom, chi2

from simulation.compute.workers import in_order
from simulation.studies.calibration.fitting import Fit, discrepancies, observed
from simulation.studies.calibration.likelihood import SyntheticLikelihood, likelihood_of
from simulation.studies.calibration.sampler import Effort, tempered
from simulation.studies.calibration.table import Table
from simulation.values.conventions import Array, Rows
from simulation.values.randomness import generator

RANKS = 63
"""Draws among which the truth is ranked; ranks run from 0 to this number."""
BINS = 8
FOLDS = 5
CHECK_EFFORT = Effort(particles=512, rounds=6)
SIGNIFICANCE = 0.01
"""Probability that a right method fails the whole check."""
LIKELIHOOD = "log_likelihood"
LIKELIHOOD_TOLERANCE = 0.15
"""Largest distance of the likelihood's mean rank from one half; 0.02 is its standard error with 200 truths."""

Moments = dict[str, Array]


@dataclass(frozen=True)
class Case:
    """One synthetic data set with its truth.

    Attributes
    ----------
    truth
        Point of the unit cube, ``(d,)``.
    data
        Moments with the targets' error added, by group.
    likelihood
        Likelihood by which the case is judged.
    given
        Data that the posterior knows besides, if any.
    number, seed
        What its random numbers follow from.
    power
        Power of the likelihood in the posterior.
    sharpened
        Further power of the data's likelihood: 1, or more for a posterior that is too narrow on purpose.
    """

    truth: Array
    data: Moments
    likelihood: SyntheticLikelihood
    given: Moments | None
    number: int
    seed: int
    power: float = 1.0
    sharpened: float = 1.0

    def log_likelihood(self, unit: Array) -> Array:
        """Log likelihood of all that the posterior knows, to its power, at points ``(n, d)``, ``(n,)``."""
        laws = self.likelihood.at(unit)
        logs = self.sharpened * laws.log_likelihood(self.data)
        return self.power * (logs if self.given is None else logs + laws.log_likelihood(self.given))


def squares(below: Array, draws: Array | float) -> Array:
    """Squared distance of ranks from the middle relative to uniform ones, mean over the parameters, ``(cases,)``.

    Parameters that move together count once in the error of its mean.

    Parameters
    ----------
    below
        Share of the posterior's draws below the truth, ``(cases, parameters)``.
    draws
        Number of draws, one or of each case ``(cases, 1)``: ranks among few are coarse, which is allowed for.
    """
    share = (draws * below + 0.5) / (draws + 1.0)
    return np.asarray((12.0 * (share - 0.5) ** 2 / (1.0 - 1.0 / (draws + 1.0) ** 2)).mean(axis=1))


@dataclass(frozen=True)
class Ranks:
    """Ranks of truths in their posteriors.

    Attributes
    ----------
    names
        Parameters, and the likelihood last.
    values
        Ranks from 0 to `RANKS`, ``(cases, names)``.
    """

    names: tuple[str, ...]
    values: Array

    def histogram(self) -> Array:
        """Cases in each of `BINS` equal bins of ranks, ``(bins, names)``."""
        bins = (self.values * BINS // (RANKS + 1)).astype(np.intp)
        return np.stack([np.bincount(column, minlength=BINS) for column in bins.T], axis=1).astype(np.float64)

    def p_values(self) -> Array:
        """Chi-squared test of uniform ranks, ``(names,)``."""
        expected = len(self.values) / BINS
        return np.asarray(chi2.sf(((self.histogram() - expected) ** 2 / expected).sum(axis=0), BINS - 1))

    def band(self) -> tuple[float, float]:
        """Counts per bin that hold for all bins of all names at once with probability ``1 - SIGNIFICANCE``."""
        tail = SIGNIFICANCE / (2 * BINS * len(self.names))
        cases = len(self.values)
        return float(binom.ppf(tail, cases, 1 / BINS)), float(binom.ppf(1.0 - tail, cases, 1 / BINS))

    def width(self) -> tuple[float, float]:
        """Spread of the ranks relative to uniform ones, and its standard error; above 1 posteriors are too narrow.

        Mean over cases of ``12 (r - 1/2)^2``, each averaged over the parameters.
        """
        own = squares(self.values[:, :-1] / RANKS, RANKS)
        return float(own.mean()), float(own.std(ddof=1) / np.sqrt(len(own)))

    def worst(self) -> tuple[str, float]:
        """Parameter with the smallest p-value and that value after Bonferroni's correction for all parameters."""
        found = self.p_values()[:-1]
        place = int(np.argmin(found))
        return self.names[place], float(min(1.0, found[place] * len(found)))

    def likelihood_rank(self) -> float:
        """Mean rank of the truth's likelihood, 0.5 if right; near 1 the data were ignored, near 0 taken for too exact."""
        return float(((self.values[:, -1] + 0.5) / (RANKS + 1)).mean())

    @property
    def passed(self) -> bool:
        """Neither the parameters' histograms nor the width speak against a calibrated posterior, nor the likelihood grossly.

        The likelihood alone sees a posterior that ignores the data, which passes every test of the parameters.  It is
        judged with a wide tolerance, since its rank also tells whether simulated errors follow the assumed law to the
        tails, which the parameters need not notice.
        """
        width, error = self.width()
        if abs(self.likelihood_rank() - 0.5) > LIKELIHOOD_TOLERANCE:
            return False
        return self.worst()[1] >= SIGNIFICANCE / 2 and abs(width - 1.0) <= float(-ndtri(SIGNIFICANCE / 4)) * error


def rank_of(case: Case) -> Array:
    """Ranks of the parameters and of the likelihood of a truth in its posterior, ``(d + 1,)``."""
    stream = generator(case.seed, case.number, "calibration:check")
    particles = tempered(case.log_likelihood, len(case.truth), stream, CHECK_EFFORT)
    rows = stream.permutation(len(particles.unit))[:RANKS]
    below = (particles.unit[rows] < case.truth).sum(axis=0)
    own = float(case.log_likelihood(case.truth[None, :])[0])
    return np.append(below, (particles.log_likelihood[rows] < own).sum()).astype(np.float64)


def ranks_of(
    names: Sequence[str], cases: Sequence[Case], workers: int = 1, counted: Callable[[int], None] | None = None
) -> Ranks:
    """Ranks of all cases, here or on worker processes; the result does not depend on their number."""
    tasks = [(case,) for case in cases]
    found = in_order(rank_of, tasks, workers) if workers > 1 else (rank_of(case) for case in cases)
    rows = []
    for row in found:
        rows.append(row)
        if counted is not None:
            counted(1)
    return Ranks((*names, LIKELIHOOD), np.array(rows))


def with_error(moments: Moments, discrepancy: Moments, stream: np.random.Generator) -> Moments:
    """Synthetic data: moments of one simulation, each ``(moments,)``, plus the targets' normal errors."""
    return {name: values + discrepancy[name] * stream.standard_normal(len(values)) for name, values in moments.items()}


def prior_cases(fit: Fit, most: int) -> list[Case]:
    """Truths from the prior: sets of the first stage for which every simulator finished, each outside its emulator's table."""
    first = {name: table.only(table.stage == 0) for name, table in fit.tables.items()}
    rows = min(len(table) for table in first.values())
    done = np.flatnonzero(np.all([table.finished[:rows] for table in first.values()], axis=0))[:most]
    sigma = discrepancies(fit.problem)
    cases = []
    for fold in range(FOLDS):
        left_out = done[fold::FOLDS]
        tables = {name: without(table, left_out) for name, table in first.items()}
        likelihood = likelihood_of(fit.problem.priors, tables, sigma)
        for row in left_out:
            own = {name: clipped(likelihood, name, table.moments[row]) for name, table in first.items()}
            data = with_error(own, sigma, generator(fit.seed, int(row), "calibration:prior check"))
            truth = next(iter(first.values())).unit[row]
            cases.append(Case(truth, data, likelihood, None, int(row), fit.seed))
    return cases


def without(table: Table, rows: Rows) -> Table:
    """A table without some rows."""
    kept = np.ones(len(table), dtype=np.bool_)
    kept[rows] = False
    return table.only(kept)


def posterior_cases(fit: Fit, most: int, stream: str = "posterior check") -> list[Case]:
    """Truths from the posterior: sets of the result whose repeated runs finished with every simulator; errors from `stream`."""
    rows = min(len(values) for values in fit.again.values())
    done = np.all([np.isfinite(values[:rows]).all(axis=1) for values in fit.again.values()], axis=0)
    sigma, seen = discrepancies(fit.problem), observed(fit.problem)
    cases = []
    for row in np.flatnonzero(done)[:most]:
        own = {name: clipped(fit.likelihood, name, values[row]) for name, values in fit.again.items()}
        data = with_error(own, sigma, generator(fit.seed, int(row), f"calibration:{stream}"))
        cases.append(Case(fit.chosen[row], data, fit.likelihood, seen, int(row), fit.seed, fit.power))
    return cases


def clipped(likelihood: SyntheticLikelihood, name: str, moments: Array) -> Array:
    """Moments within the bounds in which the emulator was fitted."""
    return likelihood.groups[name].bounds.applied(moments)


def sharpened(cases: Sequence[Case], power: float) -> list[Case]:
    """The same cases judged by a likelihood that claims to know more than it does: a check must fail on them."""
    return [replace(case, sharpened=power) for case in cases]
