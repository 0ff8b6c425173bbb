"""Out-of-sample evaluation of early-warning indicators and of a logistic index: ROC areas with intervals, and alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.studies.early_warning.detection import roc_auc
from simulation.studies.early_warning.panel import BENCHMARK, INDICATORS, Indicator, Integers, Panel, PanelSplit
from simulation.values.conventions import Array, Flags
from simulation.values.randomness import named_generator

RIDGE: Final = 1e-3
"""Penalty on squared weights of standardised indicators, per day; it only settles the weights of collinear indicators."""
RESAMPLES: Final = 1000
INTERVAL_QUANTILES: Final = (0.025, 0.975)
"""Quantiles of the resampled areas that bound the 95 % interval."""
INDEX: Final = "index"
"""Name of the index that combines all INDICATORS."""


@dataclass(frozen=True)
class WarningIndex:
    """Log odds of a cascade as a weighted sum of standardised indicators.

    Attributes
    ----------
    indicators
        The inputs.
    centre, scale
        Mean and standard deviation of each indicator in the training runs, ``(indicators,)``.
    weights, intercept
        Effect of one standard deviation on the log odds, ``(indicators,)``, and the log odds of an average day.
    """

    indicators: tuple[Indicator, ...]
    centre: Array
    scale: Array
    weights: Array
    intercept: float

    def score(self, panel: Panel) -> Array:
        """Return the log odds of the event for each row."""
        standard = (indicator_matrix(panel, self.indicators) - self.centre) / self.scale
        return np.asarray((standard * self.weights).sum(axis=1) + self.intercept)


def indicator_matrix(panel: Panel, indicators: Sequence[Indicator]) -> Array:
    """Return the indicators as a matrix, ``(rows, indicators)``."""
    return np.stack([panel.values[each.column] for each in indicators], axis=1)


def fitted_index(training: Panel, event: Flags, indicators: Sequence[Indicator]) -> WarningIndex:
    """Return a logistic regression of the event on standardised indicators, fitted by penalised maximum likelihood.

    ``min_w  mean[ln(1 + e^z) - y z] + RIDGE/2 |w|^2``,  ``z = a + x'w``

    Parameters
    ----------
    training
        Rows to fit.
    event
        Whether a cascade follows, ``(rows,)``.
    indicators
        Inputs of the index; a constant indicator gets no weight.

    Raises
    ------
    ValueError
        If the event follows on all rows or on none.

    Source: Cox (1958); le Cessie and van Houwelingen (1992) for the penalty; Demirgüç-Kunt and Detragiache (1998) for logit
    models of financial crises.
    """
    from scipy.optimize import minimize

    if not event.any() or event.all():
        raise ValueError(
            f"{int(event.sum())} of {event.size} training days have the event; both kinds are needed: use more runs"
        )
    values = indicator_matrix(training, indicators)
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    standard = np.concatenate([np.ones((event.size, 1)), (values - centre) / scale], axis=1)
    start = np.zeros(1 + len(indicators))
    start[0] = np.log(event.mean() / (1.0 - event.mean()))
    found = minimize(penalised_loss, start, args=(standard, event.astype(np.float64)), jac=True, method="L-BFGS-B")
    return WarningIndex(tuple(indicators), centre, scale, found.x[1:], float(found.x[0]))


def penalised_loss(parameters: Array, standard: Array, event: Array) -> tuple[float, Array]:
    """Return the penalised mean loss and its gradient; the first parameter is the unpenalised intercept."""
    odds = (standard * parameters).sum(axis=1)
    weights = np.concatenate([[0.0], parameters[1:]])
    value = (np.logaddexp(0.0, odds) - event * odds).mean() + 0.5 * RIDGE * (weights**2).sum()
    residual = 1.0 / (1.0 + np.exp(-np.clip(odds, -500.0, 500.0))) - event
    return float(value), (residual[:, None] * standard).mean(axis=0) + RIDGE * weights


def count_won_pairs(events: Array, others: Array) -> Array:
    """Return how many of the sorted `others` each of `events` exceeds; ties count half."""
    return np.asarray(0.5 * (np.searchsorted(others, events, "left") + np.searchsorted(others, events, "right")))


def auc_within(score: Array, event: Flags, group: Integers) -> float:
    """Return the area under the ROC curve over pairs of rows within one group; 0.5 if there are no pairs.

    Grouped by run, it measures whether the score rises over time as a cascade approaches; lasting differences between
    runs do not count. Grouped by day, it measures whether the score separates the runs; a common trend does not count.
    """
    order = np.lexsort((score, group))
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    won = pairs = 0.0
    for rows in np.split(order, bounds):
        events, others = score[rows][event[rows]], score[rows][~event[rows]]
        won += float(count_won_pairs(events, others).sum())
        pairs += events.size * others.size
    return won / pairs if pairs else 0.5


@dataclass(frozen=True)
class RunPairs:
    """Pairwise comparisons between the days of any two runs, from which the area follows for any resample of runs.

    Attributes
    ----------
    won
        Pairs won by event days of the row's run against other days of the column's run, ``(runs, runs)``.
    events, others
        Number of event days and of other days by run, ``(runs,)``.
    """

    won: Array
    events: Array
    others: Array

    def auc(self, drawn: Array) -> Array:
        """Return the area for each resample, ``(resamples,)``; NaN without pairs.

        `drawn` is how often each run was drawn, ``(resamples, runs)``.
        """
        won = np.einsum("br,rs,bs->b", drawn, self.won, drawn, optimize=False)
        pairs = (drawn * self.events).sum(axis=1) * (drawn * self.others).sum(axis=1)
        return np.where(pairs > 0.0, won / np.where(pairs > 0.0, pairs, 1.0), np.nan)


def pairs_by_run(score: Array, event: Flags, run: Integers) -> RunPairs:
    """Return the pairwise comparisons between the days of all runs."""
    runs, row = np.unique(run, return_inverse=True)
    won = np.empty((runs.size, runs.size))
    for column in range(runs.size):
        others = np.sort(score[(row == column) & ~event])
        won[:, column] = np.bincount(row[event], count_won_pairs(score[event], others), runs.size)
    kinds = (np.bincount(row[kind], minlength=runs.size).astype(np.float64) for kind in (event, ~event))
    return RunPairs(won, *kinds)


def auc_interval(score: Array, event: Flags, run: Integers) -> tuple[float, float]:
    """Return the bounds of the 95 % interval of the area, by resampling whole runs: days of one run are not independent.

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


