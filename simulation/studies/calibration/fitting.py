"""Emulated synthetic likelihood, refined in the region of the posterior.

1. Parameter sets drawn from the prior are simulated; the costly simulators use a subset of them.
2. An emulator of the moments gives a likelihood, and sequential Monte Carlo draws from the prior times the likelihood to a
   power.
3. Parameter sets from these draws are simulated and added to the table.  The power rises to one, so that the table becomes
   dense around the posterior and still covers its surroundings.
4. The emulator fitted to the whole table gives the posterior.  Some of its parameter sets are simulated again, with runs that
   were not used in the fit.
5. These runs determine the power of the likelihood at which the posterior is wide enough (``sbc``).  The result is drawn at
   that power, and its parameter sets are simulated again for the check.

Reason for this method: with some twenty thousand cheap simulations of eighteen parameters, quantiles of the posterior were
within .015 of the prior range (root mean square) of those of an exact importance sample of 600,000, compared with .03 for the
emulator without refinement and .02 to .03 for regression-adjusted rejection (docs/calibration.md).  Unlike rejection, a
likelihood can combine moments that were simulated for different numbers of parameter sets, and it can be evaluated for hundreds
of synthetic data sets at negligible cost.

Source: Wood (2010), synthetic likelihood; Papamakarios, Sterratt and Murray (2019), sequential likelihood estimation;
Del Moral, Doucet and Jasra (2006).
"""

from dataclasses import dataclass, replace

import numpy as np

from simulation.studies.calibration.likelihood import SyntheticLikelihood, fit_likelihood
from simulation.studies.calibration.problem import CalibrationProblem, Simulator, from_unit, nested_sample
from simulation.studies.calibration.sampler import Particles, SamplerEffort, sample_tempered
from simulation.studies.calibration.simulations import (
    ExecutionSettings,
    SimulationTable,
    SimulationTables,
    simulate_sets,
)
from simulation.values.conventions import Array
from simulation.values.randomness import named_generator

FIRST_SHARE = 0.4
"""Share of the simulations for the prior; the other stages share the rest equally."""
STREAM = "calibration"
FULL_EFFORT = SamplerEffort()


@dataclass(frozen=True)
class CalibrationMethod:
    """Settings of the method.

    Attributes
    ----------
    powers
        Power of the likelihood from which the parameter sets of each later stage are drawn.
    effort
        Amount of work of the sampler.
    sets
        Number of parameter sets in the result.
    least_power
        Minimum power of the likelihood in the result (``sbc``); 1 uses the likelihood unchanged.
    """

    powers: tuple[float, ...] = (0.3, 0.6, 1.0)
    effort: SamplerEffort = FULL_EFFORT
    sets: int = 256
    least_power: float = 0.25


@dataclass(frozen=True)
class PosteriorFit:
    """Result of a fit.

    Attributes
    ----------
    problem, seed
        Inputs.
    tables
        All simulated parameter sets by group, in the order of the stages.
    likelihood
        Likelihood of the last stage.
    particles
        Draws from the posterior.
    chosen
        Parameter sets of the result as points of the unit cube, ``(sets, d)``.
    again
        Moments of the first of these from new simulations, by group, ``(checks, moments)``.
    power
        Power of the likelihood in the posterior.
    """

    problem: CalibrationProblem
    seed: int
    tables: SimulationTables
    likelihood: SyntheticLikelihood
    particles: Particles
    chosen: Array
    again: dict[str, Array]
    power: float = 1.0

    @property
    def unit(self) -> Array:
        """Draws from the posterior as points of the unit cube, ``(n, d)``."""
        return self.particles.unit


def stage_sizes(simulator: Simulator, stages: int) -> list[int]:
    """Number of parameter sets in the first and in each later stage."""
    first = round(FIRST_SHARE * simulator.sets)
    later = (simulator.sets - first) // stages if stages else 0
    return [simulator.sets - later * stages] + [later] * stages


def simulation_count(problem: CalibrationProblem, method: CalibrationMethod) -> int:
    """Number of parameter sets simulated for a fit, including the repeated simulations."""
    return sum(simulator.sets for simulator in problem.simulators) + check_count(problem, method)


def check_count(problem: CalibrationProblem, method: CalibrationMethod) -> int:
    """Number of parameter sets of a posterior that are simulated again, over all simulators."""
    return sum(min(simulator.checks, method.sets) for simulator in problem.simulators)


