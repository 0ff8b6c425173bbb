"""Does guidance that calms markets on the announcement day lead to larger falls of USDJPY over the following year?

The Bank of Japan hikes by 25 bp on 19 December 2025, fully priced. Its guidance on the next steps is: one every six months
(as expected), vague, or dependent on wages. The eight later meetings until 18 December 2026 leave the rate unchanged, but
each reveals a part of the path, and more of it the vaguer the guidance was. A fourth variant has vague guidance without
the added uncertainty. It separates two effects of vague guidance: a lower expected path, and more uncertainty about it.

Moves on day 0 are differences from the six-monthly regime, run by run. Later changes start at the close of day 0. USDJPY is
yen per dollar: a fall is a stronger yen and a loss on carry positions.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.results.estimates import EstimateWithError, finding_text, move_clause
from simulation.results.figures.style import GREY, INK, LIGHT, Drawing, Heading, new_figure, panel_title, remove_frame
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.answer import Quantity, point_columns, point_estimate, point_table
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
    "carry holders only, with 40 investors each; no variant without the added uncertainty; the year is not shortened"
)
START, DAY, END = "2025-12-12", "2025-12-19", "2026-12-18"
LATER = ("2026-01-23", "2026-03-19", "2026-04-28", "2026-06-16", "2026-07-31", "2026-09-18", "2026-10-30", "2026-12-18")
EXPECTED, CERTAIN = "six_monthly", "vague, no added uncertainty"
REGIMES = (EXPECTED, "vague", CERTAIN, "wage_dependent")
COLOURS = dict(zip(REGIMES, ("#222222", "#AA4499", "#DDAACC", "#117733"), strict=True))
WINDOW, TAIL, RESAMPLES = 20, 0.1, 400
MEASURED = ("usdjpy_day0_pct", "worst_fall_pct", "year_pct", "levered_unwind_pct")
ANSWER = (
    Quantity("usdjpy_day0_effect", "points", "USDJPY on the day", decimals=2),
    Quantity("worst_fall_effect", "points", f"largest {WINDOW}-day fall", decimals=2, band=True),
    Quantity("year_effect", "points", "USDJPY over the year", decimals=2),
    Quantity("levered_unwind_effect", "points", "levered unwind", decimals=2),
)
LEVELS = (Quantity("worst_fall_pct", "%", "largest fall"), Quantity("year_pct", "%", "change over the year"))


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


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per regime and quantity: effects against six-monthly guidance, and levels over the year."""
    names = dict(zip(MEASURED, (quantity.column for quantity in ANSWER), strict=True))
    moved = effects(table).rename(columns=names)
    shown = [
        point_table(moved[moved["guidance"] != EXPECTED], ["guidance"], ANSWER),
        point_table(table, ["guidance"], LEVELS),
    ]
    return pd.concat(shown, ignore_index=True)


def tail_effect(table: pd.DataFrame, regime: str) -> EstimateWithError:
    """Return the difference of the 10 % quantile of the year's change from six-monthly guidance; error by resampling runs."""
    wide = (
        table.pivot(index="run", columns="guidance", values="year_pct")[[EXPECTED, regime]]
        .dropna()
        .to_numpy(dtype=float)
    )
    drawn = np.random.default_rng(0).integers(0, len(wide), (RESAMPLES, len(wide)))
    resampled = np.diff(np.quantile(wide[drawn], TAIL, axis=1), axis=1)[:, 0]
    low = np.quantile(wide, TAIL, axis=0)
    return EstimateWithError(float(low[1] - low[0]), float(resampled.std()))


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the effects on day 0 and over the year, by regime."""
    shown = points(table)
    vague, wages = (
        {quantity.column: point_estimate(shown, quantity.column, guidance=regime) for quantity in ANSWER}
        for regime in ("vague", "wage_dependent")
    )
    expected = point_estimate(shown, "worst_fall_pct", guidance=EXPECTED)
    certain = point_estimate(shown, "worst_fall_effect", guidance=CERTAIN)
    parts = f" (the lower path alone {fall_clause(certain)})" if CERTAIN in regimes(table) else ""
    low = {regime: tail_effect(table, regime) for regime in regimes(table) if regime != EXPECTED}
    text = (
        f"Relative to guidance of one step every six months, a fully priced hike with vague guidance "
        f"{move_clause(vague['usdjpy_day0_effect'], 'USDJPY', '%')} on the day, and with wage-dependent guidance it "
        f"{move_clause(wages['usdjpy_day0_effect'], 'USDJPY', '%')}. Over the following year the mean of the largest fall of "
        f"USDJPY within {WINDOW} days is {expected} % after six-monthly guidance; vague guidance "
        f"{fall_clause(vague['worst_fall_effect'])}{parts} and wage-dependent guidance "
        f"{fall_clause(wages['worst_fall_effect'])}. Vague guidance {tail_clause(low['vague'])}, wage-dependent guidance "
        f"{tail_clause(low['wage_dependent'])}. {conclusion(vague['usdjpy_day0_effect'], vague['worst_fall_effect'])} Means of "
        "paired differences with standard errors."
    )
    return ExperimentFindings(text, finding_values(shown) | tail_values(low))


def finding_values(shown: pd.DataFrame) -> dict[str, float]:
    """Return the mean and the standard error of every point by name."""
    rows = shown.to_dict("records")
    values = {f"{row['quantity']} {row['guidance']}": float(row["mean"]) for row in rows}
    return values | {f"{row['quantity']}_error {row['guidance']}": float(row["se"]) for row in rows}


def tail_values(low: dict[str, EstimateWithError]) -> dict[str, float]:
    """Return the effects on the 10 % quantile of the year's change by name."""
    values = {f"year_pct_p10_effect {regime}": effect.value for regime, effect in low.items()}
    return values | {f"year_pct_p10_effect_error {regime}": effect.error for regime, effect in low.items()}


