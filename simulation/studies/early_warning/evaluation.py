"""One index from several indicators: a logistic regression, fitted on training runs.

Area under the ROC curve over pairs of days that share something, and resampled by run.

The area over all pairs is `simulation.studies.early_warning.detection`.

Judge indicators out of sample: areas under the ROC curve with their intervals, and a warning rule fixed beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.studies.early_warning.detection import roc_auc
from simulation.studies.early_warning.panel import BENCHMARK, INDICATORS, Indicator, Integers, Panel, PanelSplit
from simulation.values.conventions import Array, Flags
from simulation.values.randomness import named_generator

RIDGE: Final = 1e-3
"""Penalty on squared weights of standardised indicators, per day: it decides between indicators that move together, no more."""


@dataclass(frozen=True)
class WarningIndex:
    """Log odds of a cascade as a weighted sum of standardised indicators.

    Attributes
    ----------
    indicators
        What goes in.
    centre, scale
        Mean and standard deviation of each in the training runs, ``(indicators,)``.
    weights, intercept
        Effect of one standard deviation on the log odds, ``(indicators,)``, and the log odds of an average day.
    """

    indicators: tuple[Indicator, ...]
    centre: Array
    scale: Array
    weights: Array
    intercept: float

    def score(self, panel: Panel) -> Array:
        """Log odds of the event on each row."""
        standard = (indicator_matrix(panel, self.indicators) - self.centre) / self.scale
        return np.asarray((standard * self.weights).sum(axis=1) + self.intercept)


def indicator_matrix(panel: Panel, indicators: Sequence[Indicator]) -> Array:
    """Indicators side by side, ``(rows, indicators)``."""
    return np.stack([panel.values[each.column] for each in indicators], axis=1)


def fitted_index(training: Panel, event: Flags, indicators: Sequence[Indicator]) -> WarningIndex:
    """Logistic regression of the event on the standardised indicators by penalised maximum likelihood.

    ``min_w  mean[ln(1 + e^z) - y z] + RIDGE/2 |w|^2``,  ``z = a + x'w``

    Parameters
    ----------
    training
        Rows to fit on.
    event
        Whether a cascade follows, ``(rows,)``.
    indicators
        What goes in; one that never moves gets no weight.

    Raises
    ------
    ValueError
        If all rows are of one kind.

    Source: Cox (1958); le Cessie and van Houwelingen (1992) for the penalty; Demirgüç-Kunt and Detragiache (1998) for logit
    models of financial crises.
    """
    from scipy.optimize import minimize

    if not event.any() or event.all():
        raise ValueError(f"{int(event.sum())} of {event.size} training days have the event; take more runs")
    values = indicator_matrix(training, indicators)
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    standard = np.concatenate([np.ones((event.size, 1)), (values - centre) / scale], axis=1)
    start = np.zeros(1 + len(indicators))
    start[0] = np.log(event.mean() / (1.0 - event.mean()))
    found = minimize(penalised_loss, start, args=(standard, event.astype(np.float64)), jac=True, method="L-BFGS-B")
    return WarningIndex(tuple(indicators), centre, scale, found.x[1:], float(found.x[0]))


def penalised_loss(parameters: Array, standard: Array, event: Array) -> tuple[float, Array]:
    """Penalised mean loss and its gradient; the first parameter is the intercept, which is not penalised."""
    odds = (standard * parameters).sum(axis=1)
    weights = np.concatenate([[0.0], parameters[1:]])
    value = (np.logaddexp(0.0, odds) - event * odds).mean() + 0.5 * RIDGE * (weights**2).sum()
    surprise = 1.0 / (1.0 + np.exp(-np.clip(odds, -500.0, 500.0))) - event
    return float(value), (surprise[:, None] * standard).mean(axis=0) + RIDGE * weights


RESAMPLES: Final = 1000
INTERVAL_QUANTILES: Final = (0.025, 0.975)
"""Quantiles of the resampled areas that bound the interval: 95 %."""


def count_won_pairs(events: Array, others: Array) -> Array:
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
        won += float(count_won_pairs(here, other).sum())
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
        won[:, column] = np.bincount(row[event], count_won_pairs(score[event], others), numbers.size)
    kinds = (np.bincount(row[kind], minlength=numbers.size).astype(np.float64) for kind in (event, ~event))
    return RunPairs(won, *kinds)


def auc_interval(score: Array, event: Flags, run: Integers) -> tuple[float, float]:
    """Bounds of the area by drawing whole runs again: days of one run are not independent of each other.

    Source: Efron and Tibshirani (1993), chapter 8, resampling the independent units.
    """
    pairs = pairs_by_run(score, event, run)
    count = pairs.events.size
    stream = named_generator(0, 0, "early_warning:resample")
    picked = stream.integers(0, count, (RESAMPLES, count))
    drawn = np.stack([np.bincount(row, minlength=count) for row in picked]).astype(np.float64)
    areas = pairs.auc(drawn)
    low, high = np.quantile(areas[np.isfinite(areas)], INTERVAL_QUANTILES)
    return float(low), float(high)


INDEX: Final = "index"
"""Name of the index that combines all INDICATORS."""


class TooFewCascadesError(ValueError):
    """Training or evaluation runs hold no close before a cascade, or no other."""


@dataclass(frozen=True)
class LeadStatistics:
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


def lead_statistics_by_score(split: PanelSplit, horizon_days: int, large: bool = False) -> dict[str, LeadStatistics]:
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
        name: lead_statistics(score, alarm_threshold(fitted, before), evaluation, event)
        for name, (fitted, score) in scores.items()
    }


def lead_statistics(score: Array, threshold: float, panel: Panel, event: Flags) -> LeadStatistics:
    """Areas and rates of one score."""
    alarm = score >= threshold
    low, high = auc_interval(score, event, panel.run)
    return LeadStatistics(
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
