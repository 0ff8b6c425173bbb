"""Report of a run: findings, scenario, figures, metrics, one day in detail, claims, ledger audit and reproduction."""

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
from simulation.results.summary import EFFECTS_NOTE, answer_lines, band_cells, effect_cells, label_with_unit
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
    """Claims of the article that this run alone can assess; a reference to `carryflow claims` for other scenarios."""
    claims = load_ledger()
    match = matching_case(claims, record.scenario)
    if match is None:
        return tag(
            "p", "This scenario is not one of the cases of the claims ledger. ", code("carryflow claims"),
            f" compares the article's {len(claims.claims)} claims with official data and the model.",
        )  # fmt: skip
    name, case = match
    rows = [row for assessed in assess_run(claims, name, record) for row in claim_rows(assessed)]
    count = len({row[0] for row in rows})
    intro = (
        f"This scenario is case {name!r} of the claims ledger ({case.about}). It suffices to assess {count} of the article's "
        f"{len(claims.claims)} claims; the others need further cases or cannot be tested with a model. "
    )
    return concatenate(
        [
            tag("p", intro, code("carryflow claims"), " assesses all of them."),
            table("Claims assessed with this run", CLAIM_COLUMNS, rows, 9),
            paragraphs(*tables.LEGEND),
        ]
    )


def matching_case(claims: ClaimsLedger, scenario: Scenario) -> tuple[str, ClaimCase] | None:
    """Name and case of the claims ledger with this config, whatever the seed; None if there is none."""
    expected = config_hash(with_seed(scenario, 0))
    for name, case in claims.cases.items():
        if case.scenario == scenario.name and config_hash(with_seed(case_scenario(case, None), 0)) == expected:
            return name, case
    return None


def assess_run(claims: ClaimsLedger, name: str, record: Record) -> list[AssessedClaim]:
    """Claims assessed with the counterparts that need only this case."""
    assessed = []
    for claim in claims.claims:
        counterparts = tuple(item for item in claim.model if item.case == name and item.against is None)
        if counterparts:
            part = claim.model_copy(update={"model": counterparts})
            results = tuple(counterpart_finding(part, item, {name: record}) for item in counterparts)
            assessed.append(AssessedClaim(part, results))
    return assessed


def claim_rows(assessed: AssessedClaim) -> list[tuple[str, ...]]:
    """One row per counterpart of a claim."""
    claim = assessed.claim
    article, official = (tables.figure_text(figure, claim.unit) for figure in (claim.article, claim.official))
    return [
        (str(claim.id), claim.claim, article, official, text, f"{tables.official_verdict(assessed)}; model: {outcome}")
        for text, outcome in tables.model_rows(assessed)
    ]


MAX_STOPPED = 40
"""Largest number of stopped runs in the table; the others are only counted."""
MEDIANS_NOTE = (
    "Each number in this sentence is a separate median over runs. Medians of parts do not add up to the median of the total, "
    "and the total also includes retail accounts and the slow repatriation of residents."
)
BANDS_NOTE = "The middle 80 % of runs lie between the outer columns."


