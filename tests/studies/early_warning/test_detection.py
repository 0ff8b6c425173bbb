"""The area under the ROC curve: worked by hand, by other routes, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulation.studies.early_warning.detection import hanley_mcneil_error, roc_auc, roc_auc_error, roc_curve
from simulation.values.conventions import Array, Flags


def sample(seed: int, runs: int = 30, days: int = 40) -> tuple[Array, Flags]:
    """Scores on a coarse grid, so that many are equal, a little higher where the event follows."""
    stream = np.random.default_rng(seed)
    event = stream.random((runs, days)) < 0.2
    score: Array = np.round(stream.normal(size=(runs, days)) + 0.8 * event.astype(np.float64), 1)
    return score, event


def test_hand_worked_area() -> None:
    # Of the four pairs of a day with the event and one without, three are in the right order.
    assert roc_auc(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True])) == 0.75
    # One pair right, one tied.
    assert roc_auc(np.array([1.0, 2.0, 2.0]), np.array([False, False, True])) == 0.75


def test_equals_the_statistic_of_mann_and_whitney() -> None:
    score, event = sample(1)
    pairs = int(event.sum() * (~event).sum())
    expected = stats.mannwhitneyu(score[event], score[~event]).statistic / pairs
    assert roc_auc(score, event) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 10_000))
def test_trapezoids_under_the_curve_are_the_area(seed: int) -> None:
    score, event = sample(seed, runs=3, days=20)
    if not event.any():
        return
    curve = roc_curve(score, event)
    assert np.trapezoid(curve.hit_rate, curve.false_alarm_rate) == pytest.approx(roc_auc(score, event), abs=1e-12)
    assert (curve.hit_rate[0], curve.false_alarm_rate[0], curve.threshold[0]) == (0.0, 0.0, np.inf)
    assert (curve.hit_rate[-1], curve.false_alarm_rate[-1]) == (1.0, 1.0)


def test_only_the_order_of_scores_matters() -> None:
    score, event = sample(2)
    area = roc_auc(score, event)
    assert roc_auc(np.exp(score), event) == area
    assert roc_auc(-score, event) == pytest.approx(1.0 - area, abs=1e-12)
    assert roc_auc(score, ~event) == pytest.approx(1.0 - area, abs=1e-12)


def test_curve_alarms_equal_scores_together() -> None:
    curve = roc_curve(np.array([3.0, 1.0, 3.0, 2.0]), np.array([True, False, False, True]))
    assert curve.threshold.tolist() == [np.inf, 3.0, 2.0, 1.0]
    assert curve.hit_rate.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert curve.false_alarm_rate.tolist() == [0.0, 0.5, 0.5, 1.0]


def test_error_of_hanley_and_mcneil() -> None:
    # Their example: area .893 from 51 abnormal and 58 normal images, standard error .032.
    assert hanley_mcneil_error(0.893, 51, 58) == pytest.approx(0.0325, abs=5e-4)
    # A coin with one day of each kind is 0 or 1 with equal odds.
    assert hanley_mcneil_error(0.5, 1, 1) == pytest.approx(0.5)


def test_error_over_runs_is_that_of_repeated_samples() -> None:
    """Scores that share a run's level: the error must count runs, not days."""

    def one(seed: int) -> tuple[Array, Flags]:
        stream = np.random.default_rng(seed)
        event = np.repeat(stream.random((60, 1)) < 0.4, 20, axis=1)
        level = stream.normal(size=(60, 1)) + 0.5 * event[:, :1]
        return level + 0.2 * stream.normal(size=event.shape), event

    samples = [one(seed) for seed in range(200)]
    scatter = np.std([roc_auc(*each) for each in samples], ddof=1)
    error = np.mean([roc_auc_error(*each) for each in samples])
    assert error == pytest.approx(scatter, rel=0.15)
    score, event = samples[0]
    naive = hanley_mcneil_error(roc_auc(score, event), int(event.sum()), int((~event).sum()))
    assert naive < 0.5 * error


def test_repeating_every_day_adds_no_information() -> None:
    score, event = sample(3, runs=200, days=1)
    repeated = np.repeat(score, 5, axis=1), np.repeat(event, 5, axis=1)
    assert roc_auc_error(*repeated) == pytest.approx(roc_auc_error(score, event), rel=1e-12)


@pytest.mark.parametrize(
    ("score", "event", "message"),
    [
        ([1.0, 2.0], [True, True], "2 of 2 days have the event"),
        ([1.0, 2.0], [False, False], "0 of 2 days have the event"),
        ([1.0, np.nan], [False, True], "not numbers"),
        ([1.0], [False, True], "must be equal"),
    ],
)
def test_refusals_say_what_is_wrong(score: list[float], event: list[bool], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        roc_auc(np.array(score), np.array(event))


def test_one_run_has_no_error_over_runs() -> None:
    score, event = sample(4, runs=1)
    with pytest.raises(ValueError, match="two runs or more"):
        roc_auc_error(score, event)
