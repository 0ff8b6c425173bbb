"""The checks pass for the method and fail for one that overstates or understates its precision."""

import numpy as np
import pytest

from simulation.studies.calibration import sbc
from simulation.studies.calibration.figures import rank_chart
from simulation.studies.calibration.fitting import CalibrationMethod, PosteriorFit, fit_posterior
from simulation.studies.calibration.sampler import SamplerEffort
from simulation.studies.calibration.sbc import RANKS, Ranks
from simulation.studies.calibration.simulations import ExecutionSettings
from tests.studies.calibration import toys

NAMES = ("a", "b", "c")
CASES = 64


@pytest.fixture(scope="module")
def linear() -> PosteriorFit:
    return fit_posterior(
        toys.linear_problem(1024, 320),
        CalibrationMethod(effort=SamplerEffort(particles=1024, rounds=3)),
        ExecutionSettings(1),
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbc, "CHECK_EFFORT", SamplerEffort(particles=192, rounds=2))


def test_the_method_passes_over_the_prior(linear: PosteriorFit) -> None:
    ranks = sbc.rank_cases(NAMES, sbc.prior_cases(linear, CASES))
    assert ranks.passed
    assert ranks.width()[0] == pytest.approx(1.0, abs=0.2)


def test_the_method_passes_around_the_posterior(linear: PosteriorFit) -> None:
    assert sbc.rank_cases(NAMES, sbc.posterior_cases(linear, CASES)).passed


@pytest.mark.parametrize(("power", "width"), [pytest.param(3.0, 1.25, marks=pytest.mark.slow), (0.3, 0.9)])
def test_overconfident_and_underconfident_methods_fail(linear: PosteriorFit, power: float, width: float) -> None:
    ranks = sbc.rank_cases(NAMES, sbc.sharpen_cases(sbc.prior_cases(linear, CASES), power))
    assert not ranks.passed
    assert (ranks.width()[0] - width) * (power - 1.0) > 0


def test_only_the_likelihood_rank_detects_a_posterior_that_ignores_the_data(linear: PosteriorFit) -> None:
    ranks = sbc.rank_cases(NAMES, sbc.sharpen_cases(sbc.prior_cases(linear, CASES), 1e-3))
    assert ranks.worst()[1] > 0.05
    assert ranks.likelihood_rank() > 0.9
    assert not ranks.passed


def test_prior_cases_use_emulators_fitted_without_them(linear: PosteriorFit) -> None:
    cases = sbc.prior_cases(linear, 10)
    kept = sbc.drop_rows(linear.tables["cheap"], np.array([0, 3]))
    assert len(kept) == len(linear.tables["cheap"]) - 2
    assert len({id(case.likelihood) for case in cases}) == sbc.CHECK_FOLDS
    assert cases[0].truth.tolist() == linear.tables["cheap"].unit[0].tolist()


def uniform_ranks(spread: float, cases: int = 400) -> Ranks:
    share = np.random.default_rng(1).random((cases, 4))
    pulled = 0.5 + spread * (share - 0.5)
    pulled[:, -1] = share[:, -1]
    return Ranks((*NAMES, sbc.LIKELIHOOD), np.floor(np.clip(pulled, 0.0, 0.9999) * (RANKS + 1)))


def test_ranks_against_known_values() -> None:
    even = Ranks(("a", sbc.LIKELIHOOD), np.repeat(np.arange(64.0)[:, None], 2, axis=1))
    assert (even.histogram() == 8.0).all()
    assert even.p_values() == pytest.approx([1.0, 1.0])
    assert even.width()[0] == pytest.approx(1.0)
    low, high = even.band()
    assert low < 8.0 < high


@pytest.mark.parametrize(("spread", "passes"), [(1.0, True), (0.75, False), (1.4, False)])
def test_humps_and_troughs_fail(spread: float, passes: bool) -> None:
    assert uniform_ranks(spread).passed is passes


def test_a_skewed_histogram_fails_though_its_width_is_right() -> None:
    ranks = uniform_ranks(1.0)
    ranks.values[: len(ranks.values) // 4, 1] = 63.0
    assert ranks.worst()[0] == "b"
    assert not ranks.passed


def test_rank_figure_marks_bars_outside_the_band() -> None:
    drawing = rank_chart(uniform_ranks(0.5), "Check", "Source: test")
    assert "not calibrated" in drawing.figure.texts[0].get_text()
    assert drawing.numbers["a"].sum() == 400
    assert (drawing.numbers["a"] > drawing.numbers["band_high"]).any()
