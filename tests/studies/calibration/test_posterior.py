"""The posterior: exact in known cases, independent of the number of workers and of interruptions."""

from pathlib import Path

import numpy as np
import pytest

from simulation.results.output_folder import OutputError
from simulation.studies.calibration.diagnostics import (
    emulator_table,
    explained_error_share,
    moment_table,
    parameter_table,
    product_identification,
)
from simulation.studies.calibration.fitting import (
    CalibrationMethod,
    PosteriorFit,
    fit_posterior,
    simulation_count,
    stage_sizes,
)
from simulation.studies.calibration.problem import (
    CalibrationProblem,
    CalibrationTarget,
    Simulator,
    from_unit,
    load_problem,
)
from simulation.studies.calibration.sampler import SamplerEffort
from simulation.studies.calibration.simulations import Checkpoints, ExecutionSettings, open_checkpoints, simulate_sets
from simulation.values.conventions import Array
from tests.studies.calibration import toys

SMALL = CalibrationMethod(effort=SamplerEffort(particles=1024, rounds=3), sets=200)


@pytest.fixture(scope="module")
def linear() -> PosteriorFit:
    return fit_posterior(
        toys.linear_problem(), CalibrationMethod(effort=SamplerEffort(particles=4096, rounds=4)), ExecutionSettings(3)
    )


def test_linear_normal_posterior_is_exact(linear: PosteriorFit) -> None:
    mean, covariance = toys.exact_posterior()
    draws = from_unit(linear.problem.priors, linear.particles.unit)
    sd = np.sqrt(np.diag(covariance))
    # Monte Carlo error of the emulator's fit and of the particles, in posterior standard deviations.
    assert np.abs(draws.mean(axis=0) - mean) / sd == pytest.approx(0.0, abs=0.1)
    assert draws.std(axis=0) / sd == pytest.approx(1.0, abs=0.07)
    exact = covariance / np.outer(sd, sd)
    assert np.corrcoef(draws, rowvar=False) == pytest.approx(exact, abs=0.08)


def test_the_costly_moment_affects_the_posterior(linear: PosteriorFit) -> None:
    costly = linear.likelihood.groups["costly"]
    assert len(linear.tables["costly"]) == 512
    without = {"cheap": linear.likelihood.groups["cheap"]}
    assert costly.discrepancy.tolist() == [toys.ERROR_SD]
    assert set(without) != set(linear.likelihood.groups)
    assert costly.emulator.mean.coefficients[1:4, 0] == pytest.approx(0.3 * np.ones(3) * 1.0, rel=0.25)


def test_diagnostics_of_the_linear_problem(linear: PosteriorFit) -> None:
    table = parameter_table(linear)
    _, covariance = toys.exact_posterior()
    assert np.asarray(table["prior_p50"]) == pytest.approx(0.0, abs=1e-9)
    assert np.asarray(table["prior_p90"]) == pytest.approx(1.2816, abs=1e-3)
    width = np.asarray(table["posterior_p90"]) - np.asarray(table["posterior_p10"])
    assert width / (2 * 1.2816 * np.sqrt(np.diag(covariance))) == pytest.approx(1.0, abs=0.1)
    errors = emulator_table(linear)
    assert np.asarray(errors["spread_of_errors_sd"]) == pytest.approx(1.0, abs=0.2)
    assert np.asarray(errors["mean_error_sd"]) == pytest.approx(0.0, abs=0.3)
    # Noise and no more: the moments' own, .5.
    assert np.asarray(errors["error"]) == pytest.approx(toys.NOISE_SD, rel=0.2)
    assert np.abs(np.asarray(errors["followed_share"])).max() < 0.15
    assert np.abs(np.asarray(moment_table(linear)["score"])).max() < 2.0


def test_explained_error_share_separates_signal_from_noise() -> None:
    stream = np.random.default_rng(1)
    variables, noise = stream.standard_normal((4000, 3)), stream.standard_normal((4000, 2))
    errors = np.stack([noise[:, 0], noise[:, 1] + variables[:, 2] / np.sqrt(3.0)], axis=1)
    assert explained_error_share(variables, errors) == pytest.approx([0.0, 0.25], abs=0.03)
    assert np.isnan(explained_error_share(variables[:4], errors[:4])).all()


def test_only_the_product_is_identified() -> None:
    found = product_identification(fit_posterior(toys.product_problem(), SMALL, ExecutionSettings(1)), ("L", "K"))
    assert found.identified
    assert found.ratios[2] < 0.15
    assert found.ratios[:2].min() > 0.6
    assert found.correlation < -0.95
    assert found.exponent == pytest.approx(1.0, abs=0.1)
    assert found.direction_ratio < 0.15
    # Both logarithms are uniform: sd of the range over the root of twelve.
    assert found.prior_sd[:2] == pytest.approx(np.log([4.0, 500 / 150]) / np.sqrt(12.0), rel=0.02)


def test_stopped_runs_affect_the_posterior() -> None:
    found = fit_posterior(toys.stopping_problem(), SMALL, ExecutionSettings(1))
    # Density 0.95 - 0.9 x on the unit interval: mean 0.35.
    assert found.particles.unit.mean() == pytest.approx((0.95 / 2 - 0.3) / 0.5, abs=0.04)
    assert not found.tables["cheap"].finished.all()


