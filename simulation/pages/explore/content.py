"""What the page is made of: states, their daily quantiles and their numbers, read from the store of a sweep."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.pages.explore.columns import Column, columns_of, packed
from simulation.pages.explore.events import happenings
from simulation.pages.explore.page import FORMAT, Content
from simulation.pages.explore.sliders import Level, Slider, level_of, slider_of
from simulation.results.metrics import METRICS, Band, FloatArray, Metric, band, quantiles_of
from simulation.results.store import OutputError
from simulation.sweeps.facts import FINISHED
from simulation.sweeps.points import Base, scenario_at, text_of
from simulation.sweeps.store import POINTS, read_manifest, read_runs, read_series

if TYPE_CHECKING:
    import pandas as pd

Values = dict[str, Any]
MOST_LEVELS, MOST_STATES = 12, 2000
"""A slider with more positions is no slider, and more states make a page that no browser likes."""


def content_of(store: Path) -> Content:
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
    refuse_unfit(store, manifest)
    states = states_of(store)
    sliders = sliders_of(store, states)
    series = read_series(store)
    dates = np.sort(series["date"].unique()).astype("datetime64[D]")
    there = set(series["series"])
    columns = columns_of(store, [name for name in manifest["series"] if name in there])
    days = {"dates": [str(day) for day in dates], "columns": [asdict(column) for column in columns]}
    return {
        **about(manifest),
        **days,
        "sliders": [told(slider) for slider in sliders],
        "states": [[level_of(slider, values.get(slider.key)) for slider in sliders] for values in states],
        "baseline": baseline(states),
        "data": packed(daily(store, series, (len(states), len(dates)), columns)),
        **numbers(store, manifest, len(states)),
        **stories(manifest, states, dates),
    }


def refuse_unfit(store: Path, manifest: dict[str, Any]) -> None:
    """Refuse a sweep whose numbers one command per state could not give again, or that has no daily quantiles."""
    wrong = {
        f"it is {manifest['status']}: run its sweep again, which goes on where it was": manifest["status"] != FINISHED,
        f"it was run with record: {manifest['record']}; run the sweep with record: quantiles": manifest["record"]
        != "quantiles",
        "its states meet different noise; run the sweep without independent": manifest["independent"],
        "its states have different numbers of runs; run the sweep without until": manifest["until"] is not None,
        "it varies an episode; `carryflow explore` shows sweeps of scenarios": manifest["base"]["kind"] != "scenarios",
        f"it has {manifest['points']:,} states, at most {MOST_STATES:,} fit on a page": manifest["points"]
        > MOST_STATES,
    }
    for reason in (reason for reason, is_so in wrong.items() if is_so):
        raise OutputError(f"{store} cannot be shown: {reason}")


def states_of(store: Path) -> list[Values]:
    """Values of each state by config key."""
    import pyarrow.parquet as pq

    return [json.loads(text) for text in pq.read_table(store / POINTS).column("values").to_pylist()]


def sliders_of(store: Path, states: list[Values]) -> list[Slider]:
    """A slider for every key that is varied."""
    keys = list(dict.fromkeys(key for values in states for key in values))
    sliders = []
    for key in keys:
        found = {text_of(values.get(key)): values.get(key) for values in states}
        if len(found) > MOST_LEVELS:
            raise OutputError(
                f"{store} cannot be shown: {key} takes {len(found)} values, a slider has at most {MOST_LEVELS}; "
                "run a design with fewer levels"
            )
        sliders.append(slider_of(key, list(found.values())))
    return sliders


def baseline(states: list[Values]) -> int:
    """Number of the state that the others are held against: the base scenario, else the first."""
    return states.index({}) if {} in states else 0


def about(manifest: dict[str, Any]) -> Content:
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


def told(slider: Slider) -> Content:
    """A slider for the page; each position with what the command sets, empty for nothing."""
    levels = [{"words": level.words, "set": setting(slider.key, level), "name": name(level)} for level in slider.levels]
    return {"key": slider.key, "label": slider.label, "help": slider.help, "levels": levels}


def setting(key: str, level: Level) -> str:
    """The option that gives a level on the command line."""
    return "" if level.value is None else shlex.join(["--set", f"{key}={name(level)}"])


def name(level: Level) -> str:
    """A level as a config reads it, also its name in the address of the page; empty for the base scenario's value."""
    value = level.value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {json.dumps(item)}" for key, item in value.items()) + "}"
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def daily(
    store: Path, series: pd.DataFrame, shape: tuple[int, int], columns: list[Column]
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


def numbers(store: Path, manifest: dict[str, Any], states: int) -> Content:
    """Metrics of every state, and how many of its runs stopped early."""
    from simulation.results.summary_table import labelled

    runs = read_runs(store)
    wanted = [metric for metric in METRICS if metric.name in manifest["metrics"]]
    names = [one.name for one in wanted]
    table = [
        printed(group[names].to_numpy(dtype=float), wanted)
        for _, group in runs[runs["status"] == "done"].groupby("point")
    ]
    if len(table) != states:
        raise OutputError(f"{store} cannot be shown: no run of some state reached its last day")
    failed = (runs["status"] != "done").groupby(runs["point"]).sum()
    labels = [{"name": one.name, "label": labelled(one.label, one.unit).strip(), "group": one.group} for one in wanted]
    return {"metrics": labels, "numbers": table, "failed": failed.tolist()}


def printed(values: FloatArray, metrics: list[Metric]) -> list[list[str]]:
    """10 %, median and 90 % of each metric over finished runs, as `carryflow run` prints them.

    Parameters
    ----------
    values
        ``(runs, metrics)``, not-a-number where a run cannot have the metric.
    metrics
        What is in the columns.
    """
    from simulation.results.summary_table import number_text

    there = ~np.isnan(values)
    whole = np.flatnonzero(there.all(axis=0))
    known = dict(zip(whole.tolist(), quantiles_of(values[:, whole]), strict=True)) if len(values) else {}
    bands = [
        Band(*known[at], one.unit) if at in known else band(values[there[:, at], at], one.unit)
        for at, one in enumerate(metrics)
    ]
    return [[number_text(value, one.unit) for value in (one.p10, one.p50, one.p90)] for one in bands]


def stories(manifest: dict[str, Any], states: list[Values], dates: Any) -> Content:
    """Captions of the days; states with the same story share it."""
    base = Base(manifest["base"]["kind"], text_of(manifest["base"]["config"]))
    known: dict[str, int] = {}
    told_of = []
    for values in states:
        found = happenings(scenario_at(base, values), dates)
        told_of.append(known.setdefault(text_of([asdict(one) for one in found]), len(known)))
    return {"stories": [json.loads(text) for text in known], "story": told_of}
