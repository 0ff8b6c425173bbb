"""Do loop gain, distance to tipping, crowding and carry-to-volatility lead the cascades that the model makes?

Two worlds: the official scenario over a year, and a long history under drawn rate paths after two years of warming up.  At
every close outside a cascade each indicator is read, and then it is seen whether a cascade begins within 5 or 20 business
days.  The area under the ROC curve (AUC) is the chance that a close before a cascade looks worse than another close: 0.5
is a coin, 1 perfect.

Everything is judged on runs that nothing was fitted on: runs with an even number train the index of all six indicators
and the thresholds of alarms, runs with an odd number judge.  Which direction of an indicator warns is stated beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import simulation as cf
from simulation.day.fragility import CROWDING_FALL
from simulation.day.recorder import CASCADE_USD_BN
from simulation.results.figures.style import (
    ACCENT,
    GREY,
    INK,
    Columns,
    Drawing,
    FloatArray,
    Heading,
    legend_line,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.studies.early_warning.evaluation import (
    INDEX,
    LeadStatistics,
    TooFewCascadesError,
    lead_statistics_by_score,
)
from simulation.studies.early_warning.panel import (
    BENCHMARK,
    INDICATORS,
    LONGEST_HORIZON_DAYS,
    Panel,
    panel_from_record,
    split_by_run,
)
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    with_investors,
)
from simulation.studies.experiment.figures import draw_banded_line, style_bar_axes

RUNS, QUICK_RUNS = 200, 60
QUICK_NOTE = "carry holders alone with 100 investors each over eight months, no long history"
HISTORY, HISTORY_RUNS, HISTORY_END, WARM_UP_DAYS, EVERY_DAYS = "long_history", 80, "2009-12-31", 500, 5
END, QUICK_END = "2026-11-27", "2026-07-31"
SOON, LATER = 5, 20
WORDS = {each.column: each.label.partition(",")[0] for each in (*INDICATORS, BENCHMARK)} | {INDEX: "index of all six"}
USEFUL_AUC = 0.55
"""An indicator leads clearly if its whole interval is above this, barely if it is only above a coin's 0.5."""
PATHS = {
    "loop_gain": "Loop gain",
    "cascade_distance_pct": f"Fall that forces {CASCADE_USD_BN:g} $bn (cascade), %",
    "crowding_share": f"Crowding: share a {100 * CROWDING_FALL:g} % fall forces out",
}
"""Indicators whose path is shown, with their title."""
AHEAD, NONE_NEAR = np.arange(LONGEST_HORIZON_DAYS, 0, -1), LONGEST_HORIZON_DAYS + 1
GREEN, INDIGO = "#117733", "#332288"


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """The official scenario over a year, and a long history."""
    if scale.quick:
        smaller = with_investors(OFFICIAL, 100, carry_alone=True)
        return [ExperimentVariant({"world": OFFICIAL}, (f"end={QUICK_END}", *smaller))]
    history = ExperimentVariant({"world": HISTORY}, (f"end={HISTORY_END}",), HISTORY, HISTORY_RUNS)
    return [ExperimentVariant({"world": OFFICIAL}, (f"end={END}",)), history]


def measure(result: cf.Result) -> pd.DataFrame:
    """The labelled panel: one row per run and close outside a cascade; of the long history one close a week."""
    long = result.scenario.name == HISTORY
    panel = panel_from_record(result.record, WARM_UP_DAYS, EVERY_DAYS) if long else panel_from_record(result.record)
    return pd.DataFrame(panel.columns())


@dataclass(frozen=True)
class World:
    """What was found in one world, by indicator."""

    panel: Panel
    soon: Mapping[str, LeadStatistics]
    later: Mapping[str, LeadStatistics]
    large: Mapping[str, LeadStatistics]


def worlds(table: pd.DataFrame) -> dict[str, World]:
    """Both worlds of a table, or the one there is."""
    found = {}
    for name, part in table.groupby("world", sort=False):
        panel = Panel.from_columns({column: part[column].to_numpy() for column in part.columns if column != "world"})
        try:
            found[str(name)] = world_of(panel)
        except TooFewCascadesError as error:
            raise ConfigError([ConfigProblem("early_warning", None, None, "--runs", str(error))]) from error
    return found


