"""Receiver operating characteristic (ROC) of a signal for events.

A higher score should mean that the event is nearer. The area under the curve is the probability that a random day before an
event has a higher score than a random other day; ties count half. 0.5 is random, 1 is perfect.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from simulation.values.conventions import Array, Flags

MIN_RUNS: Final = 2
"""Smallest number of runs for a standard error over runs."""


@dataclass(frozen=True)
class RocCurve:
    """Hit rate and false-alarm rate by alarm threshold, from the strictest threshold to none.

    Attributes
    ----------
    threshold
        Alarm at this score and above; the first is infinite: no alarm.
    false_alarm_rate
        Share of days without an event on which the alarm is raised.
    hit_rate
        Share of days with an event on which the alarm is raised.
    """

    threshold: Array
    false_alarm_rate: Array
    hit_rate: Array


def roc_auc(score: Array, event: Flags) -> float:
    """Return the area under the curve, between 0 and 1.

    ``AUC = (R - m (m + 1) / 2) / (m n)`` with R the sum of the (average) ranks of the m scores with an event among all
    m + n.

    Parameters
    ----------
    score
        The signal, any unit and shape, such as ``(runs, days)``.
    event
        Whether the event follows, same shape.

    Raises
    ------
    ValueError
        If a score is NaN, shapes differ, or the event follows on all days or none.

    Source: Mann and Whitney (1947); Bamber (1975), equality with the area under the curve.
    """
    _check_scores(score, event)
    ranks = stats.rankdata(score.ravel())
    with_event = event.ravel()
    count = int(with_event.sum())
    others = with_event.size - count
    return float((ranks[with_event].sum() - 0.5 * count * (count + 1)) / (count * others))


def roc_curve(score: Array, event: Flags) -> RocCurve:
    """Return hit rate and false-alarm rate at every distinct threshold; same conditions as `roc_auc`.

    Equal scores raise the alarm together, so the trapezoids below the curve add up to `roc_auc`.
    """
    _check_scores(score, event)
    order = np.argsort(-score.ravel(), kind="stable")
    sorted_score, hit = score.ravel()[order], event.ravel()[order]
    last_of_equals = np.append(np.diff(sorted_score) != 0.0, True)
    hits, alarms = np.cumsum(hit)[last_of_equals], np.flatnonzero(last_of_equals) + 1
    return RocCurve(
        threshold=np.concatenate([[np.inf], sorted_score[last_of_equals]]),
        false_alarm_rate=np.concatenate([[0.0], (alarms - hits) / (~hit).sum()]),
        hit_rate=np.concatenate([[0.0], hits / hit.sum()]),
    )


def hanley_mcneil_error(auc: float, events: int, others: int) -> float:
    """Return the standard error of an area if all observations are independent.

    ``var = [A (1 - A) + (m - 1)(Q1 - A^2) + (n - 1)(Q2 - A^2)] / (m n)``, ``Q1 = A / (2 - A)``, ``Q2 = 2 A^2 / (1 + A)``.

    Days of one run are not independent: use `roc_auc_error` for them.

    Source: Hanley and McNeil (1982), eq. 2.
    """
    first, second = auc / (2.0 - auc), 2.0 * auc**2 / (1.0 + auc)
    spread = auc * (1.0 - auc) + (events - 1) * (first - auc**2) + (others - 1) * (second - auc**2)
    return float(np.sqrt(spread / (events * others)))


def roc_auc_error(score: Array, event: Flags) -> float:
    """Return the standard error of `roc_auc` if runs are independent and the days of a run are not.

    ``var = R / (R - 1) sum_r [ sum_{i in r, event} (V_i - A) / m + sum_{j in r, other} (V_j - A) / n ]^2`` where V of a
    day is the share of days of the other kind that it is ranked correctly against.

    Parameters
    ----------
    score, event
        As in `roc_auc`, shape ``(runs, days)``, at least two runs.

    Source: Obuchowski (1997), clustered data; DeLong, DeLong and Clarke-Pearson (1988), the placements V.
    """
    area = roc_auc(score, event)
    runs = score.shape[0]
    if score.ndim != 2 or runs < MIN_RUNS:
        raise ValueError(
            f"score has shape {score.shape}; a standard error over runs needs shape (runs, days) with two runs or more"
        )
    placements = _placements(score.ravel(), event.ravel()).reshape(score.shape)
    weight = np.where(event, 1.0 / event.sum(), 1.0 / (~event).sum())
    by_run = ((placements - area) * weight).sum(axis=1)
    return float(np.sqrt(runs / (runs - 1) * (by_run**2).sum()))


def _placements(score: Array, event: Flags) -> Array:
    """Return the share of observations of the other kind that each is ranked correctly against; ties count half."""
    ranks, placements = stats.rankdata(score), np.empty_like(score)
    for kind in (True, False):
        same = event == kind
        below = (ranks[same] - stats.rankdata(score[same])) / (~same).sum()
        placements[same] = below if kind else 1.0 - below
    return placements


def _check_scores(score: Array, event: Flags) -> None:
    if score.shape != event.shape:
        raise ValueError(f"score has shape {score.shape}, event {event.shape}; they must be equal")
    if np.isnan(score).any():
        raise ValueError("score contains values that are not numbers; exclude days without a measurement")
    if not event.any() or event.all():
        raise ValueError(f"{int(event.sum())} of {event.size} days have the event; the area needs days of both kinds")
