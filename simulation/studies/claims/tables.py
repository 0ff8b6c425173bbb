"""Assessed claims as text, JSON, CSV and Markdown."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

from simulation.results.metrics import Band
from simulation.results.output_folder import package_versions, write_manifest
from simulation.scenario.config.loading import config_hash
from simulation.studies.claims.assessment import AssessedClaim, Assessment, ClaimCase, ModelCounterpart, OfficialVerdict
from simulation.studies.claims.comparison import CLAIM_OUTCOMES, ModelFinding, StatedFigure

DECIMALS = {"%": 2, "pp": 2, "bp": 1, "ratio": 2, "JPY bn": 0, "$bn": 0}
SMALL_USD_BN = 10.0
OFFICIAL_VERDICTS: tuple[OfficialVerdict, ...] = ("correct", "roughly", "wrong", "inconsistent", "unverifiable")
OUTCOME_VERBS = {"agrees": "agree", "disagrees": "disagree"}
NOT_TESTED = "not tested"
CSV_FILE, MARKDOWN_FILE = "claims.csv", "claims.md"
CSV_COLUMNS = (
    *("id", "claim", "unit", "article", "article_value", "official", "official_value", "official_source"),
    *("official_basis", "official_verdict", "remark", "model_about", "case", "against", "model_unit"),
    *("p10", "p50", "p90", "share_supporting", "model_verdict", "official_inside", "untested"),
)
TABLE_COLUMNS = ("#", "The article says", "Article", "Official data", "Model: p50 (p10 to p90)", "Verdict")
LEGEND = (
    "Verdict: first the assessment by official data and its source (official: an official series; computed: derived from "
    "one; press: press or an institution's publication; unverified: from memory), then the model's.",
    "Model: agrees if four runs in five support the statement, disagrees if one in five or fewer do, undecided in between; "
    "compatible: the stated value lies between p10 and p90, which is no confirmation; by construction: the scenario is "
    "built to give this value. Where the official figure measures the same quantity, inside or outside says whether the "
    "band contains it. Bands show simulation noise only; an effect is the difference between two scenarios with the same "
    "random news.",
)


def format_value(value: float, unit: str) -> str:
    """Return a number with the decimals customary for its unit, without the unit; probabilities in percent."""
    if unit == "probability":
        return f"{100.0 * value + 0.0:.0f}"
    decimals = DECIMALS.get(unit)
    if decimals is None:
        return f"{value:,.10g}"
    if unit == "$bn" and abs(value) < SMALL_USD_BN:
        decimals = 1
    text = f"{value:,.{decimals}f}"
    # A rounded -0.0 reads as a direction that is not there.
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def append_unit(digits: str, unit: str) -> str:
    """Return digits followed by their unit; a ratio has none."""
    shown = {"probability": "%", "ratio": ""}.get(unit, unit)
    return f"{digits} {shown}".rstrip()


def figure_text(figure: StatedFigure, unit: str) -> str:
    """Return a published figure as text: its own `text`, else digits and unit."""
    if figure.text or figure.value is None:
        return figure.text or "-"
    digits = format_value(figure.value, unit)
    if figure.upper is not None:
        digits = f"{digits} to {format_value(figure.upper, unit)}"
    return append_unit(digits, unit)


def band_text(band: Band) -> str:
    """Return the median with p10 and p90; a single number if they are equal."""
    if band.p10 is None or band.p50 is None or band.p90 is None:
        return "-"
    low, middle, high = (format_value(value, band.unit) for value in (band.p10, band.p50, band.p90))
    return append_unit(middle if low == high else f"{middle} ({low} to {high})", band.unit)


def official_verdict(assessed: AssessedClaim) -> str:
    """Return the assessment by official data with the basis of the official figure."""
    verdict, basis = assessed.claim.verdict, assessed.claim.official.basis
    known = basis != "none" and verdict != "unverifiable"
    return f"{verdict} ({basis})" if known else verdict


def outcome_text(finding: ModelFinding) -> str:
    """Return the model's verdict, with the share of supporting runs if undecided, and the check of the official figure."""
    text: str = finding.outcome
    if finding.outcome == "undecided" and finding.share_supporting is not None:
        text = f"{text}, {100.0 * finding.share_supporting:.0f} % of runs"
    if finding.official_inside is not None:
        text = f"{text}; official figure {'inside' if finding.official_inside else 'outside'}"
    return text


