"""Does repatriation absorb the liquidity that the Fed is claimed to release, and when?

The article compares 600 $bn of funds returning to Japan with 550 $bn "released" by a rate cut and 95 $bn a month saved by
the end of balance-sheet reduction. A rate cut releases no quantity, and the 95 $bn were a cap that had been lowered long
before. The experiment still follows the arithmetic: it compares yen purchases by levered holders (to repay loans) and by
residents (repatriation), day by day, with the claimed amount and with actual Fed purchases.

There are three cases: the article's spread path to 1.5 pp over 60 days under its threshold rule, the same path under the
structural rule, and the official scenario. Two amounts are kept apart: dollars exchanged for yen, which do not disappear
but pass to the seller of the yen, and Treasuries sold by holders, which must find a buyer. Only the second amount is
comparable with Fed purchases. Every amount is an effect: the difference from the same case without policy (`policy: none`),
run by run with the same news, so that positions closed by noise do not count.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.investors.population import CARRY_ROLES
from simulation.results.estimates import EstimateWithError, finding_text
from simulation.results.figures.style import (
    GREY,
    INK,
    Drawing,
    Heading,
    format_date_axis,
    new_figure,
    panel_title,
    remove_frame,
)
from simulation.results.findings import format_usd_bn
from simulation.results.metrics import LEVERED, RESIDENT, FinishedRuns
from simulation.studies.experiment.answer import Quantity, point_columns, point_table
from simulation.studies.experiment.design import (
    ARTICLE,
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    paired_differences,
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
POLICIES = {"policy": (), "no policy": ("policy=none",)}
PATH_QUANTITY = Quantity("yen_bought_usd_bn", "$bn", "yen bought")
ANSWER = (
    Quantity("total_usd_bn", "$bn", "yen bought", band=True),
    Quantity("levered_usd_bn", "$bn", "levered"),
    Quantity("retail_usd_bn", "$bn", "retail"),
    Quantity("home_usd_bn", "$bn", "residents, home"),
    Quantity("hedges_usd_bn", "$bn", "residents, hedges"),
    Quantity("treasuries_sold_usd_bn", "$bn", "Treasuries sold"),
    Quantity("fed_bought_usd_bn", "$bn", "bought by Fed"),
)
"""Effects on the last day."""
AMOUNTS = (PATH_QUANTITY.column, *(quantity.column for quantity in ANSWER[1:]))
SHADES = dict(zip(CASES, ("#AA4499", "#117733", "#332288"), strict=True))


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return each case with and without policy."""
    end = f"end={scale.choose(END, QUICK_END)}"
    return [
        ExperimentVariant(
            {"case": case, "policy": policy},
            (end, *settings, *extra, *(with_investors(scenario, 100, carry_alone=True) if scale.quick else ())),
            scenario,
        )
        for case, (scenario, settings) in CASES.items()
        for policy, extra in POLICIES.items()
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
            "levered_usd_bn": -total("spot_usd_bn", LEVERED),
            "retail_usd_bn": -total("spot_usd_bn", RETAIL),
            "home_usd_bn": total("repatriated_usd_bn", RESIDENT),
            "hedges_usd_bn": -total("spot_usd_bn", RESIDENT) - total("repatriated_usd_bn", RESIDENT),
            "yen_bought_usd_bn": -total("spot_usd_bn", *CARRY_ROLES),
            "treasuries_sold_usd_bn": -total("bought_ust10_usd_bn", *CARRY_ROLES),
            "fed_bought_usd_bn": fed_bought(result, day),
        },
    )