class TooFewCascadesError(ValueError):
    """The training or evaluation runs have no close before a cascade, or no other closes."""


@dataclass(frozen=True)
class LeadStatistics:
    """How well a score predicts cascades in the evaluation runs.

    Attributes
    ----------
    auc, low, high
        Area under the ROC curve and its 95 % interval over runs.
    within_runs, within_days
        Area over pairs of days within one run, and over pairs of runs on one day.
    alarm_share, hit_rate, false_alarm_rate
        Share of all closes, of closes before a cascade, and of other closes on which the alarm is raised. Its threshold
        is the one that separates the training closes best.
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
        """Whether the whole interval lies above 0.5, the area of a random score."""
        return self.low > 0.5


def lead_statistics_by_score(split: PanelSplit, horizon_days: int, large: bool = False) -> dict[str, LeadStatistics]:
    """Return the statistics of every indicator, the benchmark and the fitted index by column; the index under INDEX.

    Parameters
    ----------
    split
        Training runs, on which the index and the alarm thresholds are fitted, and evaluation runs.
    horizon_days
        Horizon within which a cascade must begin, business days.
    large
        Whether to count large cascades only.

    Raises
    ------
    TooFewCascadesError
        If either part has no closes before a cascade, or no other closes.
    """
    training, evaluation = split.training, split.evaluation
    before, event = training.event(horizon_days, large), evaluation.event(horizon_days, large)
    for part, follows in (("training", before), ("evaluation", event)):
        if not follows.any() or follows.all():
            raise TooFewCascadesError(
                f"{int(follows.sum())} of {follows.size} closes of the {part} runs precede a cascade; both kinds are needed: "
                "use more runs"
            )
    index = fitted_index(training, before, INDICATORS)
    scores = {each.column: (training.score(each), evaluation.score(each)) for each in (*INDICATORS, BENCHMARK)}
    scores[INDEX] = (index.score(training), index.score(evaluation))
    return {
        name: lead_statistics(score, alarm_threshold(fitted, before), evaluation, event)
        for name, (fitted, score) in scores.items()
    }


def lead_statistics(score: Array, threshold: float, panel: Panel, event: Flags) -> LeadStatistics:
    """Return the areas and alarm rates of one score."""
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
    """Return the score threshold with the largest difference between hit rate and false-alarm rate.

    Source: Youden (1950).
    """
    order = np.argsort(score, kind="stable")[::-1]
    hits, false_alarms = np.cumsum(event[order]), np.cumsum(~event[order])
    last_of_equals = np.append(np.diff(score[order]) != 0.0, True)
    youden_index = np.where(last_of_equals, hits / hits[-1] - false_alarms / false_alarms[-1], -np.inf)
    return float(score[order][int(youden_index.argmax())])
