"""What does a hike do that was priced in, and what does one do that was not, under each kind of guidance?

The Bank of Japan raises its rate by 25 bp on 19 December 2025.  Before, the market gave the hike a probability of 0, 15,
50, 85 or 98 % and expected guidance of a hike every six months; with the decision it hears one of five kinds of guidance.
The scenario begins a week before and has no other meeting and no signal, so what was priced stays what it says.

Every move is the difference to a twin in which decision and words were fully expected, run by run, so the noise of the
day cancels.  USDJPY is yen per dollar: down is a stronger yen.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

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
from simulation.experiment_figures import DIVERGING, FEW_RUNS, RISING, Grid, boundary, hatch, heat_map, signed
from simulation.figures.style import Columns, Drawing, Heading, new_figure, panel_title

RUNS, QUICK_RUNS = 200, 24
QUICK_NOTE = "at most 100 investors per population"
PRICED = (0.0, 0.15, 0.5, 0.85, 0.98)
REGIMES = ("hawkish", "six_monthly", "vague", "wage_dependent", "dovish")
EXPECTED = "six_monthly"
START, DAY, END = "2025-12-12", "2025-12-19", "2026-01-14"
LATER_DAYS = 15
MEASURED = ("usdjpy_day0_pct", "levered_unwind_pct")


def design(scale: Scale) -> Sequence[Variant]:
    """Every regime with every probability, and the twin in which nothing is news."""
    smaller = coarser(OFFICIAL, 100) if scale.quick else ()
    base = (f"start={START}", f"end={END}", "fed.meetings=[]", f"boj.guidance={EXPECTED}", *smaller)
    twin = variant(("twin", 1.0, EXPECTED), base)
    return [twin, *(variant(("hike", priced, regime), base) for regime in REGIMES for priced in PRICED)]


def variant(cell: tuple[str, float, str], base: tuple[str, ...]) -> Variant:
    """One cell of the map: kind of variant, probability priced, guidance announced."""
    kind, priced, guidance = cell
    decision = f"boj.meetings=[{meeting(DAY, '25bp', priced, guidance)}]"
    return Variant({"kind": kind, "priced": priced, "guidance": guidance}, (*base, decision))


def measure(result: cf.Result) -> pd.DataFrame:
    """Move of USDJPY on the day and what levered holders gave up from that day over the next fifteen."""
    record = result.record
    day = day_of(record, DAY)
    return per_run(
        record,
        {
            "usdjpy_day0_pct": change_pct(record, "usdjpy", day - 1, day),
            "levered_unwind_pct": 100.0 * given_up_share(record, "levered", day, day + LATER_DAYS),
        },
    )


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Differences to the twin in which decision and words were expected."""
    return against(table[table["kind"] == "hike"], table[table["kind"] == "twin"], MEASURED)


def medians(table: pd.DataFrame, column: str, statistic: str = "p50") -> pd.DataFrame:
    """Median effect by guidance (rows) and probability priced (columns)."""
    found = bands(effects(table), ["guidance", "priced"], column)
    return found.pivot(index="guidance", columns="priced", values=statistic).reindex(index=REGIMES, columns=PRICED)


def findings(table: pd.DataFrame) -> Findings:
    """Size of the surprise, and where the yen weakens."""
    moves, unwound = medians(table, "usdjpy_day0_pct"), medians(table, "levered_unwind_pct")
    monotone = [regime for regime in REGIMES if bool((np.diff(moves.loc[regime].to_numpy()) > 0.0).all())]
    flips = {regime: flip(moves.loc[regime]) for regime in REGIMES}
    values = {f"usdjpy_pct {regime} {priced:g}": float(moves.loc[regime, priced]) for regime in REGIMES for priced in PRICED}
    values |= {f"levered_unwind_pct {regime} {priced:g}": float(unwound.loc[regime, priced]) for regime in REGIMES for priced in PRICED}
    values |= {f"flips_at {regime}": at for regime, at in flips.items() if at is not None}
    low, high = PRICED[0], PRICED[-1]
    text = (
        f"With the guidance that was expected ({name(EXPECTED)}) a hike that nobody priced moves USDJPY by "
        f"{signed(moves.loc[EXPECTED, low])} % on the day and makes levered holders give up {unwound.loc[EXPECTED, low]:.0f} % "
        f"of their positions within {LATER_DAYS} days; priced at {100 * high:.0f} % it moves USDJPY by "
        f"{signed(moves.loc[EXPECTED, high])} % and positions by {signed(unwound.loc[EXPECTED, high], 0)} %. "
        f"{told_flips(flips)} The day's move rises with what was priced under {len(monotone)} of {len(REGIMES)} kinds of "
        f"guidance; the unwind does so under {rising(unwound)}: a sharp weakening of the yen also raises volatility, and "
        "volatility targets cut positions. All numbers are medians of differences to a twin that expected everything."
    )
    return Findings(text, values)


