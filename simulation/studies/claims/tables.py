"""The words and digits in which claims are shown: figures, bands, verdicts and the count of them.

The assessed claims as JSON objects, CSV and Markdown.
"""

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
TABLE_COLUMNS = ("#", "The article says", "Article", "Official data", "Model: p50 (p10 to p90)", "Verdict")
LEGEND = (
    "Verdict: first what official data say of the statement and where that is known from (official: an official series; "
    "computed: from one; press: press or an institution's publication; unverified: from memory), then the model's.",
    "Model: agrees where four runs in five support the statement, disagrees where one in five or fewer do, undecided in "
    "between; compatible: the stated value lies between p10 and p90, which confirms nothing; by construction: the scenario "
    "was built to give it. Where the official figure is the same thing, inside or outside tells whether the band holds it. "
    "Bands show simulation noise only; an effect is a difference between two scenarios that meet the same news.",
)


def format_value(value: float, unit: str) -> str:
    """A number with the digits its unit deserves, without the unit; a probability as percent."""
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
    """Digits followed by their unit; a ratio has none."""
    shown = {"probability": "%", "ratio": ""}.get(unit, unit)
    return f"{digits} {shown}".rstrip()


def figure_text(figure: StatedFigure, unit: str) -> str:
    """A figure as stated: its own words, else its digits and unit."""
    if figure.text or figure.value is None:
        return figure.text or "-"
    digits = format_value(figure.value, unit)
    if figure.upper is not None:
        digits = f"{digits} to {format_value(figure.upper, unit)}"
    return append_unit(digits, unit)


def band_text(band: Band) -> str:
    """The median with p10 and p90; one number where they are the same."""
    if band.p10 is None or band.p50 is None or band.p90 is None:
        return "-"
    low, middle, high = (format_value(value, band.unit) for value in (band.p10, band.p50, band.p90))
    return append_unit(middle if low == high else f"{middle} ({low} to {high})", band.unit)


def official_verdict(assessed: AssessedClaim) -> str:
    """What official data say of the statement, and how that is known."""
    verdict, basis = assessed.claim.verdict, assessed.claim.official.basis
    known = basis != "none" and verdict != "unverifiable"
    return f"{verdict} ({basis})" if known else verdict


def outcome_text(found: ModelFinding) -> str:
    """The model's verdict: the share of runs where they are not of one mind, and how the official figure fares."""
    text: str = found.outcome
    if found.outcome == "undecided" and found.share_supporting is not None:
        text = f"{text}, {100.0 * found.share_supporting:.0f} % of runs"
    if found.official_inside is not None:
        text = f"{text}; official figure {'inside' if found.official_inside else 'outside, too'}"
    return text


def counterpart_text(counterpart: ModelCounterpart, found: ModelFinding) -> str:
    """What is measured and what came out."""
    return f"{counterpart.about}: {found.reason or band_text(found.band)}"


def model_rows(assessed: AssessedClaim) -> list[tuple[str, str]]:
    """The model's cell and verdict for each counterpart; one row with the reason where there is none."""
    claim = assessed.claim
    pairs = zip(claim.model, assessed.findings, strict=True)
    found = [(counterpart_text(counterpart, item), outcome_text(item)) for counterpart, item in pairs]
    return found or [(claim.untested, NOT_TESTED)]


def case_command(case: ClaimCase, runs: int) -> str:
    """The command line that runs a case by itself."""
    settings = "".join(f" --set '{setting}'" for setting in case.settings)
    return f"carryflow run {case.scenario} --runs {runs}{settings}"


def verdict_summary(assessment: Assessment) -> str:
    """How many claims there are of each kind, in two sentences."""
    verdicts = Counter(item.claim.verdict for item in assessment.claims)
    official = ", ".join(f"{verdicts[name]} {name}" for name in OFFICIAL_VERDICTS if verdicts[name])
    spoken = [[found.outcome for found in item.findings if found.outcome != NOT_TESTED] for item in assessment.claims]
    outcomes = Counter(outcome for found in spoken for outcome in found)
    model = ", ".join(f"{outcomes[name]} {OUTCOME_VERBS.get(name, name)}" for name in CLAIM_OUTCOMES if outcomes[name])
    return (
        f"{len(assessment.claims)} claims against official data: {official}. The model has something to say on "
        f"{sum(map(bool, spoken))} of them ({sum(outcomes.values())} comparisons): {model or 'none'}."
    )


def stopped_runs_note(assessment: Assessment) -> str:
    """Name the cases in which runs stopped early; empty where none did."""
    if not assessment.stopped:
        return ""
    named = ", ".join(f"{count} of {assessment.runs} in {name}" for name, count in assessment.stopped.items())
    return f"Runs that stopped early and are left out: {named}."


