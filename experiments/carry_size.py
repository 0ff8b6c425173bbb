"""How much do the size of the carry stock and the depth of the USDJPY market matter?

Hedge funds' carry stock K (150-500 $bn) is crossed with the fast price impact lambda_0 of USDJPY (0.02-0.08 % per $bn),
both over their plausible ranges. Every cell gets the same shock: an unpriced hike of 25 bp on the first day. The outcomes
are the lowest close of USDJPY and the reduction in levered positions within fifteen days.

A single episode identifies the product lambda_0 K (9-10 % in August 2024), not its factors. Cells with a product outside
5-14 % are not supported by that episode and are hatched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

import simulation as cf
from simulation.results.estimates import EstimateWithError, finding_text
from simulation.results.figures.style import (
    INK,
    LIGHT,
    Drawing,
    FloatArray,
    Heading,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.answer import Quantity, point_columns, point_table
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    meeting_setting,
    position_reduction_share,
    run_table,
    with_investors,
)
from simulation.studies.experiment.figures import (
    DIVERGING,
    FEW_RUNS,
    HeatMapCells,
    draw_boundary,
    draw_heat_map,
    format_signed,
    hatch_cells,
)
from simulation.values.conventions import Flags

RUNS, QUICK_RUNS = 200, 20
QUICK_NOTE = "carry holders only, with 100 investors each; a coarser grid"
STOCKS, IMPACTS = (150, 200, 250, 300, 400, 500), (0.02, 0.03, 0.035, 0.04, 0.06, 0.08)
QUICK_STOCKS, QUICK_IMPACTS = (150, 250, 350, 500), (0.02, 0.035, 0.05, 0.08)
SUPPORTED_PCT = (5.0, 14.0)
AUGUST_2024_PCT = -11.0  # peak to trough of USDJPY, H.10
DAY, END, LATER_DAYS = "2025-12-01", "2025-12-24", 15
KIND = "carry_funds"
LABELS = ("stock_usd_bn", "fast_impact_pct_per_usd_bn")
RESAMPLES = 400
ANSWER = (
    Quantity("trough_pct", "%", "lowest USDJPY", band=True),
    Quantity("unwind_pct", "% of the levered stock", "unwound", signed=False),
    Quantity("start_loop_gain", "ratio", "loop gain at the start", decimals=2, signed=False),
)
STOCK_SHADES = LinearSegmentedColormap.from_list("stocks", ["#88CCEE", "#332288"])


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return the variants: every stock with every impact, under the same shock."""
    smaller = with_investors(OFFICIAL, 100, carry_alone=True) if scale.quick else ()
    shock = (f"end={END}", "fed.meetings=[]", f"boj.meetings=[{meeting_setting(DAY, '25bp', 0.0, 'six_monthly')}]")
    stocks, impacts = scale.choose(STOCKS, QUICK_STOCKS), scale.choose(IMPACTS, QUICK_IMPACTS)
    return [variant(stock, impact, (*shock, *smaller)) for stock in stocks for impact in impacts]


def variant(stock: float, impact: float, base: tuple[str, ...]) -> ExperimentVariant:
    """Return the variant of one cell; the scenario's funds keep their shares of the total stock."""
    populations = cf.load_scenario(OFFICIAL).populations
    funds = {name: each.stock_usd_bn for name, each in populations.items() if each.kind == KIND}
    sizes = [f"populations.{name}.stock_usd_bn={stock * own / sum(funds.values())}" for name, own in funds.items()]
    labels = {"stock_usd_bn": float(stock), "fast_impact_pct_per_usd_bn": impact, "product_pct": stock * impact}
    return ExperimentVariant(labels, (*base, *sizes, f"markets.usdjpy.fast_impact_pct_per_usd_bn={impact}"))


