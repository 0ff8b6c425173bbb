"""Numbers of the diagnostics by hand, and what the report figure says."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.studies.calibration import diagnostics
from simulation.studies.calibration.figures import best_known, finding, learned, report
from simulation.studies.calibration.fitting import Fit, Method, fit
from simulation.studies.calibration.problem import Problem
from simulation.studies.calibration.sampler import Effort, Particles
from simulation.studies.calibration.simulating import Bench
from tests.studies.calibration import toys

SMALL = Method(effort=Effort(particles=512, rounds=2), sets=200)


@pytest.fixture(scope="module")
def crashed() -> Fit:
    return fit(toys.product_problem(), SMALL, Bench(1))


def test_share_accepted_and_rank_by_hand() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert diagnostics.accepted(values, (1.5, 3.0)) == 0.5
    assert np.isnan(diagnostics.accepted(values, None))
    assert diagnostics.rank(values, 2.5, 1e-9) == 0.5
    assert diagnostics.rank(values, 100.0, 1.0) == pytest.approx(1.0)


def test_sets_must_meet_every_range_at_once(crashed: Fit) -> None:
    ranges = ((8.0, 10.0), (0.0, 1.0))
    targets = tuple(replace(one, accept=limits) for one, limits in zip(crashed.problem.targets, ranges, strict=True))
    judged = replace(crashed, problem=replace(crashed.problem, targets=targets))
    moments = np.array([[9.0, 0.5], [9.0, 2.0], [7.0, 0.5], [np.nan, np.nan]])
    assert diagnostics.draws_inside(replace(judged, again={"cheap": moments})) == 0.25
    assert np.isnan(diagnostics.draws_inside(crashed))


def test_moment_table_is_of_the_new_runs(crashed: Fit) -> None:
    moments = np.tile([[9.3, 0.1]], (5, 1))
    table = diagnostics.moment_table(replace(crashed, again={"cheap": moments}))
    # Targets are 9 +- 0.3 and 0.5 +- 0.2.
    assert np.asarray(table["score"]) == pytest.approx([1.0, -2.0])
    assert np.asarray(table["within_two_sd"]) == pytest.approx([1.0, 1.0])


def test_report_tells_the_product_and_holds_its_numbers(crashed: Fit) -> None:
    drawing = report(crashed, "Source: test")
    title = drawing.figure.texts[0].get_text()
    assert "L × K" in title
    assert "better than L" in title
    # Nothing had to be shrunk to fit.
    assert drawing.figure.texts[0].get_fontsize() == 14
    names, values = learned(crashed)
    assert names[0] == "Product L × K"
    assert values[0] > values[1:3].max()
    assert drawing.numbers["posterior_p50"] == pytest.approx(
        np.asarray(diagnostics.parameter_table(crashed)["posterior_p50"])
    )


def test_report_says_so_where_a_factor_is_known_alone(crashed: Fit) -> None:
    stream = np.random.default_rng(1)
    unit = np.stack([stream.uniform(0.5, 0.52, 400), stream.random(400), stream.random(400)], axis=1)
    alone = replace(crashed, particles=Particles(unit, np.zeros(400)))
    found = diagnostics.product(alone, ("L", "K"))
    assert not found.identified
    assert found.exponent == pytest.approx(0.0, abs=0.01)
    assert "tell L × K^0.00, not L × K" in finding(alone, diagnostics.parameter_table(alone)).replace("−", "")
    names, values = learned(alone)
    assert names[1] == best_known(alone, found)
    assert values[1] == pytest.approx(values[2], abs=0.01)


def test_a_problem_without_products_has_a_report(crashed: Fit) -> None:
    plain: Problem = replace(crashed.problem, products=())
    drawing = report(replace(crashed, problem=plain), "Source: test")
    assert "parameters narrowed by over a quarter" in drawing.figure.texts[0].get_text()
    assert diagnostics.product_table(replace(crashed, problem=plain))["pair"] == []
