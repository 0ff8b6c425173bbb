"""Simulators with a known posterior or a posterior of known shape."""

import os
from pathlib import Path

import numpy as np

from simulation.studies.calibration.problem import CalibrationProblem, CalibrationTarget, Prior, Simulator
from simulation.values.conventions import Array

STOP_AFTER = "CARRYFLOW_TEST_STOP_AFTER"
"""Name of the variable that contains a file: each call adds a line, and the call that finds five stops the process."""


def normal_prior(name: str) -> Prior:
    return Prior(name, f"toy.{name}", "normal", -6.0, 6.0, "units", "assumption", name, "all moments", 0.0, 1.0)


def target(name: str, observed: float, sd: float, group: str = "cheap") -> CalibrationTarget:
    return CalibrationTarget(name, observed, sd, "units", "assumption", name, group)


LOADINGS = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -0.5], [0.7, 0.0, 1.0], [0.3, 0.3, 0.3]])
NOISE_SD, ERROR_SD = 0.5, 0.3
SEEN = np.array([0.8, -0.6, 1.2, 0.3])


def linear(theta: Array, runs: int, seed: int) -> Array:
    """Four noisy linear moments of three parameters; the noise of a row depends on its position and the seed."""
    noise = np.random.default_rng(seed).standard_normal((len(theta), 4))
    return np.asarray(theta @ LOADINGS.T + NOISE_SD / np.sqrt(runs) * noise)


def linear_cheap(theta: Array, runs: int, seed: int) -> Array:
    return linear(theta, runs, seed)[:, :3]


def linear_costly(theta: Array, runs: int, seed: int) -> Array:
    return linear(theta, runs, seed)[:, 3:]


def exact_posterior() -> tuple[Array, Array]:
    """Mean and covariance for a standard normal prior with normal noise and error; truncation at six is negligible."""
    precision = np.eye(3) + LOADINGS.T @ LOADINGS / (NOISE_SD**2 + ERROR_SD**2)
    covariance = np.linalg.inv(precision)
    return covariance @ LOADINGS.T @ SEEN / (NOISE_SD**2 + ERROR_SD**2), covariance


def linear_problem(sets: int = 2048, costly: int = 512, batch: int = 256) -> CalibrationProblem:
    """Three moments from a cheap simulator and one from a costly one."""
    targets = tuple(
        target(f"m{place}", float(SEEN[place]), ERROR_SD, "cheap" if place < 3 else "costly") for place in range(4)
    )
    simulators = (
        Simulator("cheap", linear_cheap, sets, batch, checks=128),
        Simulator("costly", linear_costly, costly, batch, checks=128),
    )
    return CalibrationProblem("linear", "1", tuple(normal_prior(name) for name in "abc"), targets, simulators)


def positive(name: str, low: float, high: float) -> Prior:
    return Prior(name, f"toy.{name}", "log_uniform", low, high, "units", "assumption", f"Factor {name}", "the product")


def crash(theta: Array, runs: int, seed: int) -> Array:
    """A fall that depends on impact times stock, and a moment that depends only on a third parameter."""
    impact, stock, other = theta.T
    noise = np.random.default_rng(seed).standard_normal((len(theta), 2))
    fall = 100.0 * (1.0 - np.exp(-impact * stock / 100.0)) + 0.3 * noise[:, 0]
    return np.stack([fall, other + 0.2 * noise[:, 1]], axis=1)


def product_problem() -> CalibrationProblem:
    """Lambda times K is identified to a few percent, neither factor better than by its prior."""
    priors = (positive("L", 0.02, 0.08), positive("K", 150.0, 500.0), normal_prior("c"))
    targets = (target("fall", 9.0, 0.3), target("other", 0.5, 0.2))
    return CalibrationProblem("product", "1", priors, targets, (Simulator("cheap", crash, 2048, 512),), (("L", "K"),))


def stopping(theta: Array, runs: int, seed: int) -> Array:
    """An uninformative moment; a run stops with a probability that rises from 5 to 95 % with the first parameter."""
    stream = np.random.default_rng(seed)
    moments = stream.standard_normal((len(theta), 1))
    stopped = stream.random(len(theta)) < 0.05 + 0.9 * theta[:, 0]
    moments[stopped] = np.nan
    return moments


def stopping_problem() -> CalibrationProblem:
    prior = Prior("risk", "toy.risk", "uniform", 0.0, 1.0, "share", "assumption", "Risk", "whether a run finishes")
    return CalibrationProblem(
        "stopping", "1", (prior,), (target("nothing", 0.0, 1.0),), (Simulator("cheap", stopping, 4096, 512),)
    )


def dying_cheap(theta: Array, runs: int, seed: int) -> Array:
    """The cheap linear simulator with an interruption after five calls."""
    counter = os.environ.get(STOP_AFTER)
    if counter is not None:
        path = Path(counter)
        calls = path.read_text(encoding="utf-8").count("\n") if path.exists() else 0
        if calls == 5:
            raise KeyboardInterrupt
        path.write_text("call\n" * (calls + 1), encoding="utf-8")
    return linear_cheap(theta, runs, seed)


def dying_problem() -> CalibrationProblem:
    """A small linear problem that can be interrupted in its second stage."""
    problem = linear_problem(sets=512, costly=192, batch=64)
    cheap = Simulator("cheap", dying_cheap, 512, 64, checks=32)
    costly = Simulator("costly", linear_costly, 192, 64, checks=32)
    return CalibrationProblem("dying", "1", problem.priors, problem.targets, (cheap, costly), events=("august_2024",))


def not_a_problem() -> int:
    return 1
