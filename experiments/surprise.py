"""What does a hike do that was priced in, and what does one do that was not, under each kind of guidance?

The Bank of Japan raises its rate by 25 bp on 19 December 2025.  Before, the market gave the hike a probability of 0, 15,
50, 85 or 98 % and expected guidance of a hike every six months; with the decision it hears one of five kinds of guidance.
The scenario begins a week before and has no other meeting and no signal, so what was priced stays what it says.

Every move is the difference to a twin in which decision and words were fully expected, run by run, so the noise of the
day cancels.  USDJPY is yen per dollar: down is a stronger yen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import simulation as cf
from simulation.results.figures.style import Columns, Drawing, FloatArray, Heading, new_figure, panel_title
from simulation.studies.experiment.design import (
    OFFICIAL,
    ExperimentFindings,
    ExperimentScale,
    ExperimentVariant,
    day_index,
    meeting_setting,
    paired_differences,
    position_reduction_share,
    price_change_pct,
    quantile_table,
    run_table,
    with_investors,
)
from simulation.studies.experiment.figures import (
    DIVERGING,
    FEW_RUNS,
    RISING,
    HeatMapCells,
    draw_boundary,
    draw_heat_map,
    format_signed,
    hatch_cells,
)

RUNS, QUICK_RUNS = 200, 16
QUICK_NOTE = "carry holders alone with 60 investors each"
PRICED = (0.0, 0.15, 0.5, 0.85, 0.98)
REGIMES = ("hawkish", "six_monthly", "vague", "wage_dependent", "dovish")
EXPECTED = "six_monthly"
START, DAY, END = "2025-12-12", "2025-12-19", "2026-01-14"
LATER_DAYS = 15
MEASURED = ("usdjpy_day0_pct", "levered_unwind_pct")


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Every regime with every probability, and the twin in which nothing is news."""
    smaller = with_investors(OFFICIAL, 60, carry_alone=True) if scale.quick else ()
    base = (f"start={START}", f"end={END}", "fed.meetings=[]", f"boj.guidance={EXPECTED}", *smaller)
    twin = variant(("twin", 1.0, EXPECTED), base)
    return [twin, *(variant(("hike", priced, regime), base) for regime in REGIMES for priced in PRICED)]


def variant(cell: tuple[str, float, str], base: tuple[str, ...]) -> ExperimentVariant:
    """One cell of the map: kind of variant, probability priced, guidance announced."""
    kind, priced, guidance = cell
    decision = f"boj.meetings=[{meeting_setting(DAY, '25bp', priced, guidance)}]"
    return ExperimentVariant({"kind": kind, "priced": priced, "guidance": guidance}, (*base, decision))


def measure(result: cf.Result) -> pd.DataFrame:
    """Move of USDJPY on the day and what levered holders gave up from that day over the next fifteen."""
    record = result.record
    day = day_index(record, DAY)
    return run_table(
        record,
        {
            "usdjpy_day0_pct": price_change_pct(record, "usdjpy", day - 1, day),
            "levered_unwind_pct": 100.0 * position_reduction_share(record, "levered", day, day + LATER_DAYS),
        },
    )


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """Differences to the twin in which decision and words were expected."""
    return paired_differences(table[table["kind"] == "hike"], table[table["kind"] == "twin"], MEASURED)


@dataclass(frozen=True)
class Map:
    """Median effects, one row per kind of guidance and one column per probability."""

    moves: FloatArray
    unwound: FloatArray
    runs: FloatArray

    def move(self, guidance: str, priced: float) -> float:
        """Effect on USDJPY that day, percent."""
        return float(self.moves[REGIMES.index(guidance), PRICED.index(priced)])

    def unwind(self, guidance: str, priced: float) -> float:
        """Effect on what levered holders give up, percent of positions."""
        return float(self.unwound[REGIMES.index(guidance), PRICED.index(priced)])

    def values(self) -> dict[str, float]:
        """Every cell by name."""
        cells = [(guidance, priced) for guidance in REGIMES for priced in PRICED]
        moves = {f"usdjpy_day0_pct {guidance} {priced:g}": self.move(guidance, priced) for guidance, priced in cells}
        return moves | {
            f"levered_unwind_pct {guidance} {priced:g}": self.unwind(guidance, priced) for guidance, priced in cells
        }