def fed_bought(result: cf.Result, day: int) -> float:
    """Return the Fed's cumulative purchases up to a day in the scenario, $bn, including bills; none without policy."""
    if result.scenario.policy == "none":
        return 0.0
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


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return differences from the same case without policy, by case, week and run."""
    without = table[table["policy"] == "no policy"]
    return paired_differences(table[table["policy"] == "policy"], without, AMOUNTS, on=["case", "date", "run"])


def last_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return the effects on the last day, with the claimed amount."""
    moved = effects(table)
    last: pd.DataFrame = moved[moved["months"] == moved["months"].max()]
    return last.assign(total_usd_bn=last[PATH_QUANTITY.column])


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per case, week and quantity: yen bought by week, all amounts on the last day."""
    labels = ["case", "date", "months"]
    ends = point_table(last_effects(table), labels, ANSWER)
    return pd.concat([ends, point_table(effects(table), labels, [PATH_QUANTITY])], ignore_index=True)


def ends(table: pd.DataFrame) -> dict[str, dict[str, EstimateWithError]]:
    """Return the amounts on the last day by case, and the share of the claim in percent."""
    last = last_effects(table)
    claim = float(claimed(last["months"]).iloc[0])
    last = last.assign(share_of_claim_pct=100.0 * last["total_usd_bn"] / claim)
    names = [*(quantity.column for quantity in ANSWER), "share_of_claim_pct"]
    return {
        case: {name: EstimateWithError.of(last[last["case"] == case][name].to_numpy(dtype=float)) for name in names}
        for case in CASES
    }


def half_months(table: pd.DataFrame, case: str) -> float:
    """Return after how many months half of a case's mean yen purchases were made."""
    rows = effects(table)
    means = rows[rows["case"] == case].groupby("months")[PATH_QUANTITY.column].mean()
    return float(means.index[(means >= 0.5 * means.iloc[-1]).to_numpy().argmax()])


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return how much of the claimed liquidity each case absorbs, when, and the Treasuries sold."""
    amounts = ends(table)
    article, structural, official = amounts.values()
    months = float(table["months"].max())
    claim = CLAIMED_AT_ONCE + CLAIMED_PER_MONTH * months
    half = half_months(table, next(iter(CASES)))
    sold = [f"{each['treasuries_sold_usd_bn']} $bn" for each in amounts.values()]
    text = (
        f"According to the article the Fed releases {format_usd_bn(claim)} within {months:.0f} months "
        f"({CLAIMED_AT_ONCE:g} $bn at once and {CLAIMED_PER_MONTH:g} $bn a month). Under the article's threshold rule "
        f"{yen_purchases(article)}{half_clause(article['total_usd_bn'], half)}: {comparison(article)}. Under the structural "
        f"rule, with the same spread path, {yen_purchases(structural)}: {comparison(structural)}. In the official scenario "
        f"{yen_purchases(official)}: {comparison(official)}. No dollars disappear: buyers of yen pass them on to the sellers. "
        f"What the market must absorb are the Treasuries sold: {sold[0]}, {sold[1]} and {sold[2]}, compared with "
        f"Fed purchases of {format_usd_bn(article['fed_bought_usd_bn'].value)} in the article's scenario (the end of run-off, "
        f"counted as purchases) and {format_usd_bn(official['fed_bought_usd_bn'].value)}, in bills, in the official scenario. "
        "All amounts are effects: mean differences from the same case without policy, with standard errors."
    )
    values = {f"{key} | {case}": each.value for case, sums in amounts.items() for key, each in sums.items()}
    return ExperimentFindings(text, values | {"claim_usd_bn": claim, "months": months})


def half_clause(total: EstimateWithError, months: float) -> str:
    """Return when half of the purchases were made, where there are clear purchases."""
    return finding_text(total, f", half of it within {months:.1f} months", "", "")


def amount_clause(amount: EstimateWithError, more: str, less: str, same: str) -> str:
    """Return an amount with its verb, or that it does not clearly change."""
    size = f"{amount.size.text(signed=False)} $bn"
    return finding_text(amount, f"{more} {size}", f"{less} {size}", f"{same} ({amount} $bn)")


def yen_purchases(case: dict[str, EstimateWithError]) -> str:
    """Return yen purchases by type of holder."""
    buy, sell, none = "buy yen for", "sell yen for", "do not clearly buy or sell yen"
    home = amount_clause(case["home_usd_bn"], "repatriate", "invest abroad", "do not clearly repatriate")
    hedges = amount_clause(
        case["hedges_usd_bn"], "add currency hedges of", "unwind hedges of", "do not clearly change hedges"
    )
    return (
        f"levered holders {amount_clause(case['levered_usd_bn'], buy, sell, none)}, retail margin traders "
        f"{amount_clause(case['retail_usd_bn'], buy, sell, none)}, residents {home} and {hedges}; in total "
        f"{case['share_of_claim_pct']} % of the claim"
    )


def comparison(case: dict[str, EstimateWithError]) -> str:
    """Return whether yen purchases reach the claimed amount."""
    share = case["share_of_claim_pct"]
    return finding_text(
        EstimateWithError(share.value - 100.0, share.error),
        "yen purchases exceed the claimed amount",
        "yen purchases stay below the claimed amount",
        "yen purchases equal the claimed amount within two standard errors",
    )


def title(table: pd.DataFrame) -> str:
    """Return the title: the share of the claimed liquidity that yen purchases reach under both rules."""
    rule, structural, _ = (each["share_of_claim_pct"] for each in ends(table).values())
    parts = [
        finding_text(share, f"{share.text(signed=False)} % by", f"{share} % by", f"no clear amount ({share} %) by")
        for share in (rule, structural)
    ]
    return f"Yen purchases in % of the claimed liquidity: {parts[0]} the article's rule, {parts[1]} the structural rule"


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw cumulative yen purchases against the claim, and the final amounts of each case."""
    subtitle = (
        f"USD bn since 28 November 2025, effects against no policy; bands: 80 % of runs; lines: 2 s.e.; claim: "
        f"{CLAIMED_AT_ONCE:g} $bn at once and {CLAIMED_PER_MONTH:g} $bn a month"
    )
    figure = new_figure(Heading(title(table), subtitle, source))
    left, right = figure.add_axes((0.03, 0.12, 0.44, 0.67)), figure.add_axes((0.73, 0.12, 0.24, 0.67))
    shown = points(table)
    draw_paths(left, shown[shown["quantity"] == PATH_QUANTITY.column])
    draw_ends(right, ends(table), float(table["months"].max()))
    return Drawing(figure, point_columns(shown))


