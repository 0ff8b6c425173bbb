"""Marks under the price for what an event gives that has no line of its own: interventions, statements, dollars, volatility.

The picture of a replay: what the model answers above, what it was given below.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from matplotlib.axes import Axes

from simulation.results.figures.style import (
    GREY,
    INK,
    Columns,
    Drawing,
    FloatArray,
    Heading,
    draw_fan,
    figure_style,
    format_date_axis,
    legend_line,
    mark_policy_dates,
    new_figure,
    panel_title,
    policy_dates,
    population_colour,
    remove_frame,
)
from simulation.results.metrics import FinishedRuns
from simulation.scenario.event import Event
from simulation.studies.replay.measures import observed_path
from simulation.studies.replay.replay import Replay
from simulation.values.conventions import Dates
from simulation.values.labels import readable_name

MARK_HEIGHT = 0.03
"""Height of the first row of marks above the floor of the panel, as a share of the panel."""
MARK_SHAPES = {"interventions": "^", "statements": "d", "dollars bought": "s", "volatility": "*"}
MARK_SIGNS = {"^": "▲", "d": "◆", "s": "■", "*": "★"}


def input_days(event: Event) -> dict[str, list[date]]:
    """Days on which each kind of such an input is given; kinds that are never given are left out."""
    officials = event.ministry_of_finance
    days = {
        "interventions": [item.date for item in officials.interventions] if officials is not None else [],
        "statements": [item.date for bank in (event.fed, event.boj) for item in bank.statements],
        "dollars bought": [item.date for item in event.news if item.dollars_bought_usd_bn],
        "volatility": [item.date for item in event.news if item.volatility_x is not None],
    }
    return {name: sorted(found) for name, found in days.items() if found}


def draw_input_marks(axes: Axes, event: Event, dates: Dates) -> list[tuple[str, str]]:
    """Mark those days along the floor of a panel, a row for each kind; returns the entries for its line of names."""
    entries = []
    for row, (name, days) in enumerate(input_days_within(event, dates).items()):
        height = MARK_HEIGHT * (1 + 2 * row)
        axes.plot(
            np.array(days, dtype="datetime64[D]"),
            np.full(len(days), height),
            MARK_SHAPES[name],
            color=GREY,
            markersize=5,
            transform=axes.get_xaxis_transform(),
        )
        entries.append((f"{MARK_SIGNS[MARK_SHAPES[name]]} {name} (input)", GREY))
    return entries


def input_days_within(event: Event, dates: Dates) -> dict[str, list[date]]:
    """The marked days that lie within the days replayed."""
    first, last = dates[0], dates[-1]
    kept = {
        name: [day for day in days if first <= np.datetime64(day, "D") <= last]
        for name, days in input_days(event).items()
    }
    return {name: days for name, days in kept.items() if days}


BOND_COLOURS = {"ust2": "#7A6A4F", "ust10": "#B79F6B", "jgb2": "#AA4499", "jgb10": "#D79BCB"}
BOND_NAMES = {"ust2": "US 2y", "ust10": "US 10y", "jgb2": "Japan 2y", "jgb10": "Japan 10y"}
VALUE_COLOURS = ("#009E73", "#882255", GREY)
OBSERVED_COLOUR = "#D55E00"
PanelLines = dict[str, tuple[str, FloatArray | None]]
"""Lines of a panel by name: colour and values."""


def draw_replay(replay: Replay) -> Drawing:
    """Draw USDJPY simulated and observed, the positions given up, and the inputs."""
    with figure_style():
        figure = new_figure(Heading(title_text(replay), subtitle_text(replay), source_text(replay)))
        path, held = figure.add_axes((0.03, 0.45, 0.56, 0.29)), figure.add_axes((0.65, 0.45, 0.30, 0.29))
        yields, values = figure.add_axes((0.03, 0.105, 0.56, 0.20)), figure.add_axes((0.65, 0.105, 0.30, 0.20))
        numbers = {"date": replay.full.dates} | draw_price_panel(path, replay) | draw_positions_panel(held, replay)
        return Drawing(figure, numbers | draw_yields_panel(yields, replay) | draw_values_panel(values, replay))


def title_text(replay: Replay) -> str:
    """What the replay found, in one line."""
    scores, name = replay.scores, replay.event.title or replay.event.name
    low = scores["trough_pct"]
    if low.quantiles is None:
        return f"{name}: no run reached its end"
    seen = "" if low.observed is None else f", {_signed_text(low.observed)} % observed"
    distance = scores["path_rmse_pp"].quantiles
    far = "" if distance is None else f"; {distance[1]:.1f} pp from the observed path"
    return f"{name}: lowest USDJPY {_signed_text(low.quantiles[1])} % simulated{seen}{far}"


def _signed_text(value: float) -> str:
    text = f"{value:+.1f}".replace("-", "−")
    return "0.0" if text[1:] == "0.0" else text


def subtitle_text(replay: Replay) -> str:
    """How to read the figure."""
    kind = "Parameters fitted to this event" if replay.fitted else "Out of sample: nothing was fitted to this event"
    what = "noise" if replay.cloud is None else "noise and parameter uncertainty"
    return f"{kind}. Band: middle 50 and 90 % of {len(replay.full.runs):,} runs ({what}); line: answer to the given inputs alone"


def source_text(replay: Replay) -> str:
    """Where the numbers come from."""
    sets = "" if replay.cloud is None else f", parameter sets {replay.cloud.name}"
    observed = "; ".join(dict.fromkeys(item.source for item in replay.event.observed))
    seen = f" Observed: {observed}" if observed else ""
    span = f"{replay.event.start} to {replay.event.end}"
    return f"Source: carryflow simulation, event {replay.event.name}, {span}, seed {replay.event.seed}{sets}.{seen}"


def draw_price_panel(axes: Axes, replay: Replay) -> Columns:
    """USDJPY: bands, the central path, what was observed."""
    bands, dates = replay.bands(), replay.full.dates
    remove_frame(axes)
    if not bands:
        panel_title(axes, "No run reached the last day")
        return {}
    rows = np.array([bands[name] for name in ("p05", "p25", "p50", "p75", "p95")])
    draw_fan(axes, dates, rows)
    axes.lines[-1].set_visible(False)
    axes.plot(dates, bands["central"], color=INK, linewidth=1.8)
    seen = observed_path(replay.event, replay.full, "usdjpy", (0, 0, len(dates) - 1))
    if seen is not None:
        axes.plot(dates, seen, "o", color=OBSERVED_COLOUR, markersize=4, clip_on=False)
    format_date_axis(axes, dates, ticks=6)
    lines = mark_policy_dates(axes, policy_dates(replay.event, dates))
    panel_title(axes, "OUTPUT: USDJPY, yen per dollar (down: stronger yen)", lines_below=lines + 1)
    entries = [("━ simulated", INK), ("● observed", OBSERVED_COLOUR)] if seen is not None else [("━ simulated", INK)]
    legend_line(axes, [*entries, *draw_input_marks(axes, replay.event, dates)], lines)
    numbers = {f"usdjpy_{name}": row for name, row in bands.items()}
    return numbers if seen is None else numbers | {"usdjpy_observed": seen}


def draw_positions_panel(axes: Axes, replay: Replay) -> Columns:
    """Positions still held by those whose unwinding is measured, percent of the start."""
    remove_frame(axes)
    names = list(replay.event.unwound_of)
    held = FinishedRuns(replay.central).flow("stock_usd_bn", names)
    start = held[:, :1]
    if not len(held) or (start <= 0.0).any():
        panel_title(axes, "OUTPUT: no position is held at the start")
        return {}
    left = 100.0 * np.quantile(held / start, (0.1, 0.5, 0.9), axis=0)
    shade = population_colour(names[0])
    axes.fill_between(replay.full.dates, left[0], left[2], color=shade, alpha=0.25, linewidth=0)
    axes.plot(replay.full.dates, left[1], color=shade, linewidth=1.8)
    axes.set_ylim(0, 1.04 * max(100.0, float(left.max())))
    format_date_axis(axes, replay.full.dates, ticks=4)
    panel_title(axes, f"OUTPUT: positions of {', '.join(readable_name(name) for name in names)}, % of start")
    return {f"held_pct_{name}": row for name, row in zip(("p10", "p50", "p90"), left, strict=True)}


def draw_yields_panel(axes: Axes, replay: Replay) -> Columns:
    """Given yields, added up since the start."""
    lines: PanelLines = {}
    for key, name in BOND_NAMES.items():
        lines[name] = BOND_COLOURS[key], cumulative_changes(replay, [getattr(item, key) for item in replay.event.news])
    _draw_input_panel(axes, replay, lines, ("yields", " since the start, bp"))
    return {f"given_{name}_bp": line for name, (_, line) in lines.items() if line is not None}


def draw_values_panel(axes: Axes, replay: Replay) -> Columns:
    """Given values of assets, added up over the days on which they are given."""
    lines: PanelLines = {}
    for at, asset in enumerate(sorted({name for item in replay.event.news for name in item.value_pct})):
        given = cumulative_changes(replay, [item.value_pct.get(asset) for item in replay.event.news])
        lines[readable_name(asset)] = VALUE_COLOURS[at % len(VALUE_COLOURS)], given
    _draw_input_panel(axes, replay, lines, ("values", ", % on the days given"))
    return {f"given_{name}_pct": line for name, (_, line) in lines.items() if line is not None}


def _draw_input_panel(axes: Axes, replay: Replay, lines: PanelLines, what: tuple[str, str]) -> None:
    remove_frame(axes)
    axes.set_facecolor("#f4f4f4")
    entries = []
    for name, (shade, values) in lines.items():
        if values is not None:
            axes.plot(replay.full.dates, values, color=shade, linewidth=1.5)
            entries.append((f"━ {name}", shade))
    format_date_axis(axes, replay.full.dates, ticks=6 if len(lines) > 2 else 4)
    if not entries:
        axes.set_yticks([])
    name, unit = what
    panel_title(axes, f"INPUT: {name}{unit}" if entries else f"INPUT: no {name} given", lines_below=1 if entries else 0)
    legend_line(axes, entries)


def cumulative_changes(replay: Replay, given: Sequence[float | None]) -> FloatArray | None:
    """Given changes, one for each entry of the event's news, added up by day; none where nothing is given."""
    if all(value is None for value in given):
        return None
    steps = np.zeros(len(replay.full.dates))
    for item, value in zip(replay.event.news, given, strict=True):
        steps[np.searchsorted(replay.full.dates, np.datetime64(item.date, "D"))] = value or 0.0
    return np.asarray(np.cumsum(steps))
