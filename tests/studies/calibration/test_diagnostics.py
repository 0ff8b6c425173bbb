"""Diagnostics with known values, and text of the calibration figure."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.studies.calibration import diagnostics
from simulation.studies.calibration.figures import (
    best_known_combination,
    calibration_figure,
    finding_sentence,
    shrinkage_ranking,
)
from simulation.studies.calibration.fitting import CalibrationMethod, PosteriorFit, fit_posterior
from simulation.studies.calibration.problem import CalibrationProblem
from simulation.studies.calibration.sampler import Particles, SamplerEffort
from simulation.studies.calibration.simulations import ExecutionSettings
from tests.studies.calibration import toys

SMALL = CalibrationMethod(effort=SamplerEffort(particles=512, rounds=2), sets=200)


@pytest.fixture(scope="module")
def crashed() -> PosteriorFit:
    return fit_posterior(toys.product_problem(), SMALL, ExecutionSettings(1))


def test_accepted_share_and_rank_against_known_values() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert diagnostics.accepted_share(values, (1.5, 3.0)) == 0.5
    assert np.isnan(diagnostics.accepted_share(values, None))
    assert diagnostics.observation_rank(values, 2.5, 1e-9) == 0.5
    assert diagnostics.observation_rank(values, 100.0, 1.0) == pytest.approx(1.0)


def test_accepted_sets_meet_every_range(crashed: PosteriorFit) -> None:
    ranges = ((8.0, 10.0), (0.0, 1.0))
    targets = tuple(replace(one, accept=limits) for one, limits in zip(crashed.problem.targets, ranges, strict=True))
    judged = replace(crashed, problem=replace(crashed.problem, targets=targets))
    moments = np.array([[9.0, 0.5], [9.0, 2.0], [7.0, 0.5], [np.nan, np.nan]])
    assert diagnostics.accepted_set_share(replace(judged, again={"cheap": moments})) == 0.25
    assert np.isnan(diagnostics.accepted_set_share(crashed))


def test_moment_table_uses_the_new_runs(crashed: PosteriorFit) -> None:
    moments = np.tile([[9.3, 0.1]], (5, 1))
    table = diagnostics.moment_table(replace(crashed, again={"cheap": moments}))
    # Targets are 9 +- 0.3 and 0.5 +- 0.2.
    assert np.asarray(table["score"]) == pytest.approx([1.0, -2.0])
    assert np.asarray(table["within_two_sd"]) == pytest.approx([1.0, 1.0])


def test_figure_reports_an_identified_product(crashed: PosteriorFit) -> None:
    drawing = calibration_figure(crashed, "Source: test")
    title = drawing.figure.texts[0].get_text()
    assert "L × K" in title
    assert "better identified than L" in title
    # Nothing had to be shrunk to fit.
    assert drawing.figure.texts[0].get_fontsize() == 14
    names, values = shrinkage_ranking(crashed)
    assert names[0] == "Product L × K"
    assert values[0] > values[1:3].max()
    assert drawing.numbers["posterior_p50"] == pytest.approx(
        np.asarray(diagnostics.parameter_table(crashed)["posterior_p50"])
    )


def test_figure_reports_an_identified_factor(crashed: PosteriorFit) -> None:
    stream = np.random.default_rng(1)
    unit = np.stack([stream.uniform(0.5, 0.52, 400), stream.random(400), stream.random(400)], axis=1)
    alone = replace(crashed, particles=Particles(unit, np.zeros(400)))
    found = diagnostics.product_identification(alone, ("L", "K"))
    assert not found.identified
    assert found.exponent == pytest.approx(0.0, abs=0.01)
    assert "L × K^0.00 identified, not L × K" in finding_sentence(alone, diagnostics.parameter_table(alone)).replace(
        "−", ""
    )
    names, values = shrinkage_ranking(alone)
    assert names[1] == best_known_combination(alone, found)
    assert values[1] == pytest.approx(values[2], abs=0.01)


def test_figure_of_a_problem_without_products(crashed: PosteriorFit) -> None:
    plain: CalibrationProblem = replace(crashed.problem, products=())
    drawing = calibration_figure(replace(crashed, problem=plain), "Source: test")
    assert "parameters narrowed by over a quarter" in drawing.figure.texts[0].get_text()
    assert diagnostics.product_table(replace(crashed, problem=plain))["pair"] == []
