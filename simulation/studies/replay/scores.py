"""The runs of a replay and the scores of their measures against observations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.day.recorder import Record
from simulation.results.metrics import FinishedRuns
from simulation.scenario.event import EPISODE_MEASURES, RANK_MEASURE, EpisodeMeasure, Event, Expectation
from simulation.studies.replay.measures import (
    FloatArray,
    day_index,
    is_given_price,
    observed_path,
    observed_value,
    simulated_values,
)

if TYPE_CHECKING:
    from simulation.scenario.config.parameter_sets import Cloud

QUANTILES = (0.1, 0.5, 0.9)
BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
FITTED_NOTE = "fitted_events"
"""Note in a file of parameter sets with the names of the events the sets were fitted to."""
DEFAULTS_FITTED_TO = ("august_2024",)
"""Events the default parameter values were fitted to (configs/calibration)."""
RANK = "rank"


@dataclass(frozen=True)
class MeasureScore:
    """One measure over all runs, compared with the observed value and the accepted range.

    Attributes
    ----------
    role
        ``output``, or ``input`` if the event gives the price; inputs are not scored.
    quantiles
        p10, p50 and p90; None if the measure could not be computed.
    accept
        Smallest and largest accepted value; None: no limit.
    inside
        Whether the median lies in the accepted range; None if there is no range.
    share_inside
        Share of runs in the accepted range, 0 to 1.
    """

    measure: str
    meaning: EpisodeMeasure
    role: str
    quantiles: tuple[float, float, float] | None
    observed: float | None
    accept: tuple[float | None, float | None]
    inside: bool | None
    share_inside: float | None

    @property
    def over(self) -> str:
        """What the quantiles are taken over."""
        return "days observed, over runs with drawn news" if self.measure == RANK else "runs without drawn news"

    def to_dict(self) -> dict[str, Any]:
        """Return the score as JSON-ready values."""
        low, middle, high = self.quantiles or (None, None, None)
        return {
            "p10": low,
            "p50": middle,
            "p90": high,
            "unit": self.meaning.unit,
            "meaning": self.meaning.words,
            "quantiles_over": self.over,
            "role": self.role,
            "observed": self.observed,
            "accept": list(self.accept),
            "inside": self.inside,
            "share_inside": self.share_inside,
        }


@dataclass(frozen=True)
class ReplayRuns:
    """Both batches of runs of an event, and what follows from them.

    Attributes
    ----------
    central
        Runs with the given inputs and no other news. Measures are taken on them.
    full
        Runs that also draw random news. They give the bands and the rank of the observed path.
    cloud
        Parameter sets, one per run; None: the event's own parameters.
    """

    event: Event
    central: Record
    full: Record
    cloud: Cloud | None

    @property
    def fitted(self) -> bool:
        """Whether parameters were fitted to this event; otherwise the replay is out of sample."""
        if self.cloud is None:
            return self.event.name in DEFAULTS_FITTED_TO
        return self.event.name in self.cloud.notes.get(FITTED_NOTE, "").split()

    @cached_property
    def scores(self) -> dict[str, MeasureScore]:
        """Scores by measure; a measure used twice with different windows gets a number after its name."""
        scores: dict[str, MeasureScore] = {}
        for item in self.event.expectations():
            name, count = str(item.measure), 2
            while name in scores:
                name, count = f"{item.measure}_{count}", count + 1
            scores[name] = measure_score(self.event, self.central, item)
        return scores | {RANK: rank_score(self.event, self.full)}

    @property
    def stopped(self) -> int:
        """Number of runs of both batches that ended early."""
        return len(self.central.stopped) + len(self.full.stopped)

    def bands(self, column: str = "usdjpy") -> dict[str, FloatArray]:
        """Return quantiles of a column over the full runs by day, and the median central path, each ``(days,)``."""
        finished = FinishedRuns(self.full).market(column)
        middle = FinishedRuns(self.central).market(column)
        if finished is None or middle is None or not len(finished) or not len(middle):
            return {}
        levels = np.quantile(finished, BAND_LEVELS, axis=0)
        named = {f"p{100 * level:02.0f}": row for level, row in zip(BAND_LEVELS, levels, strict=True)}
        return named | {"central": np.median(middle, axis=0)}


def measure_score(event: Event, record: Record, item: Expectation) -> MeasureScore:
    """Return the score of one measure over the central runs."""
    values, meaning = simulated_values(event, record, item), EPISODE_MEASURES[item.measure]
    given = is_given_price(event, item.measure)
    role, observed = "input" if given else "output", observed_value(event, record, item)
    accept = (item.at_least, item.at_most)
    if values is None or values.size == 0:
        return MeasureScore(item.measure, meaning, role, None, observed, accept, None, None)
    low, middle, high = (float(value) + 0.0 for value in np.quantile(values, QUANTILES))
    accepted = [item.accepts(float(value)) for value in values]
    inside = None if given else item.accepts(middle)
    share = None if inside is None else float(np.mean([bool(each) for each in accepted]))
    return MeasureScore(item.measure, meaning, role, (low, middle, high), observed, accept, inside, share)


def rank_score(event: Event, record: Record) -> MeasureScore:
    """Return the share of full runs below the observed USDJPY, as quantiles over the observed days; 0.5 is the median."""
    path = FinishedRuns(record).market("usdjpy")
    observed = observed_path(event, record, "usdjpy", (0, 0, len(record.dates) - 1))
    known = [at for day in sorted(event.series("usdjpy")) if (at := day_index(record, day)) > 0]
    if path is None or observed is None or not len(path) or not known:
        return MeasureScore(RANK, RANK_MEASURE, "output", None, None, (None, None), None, None)
    below = (path[:, known] < observed[known]).mean(axis=0)
    low, middle, high = (float(value) + 0.0 for value in np.quantile(below, QUANTILES))
    return MeasureScore(RANK, RANK_MEASURE, "output", (low, middle, high), None, (None, None), None, None)
