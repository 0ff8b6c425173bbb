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
from simulation.results.figures.style import (
    INK,
    LIGHT,
    Columns,
    Drawing,
    FloatArray,
    Heading,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    meeting_setting,
    position_reduction_share,
    quantile_table,
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


@dataclass(frozen=True)
class CarrySizeMap:
    """Medians over runs, one row per stock and one column per impact."""

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

    def explained(self, outcome: FloatArray) -> dict[str, float]:
        """Return the share of the variance between cells explained by stock, impact and product in single regressions."""
        stock, impact = np.meshgrid(self.stocks, self.impacts, indexing="ij")
        sizes, known = {"stock": stock, "impact": impact, "product": self.product}, np.isfinite(outcome)
        return {name: float(np.corrcoef(size[known], outcome[known])[0, 1] ** 2) for name, size in sizes.items()}


def median_map(table: pd.DataFrame) -> CarrySizeMap:
    """Return the medians by cell; NaN for a cell without finished runs."""
    stocks, impacts = (np.unique(table[name].to_numpy(dtype=float)) for name in LABELS)

    def cells(column: str, statistic: str = "p50") -> FloatArray:
        medians = quantile_table(table, LABELS, column).pivot(index=LABELS[0], columns=LABELS[1], values=statistic)
        return medians.reindex(index=stocks, columns=impacts).to_numpy(dtype=float)

    return CarrySizeMap(
        stocks,
        impacts,
        cells("trough_pct"),
        cells("unwind_pct"),
        cells("start_loop_gain"),
        np.nan_to_num(cells("trough_pct", "runs")),
    )


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return what stock, impact and their product explain, inside and outside the supported range."""
    medians = median_map(table)
    values = finding_values(medians)
    trough, unwind = (
        {name: f"{100 * share:.0f}" for name, share in medians.explained(each).items()}
        for each in (medians.trough, medians.unwind)
    )
    above = (
        ", above 1: a shock can then amplify itself without limit" if values["largest_start_loop_gain"] > 1.0 else ""
    )
    text = (
        f"After the same unpriced hike the lowest USDJPY within {LATER_DAYS} days lies between "
        f"{format_signed(values['trough_shallowest_pct'], 0)} and {format_signed(values['trough_deepest_pct'], 0)} %. The "
        f"product of stock and impact explains {trough['product']} % of the variance between cells, the stock alone "
        f"{trough['stock']} % and the impact alone {trough['impact']} %: {conclusion(medians.explained(medians.trough))}. (For "
        f"the unwound share: {unwind['product']}, {unwind['stock']} and {unwind['impact']} %.) Warning: "
        f"{values['cells_outside']:.0f} of {medians.product.size} cells have a product outside "
        f"{SUPPORTED_PCT[0]:g}-{SUPPORTED_PCT[1]:g} % and are not supported by August 2024. Within this range the deepest trough "
        f"is {format_signed(values['trough_deepest_supported_pct'], 0)} %. The initial loop gain reaches "
        f"{values['largest_start_loop_gain']:.2f}{above}."
    )
    return ExperimentFindings(text, values)


def finding_values(medians: CarrySizeMap) -> dict[str, float]:
    """Return the numbers of the findings by name."""
    explained = {"trough": medians.explained(medians.trough), "unwind": medians.explained(medians.unwind)}
    return {
        f"{outcome}_explained_by_{name}": share for outcome, each in explained.items() for name, share in each.items()
    } | {
        "trough_shallowest_pct": float(np.nanmax(medians.trough)),
        "trough_deepest_pct": float(np.nanmin(medians.trough)),
        "trough_deepest_supported_pct": float(np.nanmin(medians.trough[~medians.unsupported])),
        "largest_start_loop_gain": float(np.nanmax(medians.gain)),
        "cells_outside": float(medians.unsupported.sum()),
    }


def conclusion(shares: dict[str, float]) -> str:
    """Return whether the product explains more than either factor."""
    more = shares["product"] > max(shares["stock"], shares["impact"])
    return (
        "the product explains more than either factor" if more else "the product does not explain more than its factors"
    )


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw a heat map of the trough, and the trough against the product."""
    medians = median_map(table)
    shares = medians.explained(medians.trough)
    finding = (
        f"Stock times impact explains {100 * shares['product']:.0f} % of the variance of the USDJPY trough, the stock alone "
        f"{100 * shares['stock']:.0f} %"
    )
    subtitle = (
        f"Unpriced BOJ hike of 25 bp on the first day; medians within {LATER_DAYS} days; hatched: λ₀K outside 5–14 %, not "
        "supported by August 2024"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    draw_map(figure.add_axes((0.09, 0.17, 0.44, 0.62)), medians)
    draw_products(figure.add_axes((0.60, 0.17, 0.35, 0.62)), medians)
    return Drawing(figure, plotted_columns(medians))


def draw_map(axes: Axes, medians: CarrySizeMap) -> None:
    """Draw the trough of each cell with the unwound share below; cells not supported by August 2024 are hatched."""
    rows, columns = [f"{stock:g}" for stock in medians.stocks], [f"{impact:g}" for impact in medians.impacts]
    deepest = abs(float(np.nanmin(medians.trough)))
    draw_heat_map(axes, HeatMapCells(medians.trough, rows, columns), (-deepest, deepest), DIVERGING)
    hatch_cells(axes, medians.unsupported | (medians.runs < FEW_RUNS))
    draw_boundary(axes, medians.trough <= AUGUST_2024_PCT)
    for (row, column), share in np.ndenumerate(medians.unwind):
        axes.text(column, row + 0.27, f"{share:.0f} %", ha="center", va="center", fontsize=7, color=INK)
    panel_title(
        axes,
        f"Lowest USDJPY, %, by K ($bn) and λ₀ (% per $bn); small: unwound\n"
        f"thick line: {format_signed(AUGUST_2024_PCT, 0)} %, the trough of August 2024",
    )


def draw_products(axes: Axes, medians: CarrySizeMap) -> None:
    """Draw the trough against the product, with the supported range shaded."""
    axes.axvspan(*SUPPORTED_PCT, color=LIGHT, alpha=0.5, linewidth=0)
    for row, stock in enumerate(medians.stocks):
        shade = STOCK_SHADES(row / max(1, len(medians.stocks) - 1))
        axes.plot(medians.product[row], medians.trough[row], "o-", color=shade, markersize=5, linewidth=1)
        end = (medians.product[row, -1], medians.trough[row, -1])
        axes.annotate(
            f"{stock:g}", end, xytext=(5, 0), textcoords="offset points", fontsize=8, color=shade, va="center"
        )
    remove_frame(axes)
    axes.set_xlim(0.0, 1.12 * float(medians.product.max()))
    axes.set_xlabel("λ₀K, %", fontsize=8.5)
    panel_title(axes, "Trough against the product λ₀K\none line per stock K; grey: 5–14 %")


def plotted_columns(medians: CarrySizeMap) -> Columns:
    """Return the plotted values, one row per cell."""
    stock, impact = np.meshgrid(medians.stocks, medians.impacts, indexing="ij")
    columns = {
        "stock_usd_bn": stock,
        "fast_impact_pct_per_usd_bn": impact,
        "product_pct": medians.product,
        "trough_pct_p50": medians.trough,
        "unwind_pct_p50": medians.unwind,
        "start_loop_gain_p50": medians.gain,
        "runs": medians.runs,
        "supported": ~medians.unsupported,
    }
    return {name: values.ravel() for name, values in columns.items()}