def measure(result: cf.Result) -> pd.DataFrame:
    """Return the lowest close of USDJPY and the reduction in levered positions within 15 days, and the initial loop gain."""
    record, finished = result.record, FinishedRuns(result.record)
    path = record.market["usdjpy"][finished.rows, : LATER_DAYS + 2]
    return run_table(
        record,
        {
            "trough_pct": 100.0 * (path.min(axis=1) / path[:, 0] - 1.0),
            "unwind_pct": 100.0 * position_reduction_share(record, "levered", 1, LATER_DAYS + 1),
            "start_loop_gain": record.market["loop_gain"][finished.rows, 0],
        },
    )


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per stock, impact and quantity."""
    return point_table(table, [*LABELS, "product_pct"], ANSWER)


@dataclass(frozen=True)
class CarrySizeMap:
    """Means over runs, one row per stock and one column per impact; NaN for a cell without finished runs."""

    stocks: FloatArray
    impacts: FloatArray
    trough: FloatArray
    unwind: FloatArray
    gain: FloatArray
    runs: FloatArray

    @property
    def product(self) -> FloatArray:
        """Product lambda_0 K of each cell, percent."""
        return np.outer(self.stocks, self.impacts)

    @property
    def unsupported(self) -> Flags:
        """Cells with a product outside the range supported by August 2024."""
        return np.asarray((self.product < SUPPORTED_PCT[0]) | (self.product > SUPPORTED_PCT[1]))


def mean_map(table: pd.DataFrame) -> CarrySizeMap:
    """Return the means by cell."""
    stocks, impacts = (np.unique(table[name].to_numpy(dtype=float)) for name in LABELS)
    shown = points(table)

    def cells(quantity: str, statistic: str = "mean") -> FloatArray:
        means = shown[shown["quantity"] == quantity].pivot(index=LABELS[0], columns=LABELS[1], values=statistic)
        return means.reindex(index=stocks, columns=impacts).to_numpy(dtype=float)

    runs = np.nan_to_num(cells("trough_pct", "runs"))
    return CarrySizeMap(stocks, impacts, cells("trough_pct"), cells("unwind_pct"), cells("start_loop_gain"), runs)


def explained_shares(table: pd.DataFrame, outcome: str) -> dict[str, EstimateWithError]:
    """Return the shares of the variance between cells that stock, impact and product explain in single regressions, percent.

    ``lead`` is the share of the product less the larger of the other two. Errors come from resampling runs, which share their
    news between cells. Source: Efron and Tibshirani (1993), chapter 8.
    """
    wide = table.pivot(index="run", columns=list(LABELS), values=outcome).dropna()
    stock, impact = (wide.columns.get_level_values(name).to_numpy(dtype=float) for name in LABELS)
    values = wide.to_numpy(dtype=float)
    drawn = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    means = np.concatenate([values.mean(axis=0)[None], values[drawn].mean(axis=1)])
    shares = {
        name: 100.0 * squared_correlation(means, size)
        for name, size in {"stock": stock, "impact": impact, "product": stock * impact}.items()
    }
    shares["lead"] = shares["product"] - np.maximum(shares["stock"], shares["impact"])
    return {name: EstimateWithError(float(each[0]), float(each[1:].std())) for name, each in shares.items()}


def squared_correlation(rows: FloatArray, size: FloatArray) -> FloatArray:
    """Return the squared correlation of each row of ``(rows, cells)`` with a size by cell; 0 where a row is constant."""
    own, other = rows - rows.mean(axis=1, keepdims=True), size - size.mean()
    scale = (own**2).sum(axis=1) * (other**2).sum()
    return np.asarray(np.where(scale > 0.0, (own @ other) ** 2 / np.where(scale > 0.0, scale, 1.0), 0.0))


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return what stock, impact and their product explain, inside and outside the supported range."""
    means = mean_map(table)
    trough, unwind = (explained_shares(table, outcome) for outcome in ("trough_pct", "unwind_pct"))
    values = finding_values(means, {"trough": trough, "unwind": unwind})
    above = (
        ", above 1: a shock can then amplify itself without limit" if values["largest_start_loop_gain"] > 1.0 else ""
    )
    text = (
        f"After the same unpriced hike the mean of the lowest USDJPY within {LATER_DAYS} days lies between "
        f"{format_signed(values['trough_shallowest_pct'], 0)} and {format_signed(values['trough_deepest_pct'], 0)} %. The "
        f"product of stock and impact explains {percent(trough['product'])} of the variance between cells, the stock alone "
        f"{percent(trough['stock'])} and the impact alone {percent(trough['impact'])}: {conclusion(trough['lead'])}. For the "
        f"unwound share ({percent(unwind['product'])}, {percent(unwind['stock'])} and {percent(unwind['impact'])}), "
        f"{conclusion(unwind['lead'])}. Warning: "
        f"{values['cells_outside']:.0f} of {means.product.size} cells have a product outside "
        f"{SUPPORTED_PCT[0]:g}-{SUPPORTED_PCT[1]:g} % and are not supported by August 2024. Within this range the deepest trough "
        f"is {format_signed(values['trough_deepest_supported_pct'], 0)} %. The initial loop gain reaches "
        f"{values['largest_start_loop_gain']:.2f}{above}. Means over runs; standard errors from resampled runs."
    )
    return ExperimentFindings(text, values)


