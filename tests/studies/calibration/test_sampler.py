"""The sampler for known densities, and the regressions of the emulator."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import kstest, multivariate_t, norm

from simulation.studies.calibration.emulator import EMPHASES, EmulatorSample, fit_emulator, moment_bounds
from simulation.studies.calibration.likelihood import t_log_density
from simulation.studies.calibration.regression import ridge
from simulation.studies.calibration.sampler import (
    SamplerEffort,
    effective_size,
    normalised_weights,
    sample_tempered,
    systematic_resampling,
    unit_to_normal,
)
from simulation.values.conventions import Array

EFFORT = SamplerEffort(particles=4096, rounds=4)


def test_a_flat_likelihood_gives_the_prior() -> None:
    found = sample_tempered(lambda unit: np.zeros(len(unit)), 2, np.random.default_rng(1), EFFORT)
    assert kstest(found.unit[:, 0], "uniform").pvalue > 0.01


def test_weights_of_two_modes_are_preserved() -> None:
    def two_modes(unit: Array) -> Array:
        bells = [norm.logpdf(unit[:, 0], place, 0.03) for place in (0.2, 0.8)]
        return np.asarray(logsumexp(np.stack([bells[0] + np.log(0.3), bells[1] + np.log(0.7)]), axis=0))

    found = sample_tempered(two_modes, 3, np.random.default_rng(1), EFFORT)
    assert (found.unit[:, 0] < 0.5).mean() == pytest.approx(0.3, abs=0.04)
    assert found.unit[:, 1:].std(axis=0) == pytest.approx(1 / np.sqrt(12.0), rel=0.05)


def test_a_power_of_the_likelihood_widens_the_posterior() -> None:
    def bell(unit: Array) -> Array:
        return np.asarray(-0.5 * (unit_to_normal(unit)[:, 0] / 0.5) ** 2)

    sd = [
        unit_to_normal(sample_tempered(bell, 1, np.random.default_rng(2), EFFORT, power).unit).std()
        for power in (0.25, 1.0)
    ]
    # Precisions 1 + 4 x power.
    assert sd == pytest.approx([np.sqrt(1 / 2.0), np.sqrt(1 / 5.0)], rel=0.05)


def test_a_zero_likelihood_is_rejected() -> None:
    with pytest.raises(ValueError, match="positive likelihood"):
        sample_tempered(lambda unit: np.full(len(unit), -np.inf), 1, np.random.default_rng(1), EFFORT)


def test_systematic_resampling_is_proportional() -> None:
    counts = np.bincount(systematic_resampling(np.array([0.5, 0.0, 0.25, 0.25]), 400, 0.3), minlength=4)
    assert counts.tolist() == [200, 0, 100, 100]
    assert systematic_resampling(np.full(7, 1 / 7), 7, 0.5).tolist() == list(range(7))
    assert effective_size(normalised_weights(np.array([0.0, 0.0, -np.inf]))) == pytest.approx(2.0)


def test_ridge_finds_the_plane_and_ignores_noise_columns() -> None:
    stream = np.random.default_rng(1)
    terms = np.concatenate([np.ones((600, 1)), stream.standard_normal((600, 60))], axis=1)
    exact = ridge(terms, terms[:, [1]] * 2.0 + 3.0)
    assert exact.coefficients[:2, 0] == pytest.approx([3.0, 2.0], abs=1e-3)
    noise = ridge(terms, stream.standard_normal((600, 1)))
    assert noise.freedom[0] < 20
    assert np.abs(noise.coefficients).max() < 0.15


def test_more_terms_than_rows_do_not_pass_through_every_row() -> None:
    stream = np.random.default_rng(1)
    terms = np.concatenate([np.ones((80, 1)), stream.standard_normal((80, 200))], axis=1)
    response = terms[:, [1]] + stream.standard_normal((80, 1))
    left = response - terms @ ridge(terms, response).coefficients
    assert left.std() > 0.5


def test_a_row_with_zero_weight_has_no_effect() -> None:
    stream = np.random.default_rng(1)
    terms = np.concatenate([np.ones((300, 1)), stream.standard_normal((300, 20))], axis=1)
    responses = stream.standard_normal((300, 2)) + terms[:, [3]]
    kept = stream.random((300, 2)) < 0.6
    found = ridge(terms, responses, kept.astype(np.float64))
    for column in range(2):
        own = ridge(terms[kept[:, column]], responses[kept[:, column], column : column + 1])
        assert found.coefficients[:, column] == pytest.approx(own.coefficients[:, 0], rel=1e-9, abs=1e-12)
        assert found.freedom[column] == pytest.approx(own.freedom[0], rel=1e-9)


def bent_and_wild(nearness: float) -> Array:
    """Errors near the centre of an emulator of a kink whose far side is wild; near rows are told to be so near."""
    stream = np.random.default_rng(4)
    unit = np.concatenate([stream.random((3000, 3)), 0.5 + 0.2 * (stream.random((1500, 3)) - 0.5)])
    near = np.arange(4500) >= 3000
    truth = np.abs(unit[:, :1] - 0.45) + 40.0 * np.maximum(unit[:, :1] - 0.8, 0.0) ** 2
    moments = truth + (0.02 + (unit[:, :1] > 0.7)) * stream.standard_normal((4500, 1))
    scores = (unit - 0.5) * np.sqrt(12.0)
    emulator = fit_emulator(EmulatorSample(scores, moments, np.full(1, 0.01), np.where(near, nearness, 0.0)))
    assert emulator.emphasis == (max(EMPHASES) if nearness else 1.0)
    return np.asarray(emulator.moments(scores[near])[0] - truth[near])


def test_weights_by_nearness_improve_predictions_near_the_posterior() -> None:
    alike, nearer = (float(np.sqrt((bent_and_wild(nearness) ** 2).mean())) for nearness in (0.0, 1.0))
    assert nearer < 0.8 * alike


def test_emulator_learns_mean_and_spread() -> None:
    stream = np.random.default_rng(1)
    unit = stream.random((6000, 4))
    scores = (unit - 0.5) * np.sqrt(12.0)
    sd = 0.1 + unit[:, 1]
    moments = np.stack([np.sin(3.0 * unit[:, 0]) + sd * stream.standard_normal(6000), unit[:, 2] * unit[:, 3]], axis=1)
    emulator = fit_emulator(EmulatorSample(scores, moments, np.full(2, 0.1), np.zeros(6000)))
    places = np.array([[0.2, 0.1, 0.5, 0.5], [0.8, 0.9, 0.5, 0.5]])
    mean, spread = emulator.moments((places - 0.5) * np.sqrt(12.0))
    assert mean[:, 0] == pytest.approx(np.sin(3.0 * places[:, 0]), abs=0.06)
    assert spread[:, 0] == pytest.approx([0.2, 1.0], rel=0.2)
    assert mean[:, 1] == pytest.approx([0.25, 0.25], abs=0.01)


def test_too_few_rows_are_rejected() -> None:
    with pytest.raises(ValueError, match="10 parameter sets finished; an emulator needs 12 or more"):
        fit_emulator(EmulatorSample(np.full((10, 5), 0.5), np.zeros((10, 1)), np.ones(1), np.zeros(10)))


def test_bounds_limit_the_effect_of_outliers() -> None:
    moments = np.append(np.linspace(0.0, 1.0, 999), 1e6)[:, None]
    assert moment_bounds(moments).clip(moments).max() < 2.1


@pytest.mark.parametrize("tails", [4, 10])
def test_fat_tailed_density_has_the_stated_covariance(tails: int) -> None:
    points = np.array([[0.3, -1.0], [2.0, 3.0]])
    expected = multivariate_t([0, 0], np.eye(2) * (tails - 2) / tails, df=tails).logpdf(points)
    found = t_log_density((points**2).sum(axis=1), 2, tails) - np.log(2 * np.pi)
    # Up to the constant that is common to all tails.
    assert found - expected == pytest.approx(0.0, abs=1e-9)