def fit_posterior(problem: CalibrationProblem, method: CalibrationMethod, settings: ExecutionSettings) -> PosteriorFit:
    """Simulate, refine, and draw from the posterior at power one.

    Parameters
    ----------
    problem
        Priors, targets and simulators.
    method
        Stages and sampler.
    settings
        Seed, workers, checkpoints and progress.
    """
    sizes = {one.name: stage_sizes(one, len(method.powers)) for one in problem.simulators}
    counts = {name: size[0] for name, size in sizes.items()}
    unit = nested_sample(len(problem.priors), sorted(set(counts.values())), settings.seed, f"{STREAM}:prior")
    tables = simulate_stage(problem, unit, counts, 0, settings)
    for stage, power in enumerate(method.powers, start=1):
        likelihood = fit_likelihood(problem.priors, tables, target_sds(problem))
        particles = sample_posterior(
            problem, likelihood, random_stream(settings.seed, f"stage {stage}"), method.effort, power
        )
        counts = {name: size[stage] for name, size in sizes.items()}
        unit = pick_particles(particles, max(counts.values()), random_stream(settings.seed, f"sets of stage {stage}"))
        more = simulate_stage(problem, unit, counts, stage, settings)
        tables = {name: table.append(more[name]) for name, table in tables.items()}
    likelihood = fit_likelihood(problem.priors, tables, target_sds(problem))
    particles = sample_posterior(problem, likelihood, random_stream(settings.seed, "posterior"), method.effort)
    chosen = pick_particles(particles, method.sets, random_stream(settings.seed, "sets of the result"))
    again = simulate_again(problem, chosen, "check", settings)
    return PosteriorFit(problem, settings.seed, tables, likelihood, particles, chosen, again)


def redraw_posterior(
    fit: PosteriorFit, method: CalibrationMethod, settings: ExecutionSettings, power: float
) -> PosteriorFit:
    """Posterior of the same emulator with the likelihood to a `power`: new draws, parameter sets and simulations."""
    particles = sample_posterior(
        fit.problem, fit.likelihood, random_stream(settings.seed, "posterior at a power"), method.effort, power
    )
    chosen = pick_particles(particles, method.sets, random_stream(settings.seed, "sets at a power"))
    again = simulate_again(fit.problem, chosen, "judge", settings)
    return replace(fit, particles=particles, chosen=chosen, again=again, power=power)


def simulate_again(
    problem: CalibrationProblem, chosen: Array, stage: str, settings: ExecutionSettings
) -> dict[str, Array]:
    """Moments of new runs of the first parameter sets of a posterior, by group, ``(checks, moments)``."""
    return {
        one.name: simulate_moments(problem, one, chosen[: one.checks], stage, settings) for one in problem.simulators
    }


def simulate_stage(
    problem: CalibrationProblem, unit: Array, counts: dict[str, int], stage: int, settings: ExecutionSettings
) -> SimulationTables:
    """Simulate the first `counts` points of the unit cube with each simulator."""
    name, tables = f"stage{stage}" if stage else "prior", {}
    for one in problem.simulators:
        points = unit[: counts[one.name]]
        tables[one.name] = SimulationTable(
            points, simulate_moments(problem, one, points, name, settings), np.full(len(points), float(stage))
        )
    return tables


def simulate_moments(
    problem: CalibrationProblem, simulator: Simulator, unit: Array, stage: str, settings: ExecutionSettings
) -> Array:
    """Moments at points of the unit cube, ``(n, moments)``."""
    moments = len(problem.targets_of(simulator.name))
    return simulate_sets(simulator, moments, from_unit(problem.priors, unit), stage, settings)


def sample_posterior(
    problem: CalibrationProblem,
    likelihood: SyntheticLikelihood,
    stream: np.random.Generator,
    effort: SamplerEffort,
    power: float = 1.0,
) -> Particles:
    """Draws from the prior times the likelihood of the observed moments to a power."""
    observed = observed_moments(problem)
    return sample_tempered(
        lambda unit: likelihood.log_likelihood(unit, observed), len(problem.priors), stream, effort, power
    )


def random_stream(seed: int, label: str) -> np.random.Generator:
    """Random number generator of one part of the calibration."""
    return named_generator(seed, 0, f"{STREAM}:{label}")


def pick_particles(particles: Particles, count: int, stream: np.random.Generator) -> Array:
    """`count` particles in random order; the numbers of uses of any two particles differ by at most one."""
    rows = [stream.permutation(len(particles.unit)) for _ in range(-(-count // len(particles.unit)))]
    return np.asarray(particles.unit[np.concatenate(rows)[:count]])


def observed_moments(problem: CalibrationProblem) -> dict[str, Array]:
    """Observed moments by group."""
    return {
        one.name: np.array([target.observed for target in problem.targets_of(one.name)]) for one in problem.simulators
    }


def target_sds(problem: CalibrationProblem) -> dict[str, Array]:
    """Standard deviations of the targets by group."""
    return {one.name: np.array([target.sd for target in problem.targets_of(one.name)]) for one in problem.simulators}
