"""Content of the page, read from the store of a sweep: states, daily quantiles, metrics and dated captions."""

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
    """The events of one day.

    Attributes
    ----------
    day
        Index of the day in the scenario, from 0.
    words
        Caption.
    mark
        Label of the vertical line on the charts; empty for none.
    """

    day: int
    words: str
    mark: str = ""


def page_events(scenario: Scenario, dates: Dates) -> list[PageEvent]:
    """Dated events of a scenario in order, with one caption per day.

    Parameters
    ----------
    scenario
        The simulated scenario.
    dates
        Its business days, ``(days,)``.
    """
    words: dict[int, list[str]] = {}
    for day, text in [(scenario.start, opening_text(scenario)), *dated_texts(scenario)]:
        at = int(np.searchsorted(dates, np.datetime64(day, "D")))
        if at < len(dates):
            words.setdefault(at, []).append(text)
    words.setdefault(len(dates) - 1, []).append("End of the scenario.")
    marks: dict[int, list[str]] = {}
    for mark in policy_dates(scenario, dates):
        marks.setdefault(int(np.searchsorted(dates, mark.day)), []).append(mark.label)
    return [PageEvent(day, " ".join(words[day]), ", ".join(marks.get(day, []))) for day in sorted(words)]


def dated_texts(scenario: Scenario) -> Iterator[tuple[date, str]]:
    """Yield the date and the caption of each event in the config."""
    for name, key in BANKS:
        bank: CentralBank = getattr(scenario, key)
        for meeting in bank.meetings:
            yield from meeting_texts(name, bank, meeting)
        for flow in bank.balance_sheet:
            yield flow.first_day, purchases_text(name, flow.bought_usd_bn_per_month, flow.bought_jpy_bn_per_month)
    for period in scenario.thin_periods:
        yield period.first_day, f"Market liquidity is low until {format_day(period.last_day)}."


def opening_text(scenario: Scenario) -> str:
    """Prices at the start, and the imposed path of the spread if there is one."""
    start, path = scenario.start_values, scenario.spread_path
    spread = f"the ten-year spread at {start.ust10_pct - start.jgb10_pct:.2f} points"
    text = f"Start of the scenario: USDJPY at {start.usdjpy:.2f}, {spread}."
    if path is None:
        return text
    days = "at once" if path.surprise else f"in equal steps over {path.over_days} business days"
    return f"{text} Imposed path of the spread: to {path.target_pp:.2f} points, {days}."


def meeting_texts(name: str, bank: CentralBank, meeting: Meeting) -> Iterator[tuple[date, str]]:
    """Yield each signal with the probability after it, then the decision with the probability that was priced."""
    odds = pending_meeting(meeting, 0, 1)
    if meeting.decision is None:
        yield meeting.date, f"The {name} meets; each run draws its own decision."
        return
    for signal in meeting.signals:
        odds = update_odds(odds, bank.signal_multiplier * signal.strength)
        step = f"{format_rate_step(meeting.step)} on {format_day(meeting.date)}"
        text = f"probability of a {step}: {format_probability(odds, meeting.step)}"
        yield signal.date, f"{capitalized(signal.label or 'a signal')}; {text}."
    yield meeting.date, f"{decision_text(name, meeting)}; {priced_text(odds, meeting)}.{guidance_text(meeting)}"


def update_odds(odds: PendingMeeting, strength: float) -> PendingMeeting:
    """The meeting with its probabilities after a signal."""
    return PendingMeeting(
        odds.meeting, odds.day, odds.steps, tilt_probabilities(odds.probabilities, odds.steps, strength)
    )


def format_probability(odds: PendingMeeting, step_bp: float) -> str:
    """Probability of one outcome, in percent."""
    at = int(np.argmin(np.abs(odds.steps - step_bp * 1e-4)))
    return f"{100.0 * float(odds.probabilities[0, at]):.0f} %"


def format_rate_step(step_bp: float) -> str:
    """Size and direction of a rate change."""
    return f"{abs(step_bp):g} bp {'hike' if step_bp > 0 else 'cut'}"


def decision_text(name: str, meeting: Meeting) -> str:
    """Decision of a meeting."""
    if not meeting.decision:
        return f"The {name} leaves its rate unchanged"
    return f"The {name} {'raises' if meeting.decision > 0 else 'cuts'} its rate by {abs(meeting.decision):g} bp"


def priced_text(odds: PendingMeeting, meeting: Meeting) -> str:
    """Priced probability of the rate change that the market considered."""
    return f"a {format_rate_step(meeting.step)} was priced at {format_probability(odds, meeting.step)}"


def guidance_text(meeting: Meeting) -> str:
    """Guidance given with the decision."""
    return f" Guidance: {readable_name(meeting.guidance)}." if meeting.guidance else ""


def purchases_text(name: str, usd_bn: float, jpy_bn: float) -> str:
    """Start of bond and bill purchases, or of run-off."""
    amounts = [f"{sign}{abs(size):,.0f} bn" for sign, size in (("$", usd_bn), ("¥", jpy_bn)) if size]
    verb = "buys" if usd_bn + jpy_bn >= 0 else "lets run off"
    return f"From today the {name} {verb} {' and '.join(amounts) or 'nothing'} of bonds and bills a month."


def format_day(day: date) -> str:
    """Day and month."""
    return f"{day.day} {day:%B}"


Values = dict[str, Any]
MAX_LEVELS, MAX_STATES = 12, 2000
"""Largest number of positions of a slider, and of states of a page (which limits its file size)."""


