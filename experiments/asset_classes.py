"""Who is hit by a surprise from the Bank of Japan: long duration, leverage, or dependence on cheap funding?

A hike of 25 bp on 19 December 2025 that nobody priced, against a twin that meets the same news and expected it.  Two
equity segments join the official scenario beside the broad market, to tell highly valued from solid companies: one of
long duration that yen-funded holders own much of, one of short duration that they hardly own.  The sizes, durations and
ownership of these two are assumptions of this experiment, stated in the table.

For each asset stand beside each other: its duration to the ten-year US yield, how much of the market is bought on credit
and how much with borrowed yen, and its direct link to USDJPY.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.investors.carry_funds import CarryFundParameters
from simulation.market.parameters import BondMarket
from simulation.results.figures.style import GREY, INK, Drawing, FloatArray, Heading, new_figure, panel_title
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    asset_exposures,
    day_index,
    meeting_setting,
    paired_differences,
    quantile_table,
    run_table,
    with_investors,
)
from simulation.studies.experiment.figures import SERIES_COLOURS, format_signed, style_bar_axes

RUNS, QUICK_RUNS = 200, 48
WELL_ORDERED = 0.7  # rank correlation above which a trait is said to order the assets
QUICK_NOTE = "200 investors per population"
START, DAY, END, LATER_DAYS = "2025-12-12", "2025-12-19", "2026-01-14", 15
SEGMENTS = (
    "markets.long_duration_equity={kind: equity, size: 20000, dividend_pct: 0.6, own_volatility_pct: 18, links: {ust10: -6}}",
    "markets.solid_equity={kind: equity, size: 20000, dividend_pct: 2.5, own_volatility_pct: 13, links: {ust10: -1}}",
)
FUNDED_WITH_YEN = {"long_duration_equity": 0.25, "solid_equity": 0.02}
"""Shares of the funds' basket, taken out of their broad US equities."""
TRAITS = ("duration_years", "on_credit_pct", "yen_funded_pct", "usdjpy_link")
LABELS = dict(zip(TRAITS, ("duration", "credit", "borrowed yen", "the link to USDJPY"), strict=True))
TRAIT_NAMES = ("duration,\nyears", "bought on\ncredit, %", "with borrowed\nyen, %", "link to\nUSDJPY")
NAMES = {
    "usdjpy": "USDJPY",
    "ust10": "10-year Treasury",
    "jgb10": "10-year JGB",
    "us_equity": "US equity, broad",
    "japan_equity": "Japan equity",
    "bitcoin": "Bitcoin",
    "long_duration_equity": "equity, long duration",
    "solid_equity": "equity, solid",
}


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """The hike unpriced, and its twin fully priced."""
    smaller = with_investors(OFFICIAL, 200) if scale.quick else ()
    base = (
        f"start={START}",
        f"end={END}",
        "fed.meetings=[]",
        "boj.guidance=six_monthly",
        *SEGMENTS,
        *baskets(),
        *smaller,
    )
    return [
        ExperimentVariant(
            {"kind": kind}, (*base, f"boj.meetings=[{meeting_setting(DAY, '25bp', priced, 'six_monthly')}]")
        )
        for kind, priced in (("twin", 1.0), ("surprise", 0.0))
    ]


def baskets() -> list[str]:
    """Settings that move a part of every fund's broad equities into the two segments."""
    settings = []
    for name, fund in cf.load_scenario(OFFICIAL).populations.items():
        if isinstance(fund, CarryFundParameters):
            rest = fund.basket["us_equity"] - sum(FUNDED_WITH_YEN.values())
            parts = fund.basket | FUNDED_WITH_YEN | {"us_equity": rest}
            settings.append(
                f"populations.{name}.basket={{{', '.join(f'{key}: {share:.6g}' for key, share in parts.items())}}}"
            )
    return settings


def measure(result: cf.Result) -> pd.DataFrame:
    """Log change of each asset's price from the eve of the decision, for each day after it, with the asset's traits."""
    record = result.record
    eve, rows = day_index(record, DAY) - 1, FinishedRuns(record).rows
    parts = []
    for asset in NAMES:
        change, known = log_change(result, asset, eve)[rows], asset_exposures(result, asset)
        for day in range(LATER_DAYS + 1):
            parts.append(run_table(record, {"asset": asset, "day": day, "change_pct": change[:, day]} | known))
    return pd.concat(parts, ignore_index=True)


