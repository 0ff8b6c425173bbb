"""The claims ledger in a report: the claims that the run's scenario speaks to, measured on this run.

The report of a run: scenario, findings, figures, numbers, a day taken apart, claims, ledger audit, how to reproduce.
"""

from __future__ import annotations

import shlex
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.accounts import ledger
from simulation.accounts.ledger import TOLERANCE
from simulation.compute.ensemble import with_seed
from simulation.pages.reporting.html import (
    Html,
    bullets,
    code,
    code_block,
    concatenate,
    figure_element,
    paragraphs,
    render_document,
    table,
    tag,
)
from simulation.pages.reporting.scenario_section import footer_text, format_date, reproduction_section, scenario_section
from simulation.results.explanation.day_explanation import format_change, format_flow, part_label, visible_parts
from simulation.results.findings import scenario_finding
from simulation.results.metrics import METRICS, Band
from simulation.results.output_folder import OutputError
from simulation.results.summary import band_cells, label_with_unit
from simulation.scenario.config.loading import config_hash
from simulation.studies.claims import tables
from simulation.studies.claims.assessment import (
    AssessedClaim,
    ClaimCase,
    ClaimsLedger,
    case_scenario,
    counterpart_finding,
    load_ledger,
)
from simulation.values.labels import capitalized, capitalized_name, readable_name

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.results.explanation.day_explanation import DayExplanation
    from simulation.results.run_results import Result
    from simulation.results.summary import Summary
    from simulation.scenario.scenario import Scenario

CLAIM_COLUMNS = ("#", "The article says", "Article", "Official data", "This run: p50 (p10 to p90)", "Verdict")


def claims_section(record: Record) -> Html:
    """Claims whose counterpart is measured on this very scenario; nothing where the ledger does not run it."""
    ledger = load_ledger()
    found = matching_case(ledger, record.scenario)
    if found is None:
        return tag(
            "p", "The claims ledger runs scenarios of its own, and this is none of them. ", code("carryflow claims"),
            f" holds the article's {len(ledger.claims)} claims against official data and the model.",
        )  # fmt: skip
    name, case = found
    rows = [row for assessed in assess_run(ledger, name, record) for row in claim_rows(assessed)]
    told = (
        f"The claims ledger runs this scenario as its case {name!r} ({case.about}). Of the article's {len(ledger.claims)} claims "
        f"{len({row[0] for row in rows})} are measured on it alone; the others need other cases, or no model can test them: "
    )
    return concatenate(
        [
            tag("p", told, code("carryflow claims"), " assesses them all."),
            table("Claims measured on this run", CLAIM_COLUMNS, rows, 9),
            paragraphs(*tables.LEGEND),
        ]
    )


def matching_case(ledger: ClaimsLedger, scenario: Scenario) -> tuple[str, ClaimCase] | None:
    """The case of the ledger that a scenario is, whatever its seed."""
    wanted = config_hash(with_seed(scenario, 0))
    for name, case in ledger.cases.items():
        if case.scenario == scenario.name and config_hash(with_seed(case_scenario(case, None), 0)) == wanted:
            return name, case
    return None


def assess_run(ledger: ClaimsLedger, name: str, record: Record) -> list[AssessedClaim]:
    """The claims with those counterparts that need this case alone."""
    found = []
    for claim in ledger.claims:
        own = tuple(item for item in claim.model if item.case == name and item.against is None)
        if own:
            part = claim.model_copy(update={"model": own})
            found.append(AssessedClaim(part, tuple(counterpart_finding(part, item, {name: record}) for item in own)))
    return found


def claim_rows(assessed: AssessedClaim) -> list[tuple[str, ...]]:
    """One row for each counterpart."""
    claim = assessed.claim
    article, official = (tables.figure_text(figure, claim.unit) for figure in (claim.article, claim.official))
    return [
        (str(claim.id), claim.claim, article, official, text, f"{tables.official_verdict(assessed)}; model: {outcome}")
        for text, outcome in tables.model_rows(assessed)
    ]


MAX_STOPPED = 40
"""Stopped runs listed one by one; the others are counted."""
MEDIANS_NOTE = (
    "Each number of this sentence is a median over runs by itself. Medians of parts do not add up to the median of the whole, "
    "and the whole holds retail accounts and residents' slow programmes too."
)
BANDS_NOTE = "Over runs: the middle 80 % of them lie between the outer columns."


def run_report_html(result: Result, manifest: dict[str, Any], folder: Path) -> str:
    """The page about a run."""
    summary, scenario = result.summary(), result.scenario
    runs = f"{summary.runs:,} run{'s' if summary.runs != 1 else ''}"
    days = [format_date(result.record.dates[at].item()) for at in (0, -1)]
    sections = {
        "Findings": findings_section(result, summary),
        "The scenario": scenario_section(scenario),
        "Figures": concatenate(figure_element(f"f{at}", one) for at, one in enumerate(result.drawings.values())),
        "Numbers": metrics_section(summary),
        "One day taken apart": day_section(result),
        "Claims": claims_section(result.record),
        "Stopped runs": stopped_section(summary),
        "Ledger audit": audit_section(result, summary),
        "How to reproduce": reproduction_section(
            manifest, verification_section(folder, bool(manifest.get("parameter_sets"))), scenario
        ),
    }
    facts = f"{scenario.name}, {days[0]} to {days[1]}, {runs}, seed {summary.seed}"
    return render_document(scenario.title or scenario.name, facts, sections, footer_text(manifest, folder))


