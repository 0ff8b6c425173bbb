"""The power of the likelihood at which the posterior is as wide as its errors are.

An emulated likelihood counts the emulator's error as noise of each run, though it is a fixed function of the parameters
and the noise of no exact law.  A posterior that rests on it may be too narrow.  Here the likelihood enters with a power
of at most one, the largest at which synthetic truths are covered as often as the posterior claims.

Truths are draws from the posterior with new runs.  Each truth has the posterior that knows the observed data, and its
own synthetic data with the likelihood to the power.  Its weights on the draws that are there already give the rank of
the truth at any power, without a sampler and without a simulation.

The truths that choose the power take no part in the check of the result (``sbc.posterior_cases``): that one draws new
sets at the power, simulates them anew and ranks them with the sampler.

Source: Syring and Martin (2019), a scalar that calibrates a general posterior's credible regions; Holmes and Walker
(2017) for the power of a likelihood; Lee, Nicholls and Ryder (2019) for truths near the observed data by importance
weights; Saeilynoja, Schmitt, Buerkner and Vehtari (2025) for posteriors that are given the observed data too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulation.calibration.fitting import Fit
from simulation.calibration.sampler import effective_size, weights_of
from simulation.calibration.sbc import Case, posterior_cases, spread
from simulation.conventions import Array

STEP = 0.01
"""Distance of the powers tried."""


@dataclass(frozen=True)
class Coverage:
    """How widely the ranks of truths spread in posteriors of different width.

    Attributes
    ----------
    powers
        Powers tried, the largest first, ``(powers,)``.
    spreads, errors
        Spread of the ranks relative to uniform ones at each power, and its standard error, ``(powers,)``; above 1 posteriors
        are too narrow.
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
        """Place of the largest power whose ranks spread no further than uniform ones; the last if there is none."""
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


def coverage(fit: Fit, powers: Array, most: int) -> Coverage:
    """Spread of ranks at each power, from at most so many truths of a fit.

    Parameters
    ----------
    fit
        A posterior at power one, whose sets were simulated once more.
    powers
        Powers to try, the largest first, ``(powers,)``; a posterior that is too narrow at the last one fails its check.
    most
        Truths to use, at most.
    """
    shares, sizes = weighed(fit, powers, posterior_cases(fit, most, "coverage"))
    found = np.array([spread(shares[:, place], sizes[:, place, None]) for place in range(len(powers))])
    place = chosen_place(found[:, 0])
    return Coverage(powers, found[:, 0], found[:, 1], len(shares), float(np.quantile(sizes[:, place], 0.1)))


def weighed(fit: Fit, powers: Array, cases: Sequence[Case]) -> tuple[Array, Array]:
    """Share of each truth's posterior below it, ``(cases, powers, d)``, and effective draws behind it, ``(cases, powers)``."""
    draws = fit.particles.unit
    laws = fit.likelihood.at(draws)
    shares, sizes = [], []
    for case in cases:
        others = np.flatnonzero((draws != case.truth).any(axis=1))
        logs = laws.log_likelihood(case.data)[others]
        weights = np.stack([weights_of(power * logs) for power in powers])
        shares.append(weights @ (draws[others] < case.truth))
        sizes.append([effective_size(row) for row in weights])
    return np.array(shares), np.array(sizes)
