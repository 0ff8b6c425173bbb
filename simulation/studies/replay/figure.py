"""The figure of a replay: simulated results in the upper panels, inputs in the lower ones."""

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
from simulation.studies.replay.scores import ReplayRuns
from simulation.values.conventions import Dates
from simulation.values.labels import readable_name

MARK_HEIGHT = 0.03
"""Height of the first row of marks above the bottom of the panel, as a share of the panel's height."""
MARK_SHAPES = {"interventions": "^", "statements": "d", "dollars bought": "s", "volatility": "*"}
MARK_SIGNS = {"^": "▲", "d": "◆", "s": "■", "*": "★"}
BOND_COLOURS = {"ust2": "#7A6A4F", "ust10": "#B79F6B", "jgb2": "#AA4499", "jgb10": "#D79BCB"}
BOND_NAMES = {"ust2": "US 2y", "ust10": "US 10y", "jgb2": "Japan 2y", "jgb10": "Japan 10y"}
VALUE_COLOURS = ("#009E73", "#882255", GREY)
OBSERVED_COLOUR = "#D55E00"
PanelLines = dict[str, tuple[str, FloatArray | None]]
"""Lines of a panel by name: colour and values."""


def input_days(event: Event) -> dict[str, list[date]]:
    """Return the dates of each kind of input that is marked rather than drawn as a line; unused kinds are omitted."""
    officials = event.ministry_of_finance
    days = {
        "interventions": [item.date for item in officials.interventions] if officials is not None else [],
        "statements": [item.date for bank in (event.fed, event.boj) for item in bank.statements],
        "dollars bought": [item.date for item in event.news if item.dollars_bought_usd_bn],
        "volatility": [item.date for item in event.news if item.volatility_x is not None],
    }
    return {name: sorted(dates) for name, dates in days.items() if dates}


def draw_input_marks(axes: Axes, event: Event, dates: Dates) -> list[tuple[str, str]]:
    """Mark the input days along the bottom of a panel, one row per kind; return the legend entries."""
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
    """Return the input days within the simulated period."""
    first, last = dates[0], dates[-1]
    within = {
        name: [day for day in days if first <= np.datetime64(day, "D") <= last]
        for name, days in input_days(event).items()
    }
    return {name: days for name, days in within.items() if days}


def draw_replay(replay: ReplayRuns) -> Drawing:
    """Draw USDJPY simulated and observed, the remaining positions, and the inputs."""
    with figure_style():
        figure = new_figure(Heading(title_text(replay), subtitle_text(replay), source_text(replay)))
        price, positions = figure.add_axes((0.03, 0.45, 0.56, 0.29)), figure.add_axes((0.65, 0.45, 0.30, 0.29))
        yields, values = figure.add_axes((0.03, 0.105, 0.56, 0.20)), figure.add_axes((0.65, 0.105, 0.30, 0.20))
        results = (
            {"date": replay.full.dates} | draw_price_panel(price, replay) | draw_positions_panel(positions, replay)
        )
        return Drawing(figure, results | draw_yields_panel(yields, replay) | draw_values_panel(values, replay))


def title_text(replay: ReplayRuns) -> str:
    """Return the main result in one line."""
    scores, name = replay.scores, replay.event.title or replay.event.name
    trough = scores["trough_pct"]
    if trough.quantiles is None:
        return f"{name}: no run reached the last day"
    observed = "" if trough.observed is None else f", {_signed_text(trough.observed)} % observed"
    rmse = scores["path_rmse_pp"].quantiles
    distance = "" if rmse is None else f"; {rmse[1]:.1f} pp from the observed path"
    return f"{name}: lowest USDJPY {_signed_text(trough.quantiles[1])} % simulated{observed}{distance}"


def _signed_text(value: float) -> str:
    text = f"{value:+.1f}".replace("-", "−")
    return "0.0" if text[1:] == "0.0" else text


def subtitle_text(replay: ReplayRuns) -> str:
    """Return how to read the bands and the line."""
    kind = "Parameters fitted to this event" if replay.fitted else "Out of sample: nothing was fitted to this event"
    spread = "noise" if replay.cloud is None else "noise and parameter uncertainty"
    return f"{kind}. Bands: middle 50 and 90 % of {len(replay.full.runs):,} runs ({spread}); line: median without drawn news"


