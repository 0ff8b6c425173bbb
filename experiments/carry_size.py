"""How much does the size of the carry stock matter, and how much the depth of the market that it leaves through?

Hedge funds' carry stock K (150-500 $bn) is crossed with the fast price impact lambda_0 of USDJPY (0.02-0.08 % per $bn),
both over their plausible ranges.  Every cell gets the same shock: a hike of 25 bp that nobody priced, on the first day.
What comes of it is the lowest close of USDJPY within fifteen days and the share of positions that funds give up.

One episode pins down the product lambda_0 K (9-10 % in August 2024), not its factors; outside 5-14 % a cell is not
supported by that episode and is hatched.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

import simulation as cf
from simulation.experiment import OFFICIAL, Findings, Scale, Variant, bands, coarser, given_up_share, meeting, per_run
from simulation.experiment_figures import (
    DIVERGING,
    FEW_RUNS,
    Grid,
    boundary,
    hatch,
    heat_map,
    signed,
)
from simulation.figures.style import INK, LIGHT, Columns, Drawing, FloatArray, Heading, new_figure, panel_title, plain
from simulation.metrics import FinishedRuns

RUNS, QUICK_RUNS = 200, 24
QUICK_NOTE = "at most 100 investors per population, a coarser grid"
STOCKS, IMPACTS = (150, 200, 250, 300, 400, 500), (0.02, 0.03, 0.035, 0.04, 0.06, 0.08)
QUICK_STOCKS, QUICK_IMPACTS = (150, 250, 350, 500), (0.02, 0.035, 0.05, 0.08)
SUPPORTED_PCT = (5.0, 14.0)
AUGUST_2024_PCT = -11.0  # peak to trough of USDJPY, H.10
DAY, END, LATER_DAYS = "2025-12-01", "2025-12-24", 15
KIND = "carry_funds"
STOCK_SHADES = LinearSegmentedColormap.from_list("stocks", ["#88CCEE", "#332288"])


def design(scale: Scale) -> Sequence[Variant]:
    """Every stock with every impact, under the same shock."""
    smaller = coarser(OFFICIAL, 100) if scale.quick else ()
    shock = (f"end={END}", "fed.meetings=[]", f"boj.meetings=[{meeting(DAY, '25bp', 0.0, 'six_monthly')}]")
    stocks, impacts = scale.choose(STOCKS, QUICK_STOCKS), scale.choose(IMPACTS, QUICK_IMPACTS)
    return [variant(stock, impact, (*shock, *smaller)) for stock in stocks for impact in impacts]


def variant(stock: float, impact: float, base: tuple[str, ...]) -> Variant:
    """One cell: the funds' stock is shared out among the scenario's funds as before."""
    cast = cf.load_scenario(OFFICIAL).populations
    funds = {name: each.stock_usd_bn for name, each in cast.items() if each.kind == KIND}
    sizes = [f"populations.{name}.stock_usd_bn={stock * own / sum(funds.values())}" for name, own in funds.items()]
    labels = {"stock_usd_bn": float(stock), "fast_impact_pct_per_usd_bn": impact, "product_pct": stock * impact}
    return Variant(labels, (*base, *sizes, f"markets.usdjpy.fast_impact_pct_per_usd_bn={impact}"))


def measure(result: cf.Result) -> pd.DataFrame:
    """Lowest close of USDJPY and what levered holders gave up within fifteen days, and the loop gain at the start."""
    record, finished = result.record, FinishedRuns(result.record)
    path = record.market["usdjpy"][finished.rows, : LATER_DAYS + 2]
    return per_run(
        record,
        {
            "trough_pct": 100.0 * (path.min(axis=1) / path[:, 0] - 1.0),
            "unwind_pct": 100.0 * given_up_share(record, "levered", 1, LATER_DAYS + 1),
            "start_loop_gain": record.market["loop_gain"][finished.rows, 0],
        },
    )


def cells(table: pd.DataFrame, column: str, statistic: str = "p50") -> pd.DataFrame:
    """A statistic by stock (rows) and impact (columns)."""
    found = bands(table, ["stock_usd_bn", "fast_impact_pct_per_usd_bn"], column)
    return found.pivot(index="stock_usd_bn", columns="fast_impact_pct_per_usd_bn", values=statistic).sort_index().sort_index(axis=1)


def products(grid: pd.DataFrame) -> FloatArray:
    """lambda_0 K of each cell in percent."""
    return np.outer(grid.index.to_numpy(dtype=float), grid.columns.to_numpy(dtype=float))


def explained(grid: pd.DataFrame) -> dict[str, float]:
    """Share of the variance between cells that stock, impact and their product explain, each alone, by a straight line."""
    stock, impact = np.meshgrid(grid.index.to_numpy(dtype=float), grid.columns.to_numpy(dtype=float), indexing="ij")
    known = np.isfinite(grid.to_numpy())
    sizes = {"stock": stock, "impact": impact, "product": stock * impact}
    return {name: float(np.corrcoef(size[known], grid.to_numpy()[known])[0, 1] ** 2) for name, size in sizes.items()}


def findings(table: pd.DataFrame) -> Findings:
    """What the product explains, and what it means where it is supported and where it is not."""
    trough, gain = cells(table, "trough_pct"), cells(table, "start_loop_gain")
    outside = unsupported(trough)
    by_trough, by_unwind = explained(trough), explained(cells(table, "unwind_pct"))
    inside = trough.to_numpy()[~outside]
    values: dict[str, float | str | None] = {f"trough_explained_by_{name}": share for name, share in by_trough.items()}
    values |= {f"unwind_explained_by_{name}": share for name, share in by_unwind.items()}
    values |= {"trough_deepest_supported_pct": float(np.nanmin(inside)), "trough_deepest_pct": float(np.nanmin(trough.to_numpy()))}
    values |= {"largest_start_loop_gain": float(np.nanmax(gain.to_numpy())), "cells_outside": int(outside.sum())}
    text = (
        f"After the same unpriced hike the lowest USDJPY within {LATER_DAYS} days lies "
        f"between {signed(np.nanmax(trough.to_numpy()), 0)} and {signed(np.nanmin(trough.to_numpy()), 0)} %. The product of stock and impact explains {100 * by_trough['product']:.0f} % "
        f"of the differences between cells, the stock alone {100 * by_trough['stock']:.0f} %, the impact alone "
        f"{100 * by_trough['impact']:.0f} %: {conclusion(by_trough)}. (For the share unwound: "
        f"{100 * by_unwind['product']:.0f}, {100 * by_unwind['stock']:.0f} and {100 * by_unwind['impact']:.0f} %.) Warning: "
        f"{int(outside.sum())} of {outside.size} cells have a product outside {SUPPORTED_PCT[0]:g}-{SUPPORTED_PCT[1]:g} % and "
        f"are not supported by August 2024; within it the trough is {signed(np.nanmin(inside), 0)} % at the deepest. The loop gain at the "
        f"start reaches {np.nanmax(gain.to_numpy()):.2f}{', above 1: some shock would feed on itself' * above_one(gain)}."
    )
    return Findings(text, values)


def above_one(gain: pd.DataFrame) -> bool:
    """Whether some cell starts with a loop gain above one."""
    return bool(np.nanmax(gain.to_numpy()) > 1.0)


def conclusion(shares: dict[str, float]) -> str:
    """Say whether the product counts more than its factors."""
    more = shares["product"] > max(shares["stock"], shares["impact"])
    return "what counts is the product" if more else "the product does not count more than its factors here"


def unsupported(grid: pd.DataFrame) -> FloatArray:
    """Cells whose product lies outside the range that August 2024 supports."""
    product = products(grid)
    return np.asarray((product < SUPPORTED_PCT[0]) | (product > SUPPORTED_PCT[1]))


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Heat map of the trough, and the troughs against the product."""
    trough, unwind = cells(table, "trough_pct"), cells(table, "unwind_pct")
    shares = explained(trough)
    finding = (
        f"Stock times impact explains {100 * shares['product']:.0f} % of how far the yen moves, the stock alone "
        f"{100 * shares['stock']:.0f} %"
    )
    subtitle = "Unpriced BOJ hike of 25 bp on the first day; medians over runs; hatched: λ₀K outside 5–14 %, not supported by August 2024"
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.09, 0.17, 0.44, 0.62)), figure.add_axes((0.60, 0.17, 0.35, 0.62))
    rows, columns = [f"{stock:g}" for stock in trough.index], [f"{impact:g}" for impact in trough.columns]
    deepest = float(np.nanmin(trough.to_numpy()))
    heat_map(left, Grid(trough.to_numpy(), rows, columns), (deepest, -deepest), DIVERGING)
    hatch(left, unsupported(trough) | (cells(table, "trough_pct", "runs") < FEW_RUNS).to_numpy())
    boundary(left, (trough <= AUGUST_2024_PCT).to_numpy())
    for (row, column), share in np.ndenumerate(unwind.to_numpy()):
        left.text(column, row + 0.27, f"{share:.0f} % unwound", ha="center", va="center", fontsize=7, color=INK)
    panel_title(
        left,
        f"Lowest USDJPY within {LATER_DAYS} days, %, by stock K ($bn) and impact λ₀ (% per $bn)\n"
        f"thick line: below {signed(AUGUST_2024_PCT, 0)} %, the trough of August 2024",
    )
    scatter(right, table)
    return Drawing(figure, numbers(table))


