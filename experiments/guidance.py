"""Guidance: does a calm announcement day come at the price of a fatter tail over the following year?

The Bank of Japan hikes by 25 bp on 19 December 2025, fully priced, and says when the next steps come: every six months
(as expected), vaguely, or depending on wages.  Eight later meetings until 18 December 2026 decide nothing new but each
reveals a part of the path, the more the vaguer the words were.  A fourth variant has the vague words without their
uncertainty, which tells the two effects apart: what vague words say (a lower path) and what they leave open.

Day-0 moves and tails are differences to the six-monthly regime, run by run; tails are taken from the close of day 0.
USDJPY is yen per dollar: down is a stronger yen, a loss to carry.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.experiment import (
    OFFICIAL,
    Findings,
    Scale,
    Variant,
    against,
    change_pct,
    coarser,
    day_of,
    given_up_share,
    meeting,
    per_run,
)
from simulation.experiment_figures import bar_axes, beside, signed
from simulation.figures.style import GREY, INK, LIGHT, Columns, Drawing, Heading, new_figure, panel_title, plain
from simulation.metrics import FinishedRuns

RUNS, QUICK_RUNS = 400, 24
QUICK_NOTE = (
    "carry holders alone with at most 60 investors each, no variant without the uncertainty of vague words; the year is not "
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


def design(scale: Scale) -> Sequence[Variant]:
    """One variant per regime."""
    smaller = coarser(OFFICIAL, 60, carry_alone=True) if scale.quick else ()
    base = (f"start={START}", f"end={END}", "fed.meetings=[]", f"boj.guidance={EXPECTED}", *smaller)
    return [variant(regime, base) for regime in REGIMES if not (scale.quick and regime == CERTAIN)]


def variant(regime: str, base: tuple[str, ...]) -> Variant:
    """The announcement in one regime and the meetings that reveal the rest."""
    words = regime.partition(",")[0]
    later = [meeting(day, "0bp", 0.0) for day in LATER]
    settings = (*base, f"boj.meetings=[{', '.join([meeting(DAY, '25bp', 1.0, words), *later])}]")
    if regime == CERTAIN:
        known = cf.load_scenario(OFFICIAL).boj.guidance_regimes[EXPECTED].path_uncertainty_bp
        settings = (*settings, f"boj.guidance_regimes.{words}.path_uncertainty_bp={known}")
    return Variant({"guidance": regime}, settings)


def measure(result: cf.Result) -> pd.DataFrame:
    """Move of the day, change over the following year, deepest fall within twenty days, levered unwind over the year."""
    record = result.record
    day, last = day_of(record, DAY), len(record.dates) - 1
    level = np.log(record.market["usdjpy"][FinishedRuns(record).rows, day:])
    falls = (level[:, WINDOW:] - level[:, :-WINDOW]).min(axis=1)
    return per_run(
        record,
        {
            "usdjpy_day0_pct": change_pct(record, "usdjpy", day - 1, day),
            "year_pct": change_pct(record, "usdjpy", day, last),
            "worst_fall_pct": 100.0 * np.expm1(falls),
            "levered_unwind_pct": 100.0 * given_up_share(record, "levered", day + 1, last),
        },
    )


def regimes(table: pd.DataFrame) -> list[str]:
    """The regimes of a table, in their order."""
    return [regime for regime in REGIMES if regime in set(table["guidance"])]


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Differences to the expected regime, run by run."""
    return against(table, table[table["guidance"] == EXPECTED], MEASURED)


def tails(table: pd.DataFrame) -> pd.DataFrame:
    """The day's effect and the tails of each regime, and their differences to the expected one with standard errors."""
    wide = {name: table.pivot(index="run", columns="guidance", values=name).dropna()[regimes(table)] for name in MEASURED}
    day0 = effects(table).groupby("guidance", sort=False)["usdjpy_day0_pct"].median()
    year, worst = wide["year_pct"], wide["worst_fall_pct"]
    columns = {
        "day0_pct": day0.reindex(regimes(table)),
        "year_p05_pct": year.quantile(TAIL),
        "year_p50_pct": year.median(),
        "year_p95_pct": year.quantile(1.0 - TAIL),
        "worst_fall_p50_pct": worst.median(),
        "worst_fall_p05_pct": worst.quantile(TAIL),
    }
    found = pd.DataFrame(columns)
    for name, values, level in (("year_p05", year, TAIL), ("worst_fall_p50", worst, 0.5), ("worst_fall_p05", worst, TAIL)):
        found[f"{name}_effect"] = found[f"{name}_pct"] - found[f"{name}_pct"][EXPECTED]
        found[f"{name}_error"] = quantile_error(values, level)
    return found


def quantile_error(values: pd.DataFrame, level: float) -> pd.Series:
    """Standard error of the difference of a quantile to the expected regime, by drawing whole runs again."""
    stream = np.random.default_rng(0)
    runs = stream.integers(0, len(values), (RESAMPLES, len(values)))
    quantiles = np.quantile(values.to_numpy()[runs], level, axis=1)
    differences = quantiles - quantiles[:, [list(values.columns).index(EXPECTED)]]
    return pd.Series(differences.std(axis=0), index=values.columns)