def percent(share: EstimateWithError) -> str:
    """Return a share of variance with its standard error."""
    return f"{share.text(0, signed=False)} %"


def finding_values(means: CarrySizeMap, explained: dict[str, dict[str, EstimateWithError]]) -> dict[str, float]:
    """Return the numbers of the findings by name; shares of variance as decimals."""
    return {
        f"{outcome}_explained_by_{name}": share.value / 100.0
        for outcome, each in explained.items()
        for name, share in each.items()
        if name != "lead"
    } | {
        "trough_shallowest_pct": float(np.nanmax(means.trough)),
        "trough_deepest_pct": float(np.nanmin(means.trough)),
        "trough_deepest_supported_pct": float(np.nanmin(means.trough[~means.unsupported])),
        "largest_start_loop_gain": float(np.nanmax(means.gain)),
        "cells_outside": float(means.unsupported.sum()),
    }


def conclusion(lead: EstimateWithError) -> str:
    """Return whether the product explains more than either factor; `lead` is its share less the larger of theirs."""
    return finding_text(
        lead,
        "the product explains more than either factor",
        "the product explains less than its better factor",
        "the product does not clearly explain more or less than its better factor",
    )


def title(table: pd.DataFrame) -> str:
    """Return the title: what the product explains beside its better factor."""
    shares = explained_shares(table, "trough_pct")
    better = max(("stock", "impact"), key=lambda name: shares[name].value)
    product, alone = percent(shares["product"]), f"the {better} alone {percent(shares[better])}"
    return finding_text(
        shares["lead"],
        f"Stock times impact explains {product} of the variance of the USDJPY trough, {alone}",
        f"Stock times impact explains only {product} of the variance of the USDJPY trough, {alone}",
        f"Stock times impact explains the USDJPY trough no better than the {better} alone: {product}, {percent(shares[better])}",
    )


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw a heat map of the trough, and the trough against the product."""
    means = mean_map(table)
    subtitle = (
        f"Unpriced BOJ hike of 25 bp on the first day; means within {LATER_DAYS} days; hatched: λ₀K outside 5–14 %, not "
        "supported by August 2024"
    )
    figure = new_figure(Heading(title(table), subtitle, source))
    draw_map(figure.add_axes((0.09, 0.17, 0.44, 0.62)), means)
    draw_products(figure.add_axes((0.60, 0.17, 0.35, 0.62)), means)
    return Drawing(figure, point_columns(points(table)))


def draw_map(axes: Axes, means: CarrySizeMap) -> None:
    """Draw the trough of each cell with the unwound share below; cells not supported by August 2024 are hatched."""
    rows, columns = [f"{stock:g}" for stock in means.stocks], [f"{impact:g}" for impact in means.impacts]
    deepest = abs(float(np.nanmin(means.trough)))
    draw_heat_map(axes, HeatMapCells(means.trough, rows, columns), (-deepest, deepest), DIVERGING)
    hatch_cells(axes, means.unsupported | (means.runs < FEW_RUNS))
    draw_boundary(axes, means.trough <= AUGUST_2024_PCT)
    for (row, column), share in np.ndenumerate(means.unwind):
        axes.text(column, row + 0.27, f"{share:.0f} %", ha="center", va="center", fontsize=7, color=INK)
    panel_title(
        axes,
        f"Lowest USDJPY, %, by K ($bn) and λ₀ (% per $bn); small: unwound\n"
        f"thick line: {format_signed(AUGUST_2024_PCT, 0)} %, the trough of August 2024",
    )


def draw_products(axes: Axes, means: CarrySizeMap) -> None:
    """Draw the trough against the product, with the supported range shaded."""
    axes.axvspan(*SUPPORTED_PCT, color=LIGHT, alpha=0.5, linewidth=0)
    for row, stock in enumerate(means.stocks):
        shade = STOCK_SHADES(row / max(1, len(means.stocks) - 1))
        axes.plot(means.product[row], means.trough[row], "o-", color=shade, markersize=5, linewidth=1)
        end = (means.product[row, -1], means.trough[row, -1])
        axes.annotate(
            f"{stock:g}", end, xytext=(5, 0), textcoords="offset points", fontsize=8, color=shade, va="center"
        )
    remove_frame(axes)
    axes.set_xlim(0.0, 1.12 * float(means.product.max()))
    axes.set_xlabel("λ₀K, %", fontsize=8.5)
    panel_title(axes, "Trough against the product λ₀K\none line per stock K; grey: 5–14 %")
