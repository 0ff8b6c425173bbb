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
from simulation.results.estimates import EstimateWithError, finding_text, join_names, leading_names, paired_difference
from simulation.results.figures.style import GREY, INK, Drawing, FloatArray, Heading, new_figure, panel_title
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.answer import Quantity, point_columns, point_table
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    asset_exposures,
    day_index,
    meeting_setting,
    paired_differences,
    run_table,
    with_investors,
)
from simulation.studies.experiment.figures import SERIES_COLOURS, format_signed, style_bar_axes

RUNS, QUICK_RUNS = 200, 48
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
ANSWER = (
    Quantity("largest_pct", "log %", "largest effect", decimals=2, band=True),
    Quantity("last_pct", "log %", f"after {LATER_DAYS} days", decimals=2),
)
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


def run_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per asset and run: the effect on the day of its largest mean effect, and on the last day."""
    moved = effects(table)
    means = moved.groupby(["asset", "day"])["change_pct"].mean()
    peaks = means.abs().groupby("asset").idxmax().map(lambda key: key[1])
    own = moved[moved["day"] == moved["asset"].map(peaks)].rename(columns={"change_pct": "largest_pct"})
    last = moved[moved["day"] == LATER_DAYS][["asset", "run", "change_pct"]].rename(columns={"change_pct": "last_pct"})
    return own.merge(last, on=["asset", "run"])


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per asset and quantity, ordered by the largest mean effect."""
    shown = point_table(run_effects(table), ["asset", "day", *TRAITS], ANSWER)
    order = list(shown[shown["quantity"] == "largest_pct"].sort_values("mean")["asset"])
    return shown.sort_values("asset", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)


def ranking(table: pd.DataFrame) -> pd.DataFrame:
    """Return the assets ordered by the largest mean effect on any day, with the final effect and the exposures."""
    shown = points(table).set_index("asset")
    largest = shown[shown["quantity"] == "largest_pct"][["day", *TRAITS, "mean", "se", "p10", "p90"]]
    last = shown[shown["quantity"] == "last_pct"][["mean", "se"]].add_prefix("last_")
    return largest.join(last)


def rank_correlations(ranked: pd.DataFrame) -> dict[str, EstimateWithError]:
    """Return the rank correlation of the size of the effect with each exposure, over assets other than USDJPY.

    The standard error is the one without a relation, ``1 / sqrt(n - 1)`` for n assets. Source: Kendall (1948), Rank
    correlation methods, chapter 4.
    """
    others = ranked.drop(index="usdjpy")
    sizes, error = others["mean"].abs().rank(), 1.0 / np.sqrt(len(others) - 1)
    return {
        trait: EstimateWithError(float(np.corrcoef(sizes, others[trait].rank())[0, 1]), float(error))
        for trait in TRAITS
        if others[trait].nunique() > 1 and sizes.nunique() > 1
    }