def log_change(result: cf.Result, asset: str, eve: int) -> FloatArray:
    """Log change of a price in percent from the close of day `eve` over the days after; bonds by duration and convexity."""
    market, columns = result.scenario.markets[asset], result.record.market
    if isinstance(market, BondMarket):
        yields = columns[f"{asset}_pct"][:, eve:] / 100.0
        moved = yields[:, 1:] - yields[:, :1]
        curvature = (market.convexity_years2 - market.duration_years**2) / 2.0
        return np.asarray(100.0 * (-market.duration_years * moved + curvature * moved**2))
    level = np.log(columns[asset if asset in columns else f"{asset}_usd"][:, eve:])
    return np.asarray(100.0 * (level[:, 1:] - level[:, :1]))


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Differences of the surprise to its twin, run by run."""
    surprise, twin = table[table["kind"] == "surprise"], table[table["kind"] == "twin"]
    return paired_differences(surprise, twin, ["change_pct"], on=["run", "asset", "day"])


def ranking(table: pd.DataFrame) -> pd.DataFrame:
    """Assets in order of the largest median effect on any day, with the effect at the end and the traits."""
    found = quantile_table(effects(table), ["asset", "day"], "change_pct")
    largest = found.loc[found.assign(size=found["p50"].abs()).groupby("asset")["size"].idxmax()].set_index("asset")
    last = found[found["day"] == LATER_DAYS].set_index("asset")["p50"]
    known = table.groupby("asset")[list(TRAITS)].first()
    joined = largest.join(known).join(last.rename("last_p50"))
    return joined.reindex(joined["p50"].sort_values().index)


def rank_correlations(found: pd.DataFrame) -> dict[str, float]:
    """Rank correlation of the size of the effect with each trait over the assets other than the currency itself."""
    others = found.drop(index="usdjpy")
    sizes = others["p50"].abs().rank()
    return {
        trait: float(np.corrcoef(sizes, others[trait].rank())[0, 1]) for trait in TRAITS if others[trait].nunique() > 1
    }


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Who is hit most, and which trait goes with it."""
    found = ranking(table)
    ranks = rank_correlations(found)
    best = max(ranks, key=lambda trait: ranks[trait])
    rows = zip(found.index, found["p50"], found["day"], found["last_p50"], strict=True)
    order = ", ".join(
        f"{NAMES[asset]} {format_signed(most)} % (day {day}; {format_signed(last)} % at the end)"
        for asset, most, day, last in rows
    )
    told = ", ".join(f"{LABELS[trait]} {format_signed(value, 2)}" for trait, value in ranks.items())
    well = "orders them well" if ranks[best] >= WELL_ORDERED else "comes nearest to ordering them, but does not"
    text = (
        f"Largest median effect of an unpriced hike within {LATER_DAYS} days, against a twin that expected it, in log percent: "
        f"{order}. Long-duration equity held with borrowed yen moves {times_as_far(found):.1f} times as far as solid equity. "
        f"Rank correlation of the size of the effect with what may explain it, over {len(found) - 1} assets: {told}; "
        f"{LABELS[best]} {well}."
    )
    values = {f"largest_pct {asset}": float(value) for asset, value in found["p50"].items()}
    values |= {f"last_pct {asset}": float(value) for asset, value in found["last_p50"].items()}
    values |= {f"rank_correlation {trait}": value for trait, value in ranks.items()}
    return ExperimentFindings(text, values | {"long_over_solid": times_as_far(found)})


def times_as_far(found: pd.DataFrame) -> float:
    """How many times as far long-duration equity moves as solid equity."""
    return float(found["p50"]["long_duration_equity"] / found["p50"]["solid_equity"])


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Effects in order on a square-root scale, with the traits as columns of numbers."""
    found = ranking(table)
    worst = found.index[0]
    finding = (
        f"{NAMES[worst]} is hit hardest ({format_signed(found['p50'][worst], 0)} %); long-duration equity falls "
        f"{times_as_far(found):.0f} times as far as solid equity"
    )
    subtitle = (
        f"Unpriced BOJ hike of 25 bp against a twin that expected it; largest median effect within {LATER_DAYS} days, log %, "
        "square-root scale"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    bars, columns = figure.add_axes((0.17, 0.12, 0.44, 0.65)), figure.add_axes((0.64, 0.12, 0.34, 0.65))
    draw_effects(bars, found)
    draw_traits(columns, found)
    kept = found.reset_index()[["asset", "day", "p10", "p50", "p90", "last_p50", *TRAITS]]
    return Drawing(figure, {str(name): kept[name].to_numpy() for name in kept})


def draw_effects(axes: Axes, found: pd.DataFrame) -> None:
    """Draw the largest effect of each asset with its noise, and a dot for what is left at the end."""
    rows = np.arange(len(found))
    scale = {name: np.sign(found[name]) * np.sqrt(np.abs(found[name])) for name in ("p10", "p50", "p90", "last_p50")}
    axes.barh(rows, scale["p50"], height=0.6, color=SERIES_COLOURS[0], alpha=0.85)
    axes.hlines(rows, scale["p10"], scale["p90"], color=INK, linewidth=1.2)
    axes.plot(scale["last_p50"], rows, "o", color="white", markeredgecolor=INK, markersize=6)
    style_bar_axes(axes, [NAMES[asset] for asset in found.index])
    ticks = np.array([-50, -20, -10, -5, -1, 0, 1])
    axes.set_xticks(np.sign(ticks) * np.sqrt(np.abs(ticks)), [f"{tick:g}".replace("-", "−") for tick in ticks])
    axes.set_xlim(1.25 * float(scale["p10"].min()), max(0.6, 1.2 * float(scale["p90"].max())))
    for row, (low, value) in enumerate(zip(scale["p10"], found["p50"], strict=True)):
        text, end = format_signed(value, 1 if abs(value) >= 1 else 2), min(low, 0.0)
        axes.annotate(
            text,
            (end, row),
            xytext=(-7, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8.5,
            color=GREY,
        )
    panel_title(axes, f"Effect (line: middle 80 % of runs; dot: after {LATER_DAYS} days)")


def draw_traits(axes: Axes, found: pd.DataFrame) -> None:
    """Write the traits as columns, the larger the darker."""
    axes.set_axis_off()
    axes.set_xlim(-0.5, len(TRAITS) - 0.5)
    axes.set_ylim(len(found) - 0.5, -0.5)
    for at, (trait, name) in enumerate(zip(TRAITS, TRAIT_NAMES, strict=True)):
        axes.text(at, -0.75, name, ha="center", va="bottom", fontsize=8, color=GREY)
        largest = float(found[trait].abs().max()) or 1.0
        for row, value in enumerate(found[trait]):
            dot = 420.0 * abs(value) / largest
            axes.scatter(at, row, s=dot, color=SERIES_COLOURS[1], linewidth=0, alpha=0.8)
            axes.text(
                at,
                row,
                f"{value:.2g}".replace("-", "−") if value else "–",
                ha="center",
                va="center",
                fontsize=8.5,
                color=INK,
            )
