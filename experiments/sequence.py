"""Who moves first: does it matter whether the Fed cuts or the Bank of Japan hikes first, or both on one day?

The Fed cuts by 25 bp and the Bank of Japan hikes by 25 bp, on 10 and 19 December 2025, in either order, or both on the
19th.  Two sets of odds: those of the end of November (cut 87 %, hike 62 %) and even odds, under which both decisions are
equal surprises.  Odds are held fixed until the meeting, or the first move changes the odds of the second by one standard
signal (0.8 logits): towards a second move (`more likely`) or away from it (`less likely`).  Both decisions are then made
as announced, so that only order and odds differ.

All variants meet the same news; what is compared are differences to `Fed first` with fixed odds, run by run.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import simulation as cf
from simulation.experiment import (
    OFFICIAL,
    Findings,
    Scale,
    Variant,
    against,
    bands,
    change_pct,
    coarser,
    day_of,
    given_up_share,
    meeting,
    per_run,
)
from simulation.experiment_figures import SERIES_COLOURS, bar_axes, signed
from simulation.figures.style import GREY, INK, Columns, Drawing, Heading, new_figure, panel_title
from simulation.metrics import FinishedRuns

RUNS, QUICK_RUNS = 200, 24
QUICK_NOTE = "at most 100 investors per population"
EARLY, LATE, END = "2025-12-10", "2025-12-19", "2026-01-14"
LATER_DAYS = 15
ODDS = {"November odds": (0.87, 0.62), "even odds": (0.5, 0.5)}
FIXED, ORDERS = "fixed", ("Fed first", "BOJ first")
RESPONSES = {FIXED: 0.0, "less likely": -1.0, "more likely": 1.0}
MEASURED = ("worst_day_pct", "levered_unwind_pct", "usdjpy_pct")


def design(scale: Scale) -> Sequence[Variant]:
    """Both orders with each response of the odds, and both on one day, for each set of odds."""
    smaller = coarser(OFFICIAL, 100) if scale.quick else ()
    base = (f"end={END}", "boj.guidance=six_monthly", "fed.guidance=gradual_cuts", *smaller)
    return [
        variant((odds, order, response), base)
        for odds in ODDS
        for order, response in [*((order, response) for response in RESPONSES for order in ORDERS), ("same day", FIXED)]
    ]


def variant(cell: tuple[str, str, str], base: tuple[str, ...]) -> Variant:
    """One order of moves under one set of odds."""
    odds, order, response = cell
    cut, hike = ODDS[odds]
    fed_day, boj_day = {"Fed first": (EARLY, LATE), "BOJ first": (LATE, EARLY)}.get(order, (LATE, LATE))
    strength = RESPONSES[response]
    # A signal counts towards a higher rate: a cut that becomes less likely is a positive signal.
    to_boj = {EARLY: strength} if order == "Fed first" and strength else None
    to_fed = {EARLY: -strength} if order == "BOJ first" and strength else None
    meetings = (
        f"fed.meetings=[{meeting(fed_day, '-25bp', cut, None, to_fed)}]",
        f"boj.meetings=[{meeting(boj_day, '25bp', hike, 'six_monthly', to_boj)}]",
    )
    return Variant({"odds": odds, "order": order, "response": response}, (*base, *meetings))


def measure(result: cf.Result) -> pd.DataFrame:
    """From the day before the first move to fifteen days after the last: move and worst day of USDJPY, levered unwind."""
    record = result.record
    first, last = day_of(record, EARLY), day_of(record, LATE) + LATER_DAYS
    returns = np.diff(np.log(record.market["usdjpy"][FinishedRuns(record).rows, first - 1 : last + 1]), axis=1)
    return per_run(
        record,
        {
            "usdjpy_pct": change_pct(record, "usdjpy", first - 1, last),
            "worst_day_pct": 100.0 * np.expm1(returns.min(axis=1)),
            "levered_unwind_pct": 100.0 * given_up_share(record, "levered", first, last),
        },
    )


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Differences to `Fed first` with fixed odds, by set of odds."""
    twin = table[(table["order"] == ORDERS[0]) & (table["response"] == FIXED)]
    others = table[(table["order"] != ORDERS[0]) | (table["response"] != FIXED)]
    return against(others, twin, MEASURED, on=["odds", "run"])


