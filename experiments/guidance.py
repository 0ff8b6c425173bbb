"""Guidance: does a calm announcement day come at the price of a fatter tail over the following year?

The Bank of Japan hikes by 25 bp on 19 December 2025, fully priced, and says when the next steps come: every six months
(as expected), vaguely, or depending on wages.  Eight later meetings until 18 December 2026 decide nothing new but each
reveals a part of the path, the more the vaguer the words were.  A fourth variant has the vague words without their
uncertainty, which tells the two effects apart: what vague words say (a lower path) and what they leave open.

Day-0 moves and tails are differences to the six-monthly regime, run by run; tails are taken from the close of day 0.
USDJPY is yen per dollar: down is a stronger yen, a loss to carry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.results.figures.style import GREY, INK, LIGHT, Drawing, Heading, new_figure, panel_title, remove_frame
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.design import (
    OFFICIAL,
    EstimateWithError,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    day_index,
    meeting_setting,
    paired_differences,
    position_reduction_share,
    price_change_pct,
    run_table,
    with_investors,
)
from simulation.studies.experiment.figures import format_signed, label_beside, style_bar_axes

RUNS, QUICK_RUNS = 400, 20
QUICK_NOTE = (
    "carry holders alone with 40 investors each, no variant without the uncertainty of vague words; the year is not "
    "shortened, but its 5 % tail rests on very few runs"
)
START, DAY, END = "2025-12-12", "2025-12-19", "2026-12-18"
LATER = ("2026-01-23", "2026-03-19", "2026-04-28", "2026-06-16", "2026-07-31", "2026-09-18", "2026-10-30", "2026-12-18")
EXPECTED, CERTAIN = "six_monthly", "vague, no added uncertainty"
REGIMES = (EXPECTED, "vague", CERTAIN, "wage_dependent")
COLOURS = dict(zip(REGIMES, ("#222222", "#AA4499", "#DDAACC", "#117733"), strict=True))
WINDOW, TAIL = 20, 0.05
MEASURED = ("usdjpy_day0_pct", "year_pct", "worst_fall_pct", "levered_unwind_pct")
RESAMPLES = 400


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """One variant per regime."""
    smaller = with_investors(OFFICIAL, 40, carry_alone=True) if scale.quick else ()
    base = (f"start={START}", f"end={END}", "fed.meetings=[]", f"boj.guidance={EXPECTED}", *smaller)
    return [variant(regime, base) for regime in REGIMES if not (scale.quick and regime == CERTAIN)]


def variant(regime: str, base: tuple[str, ...]) -> ExperimentVariant:
    """The announcement in one regime and the meetings that reveal the rest."""
    words = regime.partition(",")[0]
    later = [meeting_setting(day, "0bp", 0.0) for day in LATER]
    settings = (*base, f"boj.meetings=[{', '.join([meeting_setting(DAY, '25bp', 1.0, words), *later])}]")
    if regime == CERTAIN:
        known = cf.load_scenario(OFFICIAL).boj.guidance_regimes[EXPECTED].path_uncertainty_bp
        settings = (*settings, f"boj.guidance_regimes.{words}.path_uncertainty_bp={known}")
    return ExperimentVariant({"guidance": regime}, settings)


def measure(result: cf.Result) -> pd.DataFrame:
    """Move of the day, change over the following year, deepest fall within twenty days, levered unwind over the year."""
    record = result.record
    day, last = day_index(record, DAY), len(record.dates) - 1
    level = np.log(record.market["usdjpy"][FinishedRuns(record).rows, day:])
    falls = (level[:, WINDOW:] - level[:, :-WINDOW]).min(axis=1)
    return run_table(
        record,
        {
            "usdjpy_day0_pct": price_change_pct(record, "usdjpy", day - 1, day),
            "year_pct": price_change_pct(record, "usdjpy", day, last),
            "worst_fall_pct": 100.0 * np.expm1(falls),
            "levered_unwind_pct": 100.0 * position_reduction_share(record, "levered", day + 1, last),
        },
    )


def regimes(table: pd.DataFrame) -> list[str]:
    """The regimes of a table, in their order."""
    return [regime for regime in REGIMES if regime in set(table["guidance"])]


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Differences to the expected regime, run by run."""
    return paired_differences(table, table[table["guidance"] == EXPECTED], MEASURED)


@dataclass(frozen=True)
class Tail:
    """One regime: its effect on the day, quantiles over runs, and differences of some to the expected regime."""

    day0: float
    year: tuple[float, float, float]
    fall: tuple[float, float]
    year_low_effect: EstimateWithError
    fall_effect: EstimateWithError


def tails(table: pd.DataFrame) -> dict[str, Tail]:
    """The day's effect and the tails of each regime."""
    shown = regimes(table)
    year, fall = (
        table.pivot(index="run", columns="guidance", values=name).dropna()[shown]
        for name in ("year_pct", "worst_fall_pct")
    )
    day0 = effects(table).groupby("guidance")["usdjpy_day0_pct"].median()
    year_low, typical_fall = quantile_effects(year, TAIL), quantile_effects(fall, 0.5)
    return {
        regime: Tail(
            float(day0[regime]),
            (quantile(year[regime], TAIL), quantile(year[regime], 0.5), quantile(year[regime], 1.0 - TAIL)),
            (quantile(fall[regime], TAIL), quantile(fall[regime], 0.5)),
            year_low[regime],
            typical_fall[regime],
        )
        for regime in shown
    }


def quantile(values: pd.Series, level: float) -> float:
    """A quantile over runs."""
    return float(np.quantile(values.to_numpy(dtype=float), level))


