"""Do loop gain, distance to tipping, crowding and carry-to-volatility predict the cascades of the model?

The evaluation uses two data sets: the official scenario over a year, and a long history under random rate paths after a
warm-up of two years. Each indicator is recorded at every close outside a cascade, and it is checked whether a cascade
begins within 5 or 20 business days. The area under the ROC curve (AUC) is the probability that a close before a cascade
has a worse value than another close: 0.5 is random, 1 is perfect.

All results are out of sample. Runs with an even number are used to fit the index of all six indicators and the alarm
thresholds; runs with an odd number are used for evaluation. The warning direction of each indicator is set in advance.
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
QUICK_NOTE = "carry holders only, with 100 investors each, over eight months; no long history"
HISTORY, HISTORY_RUNS, HISTORY_END, WARM_UP_DAYS, EVERY_DAYS = "long_history", 80, "2009-12-31", 500, 5
END, QUICK_END = "2026-11-27", "2026-07-31"
SOON, LATER = 5, 20
WORDS = {each.column: each.label.partition(",")[0] for each in (*INDICATORS, BENCHMARK)} | {INDEX: "index of all six"}
USEFUL_AUC = 0.55
"""An indicator predicts clearly if its whole interval is above this, weakly if it is only above 0.5 (random)."""
PATHS = {
    "loop_gain": "Loop gain",
    "cascade_distance_pct": f"Fall forcing {CASCADE_USD_BN:g} $bn of sales, %",
    "crowding_share": f"Crowding: share forced out by a {100 * CROWDING_FALL:g} % fall",
}
"""Indicators whose path is shown, with the panel title."""
AHEAD, NONE_NEAR = np.arange(LONGEST_HORIZON_DAYS, 0, -1), LONGEST_HORIZON_DAYS + 1
GREEN, INDIGO = "#117733", "#332288"


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return the official scenario over a year, and the long history."""
    if scale.quick:
        smaller = with_investors(OFFICIAL, 100, carry_alone=True)
        return [ExperimentVariant({"world": OFFICIAL}, (f"end={QUICK_END}", *smaller))]
    history = ExperimentVariant({"world": HISTORY}, (f"end={HISTORY_END}",), HISTORY, HISTORY_RUNS)
    return [ExperimentVariant({"world": OFFICIAL}, (f"end={END}",)), history]


def measure(result: cf.Result) -> pd.DataFrame:
    """Return the labelled panel: one row per run and close outside a cascade; one close a week for the long history."""
    long = result.scenario.name == HISTORY
    panel = panel_from_record(result.record, WARM_UP_DAYS, EVERY_DAYS) if long else panel_from_record(result.record)
    return pd.DataFrame(panel.columns())


@dataclass(frozen=True)
class World:
    """Results for one data set by indicator, at both horizons and for large cascades."""

    panel: Panel
    soon: Mapping[str, LeadStatistics]
    later: Mapping[str, LeadStatistics]
    large: Mapping[str, LeadStatistics]


def worlds(table: pd.DataFrame) -> dict[str, World]:
    """Return the results for each data set of a table."""
    found = {}
    for name, part in table.groupby("world", sort=False):
        panel = Panel.from_columns({column: part[column].to_numpy() for column in part.columns if column != "world"})
        try:
            found[str(name)] = evaluate_world(panel)
        except TooFewCascadesError as error:
            raise ConfigError([ConfigProblem("early_warning", None, None, "--runs", str(error))]) from error
    return found


def evaluate_world(panel: Panel) -> World:
    """Return the results for one data set; without large cascades if there are too few."""
    split = split_by_run(panel)
    try:
        large = lead_statistics_by_score(split, SOON, large=True)
    except TooFewCascadesError:
        large = {}
    return World(panel, lead_statistics_by_score(split, SOON), lead_statistics_by_score(split, LATER), large)


