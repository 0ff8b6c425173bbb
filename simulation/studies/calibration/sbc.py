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

The power of the likelihood at which the posterior is as wide as its errors are.

An emulated likelihood counts the emulator's error as noise of each run, though it is a fixed function of the parameters.
Where that error bends with the parameters the posterior is too narrow, even if the noise is as large as it claims.  Here
the likelihood enters with a power of at most one, the largest at which synthetic truths are covered as often as the posterior
claims.

Truths are sets of the posterior with new runs.  Each has the posterior that knows the observed data, and its own
synthetic data with the likelihood to the power.  Weights on many draws give the rank of the truth at any power, without a
sampler and without a simulation.  The same truths with data that the emulator makes have a posterior that is right at
power one: how far their ranks are from uniform ones is chance, and is taken off.

The truths that choose the power take no part in the check of the result (``sbc.posterior_cases``): that one draws new
sets at the power, simulates them anew and ranks them with the sampler.

Source: Syring and Martin (2019), a scalar that calibrates a general posterior's credible regions; Holmes and Walker
(2017) for the power of a likelihood; Lee, Nicholls and Ryder (2019) for truths near the observed data by importance
weights; Saeilynoja, Schmitt, Buerkner and Vehtari (2025) for posteriors that are given the observed data too; Hammersley and
Handscomb (1964) for the control.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri
from scipy.stats import binom, chi2

from simulation.compute.workers import map_in_order
from simulation.studies.calibration.fitting import (
    PosteriorFit,
    observed_moments,
    random_stream,
    sample_posterior,
    target_sds,
)
from simulation.studies.calibration.likelihood import SyntheticLikelihood, fit_likelihood
from simulation.studies.calibration.sampler import SamplerEffort, effective_size, normalised_weights, sample_tempered
from simulation.studies.calibration.simulations import SimulationTable
from simulation.values.conventions import Array, Rows
from simulation.values.randomness import named_generator

RANKS = 63
"""Draws among which the truth is ranked; ranks run from 0 to this number."""
BINS = 8
CHECK_FOLDS = 5
CHECK_EFFORT = SamplerEffort(particles=512, rounds=6)
SIGNIFICANCE = 0.01
"""Probability that a right method fails the whole check."""
LIKELIHOOD = "log_likelihood"
LIKELIHOOD_TOLERANCE = 0.15
"""Largest distance of the likelihood's mean rank from one half; 0.02 is its standard error with 200 truths."""

Moments = dict[str, Array]


@dataclass(frozen=True)
class SyntheticCase:
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


def squared_rank_distance(below: Array, draws: Array | float) -> Array:
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
        own = squared_rank_distance(self.values[:, :-1] / RANKS, RANKS)
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


def case_ranks(case: SyntheticCase) -> Array:
    """Ranks of the parameters and of the likelihood of a truth in its posterior, ``(d + 1,)``."""
    stream = named_generator(case.seed, case.number, "calibration:check")
    particles = sample_tempered(case.log_likelihood, len(case.truth), stream, CHECK_EFFORT)
    rows = stream.permutation(len(particles.unit))[:RANKS]
    below = (particles.unit[rows] < case.truth).sum(axis=0)
    own = float(case.log_likelihood(case.truth[None, :])[0])
    return np.append(below, (particles.log_likelihood[rows] < own).sum()).astype(np.float64)


def rank_cases(
    names: Sequence[str], cases: Sequence[SyntheticCase], workers: int = 1, counted: Callable[[int], None] | None = None
) -> Ranks:
    """Ranks of all cases, here or on worker processes; the result does not depend on their number."""
    tasks = [(case,) for case in cases]
    found = map_in_order(case_ranks, tasks, workers) if workers > 1 else (case_ranks(case) for case in cases)
    rows = []
    for row in found:
        rows.append(row)
        if counted is not None:
            counted(1)
    return Ranks((*names, LIKELIHOOD), np.array(rows))


def add_target_errors(moments: Moments, discrepancy: Moments, stream: np.random.Generator) -> Moments:
    """Synthetic data: moments of one simulation, each ``(moments,)``, plus the targets' normal errors."""
    return {name: values + discrepancy[name] * stream.standard_normal(len(values)) for name, values in moments.items()}


def prior_cases(fit: PosteriorFit, most: int) -> list[SyntheticCase]:
    """Truths from the prior: sets of the first stage for which every simulator finished, each outside its emulator's table."""
    first = {name: table.only(table.stage == 0) for name, table in fit.tables.items()}
    rows = min(len(table) for table in first.values())
    done = np.flatnonzero(np.all([table.finished[:rows] for table in first.values()], axis=0))[:most]
    sigma = target_sds(fit.problem)
    cases = []
    for fold in range(CHECK_FOLDS):
        left_out = done[fold::CHECK_FOLDS]
        tables = {name: drop_rows(table, left_out) for name, table in first.items()}
        likelihood = fit_likelihood(fit.problem.priors, tables, sigma)
        for row in left_out:
            own = {name: clip_moments(likelihood, name, table.moments[row]) for name, table in first.items()}
            data = add_target_errors(own, sigma, named_generator(fit.seed, int(row), "calibration:prior check"))
            truth = next(iter(first.values())).unit[row]
            cases.append(SyntheticCase(truth, data, likelihood, None, int(row), fit.seed))
    return cases


def drop_rows(table: SimulationTable, rows: Rows) -> SimulationTable:
    """A table without some rows."""
    kept = np.ones(len(table), dtype=np.bool_)
    kept[rows] = False
    return table.only(kept)