def averages(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Mean difference of a column with its standard error, by odds, order and response."""
    groups = effects(table).groupby(["odds", "order", "response"], sort=False)[column]
    return pd.DataFrame({"mean": groups.mean(), "error": groups.sem()})


def findings(table: pd.DataFrame) -> Findings:
    """Order, concentration and odds, each with its size."""
    worst, unwound = averages(table, "worst_day_pct"), averages(table, "levered_unwind_pct")
    level = bands(table, ["odds", "order", "response"], "levered_unwind_pct").set_index(["odds", "order", "response"])
    values = {
        f"{column} {' / '.join(map(str, key))}": float(found.loc[key, "mean"])
        for column, found in (("worst_day_pct", worst), ("levered_unwind_pct", unwound))
        for key in found.index
    }
    even = "even odds"
    order, together = unwound.loc[(even, ORDERS[1], FIXED)], unwound.loc[(even, "same day", FIXED)]
    by_odds = [unwound.loc[(even, first, response)] for first in ORDERS for response in RESPONSES if response != FIXED]
    text = (
        f"At even odds levered holders give up {level['mean'][even, ORDERS[0], FIXED]:.0f} % of their positions when the Fed "
        f"moves first. With odds held fixed, the Bank of Japan moving first changes that by {told(order)} points, "
        f"{verdict(order)}; both on one day by {told(together)} points, with the worst day of USDJPY "
        f"{told(worst.loc[(even, 'same day', FIXED)])} points away, {verdict(together)}. When the first move "
        f"makes the second less likely, which then comes all the same, the Fed moving first unwinds "
        f"{told(unwound.loc[(even, ORDERS[0], 'less likely')])} points and the Bank of Japan moving first "
        f"{told(unwound.loc[(even, ORDERS[1], 'less likely')])}; when it makes the second more likely, "
        f"{told(unwound.loc[(even, ORDERS[0], 'more likely')])} and {told(unwound.loc[(even, ORDERS[1], 'more likely')])}. "
        f"At the November odds the order alone is worth {told(unwound.loc[('November odds', ORDERS[1], FIXED)])} points. "
        f"{conclusion(order, by_odds)} Means of paired differences with standard errors."
    )
    return Findings(text, values)


def conclusion(order: pd.Series, by_odds: Sequence[pd.Series]) -> str:
    """Compare what the order does by itself with what it does through the odds of the second move."""
    larger = sum(abs(each["mean"]) > abs(order["mean"]) for each in by_odds)
    much = "more than" if larger == len(by_odds) else "less than" if larger == 0 else "as much as"
    return f"What the first move does to the odds of the second counts {much} the order itself."


def told(row: pd.Series) -> str:
    """A mean with its standard error."""
    return f"{signed(float(row['mean']))} ± {row['error']:.1f}"


def verdict(row: pd.Series) -> str:
    """Whether a difference is larger than twice its standard error."""
    return "more than noise" if abs(row["mean"]) > 2.0 * row["error"] else "no more than noise"


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Differences to `Fed first` with fixed odds: worst day and levered unwind, for both sets of odds."""
    unwound = averages(table, "levered_unwind_pct")
    together = unwound.loc[("even odds", "same day", FIXED), "mean"]
    order = unwound.loc[("even odds", ORDERS[1], FIXED), "mean"]
    finding = (
        f"Order alone: {signed(float(order))} points of levered unwind; both on one day: {signed(float(together))}; odds "
        f"that fall for the second move: {signed(float(unwound.loc[('even odds', ORDERS[0], 'less likely'), 'mean']))}"
    )
    subtitle = "Mean difference to “Fed first, odds fixed”, same news in all; whiskers: two standard errors"
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.22, 0.13, 0.34, 0.66)), figure.add_axes((0.62, 0.13, 0.34, 0.66))
    numbers = pairs(left, table, "levered_unwind_pct") | pairs(right, table, "worst_day_pct", labels=False)
    panel_title(left, "Levered unwind, points of positions")
    panel_title(right, "Worst day of USDJPY, points (left: worse)")
    for at, (odds, shade) in enumerate(zip(ODDS, SERIES_COLOURS, strict=True)):
        figure.text(0.03, 0.80 - 0.035 * at, f"■ {odds}", color=shade, fontsize=9)
    return Drawing(figure, numbers)


def pairs(axes: Axes, table: pd.DataFrame, column: str, labels: bool = True) -> Columns:
    """Draw one bar per variant and set of odds."""
    found = averages(table, column)
    cells = list(dict.fromkeys((order, response) for _, order, response in found.index))
    for at, (odds, shade) in enumerate(zip(ODDS, SERIES_COLOURS, strict=True)):
        rows = found.loc[odds].loc[cells]
        places = np.arange(len(cells)) + (at - 0.5) * 0.36
        axes.barh(places, rows["mean"], height=0.34, color=shade)
        axes.hlines(places, rows["mean"] - 2 * rows["error"], rows["mean"] + 2 * rows["error"], color=INK, linewidth=1.1)
    names = [f"{order}" if response == FIXED else f"{order}, 2nd {response}" for order, response in cells]
    bar_axes(axes, names if labels else [""] * len(cells))
    axes.tick_params(axis="x", labelcolor=GREY)
    return {
        "variant": np.array([f"{odds}: {order}, {response}" for odds, order, response in found.index]),
        f"{column}_mean": found["mean"].to_numpy(),
        f"{column}_standard_error": found["error"].to_numpy(),
    }
