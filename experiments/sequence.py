"""Does it matter whether the Fed cuts first, the Bank of Japan hikes first, or both move on the same day?

The Fed cuts by 25 bp and the Bank of Japan hikes by 25 bp, on 10 and 19 December 2025 in either order, or both on the
19th. There are two sets of priced probabilities: those of the end of November (cut 87 %, hike 62 %), and even odds, under
which both decisions are equal surprises. The odds stay fixed until the meeting, or the first move shifts the odds of the
second by one standard signal (0.8 logits), towards a second move (`more likely`) or away from it (`less likely`). Both
decisions then take place, so that variants differ only in order and odds.

All variants share the same random news. Results are differences from `Fed first` with fixed odds, run by run.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.results.estimates import EstimateWithError
from simulation.results.figures.style import GREY, INK, Columns, Drawing, Heading, new_figure, panel_title
from simulation.results.metrics import FinishedRuns
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    day_index,
    mean_estimates,
    meeting_setting,
    paired_differences,
    position_reduction_share,
    price_change_pct,
    run_table,
    with_investors,
)
from simulation.studies.experiment.figures import SERIES_COLOURS, format_signed, style_bar_axes

RUNS, QUICK_RUNS = 200, 20
QUICK_NOTE = "carry holders only, with 60 investors each"
EARLY, LATE, END = "2025-12-10", "2025-12-19", "2026-01-14"
LATER_DAYS = 15
EVEN = "even odds"
ODDS = {"November odds": (0.87, 0.62), EVEN: (0.5, 0.5)}
FIXED, ORDERS = "fixed", ("Fed first", "BOJ first")
RESPONSES = {FIXED: 0.0, "less likely": -1.0, "more likely": 1.0}
MEASURED = ("worst_day_pct", "levered_unwind_pct", "usdjpy_pct")


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return the variants: for each set of odds, both orders with each response of the odds, and both moves on one day."""
    smaller = with_investors(OFFICIAL, 60, carry_alone=True) if scale.quick else ()
    base = (f"end={END}", "boj.guidance=six_monthly", "fed.guidance=gradual_cuts", *smaller)
    return [
        variant((odds, order, response), base)
        for odds in ODDS
        for order, response in [*((order, response) for response in RESPONSES for order in ORDERS), ("same day", FIXED)]
    ]


def variant(cell: tuple[str, str, str], base: tuple[str, ...]) -> ExperimentVariant:
    """Return the variant of one set of odds, order of moves and response of the odds."""
    odds, order, response = cell
    cut, hike = ODDS[odds]
    fed_day, boj_day = {"Fed first": (EARLY, LATE), "BOJ first": (LATE, EARLY)}.get(order, (LATE, LATE))
    strength = RESPONSES[response]
    # Signals point to higher rates: a cut that becomes less likely is a positive signal.
    to_boj = {EARLY: strength} if order == "Fed first" and strength else None
    to_fed = {EARLY: -strength} if order == "BOJ first" and strength else None
    meetings = (
        f"fed.meetings=[{meeting_setting(fed_day, '-25bp', cut, None, to_fed)}]",
        f"boj.meetings=[{meeting_setting(boj_day, '25bp', hike, 'six_monthly', to_boj)}]",
    )
    return ExperimentVariant({"odds": odds, "order": order, "response": response}, (*base, *meetings))