def name(regime: str) -> str:
    """A regime in words."""
    return regime.replace("_", " ")


def flip(row: pd.Series) -> float | None:
    """Probability at which the day's move turns from a stronger to a weaker yen, between the two cells around it."""
    move, priced = row.to_numpy(dtype=float), row.index.to_numpy(dtype=float)
    if not (move[0] < 0.0 < move[-1]):
        return None
    return float(np.interp(0.0, move, priced))


def told_flips(flips: dict[str, float | None]) -> str:
    """Say where a hike weakens the yen."""
    told = [f"{name(regime)} above {100 * at:.0f} %" for regime, at in flips.items() if at is not None]
    return f"A hike weakens the yen once it was priced, by guidance: {', '.join(told)}." if told else "No hike weakens the yen."


def rising(unwound: pd.DataFrame) -> str:
    """Say under how many regimes less is unwound the more was priced."""
    falls = sum(bool((np.diff(unwound.loc[regime].to_numpy()) <= 0.0).all()) for regime in REGIMES)
    return f"{falls} of {len(REGIMES)} (less the more was priced)"


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Two heat maps: the day's move with the line at which the yen turns weaker, and the levered unwind."""
    moves, unwound = medians(table, "usdjpy_day0_pct"), medians(table, "levered_unwind_pct")
    runs = medians(table, "usdjpy_day0_pct", "runs")
    vague, high = moves.loc["vague", PRICED[-1]], PRICED[-1]
    finding = (
        f"An unpriced hike moves USDJPY {signed(moves.loc[EXPECTED, PRICED[0]])} %; priced at {100 * high:.0f} % with vague "
        f"words {signed(vague)} %"
    )
    subtitle = "BOJ +25 bp on 19 December 2025; median difference to a twin in which decision and words were expected"
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.12, 0.17, 0.38, 0.62)), figure.add_axes((0.60, 0.17, 0.38, 0.62))
    columns, rows = [f"{100 * priced:g} %" for priced in PRICED], [name(regime) for regime in REGIMES]
    largest = float(np.nanmax(np.abs(moves.to_numpy())))
    heat_map(left, Grid(moves.to_numpy(), rows, columns), (-largest, largest), DIVERGING)
    boundary(left, (moves > 0.0).to_numpy())
    panel_title(left, "USDJPY that day, % (thick line: the yen turns weaker)")
    heat_map(right, Grid(unwound.to_numpy(), [""] * len(rows), columns), (0.0, 100.0), RISING)
    panel_title(right, f"Levered unwind over {LATER_DAYS} days, % of positions")
    for axes in (left, right):
        hatch(axes, (runs < FEW_RUNS).to_numpy())
        axes.set_xlabel("probability of the hike before the meeting", fontsize=8.5)
    return Drawing(figure, numbers(moves, unwound, runs))


def numbers(moves: pd.DataFrame, unwound: pd.DataFrame, runs: pd.DataFrame) -> Columns:
    """The plotted numbers, one row per cell."""
    return {
        "guidance": np.repeat(np.array(REGIMES), len(PRICED)),
        "priced": np.tile(np.array(PRICED), len(REGIMES)),
        "usdjpy_day0_pct": moves.to_numpy().ravel(),
        "levered_unwind_pct": unwound.to_numpy().ravel(),
        "runs": runs.to_numpy().ravel(),
    }