def world_of(panel: Panel) -> World:
    """Judge the indicators in one world; large cascades only where there are enough of them."""
    split = split_by_run(panel)
    try:
        large = lead_statistics_by_score(split, SOON, large=True)
    except TooFewCascadesError:
        large = {}
    return World(panel, lead_statistics_by_score(split, SOON), lead_statistics_by_score(split, LATER), large)


def area(lead: LeadStatistics) -> str:
    """An area with its interval."""
    return f"{lead.auc:.2f} ({lead.low:.2f}–{lead.high:.2f}{', the other direction warns' if lead.high < 0.5 else ''})"


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Which indicators lead, by how much, and which do not."""
    found = worlds(table)
    official = found[OFFICIAL]
    index, volatility = official.soon[INDEX], official.soon[BENCHMARK.column]
    large = f", and for large cascades within {SOON} days {area(official.large[INDEX])}" if official.large else ""
    text = (
        f"In the official scenario a cascade begins within {SOON} business days of "
        f"{100 * official.panel.event(SOON).mean():.0f} % of closes. Area under the ROC curve on runs that nothing was fitted "
        f"on, with 95 % interval over runs, {SOON} days ahead: {told(official.soon)}. The index of the six reaches "
        f"{area(index)}, volatility alone {area(volatility)}. {LATER} days ahead the index reaches "
        f"{area(official.later[INDEX])}{large}. "
        f"{verdict(official)} {tipping(official)} The lead of the index is not a matter of telling runs or dates apart: "
        f"{index.within_runs:.2f} between closes of one run, {index.within_days:.2f} between runs on one day. Its alarm, "
        f"fixed on the training runs, is raised on {100 * index.hit_rate:.0f} % of closes before a cascade and on "
        f"{100 * index.false_alarm_rate:.0f} % of the others: a warning, not a forecast."
    )
    if HISTORY in found:
        text += f" In a long history under drawn rate paths, {SOON} days ahead: {told(found[HISTORY].soon)}."
    return ExperimentFindings(
        text, {name: value for world, each in found.items() for name, value in numbers(world, each).items()}
    )


def told(by_name: Mapping[str, LeadStatistics]) -> str:
    """Areas of all single indicators, the largest first."""
    ordered = sorted(INDICATORS, key=lambda each: -by_name[each.column].auc)
    return ", ".join(f"{WORDS[each.column]} {area(by_name[each.column])}" for each in ordered)


def verdict(world: World) -> str:
    """Say which indicators lead clearly, which barely, and which not at all."""
    clear, barely, none = f"Clear leads (interval above {USEFUL_AUC:g})", "Barely better than a coin", "No better"
    groups: dict[str, list[str]] = {clear: [], barely: [], none: []}
    for each in INDICATORS:
        lead = world.soon[each.column]
        groups[clear if lead.low > USEFUL_AUC else barely if lead.is_clear else none].append(WORDS[each.column])
    return " ".join(f"{kind}: {', '.join(names)}." for kind, names in groups.items() if names)


def tipping(world: World) -> str:
    """Say how often a gain of one is in reach at all."""
    distance = world.panel.values["tipping_distance_pct"]
    share = 100 * float((distance < distance.max()).mean())
    return (
        f"Some fall up to {distance.max():.0f} % would reproduce itself in full on only {share:.1f} % of these closes, so the "
        f"distance to it mostly stands at its cap; the distance to a cascade uses the {CASCADE_USD_BN:g} $bn that define one."
    )


def numbers(world: str, found: World) -> dict[str, float]:
    """The numbers of one world by name."""
    parts = {f"{SOON} days": found.soon, f"{LATER} days": found.later, f"large {SOON} days": found.large}
    by_part = {
        f"{key} {world} {name} {part}": value
        for part, by_name in parts.items()
        for name, lead in by_name.items()
        for key, value in asdict(lead).items()
    }
    return by_part | {f"base_rate {world} {days} days": float(found.panel.event(days).mean()) for days in (SOON, LATER)}


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Areas of all indicators beside the path of three of them into a cascade."""
    found = worlds(table)
    official = found[OFFICIAL]
    best = max(INDICATORS, key=lambda each: official.soon[each.column].auc)
    finding = (
        f"{WORDS[best.column].capitalize()} warns best: AUC {official.soon[best.column].auc:.2f} at {SOON} days, "
        f"{official.later[best.column].auc:.2f} at {LATER} days"
    )
    subtitle = (
        "Closes outside cascades. Left: runs that nothing was fitted on, bars are 95 % intervals over runs. "
        "Right: medians, bands hold the middle half"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    shown = draw_areas(figure.add_axes((0.20, 0.12, 0.36, 0.66)), found) | draw_paths(figure, official.panel)
    return Drawing(figure, shown)


def draw_areas(axes: Axes, found: Mapping[str, World]) -> Columns:
    """One row per indicator, with a mark and an interval per world and horizon; returns what is shown."""
    official = found[OFFICIAL]
    series = {f"● {SOON} days": (official.soon, ACCENT, "o"), f"■ {LATER} days": (official.later, GREEN, "s")}
    if HISTORY in found:
        series[f"◆ {SOON} days, long history"] = (found[HISTORY].soon, INDIGO, "D")
    names = sorted(official.soon, key=lambda name: -official.soon[name].auc)
    for place, (by_name, shade, mark) in enumerate(series.values()):
        heights = np.arange(len(names)) + 0.24 * (place - (len(series) - 1) / 2)
        shown = [by_name[name] for name in names]
        axes.hlines(heights, [each.low for each in shown], [each.high for each in shown], color=shade, linewidth=2.2)
        axes.plot([each.auc for each in shown], heights, mark, color=shade, markersize=5.5)
    style_bar_axes(axes, [WORDS[name] for name in names])
    ends = [end for by_name, _, _ in series.values() for each in by_name.values() for end in (each.low, each.high)]
    axes.set_xlim(min(0.48, *ends) - 0.01, max(ends) + 0.02)
    axes.axvline(0.5, color=INK, linewidth=0.8)
    axes.set_xlabel("0.5 is a coin, 1 perfect", fontsize=8.5)
    panel_title(axes, "Area under the ROC curve: a cascade begins within", lines_below=1)
    legend_line(axes, [(name, shade) for name, (_, shade, _) in series.items()])
    columns: Columns = {"indicator": np.array(names)}
    for label, (by_name, _, _) in series.items():
        for key in ("auc", "low", "high"):
            columns[f"{key} {label[2:]}"] = np.array([asdict(by_name[name])[key] for name in names])
    return columns


def draw_paths(figure: Figure, panel: Panel) -> Columns:
    """Median and middle half of three indicators on the days before a cascade, against closes with none near."""
    columns: Columns = {"days_to_cascade": AHEAD}
    for place, (name, title) in enumerate(PATHS.items()):
        axes = figure.add_axes((0.63, 0.12 + 0.228 * (len(PATHS) - 1 - place), 0.31, 0.155))
        by_days = [quartiles(panel.values[name][panel.days_to_cascade == days]) for days in (*AHEAD, NONE_NEAR)]
        path, calm = np.array(by_days[:-1]).T, by_days[-1]
        draw_path(axes, path, calm)
        panel_title(axes, title, lines_below=int(place == 0))
        if place == 0:
            legend_line(axes, (("━ before a cascade", ACCENT), (f"╌ none within {LONGEST_HORIZON_DAYS} days", GREY)))
        if place < len(PATHS) - 1:
            axes.tick_params(axis="x", labelbottom=False)
        columns |= {f"{name} {part}": path[at] for at, part in enumerate(("p25", "p50", "p75"))}
        columns |= {f"{name} calm {part}": calm[[at]] for at, part in enumerate(("p25", "p50", "p75"))}
    axes.set_xlabel("business days before a cascade", fontsize=8.5)
    return columns


def draw_path(axes: Axes, path: FloatArray, calm: FloatArray) -> None:
    """One indicator: quartiles by day, ``(3, days)``, and on calm closes, ``(3,)``."""
    axes.axhspan(calm[0], calm[2], color=GREY, alpha=0.12, linewidth=0)
    axes.axhline(calm[1], color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    draw_banded_line(axes, -AHEAD, (path[0], path[1], path[2]), ACCENT)
    remove_frame(axes)
    axes.set_xlim(-LONGEST_HORIZON_DAYS, -1)
    axes.set_xticks([-20, -15, -10, -5, -1], ["20", "15", "10", "5", "1"])


def quartiles(values: FloatArray) -> FloatArray:
    """Lower quartile, median and upper quartile, ``(3,)``; not a number where there are no values."""
    return np.quantile(values, (0.25, 0.5, 0.75)) if values.size else np.full(3, np.nan)
