"""Exact Shapley values of a game with known worth of every coalition, for each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Coalition = frozenset[str]
Worths = Mapping[Coalition, FloatArray]
"""Worth of each coalition, one number per run, ``(runs,)``."""


def coalitions(players: tuple[str, ...]) -> Iterator[Coalition]:
    """Yield every coalition, from the empty one to the grand coalition."""
    for size in range(len(players) + 1):
        for members in combinations(players, size):
            yield frozenset(members)


def weight(size: int, players: int) -> float:
    """Return the share of player orderings in which a player follows `size` others: ``s! (n - s - 1)! / n!``."""
    return factorial(size) * factorial(players - size - 1) / factorial(players)


def shapley(worths: Worths, players: tuple[str, ...]) -> dict[str, FloatArray]:
    """Return the Shapley value of each player, ``(runs,)``: its marginal contribution averaged over all player orderings.

    ``phi_i = sum over S without i of s! (n - s - 1)! / n! (v(S + i) - v(S))``; the values add up to
    ``v(all) - v(none)`` in every run.

    Parameters
    ----------
    worths
        Worth of every coalition of `players`.

    Source: Shapley (1953).
    """
    values = {}
    for player in players:
        others = tuple(one for one in players if one != player)
        added = [
            weight(len(group), len(players)) * (worths[group | {player}] - worths[group])
            for group in coalitions(others)
        ]
        values[player] = np.asarray(sum(added[1:], added[0]))
    return values


def alone_and_last(worths: Worths, players: tuple[str, ...]) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return each player's contribution alone and in addition to all others, ``(runs,)``; a difference indicates interaction."""
    everyone, empty = frozenset(players), frozenset[str]()
    return {
        player: (worths[frozenset({player})] - worths[empty], worths[everyone] - worths[everyone - {player}])
        for player in players
    }
