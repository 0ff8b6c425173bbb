"""The reservoir: does repatriation absorb the liquidity that the Fed releases, and when?

The article sets 600 $bn of money returning to Japan against 550 $bn "released" by a rate cut and 95 $bn a month saved by
the end of balance-sheet reduction.  A rate cut releases no quantity and the 95 $bn were a cap that had long been lowered,
but the arithmetic can be followed: yen bought by levered holders (to repay loans) and by residents (repatriation), day by
day, against that claim, and against what the Fed really buys.

Three cases: the article's spread path to 1.5 pp over 60 days under its threshold rule, the same path under the structural
rule, and the official scenario with nothing imposed.  Two amounts are told apart throughout: dollars that change hands
for yen (no dollar disappears: whoever sells yen has them afterwards), and Treasuries that holders sell and somebody must
buy, which is what Fed purchases could be set against.
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
QUICK_NOTE = "carry holders alone with 100 investors each, six months instead of twelve"
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
    """One variant per case."""
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
    """Cumulative yen purchases, Treasuries sold and Fed purchases, once a week, $bn."""
    finished = FinishedRuns(result.record)
    last = len(result.record.dates) - 1
    return pd.concat([week(result, finished, day) for day in [*range(0, last, EVERY_DAYS), last]], ignore_index=True)


def week(result: cf.Result, finished: FinishedRuns, day: int) -> pd.DataFrame:
    """The cumulative amounts up to a day."""

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
    """What the Fed has bought by a day in the scenario, $bn, bills included."""
    dates, flows = result.record.dates[1 : day + 1], result.scenario.fed.balance_sheet
    active = sum(
        flow.bought_usd_bn_per_month
        * int(((dates >= np.datetime64(flow.first_day)) & (dates <= np.datetime64(flow.last_day or dates[-1]))).sum())
        for flow in flows
        if len(dates)
    )
    return float(active) * MONTHS_PER_DAY


def claimed(months: pd.Series) -> pd.Series:
    """The liquidity that the article says is released, $bn."""
    return CLAIMED_AT_ONCE + CLAIMED_PER_MONTH * months


def medians(table: pd.DataFrame) -> pd.DataFrame:
    """Medians over runs by case and week."""
    return (
        table.groupby(["case", "months", "date"], sort=False)
        .median(numeric_only=True)
        .drop(columns="run")
        .reset_index()
    )


def of_case(table: pd.DataFrame, case: str) -> pd.DataFrame:
    """Medians of one case."""
    found = medians(table)
    return found[found["case"] == case].reset_index(drop=True)


def summary(table: pd.DataFrame, case: str) -> dict[str, float]:
    """Where one case ends and when half of it was done."""
    rows = of_case(table, case)
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
    """How much of the claim each case absorbs, when, and who is left with the bonds."""
    found = {case: summary(table, case) for case in CASES}
    article, structural, official = found.values()
    sold = [format_usd_bn(case["treasuries_sold"]) for case in found.values()]
    text = (
        f"Taken at its word, the article's Fed releases {format_usd_bn(article['claim'])} within {article['months']:.0f} months "
        f"({CLAIMED_AT_ONCE:g} $bn at once and {CLAIMED_PER_MONTH:g} $bn a month). Under the article's threshold rule "
        f"{told(article)}, half of it within {article['half_after_months']:.1f} months: {absorbed(article)}. Under the "
        f"structural rule, on the same path of the spread, {told(structural)}. In the official scenario {told(official)}. No "
        "dollar disappears in any of this: yen buyers hand theirs to yen sellers. What a market has to absorb are the "
        f"Treasuries sold: {sold[0]}, {sold[1]} and {sold[2]}, against Fed purchases of {format_usd_bn(article['fed_bought'])} in "
        f"the article's (run-off that ends, counted as purchases) and {format_usd_bn(official['fed_bought'])}, of bills, in the "
        "official scenario."
    )
    return ExperimentFindings(
        text, {f"{key} | {case}": value for case, sums in found.items() for key, value in sums.items()}
    )


def told(case: dict[str, float]) -> str:
    """Say who bought how much yen."""
    home = f"residents {'bring home' if case['home'] >= 0.0 else 'send abroad'} {format_usd_bn(abs(case['home']))}"
    hedges = f"{'add' if case['hedges'] >= 0.0 else 'take off'} {format_usd_bn(abs(case['hedges']))} of currency hedges"
    return (
        f"levered holders buy yen for {format_usd_bn(case['levered'])}, retail margin traders for {format_usd_bn(case['retail'])}, {home} "
        f"and {hedges}, in all {format_percent(case['share_of_claim'])} of that"
    )


def absorbed(case: dict[str, float]) -> str:
    """Say whether the reservoir holds what is said to be released."""
    return (
        "the reservoir is as large as the claim"
        if case["share_of_claim"] >= 1.0
        else "the reservoir is smaller than the claim"
    )


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Cumulative yen purchases against the claim, and where each case ends."""
    found = {case: summary(table, case) for case in CASES}
    shares = [format_percent(each["share_of_claim"]) for each in found.values()]
    finding = (
        f"Yen purchases reach {shares[0]} of the claimed liquidity under the article's rule, {shares[1]} structurally"
    )
    subtitle = (
        f"USD bn since 28 November 2025, medians; bands: middle 80 % of runs; claim: {CLAIMED_AT_ONCE:g} $bn at once and "
        f"{CLAIMED_PER_MONTH:g} $bn a month"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.03, 0.12, 0.44, 0.67)), figure.add_axes((0.73, 0.12, 0.24, 0.67))
    numbers = draw_paths(left, table)
    draw_ends(right, found)
    ends = {f"end_{key}": np.array([sums[key] for sums in found.values()]) for key in found[next(iter(CASES))]}
    return Drawing(figure, numbers | {"end_case": np.array(list(CASES))} | ends)