def posterior_cases(fit: PosteriorFit, most: int, stream: str = "posterior check") -> list[SyntheticCase]:
    """Truths from the posterior: sets of the result whose repeated runs finished with every simulator; errors from `stream`."""
    rows = min(len(values) for values in fit.again.values())
    done = np.all([np.isfinite(values[:rows]).all(axis=1) for values in fit.again.values()], axis=0)
    sigma, seen = target_sds(fit.problem), observed_moments(fit.problem)
    cases = []
    for row in np.flatnonzero(done)[:most]:
        own = {name: clip_moments(fit.likelihood, name, values[row]) for name, values in fit.again.items()}
        data = add_target_errors(own, sigma, named_generator(fit.seed, int(row), f"calibration:{stream}"))
        cases.append(SyntheticCase(fit.chosen[row], data, fit.likelihood, seen, int(row), fit.seed, fit.power))
    return cases


def clip_moments(likelihood: SyntheticLikelihood, name: str, moments: Array) -> Array:
    """Moments within the bounds in which the emulator was fitted."""
    return likelihood.groups[name].bounds.applied(moments)


def sharpen_cases(cases: Sequence[SyntheticCase], power: float) -> list[SyntheticCase]:
    """The same cases judged by a likelihood that claims to know more than it does: a check must fail on them."""
    return [replace(case, sharpened=power) for case in cases]


POWER_STEP = 0.02
"""Distance of the powers tried."""
DRAW_MULTIPLE = 4
"""Draws from the posterior that weights are put on, as a multiple of the sampler's particles."""
REPEATS = 3
"""Draws of the targets' errors for each truth."""


@dataclass(frozen=True)
class Coverage:
    """How widely the ranks of truths spread in posteriors of different width.

    Attributes
    ----------
    powers
        Powers tried, the largest first, ``(powers,)``.
    spreads, errors
        Spread of the ranks relative to ranks of a right posterior at each power, and its standard error, ``(powers,)``;
        above 1 posteriors are too narrow.
    truths
        Number of synthetic truths.
    least_draws
        Effective number of draws behind the ranks at the chosen power, in the worst of one in ten truths.
    """

    powers: Array
    spreads: Array
    errors: Array
    truths: int
    least_draws: float

    @property
    def place(self) -> int:
        """Place of the largest power whose ranks spread no further than those of a right posterior; the last if there is none."""
        return chosen_index(self.spreads)

    @property
    def power(self) -> float:
        """Power of the likelihood in the result."""
        return float(self.powers[self.place])


def chosen_index(spreads: Array) -> int:
    """Place of the first spread that is at most one, or the last place."""
    enough = np.flatnonzero(spreads <= 1.0)
    return int(enough[0]) if len(enough) else len(spreads) - 1


def power_grid(least: float) -> Array:
    """Powers from one down to `least`, ``(powers,)``."""
    return np.round(np.arange(1.0, least - POWER_STEP / 2, -POWER_STEP), 2)


def posterior_draws(fit: PosteriorFit, effort: SamplerEffort) -> Array:
    """Draws from a fit's posterior at power one that are none of its truths, ``(n, d)``."""
    more = replace(effort, particles=DRAW_MULTIPLE * effort.particles)
    return sample_posterior(fit.problem, fit.likelihood, random_stream(fit.seed, "coverage"), more).unit


def coverage_by_power(fit: PosteriorFit, draws: Array, powers: Array, most: int) -> Coverage:
    """Spread of ranks at each power, from at most so many truths of a fit.

    Parameters
    ----------
    fit
        A posterior, whose sets were simulated once more.
    draws
        Draws from that posterior, ``(n, d)``.
    powers
        Powers to try, the largest first, ``(powers,)``; a posterior that is too narrow at the last one fails its check.
    most
        Truths to use, at most.
    """
    cases = [posterior_cases(fit, most, f"coverage {repeat}") for repeat in range(REPEATS)]
    emulated = [emulator_cases(fit, one, repeat) for repeat, one in enumerate(cases)]
    found = [rank_distances(fit, draws, powers, one) for one in cases]
    own = np.mean([squared for squared, _ in found], axis=0)
    right = np.mean([rank_distances(fit, draws, np.ones(1), one)[0] for one in emulated], axis=0)
    spreads = 1.0 + (own - right).mean(axis=0)
    errors = (own - right).std(axis=0, ddof=1) / np.sqrt(len(own))
    sizes = np.concatenate([size for _, size in found])[:, chosen_index(spreads)]
    return Coverage(powers, spreads, errors, len(own), float(np.quantile(sizes, 0.1)))


def emulator_cases(fit: PosteriorFit, cases: Sequence[SyntheticCase], repeat: int) -> list[SyntheticCase]:
    """The same truths with data that the emulator makes."""
    stream = named_generator(fit.seed, repeat, "calibration:coverage of the emulator")
    laws = fit.likelihood.at(np.array([case.truth for case in cases]))
    data = {name: law.drawn(stream) for name, law in laws.groups.items()}
    return [replace(case, data=case_moments(data, place)) for place, case in enumerate(cases)]


def case_moments(data: Moments, place: int) -> Moments:
    """Moments of one case out of those of all."""
    return {name: values[place] for name, values in data.items()}


def rank_distances(
    fit: PosteriorFit, draws: Array, powers: Array, cases: Sequence[SyntheticCase]
) -> tuple[Array, Array]:
    """Squared distances of ranks from the middle, and effective draws behind them, each ``(cases, powers)``."""
    laws = fit.likelihood.at(draws)
    shares, sizes = [], []
    for case in cases:
        logs = laws.log_likelihood(case.data)
        weights = np.stack([normalised_weights(power * logs) for power in powers])
        shares.append(weights @ (draws < case.truth))
        sizes.append([effective_size(row) for row in weights])
    below, size = np.array(shares), np.array(sizes)
    own = [squared_rank_distance(below[:, place], size[:, place, None]) for place in range(len(powers))]
    return np.stack(own, axis=1), size