def verification_section(folder: Path, with_sets: bool) -> Html:
    """How the whole is run again, without a path of the machine that made the page."""
    name = folder.resolve().name
    alone = "From this page alone: save the whole config, below, as scenario.yaml and run it as said there."
    lacking = "The whole config, below, does not hold the calibrated parameter sets; the folder does."
    told = f"With the folder {name}, to run it again and compare byte by byte:"
    return concatenate(
        [paragraphs(lacking if with_sets else alone, told), code_block(shlex.join(["carryflow", "verify", name]))]
    )


def findings_section(result: Result, summary: Summary) -> Html:
    """The result in one sentence, what to beware of, and what it is not."""
    notes = [tag("p", note, class_="note") for note in summary.notes]
    caution = (
        "A median is not an effect of policy: news alone set off stops. Effects are differences between scenarios with the same "
        "seed. Policy paths are inputs; this is not a forecast."
    )
    lead = tag("p", capitalized(scenario_finding(result.record)), class_="lead")
    return concatenate([lead, *notes, paragraphs(MEDIANS_NOTE if summary.runs > 1 else "", caution)])


def metrics_section(summary: Summary) -> Html:
    """Bands of every metric, one table a group, and of what each population bought."""
    groups = dict.fromkeys(metric.group for metric in METRICS)
    made = [
        band_table(
            group,
            {label_with_unit(m.label, m.unit).strip(): summary.metrics[m.name] for m in METRICS if m.group == group},
            summary,
        )
        for group in groups
    ]
    bought = {capitalized_name(name): band for name, band in summary.yen_bought.items()}
    side_by_side = tag("div", *made, band_table("Yen bought, USD bn", bought, summary, "Population"), class_="tables")
    return concatenate([paragraphs(BANDS_NOTE if summary.runs > 1 else ""), side_by_side])


def band_table(caption: str, named: dict[str, Band], summary: Summary, first: str = "Metric") -> Html:
    """A table of bands; metrics that the scenario cannot have are left out."""
    single = summary.runs == 1
    head = (first, "value") if single else (first, "10 %", "median", "90 %")
    rows = [(name, *band_cells(band, single)) for name, band in named.items() if band.p50 is not None]
    return table(caption, head, rows) if rows else Html("")


def day_section(result: Result) -> Html:
    """The largest move of the first finished run in sentences and as a waterfall."""
    finished = result.record.runs[result.record.finished]
    if not finished.size:
        return Html("")
    try:
        day = result.explain(run=int(finished[0]))
    except OutputError as error:
        return paragraphs(f"No day could be taken apart: {error}")
    intro = f"The largest move of USDJPY in run {day.run}, the first that reached the last day."
    return concatenate([paragraphs(intro), figure_element("day", day.drawing), day_sentences(day), change_table(day)])


def day_sentences(day: DayExplanation) -> Html:
    """The day in sentences; who traded as a list below what all of them did."""
    made: list[Html] = []
    for indented, group in groupby(day.sentences, lambda line: line.startswith(" ")):
        said_so = [line.strip() for line in group]
        made.append(bullets(said_so) if indented else paragraphs(*said_so))
    return concatenate(made)


def change_table(day: DayExplanation) -> Html:
    """Every part of the day's change."""
    rows = [
        (
            part_label(day.asset, one),
            "" if one.flow_usd is None else format_flow(one.flow_usd),
            format_change(one.change, day.unit),
        )
        for one in visible_parts(day.parts)
    ]
    whole = ("Recorded change", "", format_change(day.change, day.unit))
    return table("Parts of the change", ("Part", "Dollars bought, $bn", f"Change, {day.unit}"), [*rows, whole])


def stopped_section(summary: Summary) -> Html:
    """Runs that ended early, each with its reason."""
    if not summary.failures:
        return paragraphs("Every run reached its last day.")
    rows = [(str(one.run), one.date, readable_name(one.reason), one.message) for one in summary.failures[:MAX_STOPPED]]
    left = len(summary.failures) - len(rows)
    listed = table("Runs that stopped early", ("Run", "Date", "Reason", "What happened"), rows, 9)
    return concatenate([listed, paragraphs(f"{left} more stopped runs are in the manifest." if left else "")])


def audit_section(result: Result, summary: Summary) -> Html:
    """Largest residual of every accounting identity over all runs and days."""
    intro = f"Every day of every run is checked; a residual beyond {TOLERANCE:.0e} (relative) stops the run."
    kept = result.record.residuals
    if not kept:
        worst = summary.ledger_max_residual
        told = "none recorded" if worst is None else f"{worst:.1e}"
        return paragraphs(intro, f"Largest residual of all identities: {told}. An earlier version made these results.")
    rows = [
        (identity_text(name), f"{values.max():.1e}" if values.max() else "0", identity_verdict(float(values.max())))
        for name, values in kept.items()
    ]
    return concatenate(
        [paragraphs(intro), table("Largest residual of each identity", ("Identity", "Residual", "Verdict"), rows)]
    )


def identity_text(name: str) -> str:
    """What an identity says, in the ledger's own words."""
    return (getattr(ledger, name).__doc__ or readable_name(name)).strip().split("\n")[0]


def identity_verdict(residual: float) -> str:
    """Whether an identity holds; a residual that is not a number does not."""
    return "closes" if residual <= TOLERANCE else "broken"
