"""What is measured of an episode: one number per run, and the same number of what was observed."""

from collections.abc import Callable
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation.day.recorder import Record
from simulation.results.metrics import RESIDENT, FinishedRuns
from simulation.scenario.episode_measures import MEASURES
from simulation.scenario.event import Event, Expectation

FloatArray = NDArray[np.float64]
Window = tuple[int, int, int]
"""First day, turning day and last day of a window, as indices of the days of a record."""


def window_of(item: Expectation, record: Record) -> Window:
    """The window of an expectation in a record; the turning day is the first one where none is stated."""
    last = len(record.dates) - 1
    first = 0 if item.first_day is None else index_of(record, item.first_day)
    turning = first if item.turning_day is None else index_of(record, item.turning_day)
    return first, turning, last if item.last_day is None else index_of(record, item.last_day)


def index_of(record: Record, day: date) -> int:
    """Index of a day in a record."""
    return int(np.searchsorted(record.dates, np.datetime64(day, "D")))


def path_rmse(path: FloatArray, observed: FloatArray) -> FloatArray:
    """Root mean squared distance of log paths from an observed one, percentage points, ``(runs,)``.

    Both are compared with their own first day; days without an observation are left out.

    Parameters
    ----------
    path
        USDJPY, yen per dollar, ``(runs, days)``.
    observed
        The same observed, ``(days,)``, not-a-number where there is none.
    """
    known = np.flatnonzero(np.isfinite(observed))
    gap = np.log(path / path[:, :1]) - np.log(observed / observed[known[0]])
    return np.asarray(100.0 * np.sqrt((gap[:, known[1:]] ** 2).mean(axis=1)))


def trough(path: FloatArray, window: Window) -> FloatArray:
    """Lowest close against the first day's, percent."""
    first, _, last = window
    return np.asarray(100.0 * (np.nanmin(path[:, first : last + 1], axis=1) / path[:, first] - 1.0))


def peak(path: FloatArray, window: Window) -> FloatArray:
    """Highest close against the first day's, percent."""
    first, _, last = window
    return np.asarray(100.0 * (np.nanmax(path[:, first : last + 1], axis=1) / path[:, first] - 1.0))


def end(path: FloatArray, window: Window) -> FloatArray:
    """Last close against the first day's, percent."""
    return np.asarray(100.0 * (path[:, window[2]] / path[:, window[0]] - 1.0))


def move(path: FloatArray, window: Window) -> FloatArray:
    """Last close against the close before the first day, percent."""
    return np.asarray(100.0 * (path[:, window[2]] / path[:, max(window[0] - 1, 0)] - 1.0))


def retrace(path: FloatArray, window: Window) -> FloatArray:
    """Best close after the turning day over the fall to it, a share; zero where nothing fell."""
    first, turning, last = window
    fall = path[:, first] - path[:, turning]
    rise = np.nanmax(path[:, turning + 1 : last + 1], axis=1) - path[:, turning]
    return np.where(fall > 0.0, rise / np.where(fall > 0.0, fall, 1.0), 0.0)


OF_PATH: dict[str, Callable[[FloatArray, Window], FloatArray]] = {
    "trough_pct": trough,
    "peak_pct": peak,
    "end_pct": end,
    "move_pct": move,
    "retrace_share": retrace,
    "us_equity_trough_pct": trough,
}
"""Measures that follow from one price path; the path is that of their price."""
OF_OTHERS: dict[str, str] = {
    "unwound_share": "stock_usd_bn",
    "repatriation_usd_bn": "repatriated_usd_bn",
    "cascade_days": "cascade",
}
"""The column that each measure is read from that is not about a price."""


def simulated(event: Event, record: Record, item: Expectation) -> FloatArray | None:
    """A measure of every finished run, ``(runs,)``; none where the event lacks what it needs."""
    finished, window = FinishedRuns(record), window_of(item, record)
    if item.measure in OF_PATH:
        path = finished.market(read_for(item))
        return None if path is None else OF_PATH[item.measure](path, window)
    if item.measure == "path_rmse_pp":
        seen, path = observed_path(event, record, "usdjpy", window), finished.market("usdjpy")
        known = 0 if seen is None else np.isfinite(seen).sum()
        return None if seen is None or path is None or known < 2 else path_rmse(path, seen)
    return _of_flows(event, finished, (item.measure, window))


def read_for(item: Expectation) -> str:
    """The column of a record that a measure is read from."""
    return MEASURES[item.measure].price or OF_OTHERS[item.measure]


def _of_flows(event: Event, finished: FinishedRuns, what: tuple[str, Window]) -> FloatArray | None:
    measure, (first, _, last) = what
    if measure == "unwound_share":
        held = finished.flow(OF_OTHERS[measure], list(event.unwound_of))
        start = held[:, first]
        return 1.0 - held[:, last] / np.where(start > 0.0, start, np.inf) if (start > 0.0).all() else None
    if measure == "repatriation_usd_bn":
        home = finished.flow(OF_OTHERS[measure], finished.populations(RESIDENT))
        return np.asarray(home[:, first + 1 : last + 1].sum(axis=1))
    cascades = finished.market(OF_OTHERS[measure])
    return None if cascades is None else np.asarray(cascades[:, first + 1 : last + 1].sum(axis=1))


def observed(event: Event, record: Record, item: Expectation) -> float | None:
    """A measure of what was observed: as stated, or from the observed path; none where neither is known."""
    if item.observed is not None or item.measure not in OF_PATH:
        return item.observed
    window = window_of(item, record)
    seen = observed_path(event, record, read_for(item), window)
    if seen is None or event.unobserved(item):
        return None
    return float(OF_PATH[item.measure](seen[None], window)[0])


def observed_path(event: Event, record: Record, column: str, window: Window) -> FloatArray | None:
    """An observed series on the days of a record, not-a-number outside the window and where there is none, ``(days,)``.

    The start value of the scenario is its first observation; the day before the window is kept, for moves start there.
    """
    values = event.series(column)
    if not values:
        return None
    path = np.full(len(record.dates), np.nan)
    path[0] = record.market[column][0, 0]
    for day, value in values.items():
        path[index_of(record, day)] = value
    path[: max(window[0] - 1, 0)] = path[window[2] + 1 :] = np.nan
    return path
