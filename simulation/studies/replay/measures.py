"""Inputs of an event, and the measures of its replay: one value per run, and the same measure of the observed series."""

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
from simulation.results.metrics import RESIDENT, FinishedRuns
from simulation.scenario.event import EPISODE_MEASURES, EpisodeMeasureName, Event, Expectation

FloatArray = NDArray[np.float64]
DayWindow = tuple[int, int, int]
"""First day, turning day and last day of a window, as day indices of a record."""
RATE_LABELS = {
    "ust2": "2-year Treasury yield",
    "ust10": "10-year Treasury yield",
    "jgb2": "2-year JGB yield",
    "jgb10": "10-year JGB yield",
    "basis": "cross-currency basis",
}
"""Rates that an event may give as news, by key."""


@dataclass(frozen=True)
class EventInput:
    """One exogenous input of an event: its name, the number of days on which it is given, and its size as text."""

    name: str
    days: int
    detail: str

    def to_dict(self) -> dict[str, str | int]:
        """Return the input as JSON-ready values."""
        return {"name": self.name, "days": self.days, "detail": self.detail}


def is_given_price(event: Event, measure: EpisodeMeasureName) -> bool:
    """Return whether the event gives the price that a measure is about: the measure is then an input, not a result."""
    asset = EPISODE_MEASURES[measure].price
    return asset is not None and any(asset in item.value_pct for item in event.news)


def event_inputs(event: Event) -> list[EventInput]:
    """Return all inputs of an event: policy, news, official operations and start positions."""
    return [*_policy(event), *_news(event), *_officials(event), *_positions(event)]


def omitted_components(event: Event) -> list[str]:
    """Return the standard markets and investor kinds that an event omits, with the start date of those that came later."""
    markets = [name for name in STANDARD_MARKETS if name not in event.markets]
    present = {type(population) for population in event.populations.values()}
    absent = [kind for kind in population_kinds() if kind.Parameters not in present]
    omitted = {kind.Parameters.model_fields["kind"].default: kind.since for kind in absent if _unavailable(event, kind)}
    first_days = {name: first_price_day(name) for name in markets} | omitted
    return [name if since <= event.start else f"{name} (since {since})" for name, since in first_days.items()]


def _unavailable(event: Event, kind: type[Population]) -> bool:
    """Return whether a kind of investor did not exist yet, or one of its markets is not part of the event."""
    return event.start < kind.since or any(market not in event.markets for market in kind.needs)


def _policy(event: Event) -> Iterator[EventInput]:
    for bank, name in ((event.fed, "Federal Reserve"), (event.boj, "Bank of Japan")):
        if bank.meetings:
            decisions = [
                f"{meeting.date:%-d %b %Y}: {meeting.decision or 0.0:+g} bp, {_odds_text(meeting)}"
                for meeting in bank.meetings
            ]
            yield EventInput(f"{name}, decisions", len(decisions), "; ".join(decisions))
        if bank.statements:
            statements = [f"{item.date:%-d %b %Y}: {item.label or 'statement'}" for item in bank.statements]
            yield EventInput(f"{name}, statements", len(statements), "; ".join(statements))


def _odds_text(meeting: Meeting) -> str:
    if not meeting.priced_probability:
        return "no step priced"
    return f"{100 * meeting.priced_probability:g} % of {meeting.step:+g} bp priced"


def _news(event: Event) -> Iterator[EventInput]:
    for key, label in RATE_LABELS.items():
        given = [float(getattr(item, key)) for item in event.news if getattr(item, key) is not None]
        if given:
            yield EventInput(label, len(given), f"{sum(given):+.1f} bp in total")
    for asset in sorted({name for item in event.news for name in item.value_pct}):
        values = [item.value_pct[asset] for item in event.news if asset in item.value_pct]
        yield EventInput(f"value of {asset}", len(values), f"{min(values):+.2f} to {max(values):+.2f} % a day")
    multiples = [item.volatility_x for item in event.news if item.volatility_x is not None]
    if multiples:
        yield EventInput("volatility", len(multiples), f"up to {max(multiples):g} times its long-run value")
    dollars = [item.dollars_bought_usd_bn for item in event.news if item.dollars_bought_usd_bn]
    if dollars:
        yield EventInput("external dollar purchases", len(dollars), f"{sum(dollars):+,.0f} $bn")


def _officials(event: Event) -> Iterator[EventInput]:
    rule = event.ministry_of_finance
    if rule is not None and rule.interventions:
        bought = sum(item.bought_jpy_bn for item in rule.interventions)
        yield EventInput("interventions", len(rule.interventions), f"JPY {bought:+,.0f} bn bought")


def _positions(event: Event) -> Iterator[EventInput]:
    stocks = ", ".join(f"{name} {event.populations[name].stock_usd_bn:,.0f}" for name in event.unwound_of)
    yield EventInput("start positions", 1, f"$bn: {stocks}")


