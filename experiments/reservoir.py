"""Does repatriation absorb the liquidity that the Fed is claimed to release, and when?

The article compares 600 $bn of funds returning to Japan with 550 $bn "released" by a rate cut and 95 $bn a month saved by
the end of balance-sheet reduction. A rate cut releases no quantity, and the 95 $bn were a cap that had been lowered long
before. The experiment still follows the arithmetic: it compares yen purchases by levered holders (to repay loans) and by
residents (repatriation), day by day, with the claimed amount and with actual Fed purchases.

There are three cases: the article's spread path to 1.5 pp over 60 days under its threshold rule, the same path under the
structural rule, and the official scenario. Two amounts are kept apart: dollars exchanged for yen, which do not disappear
but pass to the seller of the yen, and Treasuries sold by holders, which must find a buyer. Only the second amount is
comparable with Fed purchases.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.investors.population import CARRY_ROLES
from simulation.results.figures.style import (
    GREY,
    INK,
    Columns,
    Drawing,
    Heading,
    format_date_axis,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.results.findings import format_percent, format_usd_bn
from simulation.results.metrics import LEVERED, RESIDENT, FinishedRuns
from simulation.studies.experiment.design import (
    ARTICLE,
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    quantile_table,
    run_table,
    with_investors,
)
from simulation.studies.experiment.figures import (
    LEVERED_COLOUR,
    RESIDENT_COLOUR,
    draw_banded_line,
    label_beside,
    style_bar_axes,
)

RUNS, QUICK_RUNS = 100, 16
QUICK_NOTE = "carry holders only, with 100 investors each; six months instead of twelve"
CLAIMED_AT_ONCE, CLAIMED_PER_MONTH = 550.0, 95.0  # $bn, CLAIMS 19 and 18
END, QUICK_END = "2026-11-27", "2026-05-29"
EVERY_DAYS = 5
RETAIL = "retail"
MONTHS_PER_DAY = 12.0 / 252.0
PATH = "spread_path={target_pp: 1.5, over_days: 60}"
CASES = {
    "threshold rule, spread to 1.5 pp": (ARTICLE, (PATH, "unwind.rule=threshold")),
    "structural rule, spread to 1.5 pp": (ARTICLE, (PATH,)),
    "structural rule, official scenario": (OFFICIAL, ()),
}
SHADES = dict(zip(CASES, ("#AA4499", "#117733", "#332288"), strict=True))


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return one variant per case."""
    end = f"end={scale.choose(END, QUICK_END)}"
    return [
        ExperimentVariant(
            {"case": case},
            (end, *settings, *(with_investors(scenario, 100, carry_alone=True) if scale.quick else ())),
            scenario,
        )
        for case, (scenario, settings) in CASES.items()
    ]


def measure(result: cf.Result) -> pd.DataFrame:
    """Return cumulative yen purchases, Treasuries sold and Fed purchases, once a week, $bn."""
    finished = FinishedRuns(result.record)
    last = len(result.record.dates) - 1
    return pd.concat([week(result, finished, day) for day in [*range(0, last, EVERY_DAYS), last]], ignore_index=True)


def week(result: cf.Result, finished: FinishedRuns, day: int) -> pd.DataFrame:
    """Return the cumulative amounts up to a day."""

    def total(column: str, *roles: str) -> np.ndarray:
        return np.asarray(finished.flow(column, finished.populations(*roles))[:, : day + 1].sum(axis=1))

    return run_table(
        result.record,
        {
            "date": str(result.record.dates[day]),
            "months": day * MONTHS_PER_DAY,
            "levered_yen_bought_usd_bn": -total("spot_usd_bn", LEVERED),
            "retail_yen_bought_usd_bn": -total("spot_usd_bn", RETAIL),
            "repatriated_usd_bn": total("repatriated_usd_bn", RESIDENT),
            "hedges_usd_bn": -total("spot_usd_bn", RESIDENT) - total("repatriated_usd_bn", RESIDENT),
            "yen_bought_usd_bn": -total("spot_usd_bn", *CARRY_ROLES),
            "treasuries_sold_usd_bn": -total("bought_ust10_usd_bn", *CARRY_ROLES),
            "fed_bought_usd_bn": fed_bought(result, day),
        },
    )


