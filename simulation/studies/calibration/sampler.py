"""Sequential Monte Carlo from the prior to the posterior, for any log likelihood on the unit cube.

Particles start in the prior.  The power of the likelihood rises in steps, each as large as the effective sample size allows.
After each step, particles are resampled and moved by Metropolis-Hastings steps that leave the tempered posterior invariant.

Source: Del Moral, Doucet and Jasra (2006, 2012), adaptive sequential Monte Carlo; Rudolf and Sprungk (2018), the
generalised preconditioned Crank-Nicolson proposal; Kitagawa (1996), systematic resampling.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from simulation.values.conventions import Array, Rows

LogLikelihood = Callable[[Array], Array]
"""Maps points of the unit cube, ``(n, d)``, to log likelihoods, ``(n,)``; minus infinity is impossible."""
EDGE_DISTANCE = 1e-9
"""Minimum distance of a point from the edge of the unit cube."""
STEP_SIZES = (0.9, 0.5, 0.25)
"""Sizes of proposals, from nearly independent (1) to local (0), used in turn."""
MIN_STEP = 1e-4
MAX_STEPS = 200


@dataclass(frozen=True)
class SamplerEffort:
    """Amount of work of the sampler.

    Attributes
    ----------
    particles
        Number of particles.
    rounds
        Rounds of moves after each step; each round uses every step size.
    kept
        Minimum effective sample size after a step, as a share of the particles.
    """

    particles: int = 4096
    rounds: int = 4
    kept: float = 0.5


@dataclass(frozen=True)
class Particles:
    """Equally weighted draws: points of the unit cube ``(n, d)`` and their log likelihoods ``(n,)``."""

    unit: Array
    log_likelihood: Array


def sample_tempered(
    likelihood: LogLikelihood, dimension: int, stream: np.random.Generator, effort: SamplerEffort, power: float = 1.0
) -> Particles:
    """Draws from the prior times the likelihood to the `power`.

    Parameters
    ----------
    likelihood
        Log likelihood of points of the unit cube.
    dimension
        Number of parameters.
    stream
        Random number generator.
    effort
        Particles and moves.
    power
        1 gives the posterior; a lower power gives a wider distribution.

    Raises
    ------
    ValueError
        If the likelihood is zero for all draws from the prior.
    """
    normal = stream.standard_normal((effort.particles, dimension))
    logs = likelihood(normal_to_unit(normal))
    if not np.isfinite(logs).any():
        raise ValueError(
            "no parameter set drawn from the prior has a positive likelihood: check the targets and the ranges of the priors"
        )
    reached = 0.0
    for _ in range(MAX_STEPS):
        step = next_power_step(logs, power - reached, effort.kept)
        rows = systematic_resampling(normalised_weights(step * logs), effort.particles, float(stream.random()))
        reached = min(power, reached + step)
        normal, logs = move_particles(normal[rows], logs[rows], (likelihood, reached), stream, effort.rounds)
        if reached >= power:
            break
    return Particles(normal_to_unit(normal), logs)


def normal_to_unit(normal: Array) -> Array:
    """Points of the unit cube for standard normal points, with a minimum distance from the edge."""
    return np.asarray(np.clip(ndtr(normal), EDGE_DISTANCE, 1.0 - EDGE_DISTANCE))


def unit_to_normal(unit: Array) -> Array:
    """Standard normal points for points of the unit cube."""
    return np.asarray(ndtri(np.clip(unit, EDGE_DISTANCE, 1.0 - EDGE_DISTANCE)))


def next_power_step(logs: Array, most: float, kept: float) -> float:
    """Largest increase of the power that leaves an effective sample size of `kept` times the particles, by bisection."""
    min_size = kept * len(logs)
    if effective_size(normalised_weights(most * logs)) >= min_size:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective_size(normalised_weights(middle * logs)) >= min_size else (low, middle)
    return min(most, max(low, MIN_STEP))


def normalised_weights(logs: Array) -> Array:
    """Weights that add up to one, from logarithms of weights."""
    raw = np.exp(logs - logs.max())
    return np.asarray(raw / raw.sum())


def effective_size(weights: Array) -> float:
    """Number of equally weighted draws with the same information.  Source: Kong (1992)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def systematic_resampling(weights: Array, count: int, uniform: float) -> Rows:
    """Row numbers of `count` draws with the given weights; the same `uniform` in (0, 1) gives the same rows."""
    edges = np.cumsum(weights / weights.sum())
    edges[-1] = 1.0
    return np.asarray(np.searchsorted(edges, (np.arange(count) + uniform) / count, side="left"))


def move_particles(
    normal: Array, logs: Array, target: tuple[LogLikelihood, float], stream: np.random.Generator, rounds: int
) -> tuple[Array, Array]:
    """Particles after Metropolis-Hastings moves, and their log likelihoods.

    A proposal ``z' = m + sqrt(1 - b^2) (z - m) + b L e`` leaves the normal distribution N(m, L L') invariant.  Here this is the
    normal distribution fitted to the particles, so the acceptance ratio is the target relative to that distribution.
    """
    likelihood, power = target
    centre = normal.mean(axis=0)
    deviations = normal - centre
    covariance = (deviations.T @ deviations) / len(deviations) + 1e-6 * np.eye(normal.shape[1])
    root: Array = np.linalg.cholesky(covariance)
    whitening = np.asarray(np.linalg.inv(root).T)
    for size in STEP_SIZES * rounds:
        noise = stream.standard_normal(normal.shape) @ root.T
        proposed = centre + np.sqrt(1.0 - size**2) * (normal - centre) + size * noise
        proposed_logs = likelihood(normal_to_unit(proposed))
        ratio = (
            power * (proposed_logs - logs)
            + _log_density_ratio(proposed, centre, whitening)
            - _log_density_ratio(normal, centre, whitening)
        )
        accepted = np.log(stream.random(len(logs))) < ratio
        normal = np.where(accepted[:, None], proposed, normal)
        logs = np.where(accepted, proposed_logs, logs)
    return normal, logs


def _log_density_ratio(normal: Array, centre: Array, whitening: Array) -> Array:
    """Log density of the standard normal distribution less that of the particles', up to a constant, ``(n,)``."""
    white = (normal - centre) @ whitening
    return np.asarray(0.5 * (white**2).sum(axis=1) - 0.5 * (normal**2).sum(axis=1))