def draw_paths(axes: Axes, paths: pd.DataFrame) -> None:
    """Draw cumulative yen purchases of each case and the claim."""
    for case, shade in SHADES.items():
        own = paths[paths["case"] == case]
        days = own["date"].to_numpy(dtype="datetime64[D]")
        draw_banded_line(axes, days, (own["p10"], own["mean"], own["p90"]), shade)
    line = claimed(own["months"]).to_numpy()
    axes.plot(days, line, color=INK, linewidth=1.5, linestyle=(0, (4, 3)))
    words = {f"■ {case}": shade for case, shade in SHADES.items()} | {"╌ liquidity claimed by the article": INK}
    for height, (text, shade) in zip((0.95, 0.89, 0.83, 0.77), words.items(), strict=True):
        axes.text(0.02, height, text, color=shade, fontsize=8.5, transform=axes.transAxes)
    remove_frame(axes)
    format_date_axis(axes, days, ticks=6)
    panel_title(axes, "Cumulative yen purchases: loan repayments and repatriation")


def draw_ends(axes: Axes, cases: dict[str, dict[str, EstimateWithError]], months: float) -> None:
    """Draw levered purchases, repatriation, Treasuries sold and Fed purchases of each case side by side, with 2 s.e."""
    kinds = {
        "levered_usd_bn": ("loans repaid", LEVERED_COLOUR),
        "home_usd_bn": ("repatriated", RESIDENT_COLOUR),
        "treasuries_sold_usd_bn": ("Treasuries sold", "#a6a6a6"),
        "fed_bought_usd_bn": ("bought by Fed", "#5c5c5c"),
    }
    labels, row = [], 0
    for case, sums in cases.items():
        for kind, (word, shade) in kinds.items():
            amount = sums[kind]
            axes.barh(row, amount.value, height=0.75, color=shade)
            axes.hlines(
                row, amount.value - 2.0 * amount.error, amount.value + 2.0 * amount.error, color=INK, linewidth=1.1
            )
            label_beside(axes, (amount.value + 2.0 * amount.error, row), format_usd_bn(amount.value))
            labels.append(word)
            row += 1
        axes.text(0.0, row - len(kinds) - 0.75, case, fontsize=8.5, color=GREY, va="bottom")
        labels.append("")
        row += 1
    style_bar_axes(axes, labels)
    axes.set_ylim(row - 1.5, -1.4)
    values = [sums[kind].value for sums in cases.values() for kind in kinds]
    axes.set_xlim(min(0.0, *(1.2 * value for value in values)), 1.35 * max(1.0, *values))
    panel_title(axes, f"After {months:.0f} months, USD bn")
