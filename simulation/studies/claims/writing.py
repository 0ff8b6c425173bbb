"""The assessed claims as JSON objects, CSV and Markdown."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from simulation.results.store import versions, write_manifest
from simulation.scenario.config.loading import config_hash
from simulation.studies.claims import wording
from simulation.studies.claims.assessment import Assessed, Assessment
from simulation.studies.claims.judging import Figure, Finding
from simulation.studies.claims.ledger import Counterpart

CSV_FILE, MARKDOWN_FILE = "claims.csv", "claims.md"


def objects(assessment: Assessment) -> list[dict[str, Any]]:
    """One JSON-ready object per claim."""
    return [claim_object(assessed) for assessed in assessment.claims]


def claim_object(assessed: Assessed) -> dict[str, Any]:
    """A claim with both figures, the official verdict and what the model says."""
    claim, official = assessed.claim, assessed.claim.official
    pairs = zip(claim.model, assessed.findings, strict=True)
    return {
        "id": claim.id,
        "claim": claim.claim,
        "unit": claim.unit,
        "article": figure_object(claim.article, claim.unit),
        "official": figure_object(official, claim.unit) | {"source": official.source, "basis": official.basis},
        "official_verdict": claim.verdict,
        "remark": claim.remark,
        "model": [counterpart_object(counterpart, found) for counterpart, found in pairs],
        "untested": claim.untested or None,
    }


def figure_object(figure: Figure, unit: str) -> dict[str, Any]:
    """A figure with its words."""
    return {"value": figure.value, "upper": figure.upper, "text": wording.figure_text(figure, unit)}


def counterpart_object(counterpart: Counterpart, found: Finding) -> dict[str, Any]:
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


def csv_rows(assessed: Assessed) -> list[dict[str, Any]]:
    """The lines of one claim."""
    claim = claim_object(assessed)
    stated = {name: claim[name] for name in ("id", "claim", "unit", "official_verdict", "remark", "untested")} | {
        "article": claim["article"]["text"],
        "article_value": claim["article"]["value"],
        "official": claim["official"]["text"],
        "official_value": claim["official"]["value"],
        "official_source": claim["official"]["source"],
        "official_basis": claim["official"]["basis"],
    }
    return [stated | csv_model(item) for item in claim["model"]] or [stated | {"model_verdict": wording.NOT_TESTED}]


def csv_model(item: dict[str, Any]) -> dict[str, Any]:
    """The model's part of a line."""
    names = {"model_about": "about", "model_unit": "unit", "model_verdict": "outcome"}
    same = ("case", "against", "p10", "p50", "p90", "share_supporting", "official_inside")
    return {name: item[key] for name, key in names.items()} | {name: item[name] for name in same}


def markdown(assessment: Assessment) -> str:
    """The ledger as a page: count, table, cases and sources."""
    ledger = assessment.ledger
    head = [f"# {ledger.title}", f"Article: {ledger.source}.", wording.tally(assessment), *wording.LEGEND]
    note = [wording.stopped_note(assessment)] if assessment.stopped else []
    parts = [
        *head,
        *note,
        table(assessment),
        "## Sources and remarks",
        sources(assessment),
        "## Cases",
        cases(assessment),
    ]
    return "\n\n".join(parts) + "\n"


def table(assessment: Assessment) -> str:
    """The claims as a Markdown table."""
    lines = [line(wording.COLUMNS), line(["---"] * len(wording.COLUMNS))]
    return "\n".join([*lines, *(line(cells(assessed)) for assessed in assessment.claims)])


def cells(assessed: Assessed) -> list[str]:
    """One claim's row; several counterparts share it, numbered in the model's and the verdict's cell."""
    claim, found = assessed.claim, wording.rows(assessed)
    mark = ["", ""] if len(found) == 1 else [f"({letter}) " for letter in "abcdefgh"]
    model = "<br>".join(f"{letter}{text}" for letter, (text, _) in zip(mark, found, strict=False))
    outcome = "<br>".join(f"{letter}model: {text}" for letter, (_, text) in zip(mark, found, strict=False))
    official, article = (wording.figure_text(figure, claim.unit) for figure in (claim.official, claim.article))
    return [str(claim.id), claim.claim, article, official, model, f"{wording.official_verdict(assessed)}<br>{outcome}"]


def line(texts: list[str] | tuple[str, ...]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def sources(assessment: Assessment) -> str:
    """Source and remark of every claim."""
    told = ((item.claim, item.claim.official) for item in assessment.claims)
    return "\n".join(
        f"{claim.id}. {official.source or 'no official source'} ({official.basis}). {claim.remark}".rstrip()
        for claim, official in told
    )


def cases(assessment: Assessment) -> str:
    """What was run, as commands."""
    named = assessment.ledger.cases.items()
    return "\n".join(f"* **{name}**, {case.about}: `{wording.command(case, assessment.runs)}`" for name, case in named)


def write(assessment: Assessment, directory: Path, command: str) -> None:
    """Write Markdown, CSV and a manifest into an existing empty folder."""
    (directory / MARKDOWN_FILE).write_text(markdown(assessment), encoding="utf-8", newline="\n")
    (directory / CSV_FILE).write_text(csv_text(assessment), encoding="utf-8", newline="\n")
    write_manifest(directory, facts(assessment, command))


def facts(assessment: Assessment, command: str) -> dict[str, Any]:
    """What the manifest says."""
    ledger, scenarios = assessment.ledger, assessment.scenarios
    return {
        "kind": "claims",
        "config_hash": assessment.config_hash,
        "seed": {name: scenario.seed for name, scenario in scenarios.items()},
        "runs": assessment.runs,
        "runs_failed": sum(assessment.stopped.values()),
        "command": command,
        "versions": versions(),
        "cases": {
            name: case.model_dump(mode="json") | {"config_hash": config_hash(scenarios[name])}
            for name, case in ledger.cases.items()
        },
    }