def map_of(table: pd.DataFrame) -> Map:
    """The map of a table; a cell without a finished run holds no number."""
    found = effects(table)

    def cells(column: str, statistic: str = "p50") -> FloatArray:
        wide = quantile_table(found, ["guidance", "priced"], column).pivot(
            index="guidance", columns="priced", values=statistic
        )
        return wide.reindex(index=REGIMES, columns=PRICED).to_numpy(dtype=float)

    return Map(cells(MEASURED[0]), cells(MEASURED[1]), np.nan_to_num(cells(MEASURED[0], "runs")))


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Size of the surprise, and where the yen weakens."""
    found = map_of(table)
    flips = {regime: flip(found.moves[row]) for row, regime in enumerate(REGIMES)}
    monotone = sum(bool((np.diff(row) > 0.0).all()) for row in found.moves)
    falling = sum(bool((np.diff(row) <= 0.0).all()) for row in found.unwound)
    low, high = PRICED[0], PRICED[-1]
    text = (
        f"With the guidance that was expected ({in_words(EXPECTED)}) a hike that nobody priced moves USDJPY by "
        f"{format_signed(found.move(EXPECTED, low))} % on the day and makes levered holders give up {found.unwind(EXPECTED, low):.0f} "
        f"% of their positions within {LATER_DAYS} days; priced at {100 * high:.0f} % it moves USDJPY by "
        f"{format_signed(found.move(EXPECTED, high))} % and positions by {format_signed(found.unwind(EXPECTED, high), 0)} %. "
        f"{told_flips(flips)} USDJPY rises with what was priced under {monotone} of {len(REGIMES)} kinds of guidance. Less is "
        f"unwound the more was priced under {falling} of {len(REGIMES)}: a sharp move in either direction raises volatility, "
        "and volatility targets cut positions. All numbers are medians of differences to a twin that expected everything."
    )
    at = {f"weaker_yen_above {regime}": place for regime, place in flips.items() if place is not None}
    return ExperimentFindings(text, found.values() | at | {"monotone_regimes": float(monotone)})


def in_words(regime: str) -> str:
    """A regime in words."""
    return regime.replace("_", " ")


def flip(moves: FloatArray) -> float | None:
    """Probability at which the day's move turns from a stronger to a weaker yen, between the two cells around it."""
    return float(np.interp(0.0, moves, PRICED)) if moves[0] < 0.0 < moves[-1] else None


def told_flips(flips: dict[str, float | None]) -> str:
    """Say where a hike weakens the yen."""
    told = [f"{in_words(regime)} above {100 * at:.0f} %" for regime, at in flips.items() if at is not None]
    if not told:
        return "What was priced never decides the direction."
    return f"The same hike weakens the yen where enough was priced: {', '.join(told)}."


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Two heat maps: the day's move with the line at which the yen turns weaker, and the levered unwind."""
    found, high = map_of(table), PRICED[-1]
    finding = (
        f"An unpriced hike moves USDJPY {format_signed(found.move(EXPECTED, PRICED[0]))} %; priced at {100 * high:.0f} % with vague "
        f"words {format_signed(found.move('vague', high))} %"
    )
    subtitle = "BOJ +25 bp on 19 December 2025; median difference to a twin in which decision and words were expected"
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.12, 0.17, 0.38, 0.62)), figure.add_axes((0.60, 0.17, 0.38, 0.62))
    columns, rows = [f"{100 * priced:g} %" for priced in PRICED], [in_words(regime) for regime in REGIMES]
    largest = float(np.nanmax(np.abs(found.moves)))
    draw_heat_map(left, HeatMapCells(found.moves, rows, columns), (-largest, largest), DIVERGING)
    draw_boundary(left, found.moves > 0.0)
    panel_title(left, "USDJPY that day, % (thick line: the yen turns weaker)")
    draw_heat_map(right, HeatMapCells(found.unwound, [""] * len(rows), columns), (0.0, 100.0), RISING)
    panel_title(right, f"Levered unwind over {LATER_DAYS} days, % of positions")
    for axes in (left, right):
        hatch_cells(axes, found.runs < FEW_RUNS)
        axes.set_xlabel("probability of the hike before the meeting", fontsize=8.5)
    return Drawing(figure, numbers(found))


def numbers(found: Map) -> Columns:
    """The plotted numbers, one row per cell."""
    return {
        "guidance": np.repeat(np.array(REGIMES), len(PRICED)),
        "priced": np.tile(np.array(PRICED), len(REGIMES)),
        "usdjpy_day0_pct": found.moves.ravel(),
        "levered_unwind_pct": found.unwound.ravel(),
        "runs": found.runs.ravel(),
    }