def measure_window(item: Expectation, record: Record) -> DayWindow:
    """Return the window of an expectation in a record; the turning day defaults to the first day."""
    last = len(record.dates) - 1
    first = 0 if item.first_day is None else day_index(record, item.first_day)
    turning = first if item.turning_day is None else day_index(record, item.turning_day)
    return first, turning, last if item.last_day is None else day_index(record, item.last_day)


def day_index(record: Record, day: date) -> int:
    """Return the index of a day in a record."""
    return int(np.searchsorted(record.dates, np.datetime64(day, "D")))


def path_rmse(path: FloatArray, observed: FloatArray) -> FloatArray:
    """Return the root mean squared distance of log paths from the observed path, percentage points, ``(runs,)``.

    Both are relative to their first day; days without an observation are skipped.

    Parameters
    ----------
    path
        USDJPY, yen per dollar, ``(runs, days)``.
    observed
        Observed USDJPY, ``(days,)``, NaN where missing.
    """
    known = np.flatnonzero(np.isfinite(observed))
    gap = np.log(path / path[:, :1]) - np.log(observed / observed[known[0]])
    return np.asarray(100.0 * np.sqrt((gap[:, known[1:]] ** 2).mean(axis=1)))


def trough_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Return the change from the first day's close to the lowest close, percent."""
    first, _, last = window
    return np.asarray(100.0 * (np.nanmin(path[:, first : last + 1], axis=1) / path[:, first] - 1.0))


def peak_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Return the change from the first day's close to the highest close, percent."""
    first, _, last = window
    return np.asarray(100.0 * (np.nanmax(path[:, first : last + 1], axis=1) / path[:, first] - 1.0))


def end_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Return the change from the first day's close to the last close, percent."""
    return np.asarray(100.0 * (path[:, window[2]] / path[:, window[0]] - 1.0))


def move_pct(path: FloatArray, window: DayWindow) -> FloatArray:
    """Return the change from the close before the first day to the last close, percent."""
    return np.asarray(100.0 * (path[:, window[2]] / path[:, max(window[0] - 1, 0)] - 1.0))


def retrace_share(path: FloatArray, window: DayWindow) -> FloatArray:
    """Return the recovery after the turning day as a share of the fall to it; zero where the price did not fall."""
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
"""Measures computed from the path of one price."""
OTHER_MEASURE_COLUMNS: dict[str, str] = {
    "unwound_share": "stock_usd_bn",
    "repatriation_usd_bn": "repatriated_usd_bn",
    "cascade_days": "cascade",
}
"""Record column of each measure that is not about a price."""


def simulated_values(event: Event, record: Record, item: Expectation) -> FloatArray | None:
    """Return a measure for every finished run, ``(runs,)``; None if the event lacks the data for it."""
    finished, window = FinishedRuns(record), measure_window(item, record)
    if item.measure in PATH_MEASURES:
        path = finished.market(measure_column(item))
        return None if path is None else PATH_MEASURES[item.measure](path, window)
    if item.measure == "path_rmse_pp":
        observed, path = observed_path(event, record, "usdjpy", window), finished.market("usdjpy")
        known = 0 if observed is None else np.isfinite(observed).sum()
        return None if observed is None or path is None or known < 2 else path_rmse(path, observed)
    return _flow_measure(event, finished, item.measure, window)


def measure_column(item: Expectation) -> str:
    """Return the record column that a measure uses."""
    return EPISODE_MEASURES[item.measure].price or OTHER_MEASURE_COLUMNS[item.measure]


def _flow_measure(event: Event, finished: FinishedRuns, measure: str, window: DayWindow) -> FloatArray | None:
    first, _, last = window
    if measure == "unwound_share":
        held = finished.flow(OTHER_MEASURE_COLUMNS[measure], list(event.unwound_of))
        start = held[:, first]
        return 1.0 - held[:, last] / np.where(start > 0.0, start, np.inf) if (start > 0.0).all() else None
    if measure == "repatriation_usd_bn":
        home = finished.flow(OTHER_MEASURE_COLUMNS[measure], finished.populations(RESIDENT))
        return np.asarray(home[:, first + 1 : last + 1].sum(axis=1))
    cascades = finished.market(OTHER_MEASURE_COLUMNS[measure])
    return None if cascades is None else np.asarray(cascades[:, first + 1 : last + 1].sum(axis=1))


def observed_value(event: Event, record: Record, item: Expectation) -> float | None:
    """Return the observed value of a measure: as stated in the event, or from the observed path; None if unknown."""
    if item.observed is not None or item.measure not in PATH_MEASURES:
        return item.observed
    window = measure_window(item, record)
    path = observed_path(event, record, measure_column(item), window)
    if path is None or event.unobserved(item):
        return None
    return float(PATH_MEASURES[item.measure](path[None], window)[0])


def observed_path(event: Event, record: Record, column: str, window: DayWindow) -> FloatArray | None:
    """Return an observed series on the days of a record, ``(days,)``; NaN outside the window and where missing.

    The scenario's start value is the first observation. The day before the window is included: moves start there.
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
