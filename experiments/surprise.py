"""What is the effect of a rate hike that was priced in, and of one that was not, under each kind of guidance?

The Bank of Japan raises its rate by 25 bp on 19 December 2025. Markets priced the hike with a probability of 0, 15, 50, 85
or 98 % and expected guidance of one hike every six months. With the decision the bank gives one of five kinds of guidance.
The scenario starts one week earlier and has no other meeting and no signal, so that the priced probability stays constant.

Every move is the difference, run by run, from a baseline in which decision and guidance were fully expected; daily noise
cancels out. USDJPY is yen per dollar: a fall is a stronger yen.
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
QUICK_NOTE = "carry holders only, with 60 investors each"
PRICED = (0.0, 0.15, 0.5, 0.85, 0.98)
REGIMES = ("hawkish", "six_monthly", "vague", "wage_dependent", "dovish")
EXPECTED = "six_monthly"
START, DAY, END = "2025-12-12", "2025-12-19", "2026-01-14"
LATER_DAYS = 15
MEASURED = ("usdjpy_day0_pct", "levered_unwind_pct")


def design(scale: ExperimentScale) -> Sequence[ExperimentVariant]:
    """Return the variants: every regime with every probability, and the fully expected baseline."""
    smaller = with_investors(OFFICIAL, 60, carry_alone=True) if scale.quick else ()
    base = (f"start={START}", f"end={END}", "fed.meetings=[]", f"boj.guidance={EXPECTED}", *smaller)
    twin = variant(("twin", 1.0, EXPECTED), base)
    return [twin, *(variant(("hike", priced, regime), base) for regime in REGIMES for priced in PRICED)]


def variant(cell: tuple[str, float, str], base: tuple[str, ...]) -> ExperimentVariant:
    """Return the variant of one cell: kind of variant, priced probability and announced guidance."""
    kind, priced, guidance = cell
    decision = f"boj.meetings=[{meeting_setting(DAY, '25bp', priced, guidance)}]"
    return ExperimentVariant({"kind": kind, "priced": priced, "guidance": guidance}, (*base, decision))


def measure(result: cf.Result) -> pd.DataFrame:
    """Return the change of USDJPY on the day and the reduction in levered positions from that day to 15 business days later."""
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
    """Return differences from the fully expected baseline."""
    return paired_differences(table[table["kind"] == "hike"], table[table["kind"] == "twin"], MEASURED)


@dataclass(frozen=True)
class SurpriseMap:
    """Median effects, one row per kind of guidance and one column per probability."""

    moves: FloatArray
    unwound: FloatArray
    runs: FloatArray

    def move(self, guidance: str, priced: float) -> float:
        """Return the effect on USDJPY on the day, percent."""
        return float(self.moves[REGIMES.index(guidance), PRICED.index(priced)])

    def unwind(self, guidance: str, priced: float) -> float:
        """Return the effect on the reduction in levered positions, percent of positions."""
        return float(self.unwound[REGIMES.index(guidance), PRICED.index(priced)])

    def values(self) -> dict[str, float]:
        """Return the values of all cells by name."""
        cells = [(guidance, priced) for guidance in REGIMES for priced in PRICED]
        moves = {f"usdjpy_day0_pct {guidance} {priced:g}": self.move(guidance, priced) for guidance, priced in cells}
        return moves | {
            f"levered_unwind_pct {guidance} {priced:g}": self.unwind(guidance, priced) for guidance, priced in cells
        }


def surprise_map(table: pd.DataFrame) -> SurpriseMap:
    """Return median effects by cell; NaN for a cell without finished runs."""
    differences = effects(table)

    def cells(column: str, statistic: str = "p50") -> FloatArray:
        wide = quantile_table(differences, ["guidance", "priced"], column).pivot(
            index="guidance", columns="priced", values=statistic
        )
        return wide.reindex(index=REGIMES, columns=PRICED).to_numpy(dtype=float)

    return SurpriseMap(cells(MEASURED[0]), cells(MEASURED[1]), np.nan_to_num(cells(MEASURED[0], "runs")))


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the effect of the surprise, and the regimes in which the yen weakens."""
    medians = surprise_map(table)
    flips = {regime: flip(medians.moves[row]) for row, regime in enumerate(REGIMES)}
    monotone = sum(bool((np.diff(row) > 0.0).all()) for row in medians.moves)
    falling = sum(bool((np.diff(row) <= 0.0).all()) for row in medians.unwound)
    low, high = PRICED[0], PRICED[-1]
    text = (
        f"With the expected guidance ({regime_label(EXPECTED)}) an unpriced hike moves USDJPY by "
        f"{format_signed(medians.move(EXPECTED, low))} % on the day, and levered holders reduce their positions by "
        f"{medians.unwind(EXPECTED, low):.0f} % within {LATER_DAYS} days. Priced at {100 * high:.0f} % it moves USDJPY by "
        f"{format_signed(medians.move(EXPECTED, high))} % and changes the reduction by "
        f"{format_signed(medians.unwind(EXPECTED, high), 0)} points. {direction_sentence(flips)} USDJPY increases with the "
        f"priced probability under {monotone} of {len(REGIMES)} kinds of guidance. The reduction in positions falls with it "
        f"under {falling} of {len(REGIMES)}: a sharp move in either direction raises volatility, and volatility targets then "
        "cut positions. All numbers are medians of differences from a baseline that expected decision and guidance."
    )
    at = {f"weaker_yen_above {regime}": place for regime, place in flips.items() if place is not None}
    return ExperimentFindings(text, medians.values() | at | {"monotone_regimes": float(monotone)})


