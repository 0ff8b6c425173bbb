"""Replay an event: its central paths, its bands, and how both compare with what was observed.

Two batches are run.  *Central* runs meet the given inputs and no other news; measures are taken on them, since news that
nobody knows of cannot be replayed.  *Full* runs also meet drawn news; they make the bands and the rank of what was observed.
With parameter sets, run i of either batch has set i, so that measures and bands carry what is uncertain of parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.compute.ensemble import Progress, run_ensemble
from simulation.day.recorder import Record
from simulation.results.metrics import FinishedRuns
from simulation.scenario.episode_measures import MEASURES, RANK_MEANING, Meaning
from simulation.scenario.event import Event, Expectation
from simulation.studies.replay.inputs import is_input
from simulation.studies.replay.measures import FloatArray, index_of, observed, observed_path, simulated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.scenario.cloud import Cloud

QUANTILES = (0.1, 0.5, 0.9)
BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_CENTRAL_RUNS = 64
"""Central runs without parameter sets: they differ only in who the investors are."""
FITTED = "fitted_events"
"""Note of a file of parameter sets that names the events it was fitted to."""
DEFAULTS_FITTED_TO = ("august_2024",)
"""Events that the default values of parameters were fitted to (configs/calibration)."""
RANK = "rank"


@dataclass(frozen=True)
class Score:
    """One measure over the runs: its quantiles, what was observed, the range accepted and whether it is met.

    Attributes
    ----------
    role
        ``output``, or ``input`` where the price is given by the event: such a measure is not scored.
    share_inside
        Part of the runs inside the range.
    """

    measure: str
    meaning: Meaning
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
        """The score as JSON-ready values."""
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
class Replay:
    """What a replay gave."""

    event: Event
    central: Record
    full: Record
    cloud: Cloud | None

    @property
    def fitted(self) -> bool:
        """Whether parameters were fitted to this event; everything else is out of sample."""
        if self.cloud is None:
            return self.event.name in DEFAULTS_FITTED_TO
        return self.event.name in self.cloud.notes.get(FITTED, "").split()

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Every measure by name; a measure stated twice, with different windows, has a number behind its name."""
        found: dict[str, Score] = {}
        for item in self.event.expectations():
            name, count = str(item.measure), 2
            while name in found:
                name, count = f"{item.measure}_{count}", count + 1
            found[name] = score(self.event, self.central, item)
        return found | {RANK: rank_score(self.event, self.full)}

    def summary(self) -> str:
        """What was given and what came out, as a table; print it."""
        from simulation.studies.replay.telling import text

        return text(self)

    def plot(self) -> Figure:
        """USDJPY simulated and observed, positions given up, and the inputs."""
        from simulation.studies.replay.figure import draw

        return draw(self).figure

    @property
    def stopped(self) -> int:
        """Runs of both batches that ended early."""
        return len(self.central.stopped) + len(self.full.stopped)

    def bands(self, column: str = "usdjpy") -> dict[str, FloatArray]:
        """Quantiles of a column over the full runs by day, and the median central path."""
        finished = FinishedRuns(self.full).market(column)
        middle = FinishedRuns(self.central).market(column)
        if finished is None or middle is None or not len(finished) or not len(middle):
            return {}
        levels = np.quantile(finished, BAND_LEVELS, axis=0)
        named = {f"p{100 * level:02.0f}": row for level, row in zip(BAND_LEVELS, levels, strict=True)}
        return named | {"central": np.median(middle, axis=0)}


def replay(
    event: Event, runs: int, cloud: Cloud | None = None, workers: int | None = 1, progress: Progress | None = None
) -> Replay:
    """Run an event and hold it against what was observed.

    Parameters
    ----------
    event
        The event, seed included.
    runs
        Runs with drawn news; central runs are as many, without parameter sets at most `MOST_CENTRAL_RUNS`.
    cloud
        Parameter sets, one for each run; none: the event's own parameters in all of them.
    """
    quiet = event.model_copy(update={"noise": event.noise.model_copy(update={"scale_x": 0.0})})
    count = runs if cloud is not None else min(runs, MOST_CENTRAL_RUNS)
    central = run_ensemble(quiet, count, workers, None, cloud)
    return Replay(event, central, run_ensemble(event, runs, workers, progress, cloud), cloud)


def score(event: Event, record: Record, item: Expectation) -> Score:
    """One measure over the central runs, held against its range."""
    values, meaning = simulated(event, record, item), MEASURES[item.measure]
    given = is_input(event, item.measure)
    role, seen, accept = "input" if given else "output", observed(event, record, item), (item.at_least, item.at_most)
    if values is None or values.size == 0:
        return Score(item.measure, meaning, role, None, seen, accept, None, None)
    low, middle, high = (float(value) + 0.0 for value in np.quantile(values, QUANTILES))
    verdicts = [item.accepts(float(value)) for value in values]
    inside = None if given else item.accepts(middle)
    share = None if inside is None else float(np.mean([bool(verdict) for verdict in verdicts]))
    return Score(item.measure, meaning, role, (low, middle, high), seen, accept, inside, share)


def rank_score(event: Event, record: Record) -> Score:
    """Part of the full runs that lie below the observed USDJPY: quantiles over the days observed; .5 is the middle."""
    path = FinishedRuns(record).market("usdjpy")
    seen = observed_path(event, record, "usdjpy", (0, 0, len(record.dates) - 1))
    known = [at for day in sorted(event.series("usdjpy")) if (at := index_of(record, day)) > 0]
    if path is None or seen is None or not len(path) or not known:
        return Score(RANK, RANK_MEANING, "output", None, None, (None, None), None, None)
    below = (path[:, known] < seen[known]).mean(axis=0)
    low, middle, high = (float(value) + 0.0 for value in np.quantile(below, QUANTILES))
    return Score(RANK, RANK_MEANING, "output", (low, middle, high), None, (None, None), None, None)
