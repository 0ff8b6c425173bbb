"""Do loop gain, distance to tipping, crowding and carry-to-volatility predict the cascades of the model?

The evaluation uses two data sets: the official scenario over a year, and a long history under random rate paths after a
warm-up of two years. Each indicator is recorded at every close outside a cascade, and it is checked whether a cascade
begins within 5 or 20 business days. The area under the ROC curve (AUC) is the probability that a close before a cascade
has a worse value than another close: 0.5 is random, 1 is perfect.

All results are out of sample. Runs with an even number are used to fit the index of all six indicators and the alarm
thresholds; runs with an odd number are used for evaluation. The warning direction of each indicator is set in advance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import simulation as cf
from simulation.day.fragility import CROWDING_FALL
from simulation.day.recorder import CASCADE_USD_BN
from simulation.results.estimates import EstimateWithError, finding_text, join_names, leading_names
from simulation.results.figures.style import (
    ACCENT,
    GREY,
    INK,
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
    area_difference,
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
from simulation.studies.experiment.answer import DESCRIPTION, STATISTICS, Quantity, point_columns
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
"""An indicator predicts well if its area is clearly above this, weakly if it is only clearly above 0.5 (random)."""
ANSWER = (
    Quantity("auc_5_days", "", f"AUC, {SOON} days", decimals=3, signed=False),
    Quantity("auc_20_days", "", f"AUC, {LATER} days", decimals=3, signed=False),
    Quantity("auc_large_5_days", "", f"AUC, large, {SOON} days", decimals=3, signed=False),
)
"""Areas under the ROC curve; their errors come from resampled runs."""
FIGURES = ("auc", "error", "within_runs", "within_days", "alarm_share", "hit_rate", "false_alarm_rate")
PATHS = {
    "loop_gain": "Loop gain",
    "cascade_distance_pct": f"Fall forcing {CASCADE_USD_BN:g} $bn of sales, %",
    "crowding_share": f"Crowding: share forced out by a {100 * CROWDING_FALL:g} % fall",
}
"""Indicators whose path is shown, with the panel title."""
UNITS = {"loop_gain": "ratio", "cascade_distance_pct": "%", "crowding_share": "share"}
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
    """Return an area with its standard error, and whether it clearly points in the opposite direction."""
    opposite = finding_text(lead.above_random, "", " (opposite direction)", "")
    return f"{EstimateWithError(lead.auc, lead.error).text(2, signed=False)}{opposite}"


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return which indicators predict cascades, how well, and which do not."""
    found = worlds(table)
    official = found[OFFICIAL]
    index, volatility = official.soon[INDEX], official.soon[BENCHMARK.column]
    large = f", and for large cascades within {SOON} days {area(official.large[INDEX])}" if official.large else ""
    text = (
        f"In the official scenario a cascade begins within {SOON} business days of "
        f"{100 * official.panel.event(SOON).mean():.0f} % of closes. Area under the ROC curve, out of sample, with "
        f"standard error over runs, {SOON} days ahead: {areas_text(official.soon)}. The index of all six reaches {area(index)}, "
        f"volatility alone {area(volatility)}. {LATER} days ahead the index reaches {area(official.later[INDEX])}{large}. "
        f"{best_clause(official.soon)}. {grouping(official)} {tipping(official)} Within one run the area of the index is "
        f"{index.within_runs:.2f} between closes, and on one day it is {index.within_days:.2f} between runs. "
        f"Its alarm, with a threshold from the training runs, is raised on {100 * index.hit_rate:.0f} % of closes before a "
        f"cascade and on {100 * index.false_alarm_rate:.0f} % of the others."
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


def leaders(by_name: Mapping[str, LeadStatistics]) -> tuple[str, ...]:
    """Return the score with the largest area, and those not clearly below it; of all indicators, the index and the benchmark."""
    areas = {name: lead.auc for name, lead in by_name.items()}
    return leading_names(areas, lambda first, second: area_difference(by_name[first], by_name[second]))


def best_clause(by_name: Mapping[str, LeadStatistics]) -> str:
    """Return which scores predict best, without those that are not clearly better than random."""
    best = [name for name in leaders(by_name) if finding_text(by_name[name].above_random, "better", "", "")]
    if not best:
        return f"No indicator predicts cascades clearly better than chance {SOON} days ahead"
    words = [WORDS[name] for name in best]
    found = join_names(words)
    alike = f" predict best {SOON} days ahead, without a clear difference"
    verb = f" predicts best {SOON} days ahead" if len(best) == 1 else alike
    return f"{found[0].upper()}{found[1:]}{verb}: AUC {area(by_name[best[0]])}"


def fading_clause(world: World) -> str:
    """Return how the area of the best score changes from the short to the long horizon, where it changes clearly."""
    best = leaders(world.soon)[0]
    soon, later = world.soon[best], world.later[best]
    words = finding_text(area_difference(later, soon), "more", "less", "no clear change")
    return f"{words} at {LATER} days: {area(later)}"


def grouping(world: World) -> str:
    """Return which indicators predict cascades well, weakly and not at all."""
    good, weak, none = (
        f"Good predictors (area clearly above {USEFUL_AUC:g})",
        "Weak predictors",
        "Not clearly better than random",
    )
    groups: dict[str, list[str]] = {good: [], weak: [], none: []}
    for each in INDICATORS:
        lead = world.soon[each.column]
        useful = EstimateWithError(lead.auc - USEFUL_AUC, lead.error)
        kind = finding_text(useful, good, "", "") or finding_text(lead.above_random, weak, none, none)
        groups[kind].append(WORDS[each.column])
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
        for key, value in ((key, float(getattr(lead, key))) for key in FIGURES)
    }
    return by_part | {f"base_rate {world} {days} days": float(found.panel.event(days).mean()) for days in (SOON, LATER)}


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return the areas of every score by data set and horizon, and the indicators by days to the next cascade."""
    return world_points(worlds(table))


def world_points(found: Mapping[str, World]) -> pd.DataFrame:
    """Return the points of the figure from the results by data set."""
    rows = [
        {"world": world, "indicator": name, "quantity": quantity.column, "unit": "", "mean": lead.auc, "se": lead.error}
        | {"runs": np.unique(each.panel.run[each.panel.run % 2 == 1]).size}
        for world, each in found.items()
        for quantity, by_name in zip(ANSWER, (each.soon, each.later, each.large), strict=True)
        for name, lead in sorted(by_name.items(), key=lambda item: -item[1].auc)
    ]
    paths = pd.concat([path_points(found[OFFICIAL].panel, name) for name in PATHS], ignore_index=True)
    shown = pd.concat([pd.DataFrame(rows), paths.assign(world=OFFICIAL)], ignore_index=True)
    return shown.reindex(columns=["world", "indicator", "days_to_cascade", *DESCRIPTION, *STATISTICS])


def path_points(panel: Panel, name: str) -> pd.DataFrame:
    """Return mean and 80 % band over closes of one indicator by days to the next cascade; the last row has none near."""
    rows = []
    for days in (*AHEAD, NONE_NEAR):
        chosen = panel.days_to_cascade == days
        values, runs = panel.values[name][chosen], panel.run[chosen]
        by_run = EstimateWithError.of(np.array([values[runs == run].mean() for run in np.unique(runs)]))
        band = np.quantile(values, (0.1, 0.9)) if values.size else (np.nan, np.nan)
        mean = float(values.mean()) if values.size else np.nan
        rows.append(
            {"indicator": name, "days_to_cascade": float(days), "quantity": name, "unit": UNITS[name], "mean": mean}
            | {"se": by_run.error, "p10": float(band[0]), "p90": float(band[1]), "runs": np.unique(runs).size}
        )
    return pd.DataFrame(rows)


def title(official: World) -> str:
    """Return the title: the best score of all that the picture shows, or those without a clear difference."""
    clause = best_clause(official.soon)
    return clause if clause.startswith("No ") else f"{clause}, {fading_clause(official)}"


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the areas of all indicators, and the paths of three of them before a cascade."""
    found = worlds(table)
    subtitle = (
        "Closes outside cascades. Left: out of sample; lines: 2 s.e. over runs. Right: means; bands: 80 % of closes"
    )
    figure = new_figure(Heading(title(found[OFFICIAL]), subtitle, source))
    shown = world_points(found)
    draw_areas(figure.add_axes((0.20, 0.12, 0.36, 0.66)), found)
    draw_paths(figure, shown[shown["days_to_cascade"].notna()])
    return Drawing(figure, point_columns(shown))


