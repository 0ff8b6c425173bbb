"""Tables and figures of stored parameter sets, without simulation."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulation.scenario.config.parameter_sets import Cloud, cloud_text
from simulation.studies.calibration.diagnostics import parameter_table, product_identification
from simulation.studies.calibration.figures import posterior_sets
from simulation.studies.calibration.problem import from_unit
from tests.cli.conftest import Carryflow, carryflow
from tests.studies.calibration import toys

__all__ = ["carryflow"]

KEYS = ("toy.L", "toy.K", "toy.c")


def crossed(count: int = 400) -> Cloud:
    """Parameter sets with a product of impact and stock known to 2 % and factors known no better than by the prior."""
    stream = np.random.default_rng(5)
    impact = np.exp(stream.uniform(np.log(0.03), np.log(0.055), count))
    stock = 9.0 / impact * np.exp(0.02 * stream.standard_normal(count))
    values = np.stack([impact, stock, stream.standard_normal(count)], axis=1)
    return Cloud("mine", KEYS, values, np.full(count, 1.0 / count), {"command": "by hand"})


def test_sets_keep_their_values() -> None:
    cloud = crossed()
    sets = posterior_sets(toys.product_problem(), cloud)
    back = from_unit(sets.problem.priors, sets.unit)
    np.testing.assert_allclose(np.sort(back, axis=0), np.sort(cloud.values, axis=0), rtol=1e-9)
    told = np.asarray(parameter_table(sets)["posterior_p50"])
    np.testing.assert_allclose(told, np.median(cloud.values, axis=0), rtol=0.02, atol=0.01)


def test_an_identified_product_is_separated_from_its_factors() -> None:
    sets = posterior_sets(toys.product_problem(), crossed())
    found = product_identification(sets, ("L", "K"))
    assert found.identified
    assert found.exponent == pytest.approx(1.0, abs=0.02)
    drawing = sets.draw()
    assert "better identified than L" in drawing.figure.texts[0].get_text()
    assert np.ptp(drawing.numbers["log_L"] + drawing.numbers["log_K"]) > 0.05
    logs = np.log(crossed().values[:, :2])
    np.testing.assert_allclose(np.sort(drawing.numbers["log_L"]), np.sort(logs[:, 0]), rtol=1e-9)


def test_weights_determine_the_number_of_repetitions() -> None:
    cloud = crossed(2)
    heavy = replace(cloud, weights=np.array([0.75, 0.25]), values=cloud.values)
    many = replace(heavy, values=np.repeat(heavy.values, 200, axis=0), weights=np.repeat(heavy.weights, 200) / 200)
    share = (
        posterior_sets(toys.product_problem(), many).unit[:, 0]
        == posterior_sets(toys.product_problem(), cloud).unit[:, 0].min()
    ).mean()
    assert share in (pytest.approx(0.75, abs=0.01), pytest.approx(0.25, abs=0.01))


def test_sets_of_another_problem_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"only one of them has .*toy\.b"):
        posterior_sets(toys.product_problem(), replace(crossed(), keys=("toy.L", "toy.K", "toy.b")))
    wide = crossed()
    with pytest.raises(
        ValueError, match=r"toy.L ranges from .* to 0.5 units; the prior of product allows 0.02 to 0.08"
    ):
        posterior_sets(toys.product_problem(), replace(wide, values=np.vstack([wide.values[:-1], [[0.5, 200.0, 0.0]]])))


def test_the_command_draws_the_shipped_sets(carryflow: Carryflow, tmp_path: Path) -> None:
    outcome = carryflow("calibrate", "--from", "august_2024", "--out", "out", "--json", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out)["sets"] == 256
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"figure.png", "figure.svg", "figure.csv", "parameters.csv", "products.csv", "correlations.csv"} < written


def test_the_command_rejects_incompatible_options(carryflow: Carryflow, tmp_path: Path) -> None:
    assert "leave out --draws" in carryflow("calibrate", "--from", "august_2024", "--quick").err
    outcome = carryflow("calibrate", "--from", "nobody")
    assert (outcome.code, "Traceback" in outcome.err) == (2, False)
    (tmp_path / "toy.csv").write_text(cloud_text(crossed()), encoding="utf-8")
    outcome = carryflow(
        "calibrate", "--from", "./toy.csv", "--problem", "tests.studies.calibration.toys:product_problem"
    )
    assert outcome.code == 2
    assert "toy.L" in outcome.err
