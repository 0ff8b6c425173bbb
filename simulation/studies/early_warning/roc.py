"""Area under the ROC curve over pairs of days that share something, and resampled by run.

The area over all pairs is `simulation.studies.facts.detection.roc_auc`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.studies.early_warning.panel import Integers
from simulation.values.conventions import Array, Flags
from simulation.values.randomness import generator

RESAMPLES: Final = 1000
COVERED: Final = (0.025, 0.975)
"""Quantiles of the resampled areas that bound the interval: 95 %."""


def won_pairs(events: Array, others: Array) -> Array:
    """How many of the sorted `others` each of `events` exceeds, ties counted half."""
    return np.asarray(0.5 * (np.searchsorted(others, events, "left") + np.searchsorted(others, events, "right")))


def auc_within(score: Array, event: Flags, group: Integers) -> float:
    """Area over pairs of days of one group only: within runs, or within days of the calendar; 0.5 without any pair.

    Within runs it asks whether the score rises *when* a cascade nears, within days whether it knows *who* is nearer; a
    common trend or a lasting difference between runs helps the former or the latter not at all.
    """
    order = np.lexsort((score, group))
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    won = pairs = 0.0
    for some in np.split(order, bounds):
        here, other = score[some][event[some]], score[some][~event[some]]
        won += float(won_pairs(here, other).sum())
        pairs += here.size * other.size
    return won / pairs if pairs else 0.5


@dataclass(frozen=True)
class RunPairs:
    """Comparisons between the days of each two runs, from which the area follows for any resample of runs.

    Attributes
    ----------
    won
        Pairs won by days before an event of the run of the row against other days of the run of the column, ``(runs, runs)``.
    events, others
        Days of each kind by run, ``(runs,)``.
    """

    won: Array
    events: Array
    others: Array

    def auc(self, drawn: Array) -> Array:
        """Area when each run counts as often as `drawn` says, ``(resamples, runs)``; not a number without any pair."""
        won = np.einsum("br,rs,bs->b", drawn, self.won, drawn, optimize=False)
        pairs = (drawn * self.events).sum(axis=1) * (drawn * self.others).sum(axis=1)
        return np.where(pairs > 0.0, won / np.where(pairs > 0.0, pairs, 1.0), np.nan)


def pairs_by_run(score: Array, event: Flags, run: Integers) -> RunPairs:
    """Compare the days of each two runs."""
    numbers, row = np.unique(run, return_inverse=True)
    won = np.empty((numbers.size, numbers.size))
    for column in range(numbers.size):
        others = np.sort(score[(row == column) & ~event])
        won[:, column] = np.bincount(row[event], won_pairs(score[event], others), numbers.size)
    kinds = (np.bincount(row[kind], minlength=numbers.size).astype(np.float64) for kind in (event, ~event))
    return RunPairs(won, *kinds)


def auc_interval(score: Array, event: Flags, run: Integers) -> tuple[float, float]:
    """Bounds of the area by drawing whole runs again: days of one run are not independent of each other.

    Source: Efron and Tibshirani (1993), chapter 8, resampling the independent units.
    """
    pairs = pairs_by_run(score, event, run)
    count = pairs.events.size
    stream = generator(0, 0, "early_warning:resample")
    picked = stream.integers(0, count, (RESAMPLES, count))
    drawn = np.stack([np.bincount(row, minlength=count) for row in picked]).astype(np.float64)
    areas = pairs.auc(drawn)
    low, high = np.quantile(areas[np.isfinite(areas)], COVERED)
    return float(low), float(high)
