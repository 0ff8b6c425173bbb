"""What is the effect of a rate hike that was priced in, and of one that was not, under each kind of guidance?

The Bank of Japan raises its rate by 25 bp on 19 December 2025. Markets priced the hike with a probability of 0, 15, 50, 85
or 98 % and expected guidance of one hike every six months. With the decision the bank gives one of five kinds of guidance.
The scenario starts one week earlier and has no other meeting and no signal, so that the priced probability stays constant.

Every move is the difference, run by run, from a baseline in which decision and guidance were fully expected; daily noise
cancels out. USDJPY is yen per dollar: a fall is a stronger yen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

import simulation as cf
from simulation.results.estimates import CLEAR_ERRORS, EstimateWithError, finding_text, move_clause, paired_difference
from simulation.results.figures.style import Drawing, FloatArray, Heading, new_figure, panel_title
from simulation.studies.experiment.answer import Quantity, point_columns, point_estimate, point_table
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
    hatch_cells,
)
from simulation.values.conventions import Flags

RUNS, QUICK_RUNS = 200, 16
QUICK_NOTE = "carry holders only, with 60 investors each"
PRICED = (0.0, 0.15, 0.5, 0.85, 0.98)
REGIMES = ("hawkish", "six_monthly", "vague", "wage_dependent", "dovish")
EXPECTED = "six_monthly"
START, DAY, END = "2025-12-12", "2025-12-19", "2026-01-14"
LATER_DAYS = 15
MEASURED = ("usdjpy_day0_pct", "levered_unwind_pct")
ANSWER = (
    Quantity("usdjpy_day0_pct", "%", "USDJPY on the day", decimals=2, band=True),
    Quantity("levered_unwind_pct", "% of the levered stock", "unwound", band=True),
)


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


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per kind of guidance, priced probability and quantity."""
    shown = point_table(effects(table), ["guidance", "priced"], ANSWER)
    return shown.sort_values("guidance", key=lambda names: names.map(REGIMES.index), kind="stable", ignore_index=True)


@dataclass(frozen=True)
class SurpriseMap:
    """Mean effects, one row per kind of guidance and one column per probability; NaN for a cell without finished runs."""

    moves: FloatArray
    errors: FloatArray
    unwound: FloatArray
    runs: FloatArray

    @property
    def clearly_weaker(self) -> Flags:
        """Cells in which the yen clearly weakens on the day."""
        return np.asarray(self.moves > CLEAR_ERRORS * self.errors)


def surprise_map(table: pd.DataFrame) -> SurpriseMap:
    """Return mean effects by cell."""
    shown = points(table)

    def cells(quantity: str, statistic: str = "mean") -> FloatArray:
        rows = shown[shown["quantity"] == quantity]
        wide = rows.pivot(index="guidance", columns="priced", values=statistic)
        return wide.reindex(index=REGIMES, columns=PRICED).to_numpy(dtype=float)

    day, unwind = MEASURED
    return SurpriseMap(cells(day), cells(day, "se"), cells(unwind), np.nan_to_num(cells(day, "runs")))


def estimate(table: pd.DataFrame, quantity: str, guidance: str, priced: float) -> EstimateWithError:
    """Return a mean effect with its standard error."""
    return point_estimate(points(table), quantity, guidance=guidance, priced=priced)


def findings(table: pd.DataFrame) -> ExperimentFindings:
    """Return the effect of the surprise, and the regimes in which the yen weakens."""
    means = surprise_map(table)
    low, high = PRICED[0], PRICED[-1]
    flips = {regime: flip((means.moves[row], means.errors[row])) for row, regime in enumerate(REGIMES)}
    rising = clear_steps(table, MEASURED[0], 1.0)
    falling = clear_steps(table, MEASURED[1], -1.0)
    text = (
        f"With the expected guidance ({regime_label(EXPECTED)}) an unpriced hike "
        f"{move_clause(estimate(table, MEASURED[0], EXPECTED, low), 'USDJPY', '%')} on the day, and "
        f"{unwind_clause(estimate(table, MEASURED[1], EXPECTED, low))} within {LATER_DAYS} days. Priced at {100 * high:.0f} % it "
        f"{move_clause(estimate(table, MEASURED[0], EXPECTED, high), 'USDJPY', '%')} and "
        f"{unwind_clause(estimate(table, MEASURED[1], EXPECTED, high))}. {direction_sentence(flips)} USDJPY clearly increases "
        f"with every step of the priced probability under {rising} of {len(REGIMES)} kinds of guidance. The reduction in "
        f"positions clearly falls with every step under {falling} of {len(REGIMES)}. All numbers are means of differences, run "
        "by run, from a baseline that expected decision and guidance, with standard errors."
    )
    cells = {
        f"{name} {row['guidance']} {row['priced']:g}": float(row["mean"])
        for name in MEASURED
        for row in points(table).query(f"quantity == '{name}'").to_dict("records")
    }
    at = {f"weaker_yen_above {regime}": place for regime, place in flips.items() if place is not None}
    return ExperimentFindings(text, cells | at | {"monotone_regimes": float(rising)})


