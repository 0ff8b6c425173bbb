"""What of an event is given from outside, and what the model has to answer.

What is measured of an episode: one number per run, and the same number of what was observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation.day.recorder import Record
from simulation.investors import population_kinds
from simulation.investors.population import Population
from simulation.market.parameters import STANDARD_MARKETS, first_price_day
from simulation.policy.central_banks import Meeting
from simulation.results.metrics import FinishedRuns
from simulation.scenario.event import EPISODE_MEASURES, EpisodeMeasureName, Event, Expectation

RATE_LABELS = {
    "ust2": "2-year Treasury yield",
    "ust10": "10-year Treasury yield",
    "jgb2": "2-year JGB yield",
    "jgb10": "10-year JGB yield",
    "basis": "cross-currency basis",
}
"""Keys of given news that are rates."""


@dataclass(frozen=True)
class EventInput:
    """One exogenous input of an event: what it is, on how many days it is given, and its size in words."""

    name: str
    days: int
    detail: str

    def to_dict(self) -> dict[str, str | int]:
        """The input as JSON-ready values."""
        return {"name": self.name, "days": self.days, "detail": self.detail}


def is_given_price(event: Event, measure: EpisodeMeasureName) -> bool:
    """Whether a measure is about a price whose value the event gives: it is then no answer of the model."""
    asset = EPISODE_MEASURES[measure].price
    return asset is not None and any(asset in item.value_pct for item in event.news)


def event_inputs(event: Event) -> list[EventInput]:
    """Everything that an event gives, in the order of a day."""
    return [*_policy(event), *_news(event), *_officials(event), *_positions(event)]


def omitted_components(event: Event) -> list[str]:
    """Standard markets and kinds of investors that the event is without, with the day from which they existed if it is later."""
    markets = [name for name in STANDARD_MARKETS if name not in event.markets]
    held = {type(population) for population in event.populations.values()}
    kinds = [kind for kind in population_kinds() if kind.Parameters not in held]
    gone = {kind.Parameters.model_fields["kind"].default: kind.since for kind in kinds if _unavailable(event, kind)}
    first_days = {name: first_price_day(name) for name in markets} | gone
    return [name if since <= event.start else f"{name} (since {since})" for name, since in first_days.items()]


def _unavailable(event: Event, kind: type[Population]) -> bool:
    """Whether a kind of investors could not be there: before its time, or without its market."""
    return event.start < kind.since or any(market not in event.markets for market in kind.needs)


def _policy(event: Event) -> Iterator[EventInput]:
    for bank, name in ((event.fed, "Federal Reserve"), (event.boj, "Bank of Japan")):
        if bank.meetings:
            told = [
                f"{meeting.date:%-d %b %Y}: {meeting.decision or 0.0:+g} bp, {_odds_text(meeting)}"
                for meeting in bank.meetings
            ]
            yield EventInput(f"{name}, decisions", len(told), "; ".join(told))
        if bank.statements:
            said = [f"{item.date:%-d %b %Y}: {item.label or 'statement'}" for item in bank.statements]
            yield EventInput(f"{name}, statements", len(said), "; ".join(said))


def _odds_text(meeting: Meeting) -> str:
    if not meeting.priced_probability:
        return "no step priced"
    return f"{100 * meeting.priced_probability:g} % of {meeting.step:+g} bp priced"


def _news(event: Event) -> Iterator[EventInput]:
    for key, label in RATE_LABELS.items():
        given = [float(getattr(item, key)) for item in event.news if getattr(item, key) is not None]
        if given:
            yield EventInput(label, len(given), f"{sum(given):+.1f} bp in all")
    for asset in sorted({name for item in event.news for name in item.value_pct}):
        values = [item.value_pct[asset] for item in event.news if asset in item.value_pct]
        yield EventInput(f"value of {asset}", len(values), f"{min(values):+.2f} to {max(values):+.2f} % a day")
    shaken = [item.volatility_x for item in event.news if item.volatility_x is not None]
    if shaken:
        yield EventInput("volatility", len(shaken), f"up to {max(shaken):g} times its long-run value")
    dollars = [item.dollars_bought_usd_bn for item in event.news if item.dollars_bought_usd_bn]
    if dollars:
        yield EventInput("dollars bought from outside", len(dollars), f"{sum(dollars):+,.0f} $bn")


def _officials(event: Event) -> Iterator[EventInput]:
    rule = event.ministry_of_finance
    if rule is not None and rule.interventions:
        bought = sum(item.bought_jpy_bn for item in rule.interventions)
        yield EventInput("interventions", len(rule.interventions), f"JPY {bought:+,.0f} bn bought")


def _positions(event: Event) -> Iterator[EventInput]:
    stocks = ", ".join(f"{name} {event.populations[name].stock_usd_bn:,.0f}" for name in event.unwound_of)
    yield EventInput("start positions", 1, f"$bn: {stocks}")


FloatArray = NDArray[np.float64]
DayWindow = tuple[int, int, int]
"""First day, turning day and last day of a window, as indices of the days of a record."""


def measure_window(item: Expectation, record: Record) -> DayWindow:
    """The window of an expectation in a record; the turning day is the first one where none is stated."""
    last = len(record.dates) - 1
    first = 0 if item.first_day is None else day_index(record, item.first_day)
    turning = first if item.turning_day is None else day_index(record, item.turning_day)
    return first, turning, last if item.last_day is None else day_index(record, item.last_day)


def day_index(record: Record, day: date) -> int:
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


def trough_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Lowest close against the first day's, percent."""
    first, _, last = window
    return np.asarray(100.0 * (np.nanmin(path[:, first : last + 1], axis=1) / path[:, first] - 1.0))


