"""Which assets does a Bank of Japan surprise affect most: those with long duration, leverage, or dependence on cheap funding?

The surprise is an unpriced hike of 25 bp on 19 December 2025. It is compared with a baseline that expected the hike and has
the same random news. Two equity segments are added to the official scenario, to separate highly valued from solid
companies: one with a long duration and a large share of yen-funded holders, one with a short duration and a small share.
Their sizes, durations and ownership are assumptions of this experiment and are stated in the table.

For each asset the table shows its duration to the ten-year US yield, the shares of the market bought on credit and with
borrowed yen, and its link to USDJPY.
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
WELL_ORDERED = 0.7  # rank correlation above which a characteristic explains the order of the assets
QUICK_NOTE = "200 investors per population"
START, DAY, END, LATER_DAYS = "2025-12-12", "2025-12-19", "2026-01-14", 15
SEGMENTS = (
    "markets.long_duration_equity={kind: equity, size: 20000, dividend_pct: 0.6, own_volatility_pct: 18, links: {ust10: -6}}",
    "markets.solid_equity={kind: equity, size: 20000, dividend_pct: 2.5, own_volatility_pct: 13, links: {ust10: -1}}",
)
FUNDED_WITH_YEN = {"long_duration_equity": 0.25, "solid_equity": 0.02}
"""Shares of the funds' portfolio, taken from their broad US equities."""
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
    """Return the unpriced hike and the fully priced baseline."""
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
    """Return settings that move part of every fund's broad equities into the two segments."""
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
    """Return the log change of each price from the day before the decision, for each day after it, with the asset's exposures."""
    record = result.record
    eve, rows = day_index(record, DAY) - 1, FinishedRuns(record).rows
    parts = []
    for asset in NAMES:
        change, known = log_change(result, asset, eve)[rows], asset_exposures(result, asset)
        for day in range(LATER_DAYS + 1):
            parts.append(run_table(record, {"asset": asset, "day": day, "change_pct": change[:, day]} | known))
    return pd.concat(parts, ignore_index=True)


def log_change(result: cf.Result, asset: str, eve: int) -> FloatArray:
    """Return the log change of a price since the close of day `eve`, percent; bond prices by duration and convexity."""
    market, columns = result.scenario.markets[asset], result.record.market
    if isinstance(market, BondMarket):
        yields = columns[f"{asset}_pct"][:, eve:] / 100.0
        moved = yields[:, 1:] - yields[:, :1]
        curvature = (market.convexity_years2 - market.duration_years**2) / 2.0
        return np.asarray(100.0 * (-market.duration_years * moved + curvature * moved**2))
    level = np.log(columns[asset if asset in columns else f"{asset}_usd"][:, eve:])
    return np.asarray(100.0 * (level[:, 1:] - level[:, :1]))


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return differences of the surprise from the baseline, run by run."""
    surprise, twin = table[table["kind"] == "surprise"], table[table["kind"] == "twin"]
    return paired_differences(surprise, twin, ["change_pct"], on=["run", "asset", "day"])


def ranking(table: pd.DataFrame) -> pd.DataFrame:
    """Return the assets ordered by the largest median effect on any day, with the final effect and the exposures."""
    quantiles = quantile_table(effects(table), ["asset", "day"], "change_pct")
    largest = quantiles.loc[quantiles.assign(size=quantiles["p50"].abs()).groupby("asset")["size"].idxmax()].set_index(
        "asset"
    )
    last = quantiles[quantiles["day"] == LATER_DAYS].set_index("asset")["p50"]
    known = table.groupby("asset")[list(TRAITS)].first()
    ranked = largest.join(known).join(last.rename("last_p50"))
    return ranked.reindex(ranked["p50"].sort_values().index)


def rank_correlations(ranked: pd.DataFrame) -> dict[str, float]:
    """Return the rank correlation of the size of the effect with each exposure, over assets other than USDJPY."""
    others = ranked.drop(index="usdjpy")
    sizes = others["p50"].abs().rank()
    return {
        trait: float(np.corrcoef(sizes, others[trait].rank())[0, 1]) for trait in TRAITS if others[trait].nunique() > 1
    }


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the most affected assets, and the exposure that explains the order best."""
    ranked = ranking(table)
    ranks = rank_correlations(ranked)
    best = max(ranks, key=lambda trait: ranks[trait])
    rows = zip(ranked.index, ranked["p50"], ranked["day"], ranked["last_p50"], strict=True)
    order = ", ".join(
        f"{NAMES[asset]} {format_signed(most)} % (day {day}; {format_signed(last)} % at the end)"
        for asset, most, day, last in rows
    )
    correlations = ", ".join(f"{LABELS[trait]} {format_signed(value, 2)}" for trait, value in ranks.items())
    conclusion = (
        "explains the order" if ranks[best] >= WELL_ORDERED else "comes closest, but does not explain the order"
    )
    text = (
        f"Largest median effect of an unpriced hike within {LATER_DAYS} days, relative to a baseline that expected it, in log "
        f"percent: {order}. Long-duration equity held with borrowed yen moves {long_to_solid(ranked):.1f} times as much as solid "
        f"equity. Rank correlation of the size of the effect with the exposures, over {len(ranked) - 1} assets: {correlations}; "
        f"{LABELS[best]} {conclusion}."
    )
    values = {f"largest_pct {asset}": float(value) for asset, value in ranked["p50"].items()}
    values |= {f"last_pct {asset}": float(value) for asset, value in ranked["last_p50"].items()}
    values |= {f"rank_correlation {trait}": value for trait, value in ranks.items()}
    return ExperimentFindings(text, values | {"long_over_solid": long_to_solid(ranked)})


