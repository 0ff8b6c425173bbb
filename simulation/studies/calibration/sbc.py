"""Simulation-based calibration of the posterior, and the power of the likelihood.

True parameter sets are drawn, data are simulated from them, and each true value is ranked among draws from its own
posterior.  Ranks are uniform if the method is correct; a hump indicates a posterior that is too wide, a trough one that is
too narrow.  Two checks use existing simulations:

* ``prior_cases``: true parameter sets from the prior (first stage), each evaluated with an emulator fitted without it.  This
  tests the method without refinement over the whole prior.
* ``posterior_cases``: true parameter sets from the posterior with their repeated simulations; each posterior uses the observed
  and the synthetic data.  This tests the final emulator in the region of the result.

The power corrects the width of the posterior.  An emulated likelihood treats the emulator's error as noise of each run,
although it is a fixed function of the parameters.  Where that error varies with the parameters, the posterior is too narrow
even if the size of the noise is right.  The likelihood therefore enters with a power of at most one: the largest at which the
posterior covers synthetic true values as often as it states.

For this purpose, the posterior of each true parameter set uses the observed data and its own synthetic data, with the likelihood
to the power.  Weights on many draws give the ranks at any power without sampling or simulation.  With data from the emulator
itself, the posterior at power one is correct; the deviation of those ranks from uniform is sampling error and is subtracted.
The cases that determine the power are not used to check the result: the check draws new parameter sets at the power,
simulates them and ranks them with the sampler.

Source: Cook, Gelman and Rubin (2006); Talts, Betancourt, Simpson, Vehtari and Gelman (2018); Modrak et al. (2023), the
likelihood as an additional quantity; Saeilynoja, Schmitt, Buerkner and Vehtari (2025), posteriors that also use the observed
data; Syring and Martin (2019), a scalar that calibrates credible regions of a general posterior; Holmes and Walker (2017), the
power of a likelihood; Lee, Nicholls and Ryder (2019), true values near the observed data by importance weights; Hammersley and
Handscomb (1964), control variates.
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
"""Number of draws among which a true value is ranked; ranks run from 0 to this number."""
BINS = 8
CHECK_FOLDS = 5
CHECK_EFFORT = SamplerEffort(particles=512, rounds=6)
SIGNIFICANCE = 0.01
"""Probability that a correct method fails the whole check."""
LIKELIHOOD = "log_likelihood"
LIKELIHOOD_TOLERANCE = 0.15
"""Largest distance of the likelihood's mean rank from one half; its standard error with 200 cases is 0.02."""

Moments = dict[str, Array]