def quantile_effects(values: pd.DataFrame, level: float) -> dict[str, EstimateWithError]:
    """Difference of a quantile to the expected regime; standard errors by drawing whole runs again."""
    runs = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    again = np.quantile(values.to_numpy(dtype=float)[runs], level, axis=1)
    names = [str(name) for name in values.columns]
    errors = (again - again[:, [names.index(EXPECTED)]]).std(axis=0)
    expected = quantile(values[EXPECTED], level)
    return {
        name: EstimateWithError(quantile(values[name], level) - expected, float(error))
        for name, error in zip(names, errors, strict=True)
    }


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """The day against the year, regime by regime."""
    found = tails(table)
    expected, vague, wages = found[EXPECTED], found["vague"], found["wage_dependent"]
    said = (
        f" ({found[CERTAIN].fall_effect} by what they say, the rest by what they leave open)"
        if CERTAIN in found
        else ""
    )
    text = (
        f"A fully priced hike with vague words moves USDJPY by {format_signed(vague.day0)} % that day against a promise of one step "
        f"every six months, with wage-dependent words by {format_signed(wages.day0)} %. Over the following year the typical deepest "
        f"fall of USDJPY within {WINDOW} days is {format_signed(expected.fall[1])} % after the promise; vague words change it by "
        f"{vague.fall_effect} points{said} and wage-dependent ones by {wages.fall_effect}. The 5th percentile of the year's "
        f"change is {format_signed(expected.year[0])} % after the promise, {vague.year_low_effect} points from there with vague and "
        f"{wages.year_low_effect} with wage-dependent words. {verdict(vague)}"
    )
    return ExperimentFindings(
        text, {f"{name} {regime}": value for regime, tail in found.items() for name, value in numbers_of(tail).items()}
    )


def numbers_of(tail: Tail) -> dict[str, float]:
    """The numbers of one regime by name."""
    return {
        "usdjpy_day0_pct": tail.day0,
        "worst_fall_pct_p05": tail.fall[0],
        "worst_fall_pct_p50": tail.fall[1],
        "year_pct_p05": tail.year[0],
        "year_pct_p50": tail.year[1],
        "year_pct_p95": tail.year[2],
        "worst_fall_pct_p50_effect": tail.fall_effect.value,
        "worst_fall_pct_p50_error": tail.fall_effect.error,
        "year_pct_p05_effect": tail.year_low_effect.value,
        "year_pct_p05_error": tail.year_low_effect.error,
    }


def verdict(vague: Tail) -> str:
    """Say whether the calmer day is paid for later."""
    fall, year = (each.is_clear and each.value < 0.0 for each in (vague.fall_effect, vague.year_low_effect))
    day = f"Vague words {'weaken' if vague.day0 > 0.0 else 'do not weaken'} the yen on the day"
    if fall and year:
        return f"{day} and are paid for later, in the typical worst fall and in the tail of the year."
    if fall or year:
        where = "the typical worst fall" if fall else "the tail of the year"
        return f"{day} and are paid for later in {where}; the other of the two cannot be told from noise."
    return f"{day}; that they are paid for later cannot be told from noise with so many runs."


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """The day's move beside the later falls and the spread of the year."""
    found = tails(table)
    vague = found["vague"]
    finding = (
        f"Vague words: USDJPY {format_signed(vague.day0)} % on the day, {format_signed(vague.fall_effect.value)} points on the typical "
        "worst fall of the year"
    )
    subtitle = "BOJ +25 bp, fully priced, 19 December 2025; day 0 as difference to six-monthly guidance, then to 18 December 2026"
    figure = new_figure(Heading(finding, subtitle, source))
    places = ((0.17, 0.14, 0.20, 0.65), (0.43, 0.14, 0.24, 0.65), (0.73, 0.14, 0.24, 0.65))
    day, fall, year = (figure.add_axes(place) for place in places)
    draw_day(day, {regime: tail.day0 for regime, tail in found.items()})
    draw_ranges(fall, {regime: (*tail.fall, tail.fall[1]) for regime, tail in found.items()})
    panel_title(fall, f"Deepest {WINDOW}-day fall in the year, %\nmedian and worst 5 % of runs")
    draw_ranges(year, {regime: tail.year for regime, tail in found.items()})
    panel_title(year, "Change over the year, %\nmedian, 5 and 95 % of runs")
    numbers = {name: np.array([numbers_of(tail)[name] for tail in found.values()]) for name in numbers_of(vague)}
    return Drawing(figure, {"guidance": np.array(list(found))} | numbers)


def draw_day(axes: Axes, moves: dict[str, float]) -> None:
    """Draw the effect on the day."""
    axes.barh(range(len(moves)), list(moves.values()), height=0.5, color=[COLOURS[regime] for regime in moves])
    for row, value in enumerate(moves.values()):
        label_beside(axes, (value, row), format_signed(value))
    style_bar_axes(axes, [regime.replace("_", " ").replace(", ", ",\n") for regime in moves])
    axes.set_xlim(min(0.0, 1.3 * min(moves.values())), 1.35 * max(0.1, *moves.values()))
    panel_title(axes, "USDJPY on the day, %\ndifference to six-monthly")


def draw_ranges(axes: Axes, ranges: dict[str, tuple[float, float, float]]) -> None:
    """Draw a range with a dot at the median for each regime."""
    for row, (regime, (low, middle, high)) in enumerate(ranges.items()):
        axes.hlines(row, low, high, color=COLOURS[regime], linewidth=5, alpha=0.35)
        axes.plot(middle, row, "o", color=COLOURS[regime], markersize=8)
        for at in dict.fromkeys((low, middle, high)):
            shade = INK if at == middle else GREY
            axes.annotate(
                format_signed(at),
                (at, row),
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=shade,
            )
    remove_frame(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.set_yticks([])
    axes.set_ylim(len(ranges) - 0.5, -0.5)
    axes.margins(x=0.12)