CSV_FILE, MARKDOWN_FILE = "claims.csv", "claims.md"


def claim_dicts(assessment: Assessment) -> list[dict[str, Any]]:
    """One JSON-ready object per claim."""
    return [claim_dict(assessed) for assessed in assessment.claims]


def claim_dict(assessed: AssessedClaim) -> dict[str, Any]:
    """A claim with both figures, the official verdict and what the model says."""
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
        "model": [counterpart_dict(counterpart, found) for counterpart, found in pairs],
        "untested": claim.untested or None,
    }


def figure_dict(figure: StatedFigure, unit: str) -> dict[str, Any]:
    """A figure with its words."""
    return {"value": figure.value, "upper": figure.upper, "text": figure_text(figure, unit)}


def counterpart_dict(counterpart: ModelCounterpart, found: ModelFinding) -> dict[str, Any]:
    """What was measured where, how it was judged, and what came out."""
    return {
        "about": counterpart.about,
        "case": counterpart.case,
        "against": counterpart.against,
        "measure": counterpart.measure.model_dump(mode="json"),
        "judge": counterpart.judge.model_dump(mode="json"),
        **found.band.to_dict(),
        "share_supporting": found.share_supporting,
        "outcome": found.outcome,
        "official_inside": found.official_inside,
        "reason": found.reason or None,
    }


def csv_text(assessment: Assessment) -> str:
    """One line per claim and counterpart; a claim without a counterpart has one line with the reason."""
    out = StringIO()
    writer = csv.DictWriter(out, list(CSV_COLUMNS), lineterminator="\n")
    writer.writeheader()
    for assessed in assessment.claims:
        writer.writerows(csv_rows(assessed))
    return out.getvalue()


CSV_COLUMNS = (
    *("id", "claim", "unit", "article", "article_value", "official", "official_value", "official_source"),
    *("official_basis", "official_verdict", "remark", "model_about", "case", "against", "model_unit"),
    *("p10", "p50", "p90", "share_supporting", "model_verdict", "official_inside", "untested"),
)


def csv_rows(assessed: AssessedClaim) -> list[dict[str, Any]]:
    """The lines of one claim."""
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
    """The model's part of a line."""
    names = {"model_about": "about", "model_unit": "unit", "model_verdict": "outcome"}
    same = ("case", "against", "p10", "p50", "p90", "share_supporting", "official_inside")
    return {name: item[key] for name, key in names.items()} | {name: item[name] for name in same}


def ledger_markdown(assessment: Assessment) -> str:
    """The ledger as a page: count, table, cases and sources."""
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
    """The claims as a Markdown table."""
    lines = [markdown_row(TABLE_COLUMNS), markdown_row(["---"] * len(TABLE_COLUMNS))]
    return "\n".join([*lines, *(markdown_row(table_cells(assessed)) for assessed in assessment.claims)])


def table_cells(assessed: AssessedClaim) -> list[str]:
    """One claim's row; several counterparts share it, numbered in the model's and the verdict's cell."""
    claim, found = assessed.claim, model_rows(assessed)
    mark = ["", ""] if len(found) == 1 else [f"({letter}) " for letter in "abcdefgh"]
    model = "<br>".join(f"{letter}{text}" for letter, (text, _) in zip(mark, found, strict=False))
    outcome = "<br>".join(f"{letter}model: {text}" for letter, (_, text) in zip(mark, found, strict=False))
    official, article = (figure_text(figure, claim.unit) for figure in (claim.official, claim.article))
    return [str(claim.id), claim.claim, article, official, model, f"{official_verdict(assessed)}<br>{outcome}"]


def markdown_row(texts: list[str] | tuple[str, ...]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def source_list(assessment: Assessment) -> str:
    """Source and remark of every claim."""
    told = ((item.claim, item.claim.official) for item in assessment.claims)
    return "\n".join(
        f"{claim.id}. {official.source or 'no official source'} ({official.basis}). {claim.remark}".rstrip()
        for claim, official in told
    )


def case_list(assessment: Assessment) -> str:
    """What was run, as commands."""
    named = assessment.ledger.cases.items()
    return "\n".join(f"* **{name}**, {case.about}: `{case_command(case, assessment.runs)}`" for name, case in named)


def write_claims(assessment: Assessment, directory: Path, command: str) -> None:
    """Write Markdown, CSV and a manifest into an existing empty folder."""
    (directory / MARKDOWN_FILE).write_text(ledger_markdown(assessment), encoding="utf-8", newline="\n")
    (directory / CSV_FILE).write_text(csv_text(assessment), encoding="utf-8", newline="\n")
    write_manifest(directory, manifest_entries(assessment, command))


def manifest_entries(assessment: Assessment, command: str) -> dict[str, Any]:
    """What the manifest says."""
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