@dataclass(frozen=True)
class SyntheticCase:
    """Synthetic data set with its true parameter set.

    Attributes
    ----------
    truth
        Point of the unit cube, ``(d,)``.
    data
        Moments with the targets' error, by group.
    likelihood
        Likelihood with which the case is evaluated.
    given
        Further data that the posterior uses, if any.
    number, seed
        Seed of the random numbers.
    power
        Power of the likelihood in the posterior.
    sharpened
        Additional power of the synthetic data's likelihood: 1, or more for a posterior that is deliberately too narrow.
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
        """Log likelihood of all data of the posterior, to its power, at points ``(n, d)``, ``(n,)``."""
        distributions = self.likelihood.at(unit)
        logs = self.sharpened * distributions.log_likelihood(self.data)
        return self.power * (logs if self.given is None else logs + distributions.log_likelihood(self.given))


def squared_rank_distance(below: Array, draws: Array | float) -> Array:
    """Squared distance of ranks from the middle relative to that of uniform ranks, mean over the parameters, ``(cases,)``.

    Averaging over parameters first accounts for their correlation in the standard error of the mean.

    Parameters
    ----------
    below
        Share of the posterior's draws below the true value, ``(cases, parameters)``.
    draws
        Number of draws, one number or one for each case ``(cases, 1)``; corrects for the coarseness of ranks among few draws.
    """
    share = (draws * below + 0.5) / (draws + 1.0)
    return np.asarray((12.0 * (share - 0.5) ** 2 / (1.0 - 1.0 / (draws + 1.0) ** 2)).mean(axis=1))


@dataclass(frozen=True)
class Ranks:
    """Ranks of true values in their posteriors.

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
        """Number of cases in each of `BINS` equal bins of ranks, ``(bins, names)``."""
        bins = (self.values * BINS // (RANKS + 1)).astype(np.intp)
        return np.stack([np.bincount(column, minlength=BINS) for column in bins.T], axis=1).astype(np.float64)

    def p_values(self) -> Array:
        """P-values of chi-squared tests of uniform ranks, ``(names,)``."""
        expected = len(self.values) / BINS
        return np.asarray(chi2.sf(((self.histogram() - expected) ** 2 / expected).sum(axis=0), BINS - 1))

    def band(self) -> tuple[float, float]:
        """Bounds on counts that hold for all bins of all names jointly with probability ``1 - SIGNIFICANCE``."""
        tail = SIGNIFICANCE / (2 * BINS * len(self.names))
        cases = len(self.values)
        return float(binom.ppf(tail, cases, 1 / BINS)), float(binom.ppf(1.0 - tail, cases, 1 / BINS))

    def width(self) -> tuple[float, float]:
        """Spread of the ranks relative to uniform ranks, and its standard error; above 1 posteriors are too narrow.

        Mean over cases of ``12 (r - 1/2)^2``, averaged over the parameters within each case.
        """
        distances = squared_rank_distance(self.values[:, :-1] / RANKS, RANKS)
        return float(distances.mean()), float(distances.std(ddof=1) / np.sqrt(len(distances)))

    def worst(self) -> tuple[str, float]:
        """Parameter with the smallest p-value, and that p-value after Bonferroni's correction for all parameters."""
        p_values = self.p_values()[:-1]
        index = int(np.argmin(p_values))
        return self.names[index], float(min(1.0, p_values[index] * len(p_values)))

    def likelihood_rank(self) -> float:
        """Mean rank of the likelihood of the true values: 0.5 if correct; higher if data are ignored, lower if overweighted."""
        return float(((self.values[:, -1] + 0.5) / (RANKS + 1)).mean())

    @property
    def passed(self) -> bool:
        """Whether the histograms, the width and the likelihood's mean rank are consistent with a calibrated posterior.

        Only the likelihood detects a posterior that ignores the data, which passes all tests of the parameters.  Its tolerance is
        wide, because its rank also depends on whether simulated errors follow the assumed distribution in the tails.
        """
        width, error = self.width()
        if abs(self.likelihood_rank() - 0.5) > LIKELIHOOD_TOLERANCE:
            return False
        return self.worst()[1] >= SIGNIFICANCE / 2 and abs(width - 1.0) <= float(-ndtri(SIGNIFICANCE / 4)) * error


def case_ranks(case: SyntheticCase) -> Array:
    """Ranks of the parameters and of the likelihood of a true parameter set in its posterior, ``(d + 1,)``."""
    stream = named_generator(case.seed, case.number, "calibration:check")
    particles = sample_tempered(case.log_likelihood, len(case.truth), stream, CHECK_EFFORT)
    rows = stream.permutation(len(particles.unit))[:RANKS]
    below = (particles.unit[rows] < case.truth).sum(axis=0)
    true_log_likelihood = float(case.log_likelihood(case.truth[None, :])[0])
    return np.append(below, (particles.log_likelihood[rows] < true_log_likelihood).sum()).astype(np.float64)


def rank_cases(
    names: Sequence[str], cases: Sequence[SyntheticCase], workers: int = 1, counted: Callable[[int], None] | None = None
) -> Ranks:
    """Ranks of all cases; the result does not depend on the number of worker processes."""
    tasks = [(case,) for case in cases]
    ranks = map_in_order(case_ranks, tasks, workers) if workers > 1 else (case_ranks(case) for case in cases)
    rows = []
    for row in ranks:
        rows.append(row)
        if counted is not None:
            counted(1)
    return Ranks((*names, LIKELIHOOD), np.array(rows))


def add_target_errors(moments: Moments, discrepancy: Moments, stream: np.random.Generator) -> Moments:
    """Synthetic data: moments of one simulation, each ``(moments,)``, plus normal errors of the targets."""
    return {name: values + discrepancy[name] * stream.standard_normal(len(values)) for name, values in moments.items()}


def prior_cases(fit: PosteriorFit, most: int) -> list[SyntheticCase]:
    """Cases from the prior, at most `most`: parameter sets of the first stage for which every simulator finished.

    Each case is evaluated with an emulator fitted to the other folds.
    """
    first = {name: table.select(table.stage == 0) for name, table in fit.tables.items()}
    rows = min(len(table) for table in first.values())
    finished = np.flatnonzero(np.all([table.finished[:rows] for table in first.values()], axis=0))[:most]
    sigma = target_sds(fit.problem)
    cases = []
    for fold in range(CHECK_FOLDS):
        left_out = finished[fold::CHECK_FOLDS]
        tables = {name: drop_rows(table, left_out) for name, table in first.items()}
        likelihood = fit_likelihood(fit.problem.priors, tables, sigma)
        for row in left_out:
            moments = {name: clip_moments(likelihood, name, table.moments[row]) for name, table in first.items()}
            data = add_target_errors(moments, sigma, named_generator(fit.seed, int(row), "calibration:prior check"))
            truth = next(iter(first.values())).unit[row]
            cases.append(SyntheticCase(truth, data, likelihood, None, int(row), fit.seed))
    return cases


def drop_rows(table: SimulationTable, rows: Rows) -> SimulationTable:
    """Table without the given rows."""
    remaining = np.ones(len(table), dtype=np.bool_)
    remaining[rows] = False
    return table.select(remaining)


def posterior_cases(fit: PosteriorFit, most: int, stream: str = "posterior check") -> list[SyntheticCase]:
    """Cases from the posterior, at most `most`: parameter sets of the result whose repeated runs finished with every simulator.

    The errors of the targets are drawn from the random stream `stream`.
    """
    rows = min(len(values) for values in fit.again.values())
    finished = np.all([np.isfinite(values[:rows]).all(axis=1) for values in fit.again.values()], axis=0)
    sigma, observed = target_sds(fit.problem), observed_moments(fit.problem)
    cases = []
    for row in np.flatnonzero(finished)[:most]:
        moments = {name: clip_moments(fit.likelihood, name, values[row]) for name, values in fit.again.items()}
        data = add_target_errors(moments, sigma, named_generator(fit.seed, int(row), f"calibration:{stream}"))
        cases.append(SyntheticCase(fit.chosen[row], data, fit.likelihood, observed, int(row), fit.seed, fit.power))
    return cases


def clip_moments(likelihood: SyntheticLikelihood, name: str, moments: Array) -> Array:
    """Moments clipped to the bounds used in the fit of the emulator."""
    return likelihood.groups[name].bounds.clip(moments)


def sharpen_cases(cases: Sequence[SyntheticCase], power: float) -> list[SyntheticCase]:
    """The same cases with a likelihood that overstates its precision, for which a check must fail."""
    return [replace(case, sharpened=power) for case in cases]


POWER_STEP = 0.02
"""Step between the candidate powers."""
DRAW_MULTIPLE = 4
"""Weighted draws from the posterior, as a multiple of the sampler's particles."""
REPEATS = 3
"""Draws of the targets' errors for each true parameter set."""


@dataclass(frozen=True)
class Coverage:
    """Spread of the ranks of true values by power of the likelihood.

    Attributes
    ----------
    powers
        Candidate powers in decreasing order, ``(powers,)``.
    spreads, errors
        Spread of the ranks at each power relative to a correct posterior, and its standard error, ``(powers,)``;
        above 1 posteriors are too narrow.
    truths
        Number of true parameter sets.
    least_draws
        Effective number of draws for the ranks at the chosen power, 10 % quantile over true parameter sets.
    """

    powers: Array
    spreads: Array
    errors: Array
    truths: int
    least_draws: float

    @property
    def place(self) -> int:
        """Index of the largest power whose ranks spread no further than in a correct posterior; else the last index."""
        return chosen_index(self.spreads)

    @property
    def power(self) -> float:
        """Power of the likelihood in the result."""
        return float(self.powers[self.place])


def chosen_index(spreads: Array) -> int:
    """Index of the first spread that is at most one, or the last index."""
    enough = np.flatnonzero(spreads <= 1.0)
    return int(enough[0]) if len(enough) else len(spreads) - 1


def power_grid(least: float) -> Array:
    """Powers from one down to `least`, ``(powers,)``."""
    return np.round(np.arange(1.0, least - POWER_STEP / 2, -POWER_STEP), 2)


def posterior_draws(fit: PosteriorFit, effort: SamplerEffort) -> Array:
    """Draws from a fit's posterior at power one, independent of its true parameter sets, ``(n, d)``."""
    more = replace(effort, particles=DRAW_MULTIPLE * effort.particles)
    return sample_posterior(fit.problem, fit.likelihood, random_stream(fit.seed, "coverage"), more).unit


def coverage_by_power(fit: PosteriorFit, draws: Array, powers: Array, most: int) -> Coverage:
    """Spread of ranks at each power, for at most `most` true parameter sets of a fit.

    Parameters
    ----------
    fit
        Posterior whose parameter sets were simulated again.
    draws
        Draws from that posterior, ``(n, d)``.
    powers
        Candidate powers in decreasing order, ``(powers,)``; if the posterior is too narrow at the last one, the check fails.
    most
        Maximum number of true parameter sets.
    """
    cases = [posterior_cases(fit, most, f"coverage {repeat}") for repeat in range(REPEATS)]
    emulated = [emulator_cases(fit, batch, repeat) for repeat, batch in enumerate(cases)]
    ranked = [rank_distances(fit, draws, powers, batch) for batch in cases]
    distances = np.mean([squared for squared, _ in ranked], axis=0)
    reference = np.mean([rank_distances(fit, draws, np.ones(1), batch)[0] for batch in emulated], axis=0)
    spreads = 1.0 + (distances - reference).mean(axis=0)
    errors = (distances - reference).std(axis=0, ddof=1) / np.sqrt(len(distances))
    sizes = np.concatenate([size for _, size in ranked])[:, chosen_index(spreads)]
    return Coverage(powers, spreads, errors, len(distances), float(np.quantile(sizes, 0.1)))


def emulator_cases(fit: PosteriorFit, cases: Sequence[SyntheticCase], repeat: int) -> list[SyntheticCase]:
    """The same true parameter sets with data from the emulator."""
    stream = named_generator(fit.seed, repeat, "calibration:coverage of the emulator")
    distributions = fit.likelihood.at(np.array([case.truth for case in cases]))
    data = {name: distribution.draw(stream) for name, distribution in distributions.groups.items()}
    return [replace(case, data=case_moments(data, place)) for place, case in enumerate(cases)]


def case_moments(data: Moments, place: int) -> Moments:
    """Moments of one case."""
    return {name: values[place] for name, values in data.items()}


def rank_distances(
    fit: PosteriorFit, draws: Array, powers: Array, cases: Sequence[SyntheticCase]
) -> tuple[Array, Array]:
    """Squared distances of ranks from the middle, and effective numbers of draws, each ``(cases, powers)``."""
    distributions = fit.likelihood.at(draws)
    shares, sizes = [], []
    for case in cases:
        logs = distributions.log_likelihood(case.data)
        weights = np.stack([normalised_weights(power * logs) for power in powers])
        shares.append(weights @ (draws < case.truth))
        sizes.append([effective_size(row) for row in weights])
    below, size = np.array(shares), np.array(sizes)
    distances = [squared_rank_distance(below[:, place], size[:, place, None]) for place in range(len(powers))]
    return np.stack(distances, axis=1), size