def peak_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Highest close against the first day's, percent."""
    first, _, last = window
    return np.asarray(100.0 * (np.nanmax(path[:, first : last + 1], axis=1) / path[:, first] - 1.0))


def end_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Last close against the first day's, percent."""
    return np.asarray(100.0 * (path[:, window[2]] / path[:, window[0]] - 1.0))


def move_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Last close against the close before the first day, percent."""
    return np.asarray(100.0 * (path[:, window[2]] / path[:, max(window[0] - 1, 0)] - 1.0))


def retrace_share(path: FloatArray, window: DayWindow) -> FloatArray:
    """Best close after the turning day over the fall to it, a share; zero where nothing fell."""
    first, turning, last = window
    fall = path[:, first] - path[:, turning]
    rise = np.nanmax(path[:, turning + 1 : last + 1], axis=1) - path[:, turning]
    return np.where(fall > 0.0, rise / np.where(fall > 0.0, fall, 1.0), 0.0)


PATH_MEASURES: dict[str, Callable[[FloatArray, DayWindow], FloatArray]] = {
    "trough_pct": trough_pct,
    "peak_pct": peak_pct,
    "end_pct": end_pct,
    "move_pct": move_pct,
    "retrace_share": retrace_share,
    "us_equity_trough_pct": trough_pct,
}
"""Measures that follow from one price path; the path is that of their price."""
OTHER_MEASURE_COLUMNS: dict[str, str] = {
    "unwound_share": "stock_usd_bn",
    "repatriation_usd_bn": "repatriated_usd_bn",
    "cascade_days": "cascade",
}
"""The column that each measure is read from that is not about a price."""


def simulated_values(event: Event, record: Record, item: Expectation) -> FloatArray | None:
    """A measure of every finished run, ``(runs,)``; none where the event lacks what it needs."""
    finished, window = FinishedRuns(record), measure_window(item, record)
    if item.measure in PATH_MEASURES:
        path = finished.market(measure_column(item))
        return None if path is None else PATH_MEASURES[item.measure](path, window)
    if item.measure == "path_rmse_pp":
        seen, path = observed_path(event, record, "usdjpy", window), finished.market("usdjpy")
        known = 0 if seen is None else np.isfinite(seen).sum()
        return None if seen is None or path is None or known < 2 else path_rmse(path, seen)
    return _flow_measure(event, finished, (item.measure, window))


def measure_column(item: Expectation) -> str:
    """The column of a record that a measure is read from."""
    return EPISODE_MEASURES[item.measure].price or OTHER_MEASURE_COLUMNS[item.measure]


def _flow_measure(event: Event, finished: FinishedRuns, what: tuple[str, DayWindow]) -> FloatArray | None:
    measure, (first, _, last) = what
    if measure == "unwound_share":
        held = finished.flow(OTHER_MEASURE_COLUMNS[measure], list(event.unwound_of))
        start = held[:, first]
        return 1.0 - held[:, last] / np.where(start > 0.0, start, np.inf) if (start > 0.0).all() else None
    if measure == "repatriation_usd_bn":
        home = finished.flow(OTHER_MEASURE_COLUMNS[measure], finished.residents())
        return np.asarray(home[:, first + 1 : last + 1].sum(axis=1))
    cascades = finished.market(OTHER_MEASURE_COLUMNS[measure])
    return None if cascades is None else np.asarray(cascades[:, first + 1 : last + 1].sum(axis=1))


def observed_value(event: Event, record: Record, item: Expectation) -> float | None:
    """A measure of what was observed: as stated, or from the observed path; none where neither is known."""
    if item.observed is not None or item.measure not in PATH_MEASURES:
        return item.observed
    window = measure_window(item, record)
    seen = observed_path(event, record, measure_column(item), window)
    if seen is None or event.unobserved(item):
        return None
    return float(PATH_MEASURES[item.measure](seen[None], window)[0])


def observed_path(event: Event, record: Record, column: str, window: DayWindow) -> FloatArray | None:
    """An observed series on the days of a record, not-a-number outside the window and where there is none, ``(days,)``.

    The start value of the scenario is its first observation; the day before the window is kept, for moves start there.
    """
    values = event.series(column)
    if not values:
        return None
    path = np.full(len(record.dates), np.nan)
    path[0] = record.market[column][0, 0]
    for day, value in values.items():
        path[day_index(record, day)] = value
    path[: max(window[0] - 1, 0)] = path[window[2] + 1 :] = np.nan
    return path
