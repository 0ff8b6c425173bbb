"""The labelled panel: episodes, days to the next cascade, and parts without common runs."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.recorder import RunStop
from simulation.studies.early_warning.panel import (
    EPISODE_GAP_DAYS,
    LONGEST_HORIZON_DAYS,
    Panel,
    PanelSplit,
    days_to_next_event,
    in_episode,
    panel_from_record,
    split_by_run,
)
from tests.studies.early_warning.conftest import FAR, forced_on, record_of


def test_an_episode_by_hand() -> None:
    # Cascades on days 3, 6 and 13: one episode lasts from 3 until the fifth close after... 6 + 4, another from 13 on.
    cascade = forced_on(20, {3: 9.0, 6: 9.0, 13: 9.0}) > 0.0
    assert np.flatnonzero(in_episode(cascade)[0]).tolist() == [3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17]


def test_the_panel_by_hand() -> None:
    panel = panel_from_record(record_of(forced_on(40, {3: 6.0, 6: 30.0, 13: 7.0})))
    assert panel.day.tolist() == [0, 1, 2, 11, 12, 18, 19]
    assert panel.days_to_cascade.tolist() == [3, 2, 1, 2, 1, FAR, FAR]
    assert panel.days_to_large_cascade.tolist() == [6, 5, 4, FAR, FAR, FAR, FAR]
    assert panel.event(2).tolist() == [False, True, True, True, True, False, False]
    assert panel.event(5, large=True).tolist() == [False, True, True, False, False, False, False]
    # The indicator of a row is that of its own close.
    assert panel.values["loop_gain"].tolist() == panel.day.tolist()


def test_forced_orders_below_the_threshold_are_no_cascade() -> None:
    panel = panel_from_record(record_of(forced_on(40, {3: 4.9})))
    assert panel.day.tolist() == list(range(20))
    assert not panel.event(20).any()


@given(st.lists(st.booleans(), min_size=30, max_size=60))
def test_labels_against_the_definition(happens: list[bool]) -> None:
    cascade, days = np.array([happens]), len(happens)
    for day in range(days):
        later = [lead for lead in range(1, LONGEST_HORIZON_DAYS + 1) if day + lead < days and happens[day + lead]]
        assert days_to_next_event(cascade)[0, day] == (later[0] if later else FAR)
        assert in_episode(cascade)[0, day] == any(happens[max(0, day - EPISODE_GAP_DAYS + 1) : day + 1])


def test_a_row_neither_sees_a_cascade_nor_knows_of_one() -> None:
    # Whatever happens after the horizon of a close changes nothing in its row, and no row stands on a cascade day.
    random = np.random.default_rng(1)
    forced = np.where(random.random((6, 80)) < 0.08, 30.0, 0.0)
    whole, cut = panel_from_record(record_of(forced)), panel_from_record(record_of(forced[:, :60]))
    known = whole.where(whole.day < 40)
    for name, column in cut.columns().items():
        np.testing.assert_array_equal(column, known.columns()[name], err_msg=name)
    assert not forced[whole.run, whole.day].any()


def test_a_stopped_run_and_a_warm_up_are_left_out() -> None:
    stop = {1: RunStop(date(2025, 12, 20), "price_runaway", "")}
    panel = panel_from_record(record_of(np.zeros((3, 40)), stop), first_day=7, every_days=5)
    assert np.unique(panel.run).tolist() == [0, 2]
    assert panel.day.tolist() == [7, 12, 17] * 2


def test_what_cannot_be_labelled_is_refused() -> None:
    with pytest.raises(ValueError, match="the record has 20 days; more than first_day"):
        panel_from_record(record_of(np.zeros((1, 20))))
    panel = panel_from_record(record_of(np.zeros((1, 21))))
    assert panel.day.tolist() == [0]
    for horizon in (0, 21):
        with pytest.raises(ValueError, match="between 1 and 20"):
            panel.event(horizon)


def test_a_panel_survives_its_table() -> None:
    panel = panel_from_record(record_of(forced_on(40, {3: 6.0})))
    again = Panel.from_columns(panel.columns() | {"extra": np.zeros(panel.run.size)})
    for name, column in panel.columns().items():
        np.testing.assert_array_equal(again.columns()[name], column)


def test_no_run_is_in_both_parts() -> None:
    panel = panel_from_record(record_of(np.zeros((7, 40))))
    split = split_by_run(panel)
    assert np.unique(split.training.run).tolist() == [0, 2, 4, 6]
    assert np.unique(split.evaluation.run).tolist() == [1, 3, 5]
    other = split_by_run(panel, panel_from_record(record_of(np.zeros((4, 40)), first_run=3)))
    assert np.unique(other.evaluation.run).tolist() == [3, 5]
    assert other.training.run.tolist() == split.training.run.tolist()


def test_a_planted_leak_is_refused() -> None:
    # One training run among the evaluation runs.
    panel = panel_from_record(record_of(np.zeros((4, 40))))
    with pytest.raises(ValueError, match=r"runs \[2\] are in both parts"):
        PanelSplit(panel.where(panel.run % 2 == 0), panel.where(panel.run >= 1))
