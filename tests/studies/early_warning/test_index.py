"""The index: a logistic regression that recovers known weights."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from simulation.studies.early_warning.evaluation import fitted_index, indicator_matrix, penalised_loss
from simulation.studies.early_warning.panel import INDICATORS, Panel
from simulation.values.conventions import Array, Flags
from tests.studies.early_warning.conftest import panel_with

TWO = (INDICATORS[0], INDICATORS[3])


def made(rows: int, weights: tuple[float, float], seed: int = 5) -> tuple[Panel, Flags]:
    """Indicators of other units and an event whose log odds follow from them."""
    random = np.random.default_rng(seed)
    first, second = random.standard_normal((2, rows))
    odds = -1.5 + weights[0] * first + weights[1] * second
    event = random.random(rows) < 1.0 / (1.0 + np.exp(-odds))
    scores = {"loop_gain": 0.5 + 0.2 * first, "crowding_share": 40.0 + 9.0 * second}
    return panel_with(np.arange(rows), event, scores), event


def test_it_finds_the_weights_that_made_the_data() -> None:
    panel, event = made(20_000, (0.8, -0.4))
    index = fitted_index(panel, event, TWO)
    np.testing.assert_allclose(index.weights, [0.8, -0.4], atol=0.06)
    assert index.intercept == pytest.approx(-1.5, abs=0.06)


def test_the_average_fitted_chance_is_the_base_rate() -> None:
    # First-order condition of the intercept, which is not penalised.
    panel, event = made(3000, (0.8, -0.4))
    chance = 1.0 / (1.0 + np.exp(-fitted_index(panel, event, TWO).score(panel)))
    assert chance.mean() == pytest.approx(event.mean(), rel=1e-4)


def test_units_do_not_matter() -> None:
    panel, event = made(3000, (0.8, -0.4))
    cents = replace(panel, values=dict(panel.values) | {"loop_gain": 100.0 * panel.values["loop_gain"]})
    np.testing.assert_allclose(
        fitted_index(cents, event, TWO).score(cents), fitted_index(panel, event, TWO).score(panel), rtol=1e-6
    )


def test_an_indicator_that_never_moves_gets_no_weight() -> None:
    panel, event = made(3000, (0.8, -0.4))
    index = fitted_index(panel, event, INDICATORS)
    still = [place for place, each in enumerate(INDICATORS) if each not in TWO]
    np.testing.assert_array_equal(index.weights[still], 0.0)


def test_the_gradient_is_that_of_the_loss() -> None:
    panel, event = made(200, (0.8, -0.4))
    standard = np.concatenate([np.ones((200, 1)), indicator_matrix(panel, TWO) / 10.0], axis=1)
    at: Array = np.array([-0.7, 0.9, -0.3])

    def value(parameters: Array) -> float:
        return penalised_loss(parameters, standard, event.astype(np.float64))[0]

    numeric = approx_fprime(at, value, 1e-7)
    np.testing.assert_allclose(penalised_loss(at, standard, event.astype(np.float64))[1], numeric, atol=1e-6)


def test_training_days_of_one_kind_are_refused() -> None:
    panel, event = made(50, (0.8, -0.4))
    with pytest.raises(ValueError, match="0 of 50 training days"):
        fitted_index(panel, np.zeros_like(event), TWO)