def findings(table: pd.DataFrame) -> Findings:
    """The day against the year, regime by regime."""
    found = tails(table)
    values = {f"{column} {regime}": float(found.loc[regime, column]) for column in found for regime in found.index}
    vague, wages = found.loc["vague"], found.loc["wage_dependent"]
    certain = found.loc[CERTAIN] if CERTAIN in found.index else None
    of_that = f" ({told(certain, 'worst_fall_p50')} by what they say, the rest by what they leave open)" if certain is not None else ""
    text = (
        f"A fully priced hike with vague words moves USDJPY by {signed(vague['day0_pct'])} % that day against a promise of "
        f"one step every six months, with wage-dependent words by {signed(wages['day0_pct'])} %. Over the following year the "
        f"typical deepest fall of USDJPY within {WINDOW} days is {signed(found.loc[EXPECTED, 'worst_fall_p50_pct'])} % after "
        f"the promise; vague words change it by {told(vague, 'worst_fall_p50')} points{of_that} and wage-dependent ones by "
        f"{told(wages, 'worst_fall_p50')}. "
        f"The 5th percentile of the year's change is {signed(found.loc[EXPECTED, 'year_p05_pct'])} % after the promise, "
        f"{told(vague, 'year_p05')} points from there with vague and {told(wages, 'year_p05')} with wage-dependent words. "
        f"{verdict(vague)}"
    )
    return Findings(text, values)


def told(row: pd.Series, name: str) -> str:
    """A difference with its standard error."""
    return f"{signed(row[f'{name}_effect'])} ± {row[f'{name}_error']:.1f}"


def verdict(vague: pd.Series) -> str:
    """Say whether the calmer day is paid for later."""
    paid = [vague[f"{name}_effect"] < -2.0 * vague[f"{name}_error"] for name in ("worst_fall_p50", "year_p05")]
    calm = "Vague words weaken the yen on the day" if vague["day0_pct"] > 0.0 else "Vague words do not weaken the yen on the day"
    if all(paid):
        return f"{calm} and are paid for later, in the typical worst fall and in the tail of the year."
    if paid[0]:
        return f"{calm} and are paid for with deeper falls later; the tail of the whole year is no fatter than noise allows to say."
    return f"{calm}; that later falls are deeper cannot be told from noise with so many runs."


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """The day's move beside the later falls and the spread of the year."""
    found = tails(table)
    vague = found.loc["vague"]
    finding = (
        f"Vague words: USDJPY {signed(vague['day0_pct'])} % on the day, {signed(vague['worst_fall_p50_effect'])} points on the "
        "typical worst fall of the year"
    )
    subtitle = "BOJ +25 bp, fully priced, on 19 December 2025; day 0 as difference to six-monthly guidance, then until 18 December 2026"
    figure = new_figure(Heading(finding, subtitle, source))
    places = ((0.17, 0.14, 0.20, 0.65), (0.43, 0.14, 0.24, 0.65), (0.73, 0.14, 0.24, 0.65))
    day, fall, year = (figure.add_axes(place) for place in places)
    draw_day(day, found)
    draw_ranges(fall, found, ("worst_fall_p05_pct", "worst_fall_p50_pct", None))
    panel_title(fall, f"Deepest {WINDOW}-day fall in the year, %\nmedian and worst 5 % of runs")
    draw_ranges(year, found, ("year_p05_pct", "year_p50_pct", "year_p95_pct"))
    panel_title(year, "Change over the year, %\nmedian, 5 and 95 % of runs")
    numbers: Columns = {"guidance": np.array(found.index)}
    return Drawing(figure, numbers | {column: found[column].to_numpy() for column in found})


def draw_day(axes: Axes, found: pd.DataFrame) -> None:
    """Draw the effect on the day."""
    rows = range(len(found))
    axes.barh(rows, found["day0_pct"], height=0.5, color=[COLOURS[regime] for regime in found.index])
    for row, value in zip(rows, found["day0_pct"], strict=True):
        beside(axes, (float(value), row), signed(float(value)))
    bar_axes(axes, [regime.replace("_", " ").replace(", ", ",\n") for regime in found.index])
    axes.set_xlim(min(0.0, 1.3 * float(found["day0_pct"].min())), 1.35 * max(0.1, float(found["day0_pct"].max())))
    panel_title(axes, "USDJPY on the day, %\ndifference to six-monthly")


def draw_ranges(axes: Axes, found: pd.DataFrame, columns: tuple[str, str, str | None]) -> None:
    """Draw a range with a dot at the median for each regime."""
    low, middle, high = columns
    for row, regime in enumerate(found.index):
        ends = (found.loc[regime, low], found.loc[regime, high or middle])
        axes.hlines(row, *ends, color=COLOURS[regime], linewidth=5, alpha=0.35)
        axes.plot(found.loc[regime, middle], row, "o", color=COLOURS[regime], markersize=8)
        for at in (low, middle, high):
            if at is not None:
                where = (found.loc[regime, at], row)
                axes.annotate(
                    signed(found.loc[regime, at]), where, xytext=(0, 9), textcoords="offset points", ha="center",
                    fontsize=8, color=INK if at == middle else GREY,
                )  # fmt: skip
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LIGHT, linewidth=0.7)
    axes.set_yticks([])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.margins(x=0.12)