def draw_paths(axes: Axes, table: pd.DataFrame) -> Columns:
    """Draw cumulative yen purchases of each case and the claim."""
    numbers: Columns = {}
    for case, shade in SHADES.items():
        rows = table[table["case"] == case]
        found = quantile_table(rows, ["date", "months"], "yen_bought_usd_bn")
        days = found["date"].to_numpy(dtype="datetime64[D]")
        draw_banded_line(axes, days, (found["p10"], found["p50"], found["p90"]), shade)
        numbers |= {"date": days} | {f"{case}, {name}": found[name].to_numpy() for name in ("p10", "p50", "p90")}
    line = claimed(found["months"]).to_numpy()
    axes.plot(days, line, color=INK, linewidth=1.5, linestyle=(0, (4, 3)))
    words = {f"■ {case}": shade for case, shade in SHADES.items()} | {"╌ liquidity the article says is released": INK}
    for height, (text, shade) in zip((0.95, 0.89, 0.83, 0.77), words.items(), strict=True):
        axes.text(0.02, height, text, color=shade, fontsize=8.5, transform=axes.transAxes)
    remove_frame(axes)
    format_date_axis(axes, days, ticks=6)
    panel_title(axes, "Yen bought, cumulative: loans repaid and money brought home")
    return numbers | {"claimed_usd_bn": line}


def draw_ends(axes: Axes, found: dict[str, dict[str, float]]) -> None:
    """Draw levered purchases, repatriation, Treasuries sold and Fed purchases of each case side by side."""
    kinds = {"levered": LEVERED_COLOUR, "home": RESIDENT_COLOUR, "treasuries_sold": "#a6a6a6", "fed_bought": "#5c5c5c"}
    words = ("loans repaid", "brought home", "Treasuries sold", "bought by Fed")
    labels, row = [], 0
    for case, sums in found.items():
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
        min(0.0, *(value for sums in found.values() for value in (sums["levered"], sums["home"]))),
        1.35 * largest(found, kinds),
    )
    panel_title(axes, f"After {next(iter(found.values()))['months']:.0f} months, USD bn")


def largest(found: dict[str, dict[str, float]], kinds: dict[str, str]) -> float:
    """The longest bar."""
    return max(sums[kind] for sums in found.values() for kind in kinds)
