"""Outcome probabilities of a meeting: signals, means and expected surprises, against values calculated by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulation.policy.central_banks import Meeting, adverse_surprise, expected_step, tilt_probabilities

BP = 1e-4
HIKE_OR_NOT = np.array([0.0, 25.0]) * BP


def odds(probability: float) -> np.ndarray:
    return np.array([[1.0 - probability, probability]])


def logit(probability: float) -> float:
    return float(np.log(probability / (1.0 - probability)))


@given(st.floats(0.001, 0.999), st.floats(-8.0, 8.0))
def test_signal_adds_its_strength_to_the_logit_of_two_outcomes(probability: float, strength: float) -> None:
    after = tilt_probabilities(odds(probability), HIKE_OR_NOT, strength)
    assert logit(after[0, 1]) == pytest.approx(logit(probability) + strength, abs=1e-9)
    assert after.sum() == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize(
    ("before", "standard_signals", "after"),
    [(0.62, 1.0, 0.78), (0.78, 1.2, 0.90), (0.50, 2.17, 0.85)],
    ids=["speech", "press", "article"],
)
def test_signals_of_december_2025(before: float, standard_signals: float, after: float) -> None:
    moved = tilt_probabilities(odds(before), HIKE_OR_NOT, 0.8 * standard_signals)[0, 1]
    assert moved == pytest.approx(after, abs=0.005)


def test_signal_counts_per_25_bp() -> None:
    ten = tilt_probabilities(odds(0.4), np.array([0.0, 10.0]) * BP, 1.5)[0, 1]
    assert logit(ten) == pytest.approx(logit(0.4) + 1.5 * 10.0 / 25.0, abs=1e-12)


def test_hawkish_signal_makes_a_cut_less_likely() -> None:
    assert tilt_probabilities(odds(0.87), np.array([0.0, -25.0]) * BP, 0.8)[0, 1] < 0.87


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_certainty_does_not_listen(probability: float) -> None:
    np.testing.assert_array_equal(tilt_probabilities(odds(probability), HIKE_OR_NOT, 3.0), odds(probability))


def test_signal_on_three_outcomes_moves_every_odds_ratio() -> None:
    steps, before = np.array([0.0, 25.0, 50.0]) * BP, np.array([[0.3, 0.6, 0.1]])
    after = tilt_probabilities(before, steps, 0.5)
    np.testing.assert_allclose(after[0, 1] / after[0, 0], np.exp(0.5) * 2.0, rtol=1e-14)
    np.testing.assert_allclose(after[0, 2] / after[0, 0], np.exp(1.0) / 3.0, rtol=1e-14)


@given(st.floats(0.01, 0.99), st.floats(0.1, 5.0))
def test_stronger_signal_raises_the_expected_step(probability: float, strength: float) -> None:
    weak, strong = (tilt_probabilities(odds(probability), HIKE_OR_NOT, factor * strength) for factor in (1.0, 1.5))
    assert expected_step(strong, HIKE_OR_NOT) > expected_step(weak, HIKE_OR_NOT)


def test_expected_step_of_three_outcomes() -> None:
    # .3 x 0 + .6 x 25 + .1 x 50 = 20 bp
    mean = expected_step(np.array([[0.3, 0.6, 0.1]]), np.array([0.0, 25.0, 50.0]) * BP)
    assert mean[0, 0] == pytest.approx(20 * BP, rel=1e-14)


@given(st.floats(0.0, 1.0))
def test_unpriced_part_of_two_outcomes(probability: float) -> None:
    unpriced = adverse_surprise(odds(probability), HIKE_OR_NOT)[0, 0]
    assert unpriced == pytest.approx(probability * (1.0 - probability), abs=1e-15)


def test_unpriced_part_of_three_outcomes() -> None:
    # mean 20 bp: .6 x (25 - 20) + .1 x (50 - 20) = 6 bp of 25
    unpriced = adverse_surprise(np.array([[0.3, 0.6, 0.1]]), np.array([0.0, 25.0, 50.0]) * BP)
    assert unpriced[0, 0] == pytest.approx(6.0 / 25.0, rel=1e-12)


def test_every_run_has_its_own_odds() -> None:
    both = np.vstack([odds(0.2), odds(0.9)])
    np.testing.assert_allclose(expected_step(both, HIKE_OR_NOT)[:, 0], np.array([5.0, 22.5]) * BP, rtol=1e-14)
    np.testing.assert_array_equal(
        tilt_probabilities(both, HIKE_OR_NOT, 1.0)[1:], tilt_probabilities(odds(0.9), HIKE_OR_NOT, 1.0)
    )


def test_odds_above_one_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"add up to 1\.1"):
        Meeting.model_validate(
            {"date": "2025-12-19", "decision": "25bp", "priced_probability": 0.7, "other_outcomes": {"50bp": 0.4}}
        )


def test_signal_after_the_meeting_is_refused() -> None:
    late = {"date": "2025-12-22", "strength": 1.0}
    with pytest.raises(ValidationError, match="2025-12-22 comes after the meeting of 2025-12-19"):
        Meeting.model_validate({"date": "2025-12-19", "decision": "25bp", "priced_probability": 0.7, "signals": [late]})