def page_content(store: Path) -> Content:
    """Content of the page as JSON (fields in docs/explore.md).

    Parameters
    ----------
    store
        Folder of a finished sweep with daily quantiles.

    Raises
    ------
    OutputError
        If the folder holds no sweep, or a sweep that the page cannot show; the message names the cure.
    """
    manifest = read_manifest(store)
    check_sweep(store, manifest)
    states = read_states(store)
    sliders = sweep_sliders(store, states)
    series = read_series(store)
    dates = np.sort(series["date"].unique()).astype("datetime64[D]")
    available = set(series["series"])
    columns = page_columns(store, [name for name in manifest["series"] if name in available])
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
    """Refuse a sweep without daily quantiles, or whose states cannot be reproduced with one command each."""
    status, record, points = manifest["status"], manifest["record"], manifest["points"]
    problems = {
        f"its status is {status}; run the same sweep again to resume and finish it": status != FINISHED,
        f"it was run with record: {record}; run the sweep with record: quantiles": record != "quantiles",
        "its states have independent random numbers; run the sweep without independent": manifest["independent"],
        "its states have different numbers of runs; run the sweep without until": manifest["until"] is not None,
        "it varies an episode; `carryflow explore` shows sweeps of scenarios": manifest["base"]["kind"] != "scenarios",
        f"it has {points:,} states; the limit is {MAX_STATES:,}": points > MAX_STATES,
    }
    for problem in (text for text, applies in problems.items() if applies):
        raise OutputError(f"{store} cannot be shown: {problem}")


def read_states(store: Path) -> list[Values]:
    """Read the values of each state by config key."""
    import pyarrow.parquet as pq

    return [json.loads(text) for text in pq.read_table(store / POINTS).column("values").to_pylist()]


def sweep_sliders(store: Path, states: list[Values]) -> list[Slider]:
    """One slider for every key that the sweep varies."""
    keys = list(dict.fromkeys(key for values in states for key in values))
    sliders = []
    for key in keys:
        distinct = {canonical_json(values.get(key)): values.get(key) for values in states}
        if len(distinct) > MAX_LEVELS:
            raise OutputError(
                f"{store} cannot be shown: {key} takes {len(distinct)} values, a slider has at most {MAX_LEVELS}; "
                "run a design with fewer levels"
            )
        sliders.append(slider_for(key, list(distinct.values())))
    return sliders


def baseline_state(states: list[Values]) -> int:
    """Index of the baseline: the base scenario, or the first state if the design does not contain it."""
    return states.index({}) if {} in states else 0


def source_facts(manifest: dict[str, Any]) -> Content:
    """Source of the numbers, and the command without the settings of a state."""
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
    """Slider as JSON; each position has its command-line option, empty for the base scenario's value."""
    levels = [
        {"words": level.words, "set": level_option(slider.key, level), "name": level_name(level)}
        for level in slider.levels
    ]
    return {"key": slider.key, "label": slider.label, "help": slider.help, "levels": levels}


def level_option(key: str, level: SliderLevel) -> str:
    """Command-line option that sets a level."""
    return "" if level.value is None else shlex.join(["--set", f"{key}={level_name(level)}"])


def level_name(level: SliderLevel) -> str:
    """Value of a level in config syntax, also used in the page's address; empty for the base scenario's value."""
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
            raise OutputError(
                f"{store} cannot be shown: {column.series} does not have every day in every state; run the sweep again"
            )
        values[:, at] = part.reshape(shape) / column.step
    return values


def metric_table(store: Path, manifest: dict[str, Any], states: int) -> Content:
    """Metrics of every state, and the number of its runs that stopped early."""
    from simulation.results.summary import label_with_unit

    runs = read_runs(store)
    metrics = [metric for metric in METRICS if metric.name in manifest["metrics"]]
    names = [one.name for one in metrics]
    table = [
        format_quantiles(group[names].to_numpy(dtype=float), metrics)
        for _, group in runs[runs["status"] == "done"].groupby("point")
    ]
    if len(table) != states:
        raise OutputError(
            f"{store} cannot be shown: in at least one state no run reached the last day; leave it out of the design"
        )
    failed = (runs["status"] != "done").groupby(runs["point"]).sum()
    labels = [
        {"name": one.name, "label": label_with_unit(one.label, one.unit).strip(), "group": one.group} for one in metrics
    ]
    return {"metrics": labels, "numbers": table, "failed": failed.tolist()}


def format_quantiles(values: FloatArray, metrics: list[Metric]) -> list[list[str]]:
    """10 % quantile, median and 90 % quantile of each metric over finished runs, formatted as by `carryflow run`.

    Parameters
    ----------
    values
        ``(runs, metrics)``; NaN where a metric is not defined for a run.
    metrics
        The metrics of the columns.
    """
    from simulation.results.summary import format_metric

    defined = ~np.isnan(values)
    complete = np.flatnonzero(defined.all(axis=0))
    known = dict(zip(complete.tolist(), column_quantiles(values[:, complete]), strict=True)) if len(values) else {}
    bands = [
        Band(*known[at], one.unit) if at in known else quantile_band(values[defined[:, at], at], one.unit)
        for at, one in enumerate(metrics)
    ]
    return [[format_metric(value, one.unit) for value in (one.p10, one.p50, one.p90)] for one in bands]


def state_captions(manifest: dict[str, Any], states: list[Values], dates: Any) -> Content:
    """Captions of the days; states with equal captions share one list."""
    base = BaseScenario(manifest["base"]["kind"], canonical_json(manifest["base"]["config"]))
    known: dict[str, int] = {}
    indices = []
    for values in states:
        events = page_events(scenario_at(base, values), dates)
        indices.append(known.setdefault(canonical_json([asdict(one) for one in events]), len(known)))
    return {"stories": [json.loads(text) for text in known], "story": indices}