def unwind_clause(effect: EstimateWithError) -> str:
    """Return what levered holders do on account of the decision."""
    size = effect.size.text(signed=False)
    return finding_text(
        effect,
        f"levered holders reduce their positions by {size} %",
        f"levered holders add {size} % to their positions",
        f"does not clearly change levered positions (reduction {effect} %)",
    )


def clear_steps(table: pd.DataFrame, column: str, sign: float) -> int:
    """Return under how many kinds of guidance every step of the priced probability clearly moves a column in one direction."""
    wide = effects(table).pivot(index="run", columns=["guidance", "priced"], values=column)
    counted = 0
    for regime in REGIMES:
        steps = [
            paired_difference(wide[regime, after].to_numpy(), wide[regime, before].to_numpy())
            for before, after in pairwise(PRICED)
        ]
        counted += all(step.is_clear and sign * step.value > 0.0 for step in steps)
    return counted


def regime_label(regime: str) -> str:
    """Return the label of a regime."""
    return regime.replace("_", " ")


def flip(moves: tuple[FloatArray, FloatArray]) -> float | None:
    """Return the probability at which a clearly stronger yen on the day becomes a clearly weaker one; None if it does not.

    `moves` are means and standard errors by priced probability.
    """
    means, errors = moves
    ends = [EstimateWithError(float(means[at]), float(errors[at])) for at in (0, -1)]
    turns = ends[0].is_clear and ends[1].is_clear and means[0] < 0.0 < means[-1]
    return float(np.interp(0.0, means, PRICED)) if turns else None


def direction_sentence(flips: dict[str, float | None]) -> str:
    """Return a sentence on the regimes in which the hike weakens the yen, and from which probability."""
    regimes = [f"{regime_label(regime)} above {100 * at:.0f} %" for regime, at in flips.items() if at is not None]
    if not regimes:
        return "The priced probability does not clearly change the direction under any kind of guidance."
    return f"The same hike weakens the yen if priced with a high enough probability: {', '.join(regimes)}."


def title(table: pd.DataFrame) -> str:
    """Return the title: the move on an unpriced hike, and on a priced one with vague guidance."""
    low, high = PRICED[0], PRICED[-1]
    unpriced, vague = (
        estimate(table, MEASURED[0], guidance, priced) for guidance, priced in ((EXPECTED, low), ("vague", high))
    )
    return (
        f"An unpriced hike {move_clause(unpriced, 'USDJPY', '%')}; priced at {100 * high:.0f} % with vague guidance, it "
        f"{move_clause(vague, 'USDJPY', '%')}"
    )


def draw(table: pd.DataFrame, source: str) -> Drawing:
    """Draw two heat maps: the move on the day, with the boundary of a weaker yen, and the reduction in levered positions."""
    means = surprise_map(table)
    subtitle = (
        "BOJ +25 bp on 19 December 2025; mean difference from a baseline with fully expected decision and guidance"
    )
    figure = new_figure(Heading(title(table), subtitle, source))
    left, right = figure.add_axes((0.12, 0.17, 0.38, 0.62)), figure.add_axes((0.60, 0.17, 0.38, 0.62))
    columns, rows = [f"{100 * priced:g} %" for priced in PRICED], [regime_label(regime) for regime in REGIMES]
    largest = float(np.nanmax(np.abs(means.moves)))
    draw_heat_map(left, HeatMapCells(means.moves, rows, columns), (-largest, largest), DIVERGING)
    draw_boundary(left, means.clearly_weaker)
    panel_title(left, "USDJPY on the day, % (thick line: clearly weaker yen)")
    draw_heat_map(right, HeatMapCells(means.unwound, [""] * len(rows), columns), (0.0, 100.0), RISING)
    panel_title(right, f"Reduction in levered positions within {LATER_DAYS} days, %")
    for axes in (left, right):
        hatch_cells(axes, means.runs < FEW_RUNS)
        axes.set_xlabel("priced probability of the hike before the meeting", fontsize=8.5)
    return Drawing(figure, point_columns(points(table)))