def source_text(replay: ReplayRuns) -> str:
    """Return the source line: event, period, seed, parameter sets and observed series."""
    sets = "" if replay.cloud is None else f", parameter sets {replay.cloud.name}"
    observed = "; ".join(dict.fromkeys(item.source for item in replay.event.observed))
    observations = f" Observed: {observed}" if observed else ""
    period = f"{replay.event.start} to {replay.event.end}"
    return f"Source: carryflow simulation, event {replay.event.name}, {period}, seed {replay.event.seed}{sets}.{observations}"


def draw_price_panel(axes: Axes, replay: ReplayRuns) -> Columns:
    """Draw the bands of USDJPY, the central path and the observations; return what is shown."""
    bands, dates = replay.bands(), replay.full.dates
    remove_frame(axes)
    if not bands:
        panel_title(axes, "No run reached the last day")
        return {}
    rows = np.array([bands[name] for name in ("p05", "p25", "p50", "p75", "p95")])
    draw_fan(axes, dates, rows)
    axes.lines[-1].set_visible(False)
    axes.plot(dates, bands["central"], color=INK, linewidth=1.8)
    observed = observed_path(replay.event, replay.full, "usdjpy", (0, 0, len(dates) - 1))
    if observed is not None:
        axes.plot(dates, observed, "o", color=OBSERVED_COLOUR, markersize=4, clip_on=False)
    format_date_axis(axes, dates, ticks=6)
    lines = mark_policy_dates(axes, policy_dates(replay.event, dates))
    panel_title(axes, "OUTPUT: USDJPY, yen per dollar (down: stronger yen)", lines_below=lines + 1)
    entries = [("━ simulated", INK)] + ([] if observed is None else [("● observed", OBSERVED_COLOUR)])
    legend_line(axes, [*entries, *draw_input_marks(axes, replay.event, dates)], lines)
    columns = {f"usdjpy_{name}": row for name, row in bands.items()}
    return columns if observed is None else columns | {"usdjpy_observed": observed}


def draw_positions_panel(axes: Axes, replay: ReplayRuns) -> Columns:
    """Draw the remaining positions of the event's measured populations, percent of the start; return what is shown."""
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


def draw_yields_panel(axes: Axes, replay: ReplayRuns) -> Columns:
    """Draw the given yield changes, cumulated from the start; return what is shown."""
    lines: PanelLines = {}
    for key, name in BOND_NAMES.items():
        lines[name] = BOND_COLOURS[key], cumulative_changes(replay, [getattr(item, key) for item in replay.event.news])
    _draw_input_panel(axes, replay, lines, "yields", " since the start, bp")
    return {f"given_{name}_bp": line for name, (_, line) in lines.items() if line is not None}


def draw_values_panel(axes: Axes, replay: ReplayRuns) -> Columns:
    """Draw the given changes in asset values, cumulated over the given days; return what is shown."""
    lines: PanelLines = {}
    for at, asset in enumerate(sorted({name for item in replay.event.news for name in item.value_pct})):
        given = cumulative_changes(replay, [item.value_pct.get(asset) for item in replay.event.news])
        lines[readable_name(asset)] = VALUE_COLOURS[at % len(VALUE_COLOURS)], given
    _draw_input_panel(axes, replay, lines, "values", ", % on the days given")
    return {f"given_{name}_pct": line for name, (_, line) in lines.items() if line is not None}


def _draw_input_panel(axes: Axes, replay: ReplayRuns, lines: PanelLines, name: str, unit: str) -> None:
    remove_frame(axes)
    axes.set_facecolor("#f4f4f4")
    entries = []
    for label, (shade, values) in lines.items():
        if values is not None:
            axes.plot(replay.full.dates, values, color=shade, linewidth=1.5)
            entries.append((f"━ {label}", shade))
    format_date_axis(axes, replay.full.dates, ticks=6 if len(lines) > 2 else 4)
    if not entries:
        axes.set_yticks([])
    panel_title(axes, f"INPUT: {name}{unit}" if entries else f"INPUT: no {name} given", lines_below=1 if entries else 0)
    legend_line(axes, entries)


def cumulative_changes(replay: ReplayRuns, given: Sequence[float | None]) -> FloatArray | None:
    """Return the running sum of given changes by day, ``(days,)``; None if nothing is given.

    `given` has one value for each entry of the event's news.
    """
    if all(value is None for value in given):
        return None
    steps = np.zeros(len(replay.full.dates))
    for item, value in zip(replay.event.news, given, strict=True):
        steps[np.searchsorted(replay.full.dates, np.datetime64(item.date, "D"))] = value or 0.0
    return np.asarray(np.cumsum(steps))