def long_to_solid(ranked: pd.DataFrame) -> float:
    """Return the effect on long-duration equity as a multiple of the effect on solid equity."""
    return float(ranked["p50"]["long_duration_equity"] / ranked["p50"]["solid_equity"])


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the ordered effects on a square-root scale, with the exposures as columns."""
    ranked = ranking(table)
    worst = ranked.index[0]
    finding = (
        f"{NAMES[worst]} is affected most ({format_signed(ranked['p50'][worst], 0)} %); long-duration equity falls "
        f"{long_to_solid(ranked):.0f} times as much as solid equity"
    )
    subtitle = (
        f"Unpriced BOJ hike of 25 bp relative to a baseline that expected it; largest median effect within {LATER_DAYS} days, "
        "log %, square-root scale"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    bars, columns = figure.add_axes((0.17, 0.12, 0.44, 0.65)), figure.add_axes((0.64, 0.12, 0.34, 0.65))
    draw_effects(bars, ranked)
    draw_traits(columns, ranked)
    shown = ranked.reset_index()[["asset", "day", "p10", "p50", "p90", "last_p50", *TRAITS]]
    return Drawing(figure, {str(name): shown[name].to_numpy() for name in shown})


def draw_effects(axes: Axes, ranked: pd.DataFrame) -> None:
    """Draw the largest effect on each asset with its range over runs, and the final effect as a dot."""
    rows = np.arange(len(ranked))
    scale = {name: np.sign(ranked[name]) * np.sqrt(np.abs(ranked[name])) for name in ("p10", "p50", "p90", "last_p50")}
    axes.barh(rows, scale["p50"], height=0.6, color=SERIES_COLOURS[0], alpha=0.85)
    axes.hlines(rows, scale["p10"], scale["p90"], color=INK, linewidth=1.2)
    axes.plot(scale["last_p50"], rows, "o", color="white", markeredgecolor=INK, markersize=6)
    style_bar_axes(axes, [NAMES[asset] for asset in ranked.index])
    ticks = np.array([-50, -20, -10, -5, -1, 0, 1])
    axes.set_xticks(np.sign(ticks) * np.sqrt(np.abs(ticks)), [f"{tick:g}".replace("-", "−") for tick in ticks])
    axes.set_xlim(1.25 * float(scale["p10"].min()), max(0.6, 1.2 * float(scale["p90"].max())))
    for row, (low, value) in enumerate(zip(scale["p10"], ranked["p50"], strict=True)):
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


def draw_traits(axes: Axes, ranked: pd.DataFrame) -> None:
    """Draw the exposures as columns of numbers with dots of proportional size."""
    axes.set_axis_off()
    axes.set_xlim(-0.5, len(TRAITS) - 0.5)
    axes.set_ylim(len(ranked) - 0.5, -0.5)
    for at, (trait, name) in enumerate(zip(TRAITS, TRAIT_NAMES, strict=True)):
        axes.text(at, -0.75, name, ha="center", va="bottom", fontsize=8, color=GREY)
        largest = float(ranked[trait].abs().max()) or 1.0
        for row, value in enumerate(ranked[trait]):
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