def counterpart_text(counterpart: ModelCounterpart, finding: ModelFinding) -> str:
    """Return the measure with its band, or the reason why it was not tested."""
    return f"{counterpart.about}: {finding.reason or band_text(finding.band)}"


def model_rows(assessed: AssessedClaim) -> list[tuple[str, str]]:
    """Return measure and verdict for each counterpart; one row with the reason if there is none."""
    claim = assessed.claim
    pairs = zip(claim.model, assessed.findings, strict=True)
    rows = [(counterpart_text(counterpart, finding), outcome_text(finding)) for counterpart, finding in pairs]
    return rows or [(claim.untested, NOT_TESTED)]


def case_command(case: ClaimCase, runs: int) -> str:
    """Return the command that runs a single case."""
    settings = "".join(f" --set '{setting}'" for setting in case.settings)
    return f"carryflow run {case.scenario} --runs {runs}{settings}"


def verdict_summary(assessment: Assessment) -> str:
    """Return the number of claims by official verdict and by model outcome, in two sentences."""
    verdicts = Counter(item.claim.verdict for item in assessment.claims)
    official = ", ".join(f"{verdicts[name]} {name}" for name in OFFICIAL_VERDICTS if verdicts[name])
    tested = [[each.outcome for each in item.findings if each.outcome != NOT_TESTED] for item in assessment.claims]
    outcomes = Counter(outcome for claim in tested for outcome in claim)
    model = ", ".join(f"{outcomes[name]} {OUTCOME_VERBS.get(name, name)}" for name in CLAIM_OUTCOMES if outcomes[name])
    return (
        f"{len(assessment.claims)} claims against official data: {official}. The model tests "
        f"{sum(map(bool, tested))} of them ({sum(outcomes.values())} comparisons): {model or 'none'}."
    )


def stopped_runs_note(assessment: Assessment) -> str:
    """Return a note on cases with runs that stopped early; empty if there are none."""
    if not assessment.stopped:
        return ""
    named = ", ".join(f"{count} of {assessment.runs} in {name}" for name, count in assessment.stopped.items())
    return f"Runs that stopped early and are excluded: {named}."


def claim_dicts(assessment: Assessment) -> list[dict[str, Any]]:
    """Return one JSON-ready object per claim."""
    return [claim_dict(assessed) for assessed in assessment.claims]


def claim_dict(assessed: AssessedClaim) -> dict[str, Any]:
    """Return a claim with both figures, the official verdict and the model's findings as JSON-ready values."""
    claim, official = assessed.claim, assessed.claim.official
    pairs = zip(claim.model, assessed.findings, strict=True)
    return {
        "id": claim.id,
        "claim": claim.claim,
        "unit": claim.unit,
        "article": figure_dict(claim.article, claim.unit),
        "official": figure_dict(official, claim.unit) | {"source": official.source, "basis": official.basis},
        "official_verdict": claim.verdict,
        "remark": claim.remark,
        "model": [counterpart_dict(counterpart, finding) for counterpart, finding in pairs],
        "untested": claim.untested or None,
    }


def figure_dict(figure: StatedFigure, unit: str) -> dict[str, Any]:
    """Return a published figure as JSON-ready values."""
    return {"value": figure.value, "upper": figure.upper, "text": figure_text(figure, unit)}


def counterpart_dict(counterpart: ModelCounterpart, finding: ModelFinding) -> dict[str, Any]:
    """Return measure, case, rule and finding of a counterpart as JSON-ready values."""
    return {
        "about": counterpart.about,
        "case": counterpart.case,
        "against": counterpart.against,
        "measure": counterpart.measure.model_dump(mode="json"),
        "judge": counterpart.judge.model_dump(mode="json"),
        **finding.band.to_dict(),
        "share_supporting": finding.share_supporting,
        "outcome": finding.outcome,
        "official_inside": finding.official_inside,
        "reason": finding.reason or None,
    }


def csv_text(assessment: Assessment) -> str:
    """Return one line per claim and counterpart; a claim without a counterpart has one line with the reason."""
    out = StringIO()
    writer = csv.DictWriter(out, list(CSV_COLUMNS), lineterminator="\n")
    writer.writeheader()
    for assessed in assessment.claims:
        writer.writerows(csv_rows(assessed))
    return out.getvalue()


