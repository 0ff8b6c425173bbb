"""Shapley values of games with known solutions."""

import numpy as np
import pytest

from simulation.studies.shapley.values import Coalition, alone_and_last, coalitions, shapley, weight

PLAYERS = ("a", "b", "c")


def game(worth: dict[str, float]) -> dict[Coalition, np.ndarray]:
    """Return worths by players' letters for two runs; the second has twice the worth."""
    return {group: worth.get("".join(sorted(group)), 0.0) * np.array([1.0, 2.0]) for group in coalitions(PLAYERS)}


def test_every_coalition_once() -> None:
    found = list(coalitions(PLAYERS))
    assert len(found) == len(set(found)) == 8
    assert found[0] == frozenset()
    assert found[-1] == frozenset(PLAYERS)


@pytest.mark.parametrize("players", [1, 2, 5])
def test_weights_sum_to_one(players: int) -> None:
    from math import comb

    assert sum(comb(players - 1, size) * weight(size, players) for size in range(players)) == pytest.approx(1.0)


def test_the_glove_game() -> None:
    # a has a left glove, b and c a right one each: a pair is worth one.  Shapley (1953): 2/3, 1/6, 1/6.
    found = shapley(game({"ab": 1.0, "ac": 1.0, "abc": 1.0}), PLAYERS)
    assert {player: values[0] for player, values in found.items()} == pytest.approx(
        {"a": 2 / 3, "b": 1 / 6, "c": 1 / 6}
    )
    assert found["a"][1] == pytest.approx(4 / 3)


def test_a_constant_contribution_is_the_shapley_value() -> None:
    additive = {"a": 1.0, "b": -2.0, "ab": -1.0, "c": 5.0, "ac": 6.0, "bc": 3.0, "abc": 4.0}
    found = shapley(game(additive), PLAYERS)
    ends = alone_and_last(game(additive), PLAYERS)
    for player, own in (("a", 1.0), ("b", -2.0), ("c", 5.0)):
        assert found[player][0] == pytest.approx(own)
        assert ends[player][0][0] == pytest.approx(own)
        assert ends[player][1][0] == pytest.approx(own)


def test_values_add_up_in_every_run() -> None:
    draws = np.random.default_rng(1)
    worths = {group: draws.standard_normal(4) for group in coalitions(PLAYERS)}
    total = sum(shapley(worths, PLAYERS).values())
    np.testing.assert_allclose(total, worths[frozenset(PLAYERS)] - worths[frozenset()], atol=1e-14)