def same(first: PosteriorFit, second: PosteriorFit) -> bool:
    return all(
        np.array_equal(first.tables[name].moments, second.tables[name].moments, equal_nan=True) for name in first.tables
    ) and (
        first.particles.unit.tobytes() == second.particles.unit.tobytes()
        and first.chosen.tobytes() == second.chosen.tobytes()
    )


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    problem, short = (
        toys.linear_problem(512, 192, 64),
        CalibrationMethod(effort=SamplerEffort(particles=256, rounds=2), sets=50),
    )
    first = fit_posterior(problem, short, ExecutionSettings(1))
    assert same(first, fit_posterior(problem, short, ExecutionSettings(1)))
    assert not same(first, fit_posterior(problem, short, ExecutionSettings(2)))


def test_two_workers_give_the_bytes_of_one() -> None:
    problem = toys.linear_problem(512, 192, 64)
    theta = from_unit(problem.priors, np.full((256, 3), 0.5))
    one, two = (
        simulate_sets(problem.simulators[0], 3, theta, "test", ExecutionSettings(4, workers)) for workers in (1, 2)
    )
    assert one.tobytes() == two.tobytes()
    # Rows of equal parameters differ: every batch has a seed of its own.
    assert len(np.unique(one[:, 0])) == 256


def test_a_resumed_calibration_equals_an_uninterrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toys.dying_problem()
    whole = fit_posterior(problem, SMALL, ExecutionSettings(1))
    monkeypatch.setenv(toys.STOP_AFTER, str(tmp_path / "calls"))
    request: dict[str, object] = {"seed": 1}
    with pytest.raises(KeyboardInterrupt):
        fit_posterior(
            problem, SMALL, ExecutionSettings(1, checkpoints=open_checkpoints(tmp_path / "kept", request, resume=False))
        )
    kept = sorted(path.name for path in (tmp_path / "kept").glob("*.npy"))
    assert len(kept) > 5
    assert any(name.startswith("stage1-cheap") for name in kept)
    monkeypatch.delenv(toys.STOP_AFTER)
    # A batch torn by the interruption is simulated again.
    torn = tmp_path / "kept" / kept[0]
    torn.write_bytes(torn.read_bytes()[:100])
    counts: list[int] = []
    bench = ExecutionSettings(
        1, checkpoints=open_checkpoints(tmp_path / "kept", request, resume=True), counted=counts.append
    )
    assert same(whole, fit_posterior(problem, SMALL, bench))
    assert sum(counts) == simulation_count(problem, SMALL)


def test_finished_batches_are_not_simulated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toys.dying_problem()
    kept = open_checkpoints(tmp_path / "kept", {"seed": 1}, resume=False)
    first = fit_posterior(problem, SMALL, ExecutionSettings(1, checkpoints=kept))
    (tmp_path / "calls").write_text("call\n" * 5, encoding="utf-8")
    monkeypatch.setenv(toys.STOP_AFTER, str(tmp_path / "calls"))
    assert same(first, fit_posterior(problem, SMALL, ExecutionSettings(1, checkpoints=kept)))


def test_checkpoints_of_another_request_are_rejected(tmp_path: Path) -> None:
    open_checkpoints(tmp_path / "kept", {"seed": 1}, resume=False)
    with pytest.raises(OutputError, match="another seed"):
        open_checkpoints(tmp_path / "kept", {"seed": 2}, resume=True)
    (tmp_path / "other").mkdir()
    with pytest.raises(OutputError, match="move or remove it"):
        open_checkpoints(tmp_path / "other", {"seed": 2}, resume=False)


def test_checkpoints_match_their_parameter_sets(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    theta = np.arange(6.0).reshape(3, 2)
    kept.save("batch", theta, np.ones((3, 1)))
    assert kept.load("batch", theta) is not None
    assert kept.load("batch", theta + 1e-12) is None
    assert kept.load("missing", theta) is None


def wrong_shape(theta: Array, runs: int, seed: int) -> Array:
    return np.zeros((len(theta), 2))


def test_the_error_names_a_simulator_with_the_wrong_shape() -> None:
    with pytest.raises(ValueError, match=r"simulator s gave moments of shape \(5, 2\), expected \(5, 3\)"):
        simulate_sets(Simulator("s", wrong_shape, 10), 3, np.zeros((5, 1)), "test", ExecutionSettings(1))


def test_stages_use_the_budget_exactly() -> None:
    simulator = Simulator("s", wrong_shape, 1003)
    assert sum(stage_sizes(simulator, 3)) == 1003
    assert stage_sizes(simulator, 3)[1:] == [200, 200, 200]


def test_invalid_problems_are_rejected() -> None:
    problem = toys.linear_problem()
    with pytest.raises(ValueError, match="exactly one for each group"):
        CalibrationProblem("x", "1", problem.priors, problem.targets, problem.simulators[:1])
    with pytest.raises(ValueError, match="list them in decreasing order"):
        problem.resized([64, 512])
    with pytest.raises(ValueError, match="sd above 0"):
        CalibrationTarget("x", 1.0, 0.0, "units", "source", "label", "group")


@pytest.mark.parametrize(
    "place",
    ["nowhere:problem", "tests.studies.calibration.toys:nothing", "tests.studies.calibration.toys:not_a_problem"],
)
def test_the_error_names_a_place_without_a_problem(place: str) -> None:
    with pytest.raises(ValueError, match=place):
        load_problem(place)
