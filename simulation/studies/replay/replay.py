"""Replay an event: its central paths, its bands, and how both compare with what was observed.

Two batches are run.  *Central* runs meet the given inputs and no other news; measures are taken on them, since news that
nobody knows of cannot be replayed.  *Full* runs also meet drawn news; they make the bands and the rank of what was observed.
With parameter sets, run i of either batch has set i, so that measures and bands carry what is uncertain of parameters.

Replay an event that is asked for by name or file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.compute.ensemble import Progress, run_ensemble
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
    from matplotlib.figure import Figure

    from simulation.scenario.config.parameter_sets import Cloud

QUANTILES = (0.1, 0.5, 0.9)
BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_CENTRAL_RUNS = 64
"""Central runs without parameter sets: they differ only in who the investors are."""
FITTED_NOTE = "fitted_events"
"""Note of a file of parameter sets that names the events it was fitted to."""
DEFAULTS_FITTED_TO = ("august_2024",)
"""Events that the default values of parameters were fitted to (configs/calibration)."""
RANK = "rank"


@dataclass(frozen=True)
class MeasureScore:
    """One measure over the runs: its quantiles, what was observed, the range accepted and whether it is met.

    Attributes
    ----------
    role
        ``output``, or ``input`` where the price is given by the event: such a measure is not scored.
    share_inside
        Part of the runs inside the range.
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
        return self.event.name in self.cloud.notes.get(FITTED_NOTE, "").split()

    @cached_property
    def scores(self) -> dict[str, MeasureScore]:
        """Every measure by name; a measure stated twice, with different windows, has a number behind its name."""
        found: dict[str, MeasureScore] = {}
        for item in self.event.expectations():
            name, count = str(item.measure), 2
            while name in found:
                name, count = f"{item.measure}_{count}", count + 1
            found[name] = measure_score(self.event, self.central, item)
        return found | {RANK: rank_score(self.event, self.full)}

    def summary(self) -> str:
        """What was given and what came out, as a table; print it."""
        from simulation.studies.replay.tables import replay_text

        return replay_text(self)

    def plot(self) -> Figure:
        """USDJPY simulated and observed, positions given up, and the inputs."""
        from simulation.studies.replay.figure import draw_replay

        return draw_replay(self).figure

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


def run_replay(
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


def measure_score(event: Event, record: Record, item: Expectation) -> MeasureScore:
    """One measure over the central runs, held against its range."""
    values, meaning = simulated_values(event, record, item), EPISODE_MEASURES[item.measure]
    given = is_given_price(event, item.measure)
    role, seen, accept = (
        "input" if given else "output",
        observed_value(event, record, item),
        (item.at_least, item.at_most),
    )
    if values is None or values.size == 0:
        return MeasureScore(item.measure, meaning, role, None, seen, accept, None, None)
    low, middle, high = (float(value) + 0.0 for value in np.quantile(values, QUANTILES))
    verdicts = [item.accepts(float(value)) for value in values]
    inside = None if given else item.accepts(middle)
    share = None if inside is None else float(np.mean([bool(verdict) for verdict in verdicts]))
    return MeasureScore(item.measure, meaning, role, (low, middle, high), seen, accept, inside, share)


def rank_score(event: Event, record: Record) -> MeasureScore:
    """Part of the full runs that lie below the observed USDJPY: quantiles over the days observed; .5 is the middle."""
    path = FinishedRuns(record).market("usdjpy")
    seen = observed_path(event, record, "usdjpy", (0, 0, len(record.dates) - 1))
    known = [at for day in sorted(event.series("usdjpy")) if (at := day_index(record, day)) > 0]
    if path is None or seen is None or not len(path) or not known:
        return MeasureScore(RANK, RANK_MEASURE, "output", None, None, (None, None), None, None)
    below = (path[:, known] < seen[known]).mean(axis=0)
    low, middle, high = (float(value) + 0.0 for value in np.quantile(below, QUANTILES))
    return MeasureScore(RANK, RANK_MEASURE, "output", (low, middle, high), None, (None, None), None, None)


def load_event(name: str | Path, settings: Sequence[str] = (), seed: int | None = None) -> Event:
    """Return an event by name or file, with changes and, where one is given, another seed.

    Raises
    ------
    ConfigError
        With every mistake that was found.
    """
    from simulation.scenario.config.loading import load

    event = load(name, settings, root=Event, kind="events").scenario
    return event if seed is None else event.model_copy(update={"seed": seed})


def replay_event(
    event: str | Path,
    *,
    runs: int = 100,
    seed: int | None = None,
    settings: Sequence[str] = (),
    posterior: str | Path | Cloud | None = None,
) -> Replay:
    """Replay an episode of history and hold it against what was observed.

    Parameters
    ----------
    event : str or Path
        A shipped event's name or a YAML file (docs/events.md).
    runs : int
        Runs with drawn news.
    seed : int, optional
        Replaces the event's seed.
    settings : sequence of str
        Overrides such as ``"populations.carry_funds.stock_usd_bn=125"``, as after ``--set``.
    posterior : str, Path or Cloud, optional
        Calibrated parameter sets by name or file; the bands then carry their uncertainty.

    Returns
    -------
    Replay
        ``summary()``, ``scores``, ``bands()`` and ``plot()``.

    Examples
    --------
    >>> import simulation as cf
    >>> print(cf.replay_event("august_2024", runs=40).summary())  # doctest: +SKIP
    """
    from simulation.scenario.config.parameter_sets import load_cloud

    cloud = load_cloud(posterior) if isinstance(posterior, str | Path) else posterior
    return run_replay(load_event(event, settings, seed), runs, cloud)