def csv_rows(assessed: AssessedClaim) -> list[dict[str, Any]]:
    """Return the CSV lines of one claim."""
    claim = claim_dict(assessed)
    stated = {name: claim[name] for name in ("id", "claim", "unit", "official_verdict", "remark", "untested")} | {
        "article": claim["article"]["text"],
        "article_value": claim["article"]["value"],
        "official": claim["official"]["text"],
        "official_value": claim["official"]["value"],
        "official_source": claim["official"]["source"],
        "official_basis": claim["official"]["basis"],
    }
    return [stated | csv_model_cells(item) for item in claim["model"]] or [stated | {"model_verdict": NOT_TESTED}]


def csv_model_cells(item: dict[str, Any]) -> dict[str, Any]:
    """Return the model's columns of a CSV line."""
    names = {"model_about": "about", "model_unit": "unit", "model_verdict": "outcome"}
    same = ("case", "against", "p10", "p50", "p90", "share_supporting", "official_inside")
    return {name: item[key] for name, key in names.items()} | {name: item[name] for name in same}


def ledger_markdown(assessment: Assessment) -> str:
    """Return the ledger as a page: summary, table, sources and cases."""
    ledger = assessment.ledger
    head = [f"# {ledger.title}", f"Article: {ledger.source}.", verdict_summary(assessment), *LEGEND]
    note = [stopped_runs_note(assessment)] if assessment.stopped else []
    parts = [
        *head,
        *note,
        claims_markdown_table(assessment),
        "## Sources and remarks",
        source_list(assessment),
        "## Cases",
        case_list(assessment),
    ]
    return "\n\n".join(parts) + "\n"


def claims_markdown_table(assessment: Assessment) -> str:
    """Return the claims as a Markdown table."""
    lines = [markdown_row(TABLE_COLUMNS), markdown_row(["---"] * len(TABLE_COLUMNS))]
    return "\n".join([*lines, *(markdown_row(table_cells(assessed)) for assessed in assessment.claims)])


def table_cells(assessed: AssessedClaim) -> list[str]:
    """Return the cells of one claim; several counterparts are lettered within the model and verdict cells."""
    claim, rows = assessed.claim, model_rows(assessed)
    letters = ["", ""] if len(rows) == 1 else [f"({letter}) " for letter in "abcdefgh"]
    model = "<br>".join(f"{letter}{text}" for letter, (text, _) in zip(letters, rows, strict=False))
    outcome = "<br>".join(f"{letter}model: {text}" for letter, (_, text) in zip(letters, rows, strict=False))
    official, article = (figure_text(figure, claim.unit) for figure in (claim.official, claim.article))
    return [str(claim.id), claim.claim, article, official, model, f"{official_verdict(assessed)}<br>{outcome}"]


def markdown_row(texts: list[str] | tuple[str, ...]) -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def source_list(assessment: Assessment) -> str:
    """Return source and remark of every claim."""
    entries = ((item.claim, item.claim.official) for item in assessment.claims)
    return "\n".join(
        f"{claim.id}. {official.source or 'no official source'} ({official.basis}). {claim.remark}".rstrip()
        for claim, official in entries
    )


def case_list(assessment: Assessment) -> str:
    """Return the simulated cases as commands."""
    named = assessment.ledger.cases.items()
    return "\n".join(f"* **{name}**, {case.about}: `{case_command(case, assessment.runs)}`" for name, case in named)


def write_claims(assessment: Assessment, directory: Path, command: str) -> None:
    """Write Markdown, CSV and a manifest into an existing empty folder."""
    (directory / MARKDOWN_FILE).write_text(ledger_markdown(assessment), encoding="utf-8", newline="\n")
    (directory / CSV_FILE).write_text(csv_text(assessment), encoding="utf-8", newline="\n")
    write_manifest(directory, manifest_entries(assessment, command))


def manifest_entries(assessment: Assessment, command: str) -> dict[str, Any]:
    """Return the contents of the manifest."""
    ledger, scenarios = assessment.ledger, assessment.scenarios
    return {
        "kind": "claims",
        "config_hash": assessment.config_hash,
        "seed": {name: scenario.seed for name, scenario in scenarios.items()},
        "runs": assessment.runs,
        "runs_failed": sum(assessment.stopped.values()),
        "command": command,
        "versions": package_versions(),
        "cases": {
            name: case.model_dump(mode="json") | {"config_hash": config_hash(scenarios[name])}
            for name, case in ledger.cases.items()
        },
    }