def draw_areas(axes: Axes, found: Mapping[str, World]) -> None:
    """Draw one row per indicator, with an area and two standard errors per data set and horizon."""
    official = found[OFFICIAL]
    series = {f"● {SOON} days": (official.soon, ACCENT, "o"), f"■ {LATER} days": (official.later, GREEN, "s")}
    if HISTORY in found:
        series[f"◆ {SOON} days, long history"] = (found[HISTORY].soon, INDIGO, "D")
    names = sorted(official.soon, key=lambda name: -official.soon[name].auc)
    ends = []
    for place, (by_name, shade, mark) in enumerate(series.values()):
        heights = np.arange(len(names)) + 0.24 * (place - (len(series) - 1) / 2)
        areas = np.array([by_name[name].auc for name in names])
        half = 2.0 * np.array([by_name[name].error for name in names])
        axes.hlines(heights, areas - half, areas + half, color=shade, linewidth=2.2)
        axes.plot(areas, heights, mark, color=shade, markersize=5.5)
        ends += [*(areas - half), *(areas + half)]
    style_bar_axes(axes, [WORDS[name] for name in names])
    axes.set_xlim(min(0.48, *ends) - 0.01, max(ends) + 0.02)
    axes.axvline(0.5, color=INK, linewidth=0.8)
    axes.set_xlabel("0.5 random, 1 perfect", fontsize=8.5)
    panel_title(axes, "Area under the ROC curve: a cascade begins within", lines_below=1)
    legend_line(axes, [(name, shade) for name, (_, shade, _) in series.items()])