def fed_bought(result: cf.Result, day: int) -> float:
    """Return the Fed's cumulative purchases up to a day in the scenario, $bn, including bills."""
    dates, flows = result.record.dates[1 : day + 1], result.scenario.fed.balance_sheet
    active = sum(
        flow.bought_usd_bn_per_month
        * int(((dates >= np.datetime64(flow.first_day)) & (dates <= np.datetime64(flow.last_day or dates[-1]))).sum())
        for flow in flows
        if len(dates)
    )
    return float(active) * MONTHS_PER_DAY


def claimed(months: pd.Series) -> pd.Series:
    """Return the liquidity released according to the article, $bn."""
    return CLAIMED_AT_ONCE + CLAIMED_PER_MONTH * months


def medians(table: pd.DataFrame) -> pd.DataFrame:
    """Return medians over runs by case and week."""
    return (
        table.groupby(["case", "months", "date"], sort=False)
        .median(numeric_only=True)
        .drop(columns="run")
        .reset_index()
    )


def case_medians(table: pd.DataFrame, case: str) -> pd.DataFrame:
    """Return the medians of one case."""
    rows = medians(table)
    return rows[rows["case"] == case].reset_index(drop=True)


def summary(table: pd.DataFrame, case: str) -> dict[str, float]:
    """Return the final amounts of one case, and when half of the yen purchases were made."""
    rows = case_medians(table, case)
    last = rows.iloc[-1]
    half = rows[rows["yen_bought_usd_bn"] >= 0.5 * last["yen_bought_usd_bn"]].iloc[0]
    released = CLAIMED_AT_ONCE + CLAIMED_PER_MONTH * last["months"]
    return {
        "months": float(last["months"]),
        "levered": float(last["levered_yen_bought_usd_bn"]),
        "retail": float(last["retail_yen_bought_usd_bn"]),
        "home": float(last["repatriated_usd_bn"]),
        "hedges": float(last["hedges_usd_bn"]),
        "share_of_claim": float(last["yen_bought_usd_bn"] / released),
        "claim": float(released),
        "half_after_months": float(half["months"]),
        "treasuries_sold": float(last["treasuries_sold_usd_bn"]),
        "fed_bought": float(last["fed_bought_usd_bn"]),
    }


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return how much of the claimed liquidity each case absorbs, when, and the Treasuries sold."""
    cases = {case: summary(table, case) for case in CASES}
    article, structural, official = cases.values()
    sold = [format_usd_bn(case["treasuries_sold"]) for case in cases.values()]
    text = (
        f"According to the article the Fed releases {format_usd_bn(article['claim'])} within {article['months']:.0f} months "
        f"({CLAIMED_AT_ONCE:g} $bn at once and {CLAIMED_PER_MONTH:g} $bn a month). Under the article's threshold rule "
        f"{yen_purchases(article)}, half of it within {article['half_after_months']:.1f} months: {comparison(article)}. Under "
        f"the structural rule, with the same spread path, {yen_purchases(structural)}. In the official scenario "
        f"{yen_purchases(official)}. No dollars disappear: buyers of yen pass them on to the sellers. What the market must "
        f"absorb are the Treasuries sold: {sold[0]}, {sold[1]} and {sold[2]}, compared with Fed purchases of "
        f"{format_usd_bn(article['fed_bought'])} in the article's scenario (the end of run-off, counted as purchases) and "
        f"{format_usd_bn(official['fed_bought'])}, in bills, in the official scenario."
    )
    return ExperimentFindings(
        text, {f"{key} | {case}": value for case, sums in cases.items() for key, value in sums.items()}
    )


def yen_purchases(case: dict[str, float]) -> str:
    """Return yen purchases by type of holder."""
    home = f"residents {'repatriate' if case['home'] >= 0.0 else 'invest abroad'} {format_usd_bn(abs(case['home']))}"
    hedges = f"{'add' if case['hedges'] >= 0.0 else 'unwind'} {format_usd_bn(abs(case['hedges']))} of currency hedges"
    return (
        f"levered holders buy yen for {format_usd_bn(case['levered'])}, retail margin traders for "
        f"{format_usd_bn(case['retail'])}, {home} and {hedges}; in total {format_percent(case['share_of_claim'])} of the claim"
    )


def comparison(case: dict[str, float]) -> str:
    """Return whether yen purchases reach the claimed amount."""
    return (
        "yen purchases reach the claimed amount"
        if case["share_of_claim"] >= 1.0
        else "yen purchases stay below the claimed amount"
    )


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw cumulative yen purchases against the claim, and the final amounts of each case."""
    cases = {case: summary(table, case) for case in CASES}
    shares = [format_percent(each["share_of_claim"]) for each in cases.values()]
    finding = (
        f"Yen purchases: {shares[0]} of the claimed liquidity by the article's rule, {shares[1]} by the structural rule"
    )
    subtitle = (
        f"USD bn since 28 November 2025, medians; bands: middle 80 % of runs; claim: {CLAIMED_AT_ONCE:g} $bn at once and "
        f"{CLAIMED_PER_MONTH:g} $bn a month"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.03, 0.12, 0.44, 0.67)), figure.add_axes((0.73, 0.12, 0.24, 0.67))
    columns = draw_paths(left, table)
    draw_ends(right, cases)
    ends = {f"end_{key}": np.array([sums[key] for sums in cases.values()]) for key in cases[next(iter(CASES))]}
    return Drawing(figure, columns | {"end_case": np.array(list(CASES))} | ends)


