"""The report of a run: scenario, findings, figures, numbers, a day taken apart, claims, ledger audit, how to reproduce."""

from __future__ import annotations

import shlex
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.accounts import ledger
from simulation.accounts.ledger import TOLERANCE
from simulation.pages.reporting.claims_part import claims_part
from simulation.pages.reporting.html import Html, bullets, joined, paragraphs, table, tag
from simulation.pages.reporting.page import lines, page
from simulation.pages.reporting.pictures import picture
from simulation.pages.reporting.reproducing import closing, reproducing
from simulation.pages.reporting.scenario_words import in_words, said
from simulation.results.explanation.day import flow_text, label, shown, signed
from simulation.results.findings import scenario_finding
from simulation.results.metrics import METRICS, Band
from simulation.results.store import OutputError
from simulation.results.summary_table import band_cells, labelled
from simulation.values.spelling import sentence, spoken, title

if TYPE_CHECKING:
    from simulation.results.explanation.day import DayExplanation
    from simulation.results.results import Result
    from simulation.results.summary import Summary

MOST_STOPPED = 40
"""Stopped runs listed one by one; the others are counted."""
PARTS = (
    "Each number of this sentence is a median over runs by itself. Medians of parts do not add up to the median of the whole, "
    "and the whole holds retail accounts and residents' slow programmes too."
)
BANDS = "Over runs: the middle 80 % of them lie between the outer columns."


def run_page(result: Result, manifest: dict[str, Any], folder: Path) -> str:
    """The page about a run."""
    summary, scenario = result.summary(), result.scenario
    runs = f"{summary.runs:,} run{'s' if summary.runs != 1 else ''}"
    days = [said(result.record.dates[at].item()) for at in (0, -1)]
    sections = {
        "Findings": findings(result, summary),
        "The scenario": in_words(scenario),
        "Figures": joined(picture(f"f{at}", one) for at, one in enumerate(result.drawings.values())),
        "Numbers": numbers(summary),
        "One day taken apart": one_day(result),
        "Claims": claims_part(result.record),
        "Stopped runs": stopped(summary),
        "Ledger audit": audit(result, summary),
        "How to reproduce": reproducing(manifest, again(folder, bool(manifest.get("parameter_sets"))), scenario),
    }
    facts = f"{scenario.name}, {days[0]} to {days[1]}, {runs}, seed {summary.seed}"
    return page(scenario.title or scenario.name, facts, sections, closing(manifest, folder))


def again(folder: Path, with_sets: bool) -> Html:
    """How the whole is run again, without a path of the machine that made the page."""
    name = folder.resolve().name
    alone = "From this page alone: save the whole config, below, as scenario.yaml and run it as said there."
    lacking = "The whole config, below, does not hold the calibrated parameter sets; the folder does."
    told = f"With the folder {name}, to run it again and compare byte by byte:"
    return joined([paragraphs(lacking if with_sets else alone, told), lines(shlex.join(["carryflow", "verify", name]))])


def findings(result: Result, summary: Summary) -> Html:
    """The result in one sentence, what to beware of, and what it is not."""
    notes = [tag("p", note, class_="note") for note in summary.notes]
    caution = (
        "A median is not an effect of policy: news alone set off stops. Effects are differences between scenarios with the same "
        "seed. Policy paths are inputs; this is not a forecast."
    )
    lead = tag("p", sentence(scenario_finding(result.record)), class_="lead")
    return joined([lead, *notes, paragraphs(PARTS if summary.runs > 1 else "", caution)])


def numbers(summary: Summary) -> Html:
    """Bands of every metric, one table a group, and of what each population bought."""
    groups = dict.fromkeys(metric.group for metric in METRICS)
    made = [
        bands(
            group,
            {labelled(m.label, m.unit).strip(): summary.metrics[m.name] for m in METRICS if m.group == group},
            summary,
        )
        for group in groups
    ]
    bought = {title(name): band for name, band in summary.yen_bought.items()}
    side_by_side = tag("div", *made, bands("Yen bought, USD bn", bought, summary, "Population"), class_="tables")
    return joined([paragraphs(BANDS if summary.runs > 1 else ""), side_by_side])


def bands(caption: str, named: dict[str, Band], summary: Summary, first: str = "Metric") -> Html:
    """A table of bands; metrics that the scenario cannot have are left out."""
    single = summary.runs == 1
    head = (first, "value") if single else (first, "10 %", "median", "90 %")
    rows = [(name, *band_cells(band, single)) for name, band in named.items() if band.p50 is not None]
    return table(caption, head, rows) if rows else Html("")


def one_day(result: Result) -> Html:
    """The largest move of the first finished run in sentences and as a waterfall."""
    finished = result.record.runs[result.record.finished]
    if not finished.size:
        return Html("")
    try:
        day = result.explain(run=int(finished[0]))
    except OutputError as error:
        return paragraphs(f"No day could be taken apart: {error}")
    intro = f"The largest move of USDJPY in run {day.run}, the first that reached the last day."
    return joined([paragraphs(intro), picture("day", day.drawing), told(day), parts(day)])


def told(day: DayExplanation) -> Html:
    """The day in sentences; who traded as a list below what all of them did."""
    made: list[Html] = []
    for indented, group in groupby(day.sentences, lambda line: line.startswith(" ")):
        said_so = [line.strip() for line in group]
        made.append(bullets(said_so) if indented else paragraphs(*said_so))
    return joined(made)


def parts(day: DayExplanation) -> Html:
    """Every part of the day's change."""
    rows = [
        (label(day.asset, one), "" if one.flow_usd is None else flow_text(one.flow_usd), signed(one.change, day.unit))
        for one in shown(day.parts)
    ]
    whole = ("Recorded change", "", signed(day.change, day.unit))
    return table("Parts of the change", ("Part", "Dollars bought, $bn", f"Change, {day.unit}"), [*rows, whole])


def stopped(summary: Summary) -> Html:
    """Runs that ended early, each with its reason."""
    if not summary.failures:
        return paragraphs("Every run reached its last day.")
    rows = [(str(one.run), one.date, spoken(one.reason), one.message) for one in summary.failures[:MOST_STOPPED]]
    left = len(summary.failures) - len(rows)
    listed = table("Runs that stopped early", ("Run", "Date", "Reason", "What happened"), rows, 9)
    return joined([listed, paragraphs(f"{left} more stopped runs are in the manifest." if left else "")])


def audit(result: Result, summary: Summary) -> Html:
    """Largest residual of every accounting identity over all runs and days."""
    intro = f"Every day of every run is checked; a residual beyond {TOLERANCE:.0e} (relative) stops the run."
    kept = result.record.residuals
    if not kept:
        worst = summary.ledger_max_residual
        told = "none recorded" if worst is None else f"{worst:.1e}"
        return paragraphs(intro, f"Largest residual of all identities: {told}. An earlier version made these results.")
    rows = [
        (identity(name), f"{values.max():.1e}" if values.max() else "0", verdict(float(values.max())))
        for name, values in kept.items()
    ]
    return joined(
        [paragraphs(intro), table("Largest residual of each identity", ("Identity", "Residual", "Verdict"), rows)]
    )


def identity(name: str) -> str:
    """What an identity says, in the ledger's own words."""
    return (getattr(ledger, name).__doc__ or spoken(name)).strip().split("\n")[0]


def verdict(residual: float) -> str:
    """Whether an identity holds; a residual that is not a number does not."""
    return "closes" if residual <= TOLERANCE else "broken"
