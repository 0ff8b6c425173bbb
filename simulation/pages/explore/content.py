"""What happens on which day of a scenario, in sentences: captions of the page and lines on its charts.

What the page is made of: states, their daily quantiles and their numbers, read from the store of a sweep.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.pages.explore.columns import PageColumn, pack_steps, page_columns
from simulation.pages.explore.html import FORMAT, Content
from simulation.pages.explore.sliders import Slider, SliderLevel, level_index, slider_for
from simulation.policy.central_banks import tilt_probabilities
from simulation.policy.rate_paths import PendingMeeting, pending_meeting
from simulation.results.figures.style import policy_dates
from simulation.results.metrics import METRICS, Band, FloatArray, Metric, column_quantiles, quantile_band
from simulation.results.output_folder import OutputError
from simulation.sweeps.points import BaseScenario, canonical_json, scenario_at
from simulation.sweeps.store import FINISHED, POINTS, read_manifest, read_runs, read_series
from simulation.values.labels import capitalized, readable_name

if TYPE_CHECKING:
    import pandas as pd

    from simulation.policy.central_banks import CentralBank, Meeting
    from simulation.scenario.scenario import Scenario

Dates = NDArray[np.datetime64]
BANKS = (("Fed", "fed"), ("Bank of Japan", "boj"))


@dataclass(frozen=True)
class PageEvent:
    """A day and what it brings.

    Attributes
    ----------
    day
        Number of the day among the scenario's days, from 0.
    words
        The caption.
    mark
        Label of a line on the charts, empty for none.
    """

    day: int
    words: str
    mark: str = ""


def page_events(scenario: Scenario, dates: Dates) -> list[PageEvent]:
    """Everything that is given by date, in order; a day with two happenings has one caption.

    Parameters
    ----------
    scenario
        What was run.
    dates
        Its days, ``(days,)``.
    """
    words: dict[int, list[str]] = {}
    for day, told in [(scenario.start, opening_text(scenario)), *dated_texts(scenario)]:
        at = int(np.searchsorted(dates, np.datetime64(day, "D")))
        if at < len(dates):
            words.setdefault(at, []).append(told)
    words.setdefault(len(dates) - 1, []).append("The scenario ends.")
    marks: dict[int, list[str]] = {}
    for mark in policy_dates(scenario, dates):
        marks.setdefault(int(np.searchsorted(dates, mark.day)), []).append(mark.label)
    return [PageEvent(day, " ".join(words[day]), ", ".join(marks.get(day, []))) for day in sorted(words)]


def dated_texts(scenario: Scenario) -> Iterator[tuple[date, str]]:
    """Yield each given event with its day."""
    for name, key in BANKS:
        bank: CentralBank = getattr(scenario, key)
        for meeting in bank.meetings:
            yield from meeting_texts(name, bank, meeting)
        for flow in bank.balance_sheet:
            yield flow.first_day, purchases_text(name, flow.bought_usd_bn_per_month, flow.bought_jpy_bn_per_month)
    for period in scenario.thin_periods:
        yield period.first_day, f"Markets are thin until {format_day(period.last_day)}."


def opening_text(scenario: Scenario) -> str:
    """The state at the start, and the path that is imposed on the spread if there is one."""
    start, path = scenario.start_values, scenario.spread_path
    spread = f"the ten-year spread at {start.ust10_pct - start.jgb10_pct:.2f} points"
    text = f"The scenario begins: USDJPY at {start.usdjpy:.2f}, {spread}."
    if path is None:
        return text
    days = "at once" if path.surprise else f"in equal steps over {path.over_days} business days"
    return f"{text} A path is imposed on the spread: to {path.target_pp:.2f} points, {days}."


def meeting_texts(name: str, bank: CentralBank, meeting: Meeting) -> Iterator[tuple[date, str]]:
    """Yield the signals about a meeting with the odds they leave, then the decision against what was priced."""
    odds = pending_meeting(meeting, 0, 1)
    if meeting.decision is None:
        yield meeting.date, f"The {name} meets; each run draws its own decision."
        return
    for signal in meeting.signals:
        odds = update_odds(odds, bank.signal_multiplier * signal.strength)
        move = f"odds of a {format_rate_step(meeting.step)} on {format_day(meeting.date)}: {format_probability(odds, meeting.step)}"
        yield signal.date, f"{capitalized(signal.label or 'a signal')}; {move}."
    yield meeting.date, f"{decision_text(name, meeting)}; {priced_text(odds, meeting)}.{guidance_text(meeting)}"


def update_odds(odds: PendingMeeting, strength: float) -> PendingMeeting:
    """The meeting with its odds after a signal."""
    return PendingMeeting(
        odds.meeting, odds.day, odds.steps, tilt_probabilities(odds.probabilities, odds.steps, strength)
    )


def format_probability(odds: PendingMeeting, step_bp: float) -> str:
    """Probability of one outcome, as percent."""
    at = int(np.argmin(np.abs(odds.steps - step_bp * 1e-4)))
    return f"{100.0 * float(odds.probabilities[0, at]):.0f} %"


def format_rate_step(step_bp: float) -> str:
    """A move as a noun."""
    return f"{abs(step_bp):g} bp {'hike' if step_bp > 0 else 'cut'}"


def decision_text(name: str, meeting: Meeting) -> str:
    """What was decided."""
    if not meeting.decision:
        return f"The {name} leaves its rate where it is"
    return f"The {name} {'raises' if meeting.decision > 0 else 'cuts'} its rate by {abs(meeting.decision):g} bp"


def priced_text(odds: PendingMeeting, meeting: Meeting) -> str:
    """What was priced of the move that the odds speak about."""
    return f"a {format_rate_step(meeting.step)} was priced at {format_probability(odds, meeting.step)}"


def guidance_text(meeting: Meeting) -> str:
    """What was said with the decision."""
    return f" Guidance: {readable_name(meeting.guidance)}." if meeting.guidance else ""


def purchases_text(name: str, usd_bn: float, jpy_bn: float) -> str:
    """A flow of the balance sheet that begins."""
    amounts = [f"{sign}{abs(size):,.0f} bn" for sign, size in (("$", usd_bn), ("¥", jpy_bn)) if size]
    verb = "buys" if usd_bn + jpy_bn >= 0 else "lets run off"
    return f"From today the {name} {verb} {' and '.join(amounts) or 'nothing'} of bonds and bills a month."


def format_day(day: date) -> str:
    """A day as one says it."""
    return f"{day.day} {day:%B}"


Values = dict[str, Any]
MAX_LEVELS, MAX_STATES = 12, 2000
"""A slider with more positions is no slider, and more states make a page that no browser likes."""


def page_content(store: Path) -> Content:
    """Everything that the page shows, as JSON; docs/explore.md lists it.

    Parameters
    ----------
    store
        Folder of a finished sweep with daily quantiles.

    Raises
    ------
    OutputError
        If the folder holds no sweep, or one that the page cannot show, with what to do.
    """
    manifest = read_manifest(store)
    check_sweep(store, manifest)
    states = read_states(store)
    sliders = sweep_sliders(store, states)
    series = read_series(store)
    dates = np.sort(series["date"].unique()).astype("datetime64[D]")
    there = set(series["series"])
    columns = page_columns(store, [name for name in manifest["series"] if name in there])
    days = {"dates": [str(day) for day in dates], "columns": [asdict(column) for column in columns]}
    return {
        **source_facts(manifest),
        **days,
        "sliders": [slider_json(slider) for slider in sliders],
        "states": [[level_index(slider, values.get(slider.key)) for slider in sliders] for values in states],
        "baseline": baseline_state(states),
        "data": pack_steps(daily_steps(store, series, (len(states), len(dates)), columns)),
        **metric_table(store, manifest, len(states)),
        **state_captions(manifest, states, dates),
    }


def check_sweep(store: Path, manifest: dict[str, Any]) -> None:
    """Refuse a sweep whose numbers one command per state could not give again, or that has no daily quantiles."""
    wrong = {
        f"it is {manifest['status']}: run its sweep again, which goes on where it was": manifest["status"] != FINISHED,
        f"it was run with record: {manifest['record']}; run the sweep with record: quantiles": manifest["record"]
        != "quantiles",
        "its states meet different noise; run the sweep without independent": manifest["independent"],
        "its states have different numbers of runs; run the sweep without until": manifest["until"] is not None,
        "it varies an episode; `carryflow explore` shows sweeps of scenarios": manifest["base"]["kind"] != "scenarios",
        f"it has {manifest['points']:,} states, at most {MAX_STATES:,} fit on a page": manifest["points"] > MAX_STATES,
    }
    for reason in (reason for reason, is_so in wrong.items() if is_so):
        raise OutputError(f"{store} cannot be shown: {reason}")


def read_states(store: Path) -> list[Values]:
    """Values of each state by config key."""
    import pyarrow.parquet as pq

    return [json.loads(text) for text in pq.read_table(store / POINTS).column("values").to_pylist()]


def sweep_sliders(store: Path, states: list[Values]) -> list[Slider]:
    """A slider for every key that is varied."""
    keys = list(dict.fromkeys(key for values in states for key in values))
    sliders = []
    for key in keys:
        found = {canonical_json(values.get(key)): values.get(key) for values in states}
        if len(found) > MAX_LEVELS:
            raise OutputError(
                f"{store} cannot be shown: {key} takes {len(found)} values, a slider has at most {MAX_LEVELS}; "
                "run a design with fewer levels"
            )
        sliders.append(slider_for(key, list(found.values())))
    return sliders


def baseline_state(states: list[Values]) -> int:
    """Number of the state that the others are held against: the base scenario, else the first."""
    return states.index({}) if {} in states else 0


def source_facts(manifest: dict[str, Any]) -> Content:
    """Where the numbers come from, and the command without its settings."""
    config, sweep = manifest["base"]["config"], manifest["sweep"]
    sets = ["--parameter-sets", sweep["posterior"]] if sweep["posterior"] else []
    settings = [part for setting in sweep["settings"] for part in ("--set", setting)]
    tail = ["--runs", str(manifest["replications"]), "--seed", str(manifest["seed"]), *sets]
    return {
        "format": FORMAT,
        "title": config.get("title") or manifest["scenario"],
        "scenario": manifest["scenario"],
        "runs": manifest["replications"],
        "version": manifest["versions"]["carryflow"],
        "config_hash": manifest["config_hash"],
        "command": shlex.join(["carryflow", "run", sweep["scenario"], *settings]),
        "command_end": shlex.join(tail),
    }


def slider_json(slider: Slider) -> Content:
    """A slider for the page; each position with what the command sets, empty for nothing."""
    levels = [
        {"words": level.words, "set": level_option(slider.key, level), "name": level_name(level)}
        for level in slider.levels
    ]
    return {"key": slider.key, "label": slider.label, "help": slider.help, "levels": levels}


def level_option(key: str, level: SliderLevel) -> str:
    """The option that gives a level on the command line."""
    return "" if level.value is None else shlex.join(["--set", f"{key}={level_name(level)}"])


def level_name(level: SliderLevel) -> str:
    """A level as a config reads it, also its name in the address of the page; empty for the base scenario's value."""
    value = level.value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {json.dumps(item)}" for key, item in value.items()) + "}"
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def daily_steps(
    store: Path, series: pd.DataFrame, shape: tuple[int, int], columns: list[PageColumn]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Quantiles in steps of each column, ``(states, columns, days)``."""
    values = np.full((shape[0], len(columns), shape[1]), np.nan)
    groups = {str(key): group for key, group in series.groupby("series", sort=False)}
    for at, column in enumerate(columns):
        part = groups[column.series].sort_values(["point", "date"])[column.quantile].to_numpy()
        if len(part) != shape[0] * shape[1]:
            raise OutputError(f"{store} cannot be shown: {column.series} does not reach every day in every state")
        values[:, at] = part.reshape(shape) / column.step
    return values


def metric_table(store: Path, manifest: dict[str, Any], states: int) -> Content:
    """Metrics of every state, and how many of its runs stopped early."""
    from simulation.results.summary import label_with_unit

    runs = read_runs(store)
    wanted = [metric for metric in METRICS if metric.name in manifest["metrics"]]
    names = [one.name for one in wanted]
    table = [
        format_quantiles(group[names].to_numpy(dtype=float), wanted)
        for _, group in runs[runs["status"] == "done"].groupby("point")
    ]
    if len(table) != states:
        raise OutputError(f"{store} cannot be shown: no run of some state reached its last day")
    failed = (runs["status"] != "done").groupby(runs["point"]).sum()
    labels = [
        {"name": one.name, "label": label_with_unit(one.label, one.unit).strip(), "group": one.group} for one in wanted
    ]
    return {"metrics": labels, "numbers": table, "failed": failed.tolist()}


def format_quantiles(values: FloatArray, metrics: list[Metric]) -> list[list[str]]:
    """10 %, median and 90 % of each metric over finished runs, as `carryflow run` prints them.

    Parameters
    ----------
    values
        ``(runs, metrics)``, not-a-number where a run cannot have the metric.
    metrics
        What is in the columns.
    """
    from simulation.results.summary import format_metric

    there = ~np.isnan(values)
    whole = np.flatnonzero(there.all(axis=0))
    known = dict(zip(whole.tolist(), column_quantiles(values[:, whole]), strict=True)) if len(values) else {}
    bands = [
        Band(*known[at], one.unit) if at in known else quantile_band(values[there[:, at], at], one.unit)
        for at, one in enumerate(metrics)
    ]
    return [[format_metric(value, one.unit) for value in (one.p10, one.p50, one.p90)] for one in bands]


def state_captions(manifest: dict[str, Any], states: list[Values], dates: Any) -> Content:
    """Captions of the days; states with the same story share it."""
    base = BaseScenario(manifest["base"]["kind"], canonical_json(manifest["base"]["config"]))
    known: dict[str, int] = {}
    told_of = []
    for values in states:
        found = page_events(scenario_at(base, values), dates)
        told_of.append(known.setdefault(canonical_json([asdict(one) for one in found]), len(known)))
    return {"stories": [json.loads(text) for text in known], "story": told_of}
