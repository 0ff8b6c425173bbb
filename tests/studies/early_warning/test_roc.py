"""Areas over pairs of days and resampled runs, compared with a count of all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.studies.early_warning.detection import roc_auc, roc_auc_error
from simulation.studies.early_warning.evaluation import auc_interval, auc_within, pairs_by_run
from simulation.studies.early_warning.panel import Integers
from simulation.values.conventions import Array, Flags

SCORE = np.array([0.1, 0.4, 0.35, 0.8, 0.4])
EVENT = np.array([False, False, True, True, True])


def counted(score: Array, event: Flags, compared: Flags | None = None) -> float:
    """The area from every pair, one by one; of some pairs where `compared` says so."""
    higher = score[event][:, None] - score[~event][None, :]
    won = np.where(higher > 0.0, 1.0, np.where(higher == 0.0, 0.5, 0.0))
    return float(won.mean() if compared is None else won[compared].mean())


def random_panel(seed: int) -> tuple[Array, Flags, Integers]:
    """Scores with ties, events that they lead, and the run of each day."""
    random = np.random.default_rng(seed)
    score = random.integers(0, 12, 300).astype(np.float64)
    event = random.random(300) < 0.1 + 0.04 * score
    return score, event, random.integers(0, 9, 300)


@given(st.integers(0, 2**32 - 1))
def test_every_pair_counts_once(seed: int) -> None:
    score, event, run = random_panel(seed)
    assert roc_auc(score, event) == pytest.approx(counted(score, event), rel=1e-12)
    same = run[event][:, None] == run[~event][None, :]
    assert auc_within(score, event, run) == pytest.approx(counted(score, event, same), rel=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_a_resample_of_runs_is_the_area_of_their_days(seed: int) -> None:
    score, event, run = random_panel(seed)
    times = np.random.default_rng(seed).integers(0, 4, 9)
    often = np.repeat(np.arange(300), times[run])
    (found, whole) = pairs_by_run(score, event, run).auc(np.array([times, np.ones(9)], dtype=np.float64))
    assert found == pytest.approx(roc_auc(score[often], event[often]), rel=1e-12)
    assert whole == pytest.approx(roc_auc(score, event), rel=1e-12)


def test_a_lasting_difference_between_runs_leads_nothing_within_them() -> None:
    # Run 1 has more cascades and a higher score throughout: it tells runs apart, but never when.
    run = np.repeat([0, 1], 100)
    event = np.concatenate([np.arange(100) % 10 == 0, np.arange(100) % 2 == 0])
    assert roc_auc(run * 1.0, event) > 0.6
    assert auc_within(run * 1.0, event, run) == 0.5


def test_groups_of_one_kind_have_no_pairs() -> None:
    assert auc_within(SCORE, EVENT, EVENT.astype(np.int64)) == 0.5


def test_the_interval_counts_runs_not_days() -> None:
    # Ten copies of every day are no new information.
    score, event, run = random_panel(3)
    once, tenfold = auc_interval(score, event, run), np.repeat(np.arange(300), 10)
    copied = auc_interval(score[tenfold], event[tenfold], run[tenfold])
    assert copied == pytest.approx(once, rel=1e-12)
    assert once[0] < roc_auc(score, event) < once[1]
    assert auc_interval(score, event, run) == once


def test_two_routes_to_the_error_of_an_area() -> None:
    # Resampled runs against the closed form for clustered data, with a difference between runs that lasts.
    random = np.random.default_rng(4)
    event = random.random((40, 50)) < 0.2
    score = random.standard_normal((40, 50)) + 0.7 * event + 0.5 * random.standard_normal((40, 1))
    low, high = auc_interval(score.ravel(), event.ravel(), np.repeat(np.arange(40), 50))
    assert (high - low) / (2 * 1.96) == pytest.approx(roc_auc_error(score, event), rel=0.1)


def test_the_interval_holds_the_coin_when_the_score_is_noise() -> None:
    covered = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        run, event = np.repeat(np.arange(25), 40), random.random(1000) < 0.2
        low, high = auc_interval(random.standard_normal(1000), event, run)
        covered += low <= 0.5 <= high
    # 95 % of 60 are 57; fewer than 51 has a chance of 0.2 %.
    assert covered >= 51