def most_affected(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the asset with the largest effect in size, and those not clearly less affected; empty if no effect is clear."""
    wide = run_effects(table).pivot(index="run", columns="asset", values="largest_pct")
    means = {name: EstimateWithError.of(wide[name].dropna().to_numpy()) for name in NAMES if name in wide}
    clear = {name: abs(each.value) for name, each in means.items() if each.is_clear}
    sizes = {name: np.sign(means[name].value) * wide[name].to_numpy() for name in clear}
    return leading_names(clear, lambda first, second: paired_difference(sizes[first], sizes[second]))


def long_less_solid(table: pd.DataFrame) -> EstimateWithError:
    """Return by how much more long-duration equity falls than solid equity, run by run, in points."""
    wide = run_effects(table).pivot(index="run", columns="asset", values="largest_pct")
    return paired_difference(wide["solid_equity"].to_numpy(), wide["long_duration_equity"].to_numpy())


def long_clause(table: pd.DataFrame) -> str:
    """Return how long-duration equity compares with solid equity; a multiple only where both effects are clear falls."""
    ranked, step = ranking(table), long_less_solid(table)
    ends = [EstimateWithError(ranked["mean"][name], ranked["se"][name]) for name in FUNDED_WITH_YEN]
    both_fall = all(each.is_clear and each.value < 0.0 for each in ends)
    times = (
        f"{long_to_solid(ranked):.1f} times as much as" if both_fall else f"{step.text(signed=False)} points more than"
    )
    size = step.size.text(signed=False)
    return finding_text(
        step,
        f"long-duration equity falls {times} solid equity",
        f"long-duration equity falls {size} points less than solid equity",
        "long-duration equity does not clearly fall more or less than solid equity",
    )


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the most affected assets, and the exposure that explains the order best."""
    ranked = ranking(table)
    ranks = rank_correlations(ranked)
    order = ", ".join(
        f"{NAMES[str(asset)]} {EstimateWithError(row['mean'], row['se'])} % (day {row['day']:.0f}; "
        f"{EstimateWithError(row['last_mean'], row['last_se'])} % at the end)"
        for asset, row in ranked.iterrows()
    )
    correlations = ", ".join(f"{LABELS[trait]} {value.text(2)}" for trait, value in ranks.items())
    text = (
        f"Largest mean effect of an unpriced hike within {LATER_DAYS} days, relative to a baseline that expected it, in log "
        f"percent: {order}. {affected_clause(most_affected(table))}; {long_clause(table)}. Rank correlation of the size of the "
        f"effect with the exposures, over {len(ranked) - 1} assets: {correlations}; {explanation(ranks)}. Means of paired "
        "differences with standard errors; effects are taken on the day on which their mean is largest."
    )
    values = {f"largest_pct {asset}": float(value) for asset, value in ranked["mean"].items()}
    values |= {f"last_pct {asset}": float(value) for asset, value in ranked["last_mean"].items()}
    values |= {f"rank_correlation {trait}": value.value for trait, value in ranks.items()}
    return ExperimentFindings(text, values | {"long_over_solid": long_to_solid(ranked)})


def affected_clause(leaders: Sequence[str]) -> str:
    """Return which asset is affected most, or which ones cannot be told apart."""
    if not leaders:
        return "No asset is clearly affected"
    names = [NAMES[name] for name in leaders]
    if len(names) == 1:
        return f"{names[0]} is affected most"
    return f"{join_names(names)} are affected most, without a clear difference between them"


def explanation(ranks: dict[str, EstimateWithError]) -> str:
    """Return which exposures clearly go with larger effects."""
    clear = [LABELS[trait] for trait, value in ranks.items() if finding_text(value, "more", "", "")]
    return (
        f"{join_names(clear)} clearly {'goes' if len(clear) == 1 else 'go'} with larger effects"
        if clear
        else ("no exposure clearly explains the order of so few assets")
    )


def long_to_solid(ranked: pd.DataFrame) -> float:
    """Return the effect on long-duration equity as a multiple of the effect on solid equity; NaN without an effect."""
    solid = float(ranked["mean"]["solid_equity"])
    return float(ranked["mean"]["long_duration_equity"]) / solid if solid else float("nan")


def title(table: pd.DataFrame) -> str:
    """Return the title: the most affected asset, and long-duration against solid equity."""
    return f"{affected_clause(most_affected(table)[:3])}; {long_clause(table)}"


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw the ordered effects on a square-root scale, with the exposures as columns."""
    ranked = ranking(table)
    subtitle = (
        f"Unpriced BOJ hike of 25 bp relative to a baseline that expected it; largest mean effect within {LATER_DAYS} days, "
        "log %, square-root scale"
    )
    figure = new_figure(Heading(title(table), subtitle, source))
    bars, columns = figure.add_axes((0.17, 0.12, 0.44, 0.65)), figure.add_axes((0.64, 0.12, 0.34, 0.65))
    draw_effects(bars, ranked)
    draw_traits(columns, ranked)
    return Drawing(figure, point_columns(points(table)))


def draw_effects(axes: Axes, ranked: pd.DataFrame) -> None:
    """Draw the largest effect on each asset with its range over runs, and the final effect as a dot."""
    rows = np.arange(len(ranked))
    scale = {
        name: np.sign(ranked[name]) * np.sqrt(np.abs(ranked[name])) for name in ("p10", "mean", "p90", "last_mean")
    }
    axes.barh(rows, scale["mean"], height=0.6, color=SERIES_COLOURS[0], alpha=0.85)
    axes.hlines(rows, scale["p10"], scale["p90"], color=INK, linewidth=1.2)
    axes.plot(scale["last_mean"], rows, "o", color="white", markeredgecolor=INK, markersize=6)
    style_bar_axes(axes, [NAMES[asset] for asset in ranked.index])
    ticks = np.array([-50, -20, -10, -5, -1, 0, 1])
    axes.set_xticks(np.sign(ticks) * np.sqrt(np.abs(ticks)), [f"{tick:g}".replace("-", "−") for tick in ticks])
    axes.set_xlim(1.25 * float(scale["p10"].min()), max(0.6, 1.2 * float(scale["p90"].max())))
    for row, (low, value) in enumerate(zip(scale["p10"], ranked["mean"], strict=True)):
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
    panel_title(axes, f"Effect (line: 80 % of runs; dot: after {LATER_DAYS} days)")


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
