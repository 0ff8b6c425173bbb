"""Does guidance that calms markets on the announcement day lead to larger falls of USDJPY over the following year?

The Bank of Japan hikes by 25 bp on 19 December 2025, fully priced. Its guidance on the next steps is: one every six months
(as expected), vague, or dependent on wages. The eight later meetings until 18 December 2026 leave the rate unchanged, but
each reveals a part of the path, and more of it the vaguer the guidance was. A fourth variant has vague guidance without
the added uncertainty. It separates two effects of vague guidance: a lower expected path, and more uncertainty about it.

Moves on day 0 are differences from the six-monthly regime, run by run. Later changes start at the close of day 0. USDJPY is
yen per dollar: a fall is a stronger yen and a loss on carry positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.results.estimates import EstimateWithError
from simulation.results.figures.style import GREY, INK, LIGHT, Drawing, Heading, new_figure, panel_title, remove_frame
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.design import (
    OFFICIAL,
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
    "carry holders only, with 40 investors each; no variant without the added uncertainty; the year is not shortened, but "
    "its 5 % tail rests on very few runs"
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
    """Return one variant per regime."""
    smaller = with_investors(OFFICIAL, 40, carry_alone=True) if scale.quick else ()
    base = (f"start={START}", f"end={END}", "fed.meetings=[]", f"boj.guidance={EXPECTED}", *smaller)
    return [variant(regime, base) for regime in REGIMES if not (scale.quick and regime == CERTAIN)]


def variant(regime: str, base: tuple[str, ...]) -> ExperimentVariant:
    """Return the variant of one regime: the announcement and the meetings that reveal the rest of the path."""
    words = regime.partition(",")[0]
    later = [meeting_setting(day, "0bp", 0.0) for day in LATER]
    settings = (*base, f"boj.meetings=[{', '.join([meeting_setting(DAY, '25bp', 1.0, words), *later])}]")
    if regime == CERTAIN:
        known = cf.load_scenario(OFFICIAL).boj.guidance_regimes[EXPECTED].path_uncertainty_bp
        settings = (*settings, f"boj.guidance_regimes.{words}.path_uncertainty_bp={known}")
    return ExperimentVariant({"guidance": regime}, settings)


def measure(result: cf.Result) -> pd.DataFrame:
    """Return the move on day 0, and over the year: change, largest fall within 20 days, reduction in levered positions."""
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
    """Return the regimes of a table in order."""
    return [regime for regime in REGIMES if regime in set(table["guidance"])]


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return differences from the expected regime, run by run."""
    return paired_differences(table, table[table["guidance"] == EXPECTED], MEASURED)


@dataclass(frozen=True)
class Tail:
    """Results of one regime: effect on day 0, quantiles over runs, and differences of quantiles from the expected regime."""

    day0: float
    year: tuple[float, float, float]
    fall: tuple[float, float]
    year_low_effect: EstimateWithError
    fall_effect: EstimateWithError


def tails(table: pd.DataFrame) -> dict[str, Tail]:
    """Return the effect on day 0 and the tails by regime."""
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
    """Return a quantile over runs."""
    return float(np.quantile(values.to_numpy(dtype=float), level))


