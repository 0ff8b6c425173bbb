"""The power of the likelihood at which the posterior is as wide as its errors are.

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

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulation.studies.calibration.fitting import Fit, posterior, stream_of
from simulation.studies.calibration.sampler import Effort, effective_size, weights_of
from simulation.studies.calibration.sbc import Case, Moments, posterior_cases, squares
from simulation.values.conventions import Array
from simulation.values.randomness import generator

STEP = 0.02
"""Distance of the powers tried."""
POOL = 4
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
        return chosen_place(self.spreads)

    @property
    def power(self) -> float:
        """Power of the likelihood in the result."""
        return float(self.powers[self.place])


def chosen_place(spreads: Array) -> int:
    """Place of the first spread that is at most one, or the last place."""
    enough = np.flatnonzero(spreads <= 1.0)
    return int(enough[0]) if len(enough) else len(spreads) - 1


def powers_down_to(least: float) -> Array:
    """Powers from one down to `least`, ``(powers,)``."""
    return np.round(np.arange(1.0, least - STEP / 2, -STEP), 2)


def many_draws(fit: Fit, effort: Effort) -> Array:
    """Draws from a fit's posterior at power one that are none of its truths, ``(n, d)``."""
    more = replace(effort, particles=POOL * effort.particles)
    return posterior(fit.problem, fit.likelihood, stream_of(fit.seed, "coverage"), more).unit


def coverage(fit: Fit, draws: Array, powers: Array, most: int) -> Coverage:
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
    emulated = [emulated_cases(fit, one, repeat) for repeat, one in enumerate(cases)]
    found = [ranked(fit, draws, powers, one) for one in cases]
    own = np.mean([squared for squared, _ in found], axis=0)
    right = np.mean([ranked(fit, draws, np.ones(1), one)[0] for one in emulated], axis=0)
    spreads = 1.0 + (own - right).mean(axis=0)
    errors = (own - right).std(axis=0, ddof=1) / np.sqrt(len(own))
    sizes = np.concatenate([size for _, size in found])[:, chosen_place(spreads)]
    return Coverage(powers, spreads, errors, len(own), float(np.quantile(sizes, 0.1)))


def emulated_cases(fit: Fit, cases: Sequence[Case], repeat: int) -> list[Case]:
    """The same truths with data that the emulator makes."""
    stream = generator(fit.seed, repeat, "calibration:coverage of the emulator")
    laws = fit.likelihood.at(np.array([case.truth for case in cases]))
    data = {name: law.drawn(stream) for name, law in laws.groups.items()}
    return [replace(case, data=row_of(data, place)) for place, case in enumerate(cases)]


def row_of(data: Moments, place: int) -> Moments:
    """Moments of one case out of those of all."""
    return {name: values[place] for name, values in data.items()}


def ranked(fit: Fit, draws: Array, powers: Array, cases: Sequence[Case]) -> tuple[Array, Array]:
    """Squared distances of ranks from the middle, and effective draws behind them, each ``(cases, powers)``."""
    laws = fit.likelihood.at(draws)
    shares, sizes = [], []
    for case in cases:
        logs = laws.log_likelihood(case.data)
        weights = np.stack([weights_of(power * logs) for power in powers])
        shares.append(weights @ (draws < case.truth))
        sizes.append([effective_size(row) for row in weights])
    below, size = np.array(shares), np.array(sizes)
    own = [squares(below[:, place], size[:, place, None]) for place in range(len(powers))]
    return np.stack(own, axis=1), size