def area(lead: LeadStatistics) -> str:
    """Return an area with its interval."""
    return f"{lead.auc:.2f} ({lead.low:.2f}–{lead.high:.2f}{', opposite direction' if lead.high < 0.5 else ''})"


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return which indicators predict cascades, how well, and which do not."""
    found = worlds(table)
    official = found[OFFICIAL]
    index, volatility = official.soon[INDEX], official.soon[BENCHMARK.column]
    large = f", and for large cascades within {SOON} days {area(official.large[INDEX])}" if official.large else ""
    text = (
        f"In the official scenario a cascade begins within {SOON} business days of "
        f"{100 * official.panel.event(SOON).mean():.0f} % of closes. Area under the ROC curve, out of sample, with 95 % "
        f"interval over runs, {SOON} days ahead: {areas_text(official.soon)}. The index of all six reaches {area(index)}, "
        f"volatility alone {area(volatility)}. {LATER} days ahead the index reaches {area(official.later[INDEX])}{large}. "
        f"{grouping(official)} {tipping(official)} The area of the index does not come from differences between runs or dates "
        f"alone: it is {index.within_runs:.2f} between closes of one run, and {index.within_days:.2f} between runs on one day. "
        f"Its alarm, with a threshold from the training runs, is raised on {100 * index.hit_rate:.0f} % of closes before a "
        f"cascade and on {100 * index.false_alarm_rate:.0f} % of the others: a warning, not a forecast."
    )
    if HISTORY in found:
        text += f" In a long history under random rate paths, {SOON} days ahead: {areas_text(found[HISTORY].soon)}."
    return ExperimentFindings(
        text, {name: value for world, each in found.items() for name, value in world_values(world, each).items()}
    )


def areas_text(by_name: Mapping[str, LeadStatistics]) -> str:
    """Return the areas of all single indicators, largest first."""
    ordered = sorted(INDICATORS, key=lambda each: -by_name[each.column].auc)
    return ", ".join(f"{WORDS[each.column]} {area(by_name[each.column])}" for each in ordered)


def grouping(world: World) -> str:
    """Return which indicators predict cascades clearly, weakly and not at all."""
    clear, weak, none = f"Clear predictors (interval above {USEFUL_AUC:g})", "Weak predictors", "Not better than random"
    groups: dict[str, list[str]] = {clear: [], weak: [], none: []}
    for each in INDICATORS:
        lead = world.soon[each.column]
        groups[clear if lead.low > USEFUL_AUC else weak if lead.is_clear else none].append(WORDS[each.column])
    return " ".join(f"{kind}: {', '.join(names)}." for kind, names in groups.items() if names)


def tipping(world: World) -> str:
    """Return how often the distance to a gain of one is below its cap."""
    distance = world.panel.values["tipping_distance_pct"]
    share = 100 * float((distance < distance.max()).mean())
    return (
        f"A fall of up to {distance.max():.0f} % brings the loop gain to one on only {share:.1f} % of these closes, so the "
        f"distance to tipping is mostly at its cap; the distance to a cascade uses the {CASCADE_USD_BN:g} $bn that define one."
    )


def world_values(world: str, found: World) -> dict[str, float]:
    """Return the values of one data set by name."""
    parts = {f"{SOON} days": found.soon, f"{LATER} days": found.later, f"large {SOON} days": found.large}
    by_part = {
        f"{key} {world} {name} {part}": value
        for part, by_name in parts.items()
        for name, lead in by_name.items()
        for key, value in asdict(lead).items()
    }
    return by_part | {f"base_rate {world} {days} days": float(found.panel.event(days).mean()) for days in (SOON, LATER)}


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the areas of all indicators, and the paths of three of them before a cascade."""
    found = worlds(table)
    official = found[OFFICIAL]
    best = max(INDICATORS, key=lambda each: official.soon[each.column].auc)
    finding = (
        f"{WORDS[best.column].capitalize()} predicts best: AUC {official.soon[best.column].auc:.2f} at {SOON} days, "
        f"{official.later[best.column].auc:.2f} at {LATER} days"
    )
    subtitle = (
        "Closes outside cascades. Left: out of sample; bars: 95 % intervals over runs. "
        "Right: medians; bands: middle 50 %"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    shown = draw_areas(figure.add_axes((0.20, 0.12, 0.36, 0.66)), found) | draw_paths(figure, official.panel)
    return Drawing(figure, shown)


def draw_areas(axes: Axes, found: Mapping[str, World]) -> Columns:
    """Draw one row per indicator, with an area and interval per data set and horizon; return what is shown."""
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
    axes.set_xlabel("0.5 random, 1 perfect", fontsize=8.5)
    panel_title(axes, "Area under the ROC curve: a cascade begins within", lines_below=1)
    legend_line(axes, [(name, shade) for name, (_, shade, _) in series.items()])
    columns: Columns = {"indicator": np.array(names)}
    for label, (by_name, _, _) in series.items():
        for key in ("auc", "low", "high"):
            columns[f"{key} {label[2:]}"] = np.array([asdict(by_name[name])[key] for name in names])
    return columns


def draw_paths(figure: Figure, panel: Panel) -> Columns:
    """Draw median and quartiles of three indicators before a cascade, and on closes without one; return what is shown."""
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
    """Draw one indicator: quartiles by day, ``(3, days)``, and on calm closes, ``(3,)``."""
    axes.axhspan(calm[0], calm[2], color=GREY, alpha=0.12, linewidth=0)
    axes.axhline(calm[1], color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    draw_banded_line(axes, -AHEAD, (path[0], path[1], path[2]), ACCENT)
    remove_frame(axes)
    axes.set_xlim(-LONGEST_HORIZON_DAYS, -1)
    axes.set_xticks([-20, -15, -10, -5, -1], ["20", "15", "10", "5", "1"])


def quartiles(values: FloatArray) -> FloatArray:
    """Return lower quartile, median and upper quartile, ``(3,)``; NaN without values."""
    return np.quantile(values, (0.25, 0.5, 0.75)) if values.size else np.full(3, np.nan)