def fall_clause(effect: EstimateWithError) -> str:
    """Return how guidance changes the largest fall; a negative effect is a deeper fall."""
    size = effect.size.text(2, signed=False)
    return finding_text(
        effect,
        f"makes it {size} points shallower",
        f"makes it {size} points deeper",
        f"does not clearly change it ({effect.text(2)} points)",
    )


def tail_clause(effect: EstimateWithError) -> str:
    """Return how guidance moves the 10 % quantile of the year's change."""
    moved = f"moves the 10 % quantile of the change over the year by {effect} points"
    unclear = f"does not clearly move the 10 % quantile of the change over the year ({effect} points)"
    return finding_text(effect, moved, moved, unclear)


def day_clause(effect: EstimateWithError) -> str:
    """Return what vague guidance does to the yen on the day."""
    return finding_text(
        effect,
        "weakens the yen on the day",
        "strengthens the yen on the day",
        "does not clearly move the yen on the day",
    )


def conclusion(day: EstimateWithError, fall: EstimateWithError) -> str:
    """Return whether vague guidance that calms the day has a clear cost later in the year."""
    later = finding_text(
        fall,
        "and makes the largest fall of the year shallower",
        "and makes the largest fall of the year deeper",
        "with no clear effect on the largest fall of the year",
    )
    return f"Vague guidance {day_clause(day)}, {later}."


def title(table: pd.DataFrame) -> str:
    """Return the title: the effect of vague guidance on the day, and on the largest fall of the year."""
    shown = points(table)
    day, fall = (point_estimate(shown, ANSWER[at].column, guidance="vague") for at in (0, 1))
    moved = finding_text(day, f"USDJPY {day} %", f"USDJPY {day} %", f"no clear move of USDJPY ({day} %)")
    size = fall.size.text(2, signed=False)
    later = finding_text(
        fall,
        f"largest fall of the year {size} points shallower",
        f"largest fall of the year {size} points deeper",
        f"no clear effect on the largest fall of the year ({fall.text(2)})",
    )
    return f"Vague guidance: {moved} on the day; {later}"


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the move on day 0, the largest falls and the range of changes over the year."""
    shown = points(table)
    subtitle = (
        "BOJ +25 bp, fully priced, 19 December 2025; day 0: difference from six-monthly, line: 2 s.e.; then to 18 December "
        "2026: mean (dot), 80 % of runs (bar)"
    )
    figure = new_figure(Heading(title(table), subtitle, source))
    places = ((0.17, 0.14, 0.20, 0.65), (0.43, 0.14, 0.24, 0.65), (0.73, 0.14, 0.24, 0.65))
    day, fall, year = (figure.add_axes(place) for place in places)
    moves = {regime: point_estimate(shown, "usdjpy_day0_effect", guidance=regime) for regime in regimes(table)}
    draw_day(day, moves | {EXPECTED: EstimateWithError(0.0, 0.0)})
    draw_ranges(fall, ranges(shown, "worst_fall_pct"))
    panel_title(fall, f"Largest {WINDOW}-day fall in the year, %")
    draw_ranges(year, ranges(shown, "year_pct"))
    panel_title(year, "Change over the year, %")
    return Drawing(figure, point_columns(shown))


def ranges(shown: pd.DataFrame, quantity: str) -> dict[str, tuple[float, float, float]]:
    """Return 10 % quantile, mean and 90 % quantile of a level by regime."""
    rows = shown[shown["quantity"] == quantity].to_dict("records")
    return {str(row["guidance"]): (float(row["p10"]), float(row["mean"]), float(row["p90"])) for row in rows}


def draw_day(axes: Axes, moves: dict[str, EstimateWithError]) -> None:
    """Draw the effect on day 0 with two standard errors on either side."""
    values = np.array([effect.value for effect in moves.values()])
    half = np.array([2.0 * effect.error for effect in moves.values()])
    axes.barh(range(len(moves)), values, height=0.5, color=[COLOURS[regime] for regime in moves])
    axes.hlines(range(len(moves)), values - half, values + half, color=INK, linewidth=1.1)
    for row, effect in enumerate(moves.values()):
        label_beside(axes, (effect.value + 2.0 * effect.error, row), format_signed(effect.value))
    style_bar_axes(axes, [regime.replace("_", " ").replace(", ", ",\n") for regime in moves])
    axes.set_xlim(min(0.0, 1.3 * float(values.min())), 1.35 * max(0.1, float(values.max())))
    panel_title(axes, "USDJPY on the day, %")


def draw_ranges(axes: Axes, ranges: dict[str, tuple[float, float, float]]) -> None:
    """Draw a range with a dot at the mean for each regime."""
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