def scatter(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the trough of each cell against its product, with the supported range shaded."""
    trough = cells(table, "trough_pct")
    product = products(trough)
    axes.axvspan(*SUPPORTED_PCT, color=LIGHT, alpha=0.5, linewidth=0)
    for at, (stock, row) in enumerate(zip(trough.index, trough.to_numpy(), strict=True)):
        shade = STOCK_SHADES(at / max(1, len(trough) - 1))
        axes.plot(product[at], row, "o-", color=shade, markersize=5, linewidth=1)
        axes.annotate(f"{stock:g}", (product[at, -1], row[-1]), xytext=(5, 0), textcoords="offset points", fontsize=8, color=shade, va="center")
    plain(axes)
    axes.set_xlim(0.0, 1.12 * float(product.max()))
    axes.set_xlabel("λ₀K, %", fontsize=8.5)
    panel_title(axes, "The same against the product λ₀K\none line per stock K; grey: 5–14 %")


def numbers(table: pd.DataFrame) -> Columns:
    """The plotted numbers, one row per cell."""
    trough, unwind = cells(table, "trough_pct"), cells(table, "unwind_pct")
    stock, impact = np.meshgrid(trough.index.to_numpy(dtype=float), trough.columns.to_numpy(dtype=float), indexing="ij")
    return {
        "stock_usd_bn": stock.ravel(),
        "fast_impact_pct_per_usd_bn": impact.ravel(),
        "product_pct": products(trough).ravel(),
        "trough_pct_p50": trough.to_numpy().ravel(),
        "unwind_pct_p50": unwind.to_numpy().ravel(),
        "start_loop_gain_p50": cells(table, "start_loop_gain").to_numpy().ravel(),
        "supported": ~unsupported(trough).ravel(),
    }
