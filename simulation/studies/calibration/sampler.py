"""Sequential Monte Carlo from the prior to the posterior, for any log likelihood on the unit cube.

Particles start in the prior.  The likelihood is let in by degrees, each as large as the effective sample size allows;
after each, particles are resampled and moved by Metropolis-Hastings steps that leave the tempered posterior as it is.

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
"""Nearest that a point may come to the edge of the unit cube."""
STEP_SIZES = (0.9, 0.5, 0.25)
"""Proposals between nearly independent (1) and local (0), tried in turn."""
MIN_STEP = 1e-4
MAX_STEPS = 200


@dataclass(frozen=True)
class SamplerEffort:
    """How much work the sampler does.

    Attributes
    ----------
    particles
        Points of the unit cube carried along.
    rounds
        Rounds of moves after each step; each round tries every step size.
    kept
        Effective sample size, as a share of the particles, that a step may leave.
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
    """Draws from prior times likelihood to the `power`.

    Parameters
    ----------
    likelihood
        Log likelihood of points of the unit cube.
    dimension
        Number of parameters.
    stream
        Random numbers.
    effort
        Particles and moves.
    power
        1 gives the posterior; less gives a wider distribution on the way to it.

    Raises
    ------
    ValueError
        If the likelihood is zero wherever the prior is.
    """
    normal = stream.standard_normal((effort.particles, dimension))
    logs = likelihood(normal_to_unit(normal))
    if not np.isfinite(logs).any():
        raise ValueError("no parameter set of the prior has a positive likelihood")
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
    """Points of the unit cube of standard normal ones, kept off the edge."""
    return np.asarray(np.clip(ndtr(normal), EDGE_DISTANCE, 1.0 - EDGE_DISTANCE))


def unit_to_normal(unit: Array) -> Array:
    """Standard normal points of points of the unit cube."""
    return np.asarray(ndtri(np.clip(unit, EDGE_DISTANCE, 1.0 - EDGE_DISTANCE)))


def next_power_step(logs: Array, most: float, kept: float) -> float:
    """Largest step of the power that leaves an effective sample size of `kept` times the particles; bisection."""
    wanted = kept * len(logs)
    if effective_size(normalised_weights(most * logs)) >= wanted:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective_size(normalised_weights(middle * logs)) >= wanted else (low, middle)
    return min(most, max(low, MIN_STEP))


def normalised_weights(logs: Array) -> Array:
    """Weights that add to one of logarithms of weights."""
    raw = np.exp(logs - logs.max())
    return np.asarray(raw / raw.sum())


def effective_size(weights: Array) -> float:
    """Number of equally weighted draws that tell as much.  Source: Kong (1992)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def systematic_resampling(weights: Array, count: int, uniform: float) -> Rows:
    """Row numbers of `count` draws with the weights; the same `uniform` in (0, 1) gives the same rows."""
    edges = np.cumsum(weights / weights.sum())
    edges[-1] = 1.0
    return np.asarray(np.searchsorted(edges, (np.arange(count) + uniform) / count, side="left"))


def move_particles(
    normal: Array, logs: Array, target: tuple[LogLikelihood, float], stream: np.random.Generator, rounds: int
) -> tuple[Array, Array]:
    """Particles after Metropolis-Hastings moves, and their log likelihoods.

    A proposal ``z' = m + sqrt(1 - b^2) (z - m) + b L e`` leaves the normal law N(m, L L') as it is, here that of the
    particles themselves, so that only the ratio of the target to that law decides.
    """
    likelihood, power = target
    centre = normal.mean(axis=0)
    off = normal - centre
    covariance = (off.T @ off) / len(off) + 1e-6 * np.eye(normal.shape[1])
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
    """Log density of the standard normal law less that of the particles' normal law, up to a constant, ``(n,)``."""
    white = (normal - centre) @ whitening
    return np.asarray(0.5 * (white**2).sum(axis=1) - 0.5 * (normal**2).sum(axis=1))