def draw_paths(figure: Figure, paths: pd.DataFrame) -> None:
    """Draw mean and band of three indicators before a cascade, and on closes without one."""
    for place, (name, words) in enumerate(PATHS.items()):
        axes = figure.add_axes((0.63, 0.12 + 0.228 * (len(PATHS) - 1 - place), 0.31, 0.155))
        own = paths[paths["indicator"] == name][["p10", "mean", "p90"]].to_numpy(dtype=float)
        draw_path(axes, own[:-1].T, own[-1])
        panel_title(axes, words, lines_below=int(place == 0))
        if place == 0:
            legend_line(axes, (("━ before a cascade", ACCENT), (f"╌ none within {LONGEST_HORIZON_DAYS} days", GREY)))
        if place < len(PATHS) - 1:
            axes.tick_params(axis="x", labelbottom=False)
    axes.set_xlabel("business days before a cascade", fontsize=8.5)


def draw_path(axes: Axes, path: FloatArray, calm: FloatArray) -> None:
    """Draw one indicator: 10 % quantile, mean and 90 % quantile by day, ``(3, days)``, and on calm closes, ``(3,)``."""
    axes.axhspan(calm[0], calm[2], color=GREY, alpha=0.12, linewidth=0)
    axes.axhline(calm[1], color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    draw_banded_line(axes, -AHEAD, (path[0], path[1], path[2]), ACCENT)
    remove_frame(axes)
    axes.set_xlim(-LONGEST_HORIZON_DAYS, -1)
    axes.set_xticks([-20, -15, -10, -5, -1], ["20", "15", "10", "5", "1"])
