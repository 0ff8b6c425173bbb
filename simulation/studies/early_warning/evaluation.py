"""Judge indicators out of sample: areas under the ROC curve with their intervals, and a warning rule fixed beforehand."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.studies.early_warning.index import fitted_index
from simulation.studies.early_warning.panel import BENCHMARK, INDICATORS, Panel, Split
from simulation.studies.early_warning.roc import auc_interval, auc_within
from simulation.studies.facts.detection import roc_auc
from simulation.values.conventions import Array, Flags

INDEX: Final = "index"
"""Name of the index that combines all INDICATORS."""


class TooFewCascadesError(ValueError):
    """Training or evaluation runs hold no close before a cascade, or no other."""


@dataclass(frozen=True)
class Lead:
    """How well a score led cascades in runs that nothing was fitted on.

    Attributes
    ----------
    auc, low, high
        Area under the ROC curve and its 95 % interval over runs.
    within_runs, within_days
        The area over pairs of days of one run, and over pairs of runs on one day.
    alarm_share, hit_rate, false_alarm_rate
        The alarm whose threshold told training days apart best: share of days with an alarm, share of days before a
        cascade and of other days among them.
    """

    auc: float
    low: float
    high: float
    within_runs: float
    within_days: float
    alarm_share: float
    hit_rate: float
    false_alarm_rate: float

    @property
    def is_clear(self) -> bool:
        """Whether the score leads by more than noise: the whole interval is above one half."""
        return self.low > 0.5


def leads(split: Split, horizon_days: int, large: bool = False) -> dict[str, Lead]:
    """Judge every indicator, the benchmark and the fitted index; by column, the index under INDEX.

    Parameters
    ----------
    split
        Training runs, on which the index and the thresholds of alarms are fitted, and evaluation runs.
    horizon_days
        A cascade that begins within so many business days counts.
    large
        Whether only large cascades count.

    Raises
    ------
    TooFewCascadesError
        If either part lacks closes before a cascade, or other closes.
    """
    training, evaluation = split.training, split.evaluation
    before, event = training.event(horizon_days, large), evaluation.event(horizon_days, large)
    for part, follows in (("training", before), ("evaluation", event)):
        if not follows.any() or follows.all():
            raise TooFewCascadesError(
                f"{int(follows.sum())} of {follows.size} closes of the {part} runs are before a cascade; take more runs"
            )
    index = fitted_index(training, before, INDICATORS)
    scores = {each.column: (training.score(each), evaluation.score(each)) for each in (*INDICATORS, BENCHMARK)}
    scores[INDEX] = (index.score(training), index.score(evaluation))
    return {
        name: judged(score, alarm_threshold(fitted, before), evaluation, event)
        for name, (fitted, score) in scores.items()
    }


def judged(score: Array, threshold: float, panel: Panel, event: Flags) -> Lead:
    """Areas and rates of one score."""
    alarm = score >= threshold
    low, high = auc_interval(score, event, panel.run)
    return Lead(
        auc=roc_auc(score, event),
        low=low,
        high=high,
        within_runs=auc_within(score, event, panel.run),
        within_days=auc_within(score, event, panel.day),
        alarm_share=float(alarm.mean()),
        hit_rate=float(alarm[event].mean()),
        false_alarm_rate=float(alarm[~event].mean()),
    )


def alarm_threshold(score: Array, event: Flags) -> float:
    """Score from which on an alarm tells days best apart: the largest hit rate less false-alarm rate.

    Source: Youden (1950).
    """
    order = np.argsort(score, kind="stable")[::-1]
    hits, false = np.cumsum(event[order]), np.cumsum(~event[order])
    last_of_equals = np.append(np.diff(score[order]) != 0.0, True)
    told_apart = np.where(last_of_equals, hits / hits[-1] - false / false[-1], -np.inf)
    return float(score[order][int(told_apart.argmax())])
