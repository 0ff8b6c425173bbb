"""The power widens a posterior that is too narrow until it covers, and leaves a correct one unchanged."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.studies.calibration import sbc
from simulation.studies.calibration.fitting import (
    CalibrationMethod,
    PosteriorFit,
    check_count,
    fit_posterior,
    redraw_posterior,
)
from simulation.studies.calibration.likelihood import GroupLikelihood
from simulation.studies.calibration.problem import CalibrationProblem, from_unit
from simulation.studies.calibration.sampler import SamplerEffort
from simulation.studies.calibration.sbc import (
    Coverage,
    chosen_index,
    coverage_by_power,
    emulator_cases,
    power_grid,
    rank_distances,
    squared_rank_distance,
)
from simulation.studies.calibration.simulations import ExecutionSettings
from simulation.values.conventions import Array
from tests.studies.calibration import toys

TRUTHS = 512
METHOD = CalibrationMethod(effort=SamplerEffort(particles=1536, rounds=3), sets=TRUTHS)
POWERS = power_grid(0.2)[::2]
CLAIMED = 0.3
"""Share of the true variance that the overconfident likelihood assumes; exact coverage requires this power."""


def toy(checks: int = TRUTHS) -> CalibrationProblem:
    linear = toys.linear_problem()
    return replace(linear, simulators=tuple(replace(one, checks=checks) for one in linear.simulators))


def overconfident(group: GroupLikelihood) -> GroupLikelihood:
    """Likelihood with `CLAIMED` times the variance."""
    emulator, less = group.emulator, np.log(CLAIMED)
    coefficients = emulator.log_variance.coefficients.copy()
    coefficients[0] += less
    narrow = replace(
        emulator,
        log_variance=replace(emulator.log_variance, coefficients=coefficients),
        log_range=emulator.log_range + less,
    )
    return replace(group, emulator=narrow, discrepancy=group.discrepancy * np.sqrt(CLAIMED))


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbc, "REPEATS", 1)


@pytest.fixture(scope="module")
def right() -> PosteriorFit:
    return fit_posterior(toy(), METHOD, ExecutionSettings(1))


@pytest.fixture(scope="module")
def narrow(right: PosteriorFit) -> PosteriorFit:
    groups = {name: overconfident(group) for name, group in right.likelihood.groups.items()}
    return redraw_posterior(
        replace(right, likelihood=replace(right.likelihood, groups=groups)), METHOD, ExecutionSettings(2), 1.0
    )


def relative_sd(found: PosteriorFit) -> Array:
    """Standard deviations of the draws over the exact ones, ``(d,)``."""
    _, covariance = toys.exact_posterior()
    return np.asarray(from_unit(found.problem.priors, found.unit).std(axis=0) / np.sqrt(np.diag(covariance)))


def test_a_correct_posterior_keeps_its_width_within_error(right: PosteriorFit) -> None:
    found = coverage_by_power(right, right.unit, POWERS, TRUTHS)
    # Two standard errors of the spread, .03 each, are .2 in the power here; the sd follows its root: 1.118, and .02 of the draws.
    assert found.spreads[0] == pytest.approx(1.0, abs=3.0 * float(found.errors[0]))
    assert found.power >= 0.8
    assert relative_sd(redraw_posterior(right, METHOD, ExecutionSettings(1), found.power)) == pytest.approx(
        1.0, abs=0.14
    )


def test_a_posterior_that_is_too_narrow_gets_the_exact_width(narrow: PosteriorFit) -> None:
    assert relative_sd(narrow) == pytest.approx(np.sqrt(CLAIMED), abs=0.15)
    found = coverage_by_power(narrow, narrow.unit, POWERS, TRUTHS)
    assert found.spreads[0] > 1.0 + 4.0 * found.errors[0]
    assert found.spreads[found.place] <= 1.0
    assert found.power == pytest.approx(CLAIMED, abs=0.15)
    assert relative_sd(redraw_posterior(narrow, METHOD, ExecutionSettings(1), found.power)) == pytest.approx(
        1.0, abs=0.14
    )


def test_the_check_fails_before_and_passes_after_the_correction(
    narrow: PosteriorFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sbc, "CHECK_EFFORT", SamplerEffort(particles=128, rounds=1))
    judged = redraw_posterior(
        narrow, METHOD, ExecutionSettings(1), coverage_by_power(narrow, narrow.unit, POWERS, 256).power
    )
    assert not {tuple(row) for row in judged.chosen} & {tuple(row) for row in narrow.chosen}
    before, after = (sbc.rank_cases("abc", sbc.posterior_cases(found, 64)) for found in (narrow, judged))
    assert not before.passed
    assert after.passed
    assert before.width()[0] > 1.2 > 1.1 > after.width()[0]


def test_sampling_error_is_subtracted(right: PosteriorFit) -> None:
    # The emulator's own data are right at power one: nothing is left but the difference of two draws of them.
    cases = sbc.posterior_cases(right, TRUTHS)
    first, second = (
        rank_distances(right, right.unit, POWERS[:1], emulator_cases(right, cases, one))[0] for one in (7, 8)
    )
    assert float(first.mean()) == pytest.approx(1.0, abs=0.14)
    assert (first - second).std() < first.std() * np.sqrt(2.0)
    assert {case.truth.tobytes() for case in emulator_cases(right, cases, 7)} == {
        case.truth.tobytes() for case in cases
    }


def test_ranks_among_few_draws_spread_like_uniform_ranks() -> None:
    few = np.arange(4.0)[:, None] / 3.0
    assert squared_rank_distance(few, 3.0).mean() == pytest.approx(1.0)
    assert squared_rank_distance(few, np.full((4, 1), 3.0)).mean() == pytest.approx(1.0)
    # Without end of draws: shares evenly spread over the unit interval.
    many = (np.arange(1000.0)[:, None] + 0.5) / 1000.0
    assert squared_rank_distance(many, 1e9).mean() == pytest.approx(1.0, abs=1e-5)
    assert squared_rank_distance(0.5 + 0.5 * (many - 0.5), 1e9).mean() == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize(
    ("spreads", "power"), [((0.99, 0.9, 0.8), 1.0), ((1.1, 1.0, 0.9), 0.9), ((1.2, 1.1, 1.05), 0.8)]
)
def test_the_largest_covering_power_or_the_last_is_chosen(spreads: tuple[float, ...], power: float) -> None:
    found = Coverage(np.array([1.0, 0.9, 0.8]), np.array(spreads), np.full(3, 0.01), 10, 100.0)
    assert found.power == power
    assert chosen_index(np.array(spreads)) == found.place


def test_powers_decrease_from_one_to_the_minimum() -> None:
    assert power_grid(1.0).tolist() == [1.0]
    assert power_grid(0.94).tolist() == [1.0, 0.98, 0.96, 0.94]


def test_the_power_is_reproducible(right: PosteriorFit) -> None:
    first, second = (coverage_by_power(right, right.unit, POWERS[:3], 32) for _ in range(2))
    assert first.spreads.tobytes() == second.spreads.tobytes()
    assert first.truths == 32


def test_redrawn_sets_are_simulated_and_counted(right: PosteriorFit) -> None:
    counts: list[int] = []
    redraw_posterior(right, METHOD, ExecutionSettings(1, counted=counts.append), 1.0)
    assert sum(counts) == check_count(right.problem, METHOD) == 2 * TRUTHS