def measure(result: cf.Result) -> pd.DataFrame:
    """Return change and worst day of USDJPY and the reduction in levered positions, up to 15 days after the last move."""
    record = result.record
    first, last = day_index(record, EARLY), day_index(record, LATE) + LATER_DAYS
    returns = np.diff(np.log(record.market["usdjpy"][FinishedRuns(record).rows, first - 1 : last + 1]), axis=1)
    return run_table(
        record,
        {
            "usdjpy_pct": price_change_pct(record, "usdjpy", first - 1, last),
            "worst_day_pct": 100.0 * np.expm1(returns.min(axis=1)),
            "levered_unwind_pct": 100.0 * position_reduction_share(record, "levered", first, last),
        },
    )


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return differences from `Fed first` with fixed odds, by set of odds."""
    twin = table[(table["order"] == ORDERS[0]) & (table["response"] == FIXED)]
    others = table[(table["order"] != ORDERS[0]) | (table["response"] != FIXED)]
    return paired_differences(others, twin, MEASURED, on=["odds", "run"])


def averages(table: pd.DataFrame, column: str) -> dict[tuple[str, ...], EstimateWithError]:
    """Return the mean difference of a column by odds, order and response."""
    return mean_estimates(effects(table), ["odds", "order", "response"], column)


def by_odds(table: pd.DataFrame) -> dict[tuple[str, ...], EstimateWithError]:
    """Return the effect of changed odds of the second move on levered positions, relative to fixed odds in the same order."""
    moved = paired_differences(
        table[table["response"] != FIXED], table[table["response"] == FIXED], MEASURED, on=["odds", "order", "run"]
    )
    return mean_estimates(moved, ["odds", "order", "response"], "levered_unwind_pct")


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the effects of order, concentration and odds."""
    unwound, worst = averages(table, "levered_unwind_pct"), averages(table, "worst_day_pct")
    before = mean_estimates(table, ["odds", "order", "response"], "levered_unwind_pct")[EVEN, ORDERS[0], FIXED]
    order, same_day = unwound[EVEN, ORDERS[1], FIXED], unwound[EVEN, "same day", FIXED]
    odds = {key[1:]: each for key, each in by_odds(table).items() if key[0] == EVEN}
    typical = float(np.mean([abs(each.value) for each in odds.values()]))
    text = (
        f"At even odds levered holders reduce their positions by {before.value:.0f} % when the Fed moves first. With fixed "
        f"odds, the reduction changes by {order} points when the Bank of Japan moves first ({significance(order)}), and by "
        f"{same_day} points when both move on the same day ({significance(same_day)}); the worst day of USDJPY then changes by "
        f"{worst[EVEN, 'same day', FIXED]} points. If the first move makes the second less likely and it still takes place, "
        f"the reduction changes by {odds[ORDERS[0], 'less likely']} points with the Fed first and by "
        f"{odds[ORDERS[1], 'less likely']} with the Bank of Japan first. If the first move makes the second more likely, it "
        f"changes by {odds[ORDERS[0], 'more likely']} and {odds[ORDERS[1], 'more likely']} points. The average effect of one "
        f"standard signal about the second move is {typical:.1f} points, that of the order {abs(order.value):.1f}. At the "
        f"November odds the effect of the order is {unwound['November odds', ORDERS[1], FIXED]} points. Means of paired "
        "differences with standard errors."
    )
    measured = {"levered_unwind_pct": unwound, "worst_day_pct": worst, "levered_unwind_pct by odds": by_odds(table)}
    values = {
        f"{name} {' / '.join(key)}": estimate.value for name, each in measured.items() for key, estimate in each.items()
    }
    return ExperimentFindings(text, values)


def significance(estimate: EstimateWithError) -> str:
    """Return whether a difference exceeds twice its standard error."""
    return "significant" if estimate.is_clear else "not significant"


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw differences from `Fed first` with fixed odds: levered positions and worst day, for both sets of odds."""
    unwound = averages(table, "levered_unwind_pct")
    order, same_day, less_likely = (
        format_signed(unwound[EVEN, *case].value)
        for case in ((ORDERS[1], FIXED), ("same day", FIXED), (ORDERS[0], "less likely"))
    )
    finding = (
        f"Levered unwinding: order {order} points, both on one day {same_day}, second move less likely {less_likely}"
    )
    subtitle = "Mean difference from “Fed first, odds fixed” with the same news; whiskers: two standard errors; title: even odds"
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.22, 0.13, 0.34, 0.66)), figure.add_axes((0.62, 0.13, 0.34, 0.66))
    columns = draw_bars(left, table, "levered_unwind_pct") | draw_bars(right, table, "worst_day_pct", labels=False)
    panel_title(left, "Reduction in levered positions, points")
    panel_title(right, "Worst day of USDJPY, points (left: worse)")
    for at, (odds, shade) in enumerate(zip(ODDS, SERIES_COLOURS, strict=True)):
        figure.text(0.03, 0.80 - 0.035 * at, f"■ {odds}", color=shade, fontsize=9)
    return Drawing(figure, columns)


def draw_bars(axes: Axes, table: pd.DataFrame, column: str, labels: bool = True) -> Columns:
    """Draw one bar per variant and set of odds; return what is shown."""
    estimates = averages(table, column)
    cells = list(dict.fromkeys(key[1:] for key in estimates))
    for at, (odds, shade) in enumerate(zip(ODDS, SERIES_COLOURS, strict=True)):
        own = [estimates[odds, *cell] for cell in cells]
        places = np.arange(len(cells)) + (at - 0.5) * 0.36
        axes.barh(places, [each.value for each in own], height=0.34, color=shade)
        low, high = ([each.value + side * each.error for each in own] for side in (-2.0, 2.0))
        axes.hlines(places, low, high, color=INK, linewidth=1.1)
    names = [order if response == FIXED else f"{order}, 2nd {response}" for order, response in cells]
    style_bar_axes(axes, names if labels else [""] * len(cells))
    axes.tick_params(axis="x", labelcolor=GREY)
    return {
        "variant": np.array([f"{odds}: {order}, {response}" for odds, order, response in estimates]),
        f"{column}_mean": np.array([each.value for each in estimates.values()]),
        f"{column}_standard_error": np.array([each.error for each in estimates.values()]),
    }