def draw_paths(axes: Axes, table: pd.DataFrame) -> Columns:
    """Draw cumulative yen purchases of each case and the claim; return what is shown."""
    columns: Columns = {}
    for case, shade in SHADES.items():
        quantiles = quantile_table(table[table["case"] == case], ["date", "months"], "yen_bought_usd_bn")
        days = quantiles["date"].to_numpy(dtype="datetime64[D]")
        draw_banded_line(axes, days, (quantiles["p10"], quantiles["p50"], quantiles["p90"]), shade)
        columns |= {"date": days} | {f"{case}, {name}": quantiles[name].to_numpy() for name in ("p10", "p50", "p90")}
    line = claimed(quantiles["months"]).to_numpy()
    axes.plot(days, line, color=INK, linewidth=1.5, linestyle=(0, (4, 3)))
    words = {f"■ {case}": shade for case, shade in SHADES.items()} | {"╌ liquidity claimed by the article": INK}
    for height, (text, shade) in zip((0.95, 0.89, 0.83, 0.77), words.items(), strict=True):
        axes.text(0.02, height, text, color=shade, fontsize=8.5, transform=axes.transAxes)
    remove_frame(axes)
    format_date_axis(axes, days, ticks=6)
    panel_title(axes, "Cumulative yen purchases: loan repayments and repatriation")
    return columns | {"claimed_usd_bn": line}


def draw_ends(axes: Axes, cases: dict[str, dict[str, float]]) -> None:
    """Draw levered purchases, repatriation, Treasuries sold and Fed purchases of each case side by side."""
    kinds = {"levered": LEVERED_COLOUR, "home": RESIDENT_COLOUR, "treasuries_sold": "#a6a6a6", "fed_bought": "#5c5c5c"}
    words = ("loans repaid", "repatriated", "Treasuries sold", "bought by Fed")
    labels, row = [], 0
    for case, sums in cases.items():
        for (kind, shade), word in zip(kinds.items(), words, strict=True):
            axes.barh(row, sums[kind], height=0.75, color=shade)
            label_beside(axes, (sums[kind], row), format_usd_bn(sums[kind]))
            labels.append(word)
            row += 1
        axes.text(0.0, row - len(kinds) - 0.75, case, fontsize=8.5, color=GREY, va="bottom")
        labels.append("")
        row += 1
    style_bar_axes(axes, labels)
    axes.set_ylim(row - 1.5, -1.4)
    axes.set_xlim(
        min(0.0, *(value for sums in cases.values() for value in (sums["levered"], sums["home"]))),
        1.35 * largest(cases, kinds),
    )
    panel_title(axes, f"After {next(iter(cases.values()))['months']:.0f} months, USD bn")


def largest(cases: dict[str, dict[str, float]], kinds: dict[str, str]) -> float:
    """Return the length of the longest bar."""
    return max(sums[kind] for sums in cases.values() for kind in kinds)