def regime_label(regime: str) -> str:
    """Return the label of a regime."""
    return regime.replace("_", " ")


def flip(moves: FloatArray) -> float | None:
    """Return the probability at which the move on the day changes from a stronger to a weaker yen; None if it does not."""
    return float(np.interp(0.0, moves, PRICED)) if moves[0] < 0.0 < moves[-1] else None


def direction_sentence(flips: dict[str, float | None]) -> str:
    """Return a sentence on the regimes in which the hike weakens the yen, and from which probability."""
    regimes = [f"{regime_label(regime)} above {100 * at:.0f} %" for regime, at in flips.items() if at is not None]
    if not regimes:
        return "The priced probability does not change the direction in any regime."
    return f"The same hike weakens the yen if priced with a high enough probability: {', '.join(regimes)}."


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw two heat maps: the move on the day, with the boundary of a weaker yen, and the reduction in levered positions."""
    medians, high = surprise_map(table), PRICED[-1]
    finding = (
        f"An unpriced hike moves USDJPY by {format_signed(medians.move(EXPECTED, PRICED[0]))} %; priced at {100 * high:.0f} % "
        f"with vague guidance, by {format_signed(medians.move('vague', high))} %"
    )
    subtitle = (
        "BOJ +25 bp on 19 December 2025; median difference from a baseline with fully expected decision and guidance"
    )
    figure = new_figure(Heading(finding, subtitle, source))
    left, right = figure.add_axes((0.12, 0.17, 0.38, 0.62)), figure.add_axes((0.60, 0.17, 0.38, 0.62))
    columns, rows = [f"{100 * priced:g} %" for priced in PRICED], [regime_label(regime) for regime in REGIMES]
    largest = float(np.nanmax(np.abs(medians.moves)))
    draw_heat_map(left, HeatMapCells(medians.moves, rows, columns), (-largest, largest), DIVERGING)
    draw_boundary(left, medians.moves > 0.0)
    panel_title(left, "USDJPY on the day, % (thick line: boundary of a weaker yen)")
    draw_heat_map(right, HeatMapCells(medians.unwound, [""] * len(rows), columns), (0.0, 100.0), RISING)
    panel_title(right, f"Reduction in levered positions within {LATER_DAYS} days, %")
    for axes in (left, right):
        hatch_cells(axes, medians.runs < FEW_RUNS)
        axes.set_xlabel("priced probability of the hike before the meeting", fontsize=8.5)
    return Drawing(figure, plotted_columns(medians))


def plotted_columns(medians: SurpriseMap) -> Columns:
    """Return the plotted values, one row per cell."""
    return {
        "guidance": np.repeat(np.array(REGIMES), len(PRICED)),
        "priced": np.tile(np.array(PRICED), len(REGIMES)),
        "usdjpy_day0_pct": medians.moves.ravel(),
        "levered_unwind_pct": medians.unwound.ravel(),
        "runs": medians.runs.ravel(),
    }