def quantile_effects(values: pd.DataFrame, level: float) -> dict[str, EstimateWithError]:
    """Return the difference of a quantile from the expected regime; standard errors by resampling whole runs."""
    runs = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    resampled = np.quantile(values.to_numpy(dtype=float)[runs], level, axis=1)
    names = [str(name) for name in values.columns]
    errors = (resampled - resampled[:, [names.index(EXPECTED)]]).std(axis=0)
    expected = quantile(values[EXPECTED], level)
    return {
        name: EstimateWithError(quantile(values[name], level) - expected, float(error))
        for name, error in zip(names, errors, strict=True)
    }


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the effects on day 0 and over the year, by regime."""
    by_regime = tails(table)
    expected, vague, wages = by_regime[EXPECTED], by_regime["vague"], by_regime["wage_dependent"]
    parts = (
        f" ({by_regime[CERTAIN].fall_effect} from the lower path, the rest from the added uncertainty)"
        if CERTAIN in by_regime
        else ""
    )
    text = (
        f"A fully priced hike with vague guidance moves USDJPY by {format_signed(vague.day0)} % on the day relative to guidance "
        f"of one step every six months, and with wage-dependent guidance by {format_signed(wages.day0)} %. Over the following "
        f"year the median of the largest fall of USDJPY within {WINDOW} days is {format_signed(expected.fall[1])} % after "
        f"six-monthly guidance; vague guidance changes it by {vague.fall_effect} points{parts} and wage-dependent guidance by "
        f"{wages.fall_effect}. The 5th percentile of the change over the year is {format_signed(expected.year[0])} % after "
        f"six-monthly guidance; vague guidance changes it by {vague.year_low_effect} points and wage-dependent guidance by "
        f"{wages.year_low_effect}. {conclusion(vague)}"
    )
    return ExperimentFindings(
        text,
        {f"{name} {regime}": value for regime, tail in by_regime.items() for name, value in tail_values(tail).items()},
    )


def tail_values(tail: Tail) -> dict[str, float]:
    """Return the values of one regime by name."""
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


def conclusion(vague: Tail) -> str:
    """Return whether vague guidance has a significant cost later in the year."""
    fall, year = (each.is_clear and each.value < 0.0 for each in (vague.fall_effect, vague.year_low_effect))
    day = f"Vague guidance {'weakens' if vague.day0 > 0.0 else 'does not weaken'} the yen on the day"
    if fall and year:
        return f"{day}, but increases both the largest fall and the tail risk over the year."
    if fall or year:
        larger, other = ("largest fall", "tail risk") if fall else ("tail risk", "largest fall")
        return f"{day}, but increases the {larger} over the year; the effect on the {other} is not significant."
    return f"{day}; its effects over the year are not significant with this number of runs."


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the move on day 0, the largest falls and the range of changes over the year."""
    by_regime = tails(table)
    vague = by_regime["vague"]
    finding = (
        f"Vague guidance: USDJPY {format_signed(vague.day0)} % on the day, {format_signed(vague.fall_effect.value)} points on "
        "the median largest fall of the year"
    )
    subtitle = (
        "BOJ +25 bp, fully priced, 19 December 2025; day 0: difference from six-monthly; then to 18 December 2026"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    places = ((0.17, 0.14, 0.20, 0.65), (0.43, 0.14, 0.24, 0.65), (0.73, 0.14, 0.24, 0.65))
    day, fall, year = (figure.add_axes(place) for place in places)
    draw_day(day, {regime: tail.day0 for regime, tail in by_regime.items()})
    draw_ranges(fall, {regime: (*tail.fall, tail.fall[1]) for regime, tail in by_regime.items()})
    panel_title(fall, f"Largest {WINDOW}-day fall in the year, %\nmedian and worst 5 % of runs")
    draw_ranges(year, {regime: tail.year for regime, tail in by_regime.items()})
    panel_title(year, "Change over the year, %\nmedian, 5 and 95 % of runs")
    columns = {name: np.array([tail_values(tail)[name] for tail in by_regime.values()]) for name in tail_values(vague)}
    return Drawing(figure, {"guidance": np.array(list(by_regime))} | columns)


def draw_day(axes: Axes, moves: dict[str, float]) -> None:
    """Draw the effect on day 0."""
    axes.barh(range(len(moves)), list(moves.values()), height=0.5, color=[COLOURS[regime] for regime in moves])
    for row, value in enumerate(moves.values()):
        label_beside(axes, (value, row), format_signed(value))
    style_bar_axes(axes, [regime.replace("_", " ").replace(", ", ",\n") for regime in moves])
    axes.set_xlim(min(0.0, 1.3 * min(moves.values())), 1.35 * max(0.1, *moves.values()))
    panel_title(axes, "USDJPY on the day, %\ndifference from six-monthly")


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