def run_report_html(result: Result, manifest: dict[str, Any], folder: Path) -> str:
    """Report of a run as HTML."""
    summary, scenario = result.summary(), result.scenario
    runs = f"{summary.runs:,} run{'s' if summary.runs != 1 else ''}"
    days = [format_date(result.record.dates[at].item()) for at in (0, -1)]
    sections = {
        "Findings": findings_section(result, summary),
        "The scenario": scenario_section(scenario),
        "Figures": concatenate(figure_element(f"f{at}", one) for at, one in enumerate(result.drawings.values())),
        "Numbers": metrics_section(summary),
        "One day in detail": day_section(result),
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
    """How to rerun and verify the results; machine paths are left out."""
    name = folder.resolve().name
    from_page = "With this page only: save the complete config below as scenario.yaml and run the command given there."
    incomplete = "The complete config below does not include the calibrated parameter sets; the folder does."
    from_folder = f"With the folder {name}, to rerun it and compare the results byte by byte:"
    return concatenate(
        [
            paragraphs(incomplete if with_sets else from_page, from_folder),
            code_block(shlex.join(["carryflow", "verify", name])),
        ]
    )


def findings_section(result: Result, summary: Summary) -> Html:
    """Main result in one sentence, with notes and caveats."""
    notes = [tag("p", note, class_="note") for note in summary.notes]
    caution = (
        "A median is not a policy effect, because news alone can trigger stops. Effects are differences between scenarios with "
        "the same news. Policy paths are inputs; this is not a forecast."
    )
    levels = capitalized(scenario_finding(result.record))
    first, *others = [*answer_lines(summary), levels]
    lead = tag("p", first, class_="lead")
    return concatenate(
        [lead, paragraphs(*others), *notes, paragraphs(MEDIANS_NOTE if summary.runs > 1 else "", caution)]
    )


def metrics_section(summary: Summary) -> Html:
    """Tables of quantiles: one per group of metrics, and one of yen bought by population."""
    groups = dict.fromkeys(metric.group for metric in METRICS)
    group_tables = [metric_table(group, summary) for group in groups]
    bought = {capitalized_name(name): band for name, band in summary.yen_bought.items()}
    yen_table = band_table("Yen bought, USD bn", bought, summary, "Population")
    side_by_side = tag("div", *group_tables, yen_table, class_="tables")
    effects = "" if summary.effects is None else EFFECTS_NOTE.format(against=summary.effects.against)
    return concatenate([paragraphs(BANDS_NOTE if summary.runs > 1 else "", effects), side_by_side])


def metric_table(group: str, summary: Summary) -> Html:
    """Table of a group of metrics: quantiles of the level and, where there is a counterfactual, the effect."""
    metrics = [metric for metric in METRICS if metric.group == group]
    if summary.effects is None:
        return band_table(
            group, {label_with_unit(m.label, m.unit).strip(): summary.metrics[m.name] for m in metrics}, summary
        )
    single = summary.runs == 1
    head = ("Metric", *(["value"] if single else ["10 %", "median", "90 %"]), "effect ± s.e.", "10 %", "90 %")
    rows = [
        (
            label_with_unit(m.label, m.unit).strip(),
            *band_cells(summary.metrics[m.name], single),
            *effect_cells(summary.effects, m),
        )
        for m in metrics
        if summary.metrics[m.name].p50 is not None
    ]
    return table(group, head, rows) if rows else Html("")


def band_table(caption: str, named: dict[str, Band], summary: Summary, first: str = "Metric") -> Html:
    """Table of quantiles; metrics that the scenario does not have are left out."""
    single = summary.runs == 1
    head = (first, "value") if single else (first, "10 %", "median", "90 %")
    rows = [(name, *band_cells(band, single)) for name, band in named.items() if band.p50 is not None]
    return table(caption, head, rows) if rows else Html("")


def day_section(result: Result) -> Html:
    """Decomposition of the largest move in the first finished run."""
    finished = result.record.runs[result.record.finished]
    if not finished.size:
        return Html("")
    try:
        day = result.explain(run=int(finished[0]))
    except OutputError as error:
        return paragraphs(f"No day could be decomposed: {error}")
    intro = f"The largest move of USDJPY in run {day.run}, the first run that reached the last day."
    return concatenate([paragraphs(intro), figure_element("day", day.drawing), day_sentences(day), change_table(day)])


def day_sentences(day: DayExplanation) -> Html:
    """Explanation of the day; indented lines become lists."""
    parts: list[Html] = []
    for indented, group in groupby(day.sentences, lambda line: line.startswith(" ")):
        lines = [line.strip() for line in group]
        parts.append(bullets(lines) if indented else paragraphs(*lines))
    return concatenate(parts)


def change_table(day: DayExplanation) -> Html:
    """Contributions to the change of the day."""
    rows = [
        (
            part_label(day.asset, one),
            "" if one.flow_usd is None else format_flow(one.flow_usd),
            format_change(one.change, day.unit),
        )
        for one in visible_parts(day.parts)
    ]
    total = ("Recorded change", "", format_change(day.change, day.unit))
    head = ("Contribution", "Dollars bought, $bn", f"Change, {day.unit}")
    return table("Contributions to the change", head, [*rows, total])


def stopped_section(summary: Summary) -> Html:
    """Runs that stopped early, with their reasons."""
    if not summary.failures:
        return paragraphs("All runs reached the last day.")
    rows = [(str(one.run), one.date, readable_name(one.reason), one.message) for one in summary.failures[:MAX_STOPPED]]
    omitted = len(summary.failures) - len(rows)
    listed = table("Runs that stopped early", ("Run", "Date", "Reason", "Message"), rows, 9)
    note = f"The manifest lists {omitted} further stopped runs." if omitted else ""
    return concatenate([listed, paragraphs(note)])


def audit_section(result: Result, summary: Summary) -> Html:
    """Largest residual of every accounting identity over all runs and days."""
    intro = f"Every day of every run is checked; a relative residual above {TOLERANCE:.0e} stops the run."
    residuals = result.record.residuals
    if not residuals:
        worst = summary.ledger_max_residual
        text = "none recorded" if worst is None else f"{worst:.1e}"
        return paragraphs(
            intro, f"Largest residual of all identities: {text}. The results were written by an earlier version."
        )
    rows = [
        (identity_text(name), f"{values.max():.1e}" if values.max() else "0", identity_verdict(float(values.max())))
        for name, values in residuals.items()
    ]
    return concatenate(
        [paragraphs(intro), table("Largest residual of each identity", ("Identity", "Residual", "Verdict"), rows)]
    )


def identity_text(name: str) -> str:
    """Description of an identity, from the docstring of its function in the ledger."""
    return (getattr(ledger, name).__doc__ or readable_name(name)).strip().split("\n")[0]


def identity_verdict(residual: float) -> str:
    """Whether an identity holds; NaN counts as a violation."""
    return "holds" if residual <= TOLERANCE else "violated"
