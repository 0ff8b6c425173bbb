"""Random streams: draws depend on seed, run and stream name only."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.day.officials import Officials
from simulation.values.randomness import Streams, named_generator
from tests.support.scenarios import COARSE, ONE_WEEK, official
from tests.support.states import assert_same_record, state


@given(st.integers(0, 2**63 - 1), st.integers(0, 10_000), st.text(min_size=1, max_size=20))
def test_a_stream_is_fixed_by_seed_run_and_name(seed: int, run: int, name: str) -> None:
    np.testing.assert_array_equal(
        named_generator(seed, run, name).random(4), named_generator(seed, run, name).random(4)
    )


def test_another_seed_run_or_name_is_another_stream() -> None:
    keys = [(seed, run, name) for seed in (1, 2, 2**40) for run in (0, 1, 70) for name in ("news:usdjpy", "news:ust10")]
    firsts = {named_generator(*key).random() for key in keys}
    assert len(firsts) == len(keys)


def test_streams_are_unrelated() -> None:
    drawn = np.stack([named_generator(5, run, name).standard_normal(4000) for run in (0, 1) for name in ("one", "two")])
    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 4.5 / np.sqrt(4000)


def test_a_batch_draws_what_each_run_draws() -> None:
    def uniform(stream: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
        return stream.random(3)

    together = Streams(9, [4, 0, 2]).draw("name", uniform)
    alone = np.concatenate([Streams(9, [run]).draw("name", uniform) for run in (4, 0, 2)])
    np.testing.assert_array_equal(together, alone)


def test_two_scenarios_meet_the_same_news() -> None:
    hike, hold = (
        CapitalFlowModel(official(COARSE, ONE_WEEK, {"boj.meetings.0.decision": decision}), range(3))
        for decision in ("25bp", "0bp")
    )
    np.testing.assert_array_equal(hike.economy.news, hold.economy.news)
    assert isinstance(hike.officials, Officials)
    assert isinstance(hold.officials, Officials)
    for name, drawn in hike.officials.draws.items():
        np.testing.assert_array_equal(drawn, hold.officials.draws[name], err_msg=name)


def test_another_seed_is_other_news_and_other_investors() -> None:
    one, other = (CapitalFlowModel(official(COARSE, ONE_WEEK, {"seed": seed}), [0]) for seed in (1, 2))
    assert not np.isclose(one.economy.news, other.economy.news).any()
    assert not np.isclose(one.populations[0].traits["stock"], other.populations[0].traits["stock"]).all()


def test_recording_draws_and_changes_nothing() -> None:
    scenario = official(COARSE, ONE_WEEK)
    model, silent = CapitalFlowModel(scenario, range(2)), SilentModel(scenario, range(2))
    for _ in range(5):
        model.step()
        silent.step()
    before = state(model)
    for name, values in before.items():
        np.testing.assert_array_equal(values, state(silent)[name], err_msg=name)
    model.record(None, None)
    for name, values in state(model).items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)


class SilentModel(CapitalFlowModel):
    """A model that records nothing."""

    def record(self, news: object, session: object) -> None:
        """Leave the day unrecorded."""


def test_the_global_generator_is_neither_used_nor_moved() -> None:
    scenario, drawn, records = official(COARSE, ONE_WEEK), [], []
    for seed, simulated in ((7, False), (7, True), (8, True)):
        np.random.seed(seed)  # noqa: NPY002 - the point is that nobody looks at it
        records += [simulate(scenario, range(2))] if simulated else []
        drawn.append(np.random.random())  # noqa: NPY002
    assert drawn[0] == drawn[1] != drawn[2]
    assert_same_record(records[0], records[1])


@pytest.mark.parametrize("runs", [[0, 1], [5, 3]])
def test_common_random_numbers_turn_a_difference_into_signal(runs: list[int]) -> None:
    # With one seed, a hike of one more basis point is a difference without noise from the news.
    less, more = (
        simulate(official(COARSE, {"end": "2025-12-19", "boj.meetings.0.decision": decision}), runs).market["usdjpy"]
        for decision in ("25bp", "26bp")
    )
    np.testing.assert_array_equal(less[:, :-1], more[:, :-1])
    moves = np.log(more[:, -1] / less[:, -1])
    # B_e x 1 bp, plus what investors who are forced add to it.
    assert (moves <= -0.0019).all()
    assert (moves > -0.01).all()
