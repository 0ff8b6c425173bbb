"""The claims ledger in a report: the claims that the run's scenario speaks to, measured on this run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.compute.ensemble import with_seed
from simulation.pages.reporting.html import Html, joined, paragraphs, table, tag
from simulation.pages.reporting.page import code
from simulation.scenario.config.loading import config_hash
from simulation.studies.claims import wording
from simulation.studies.claims.assessment import Assessed, finding_of, scenario_of
from simulation.studies.claims.ledger import Case, ClaimsLedger, load_ledger

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.scenario import Scenario

HEAD = ("#", "The article says", "Article", "Official data", "This run: p50 (p10 to p90)", "Verdict")


def claims_part(record: Record) -> Html:
    """Claims whose counterpart is measured on this very scenario; nothing where the ledger does not run it."""
    ledger = load_ledger()
    found = case_of(ledger, record.scenario)
    if found is None:
        return tag(
            "p", "The claims ledger runs scenarios of its own, and this is none of them. ", code("carryflow claims"),
            f" holds the article's {len(ledger.claims)} claims against official data and the model.",
        )  # fmt: skip
    name, case = found
    rows = [row for assessed in measured(ledger, name, record) for row in claim_rows(assessed)]
    told = (
        f"The claims ledger runs this scenario as its case {name!r} ({case.about}). Of the article's {len(ledger.claims)} claims "
        f"{len({row[0] for row in rows})} are measured on it alone; the others need other cases, or no model can test them: "
    )
    return joined(
        [
            tag("p", told, code("carryflow claims"), " assesses them all."),
            table("Claims measured on this run", HEAD, rows, 9),
            paragraphs(*wording.LEGEND),
        ]
    )


def case_of(ledger: ClaimsLedger, scenario: Scenario) -> tuple[str, Case] | None:
    """The case of the ledger that a scenario is, whatever its seed."""
    wanted = config_hash(with_seed(scenario, 0))
    for name, case in ledger.cases.items():
        if case.scenario == scenario.name and config_hash(with_seed(scenario_of(case, None), 0)) == wanted:
            return name, case
    return None


def measured(ledger: ClaimsLedger, name: str, record: Record) -> list[Assessed]:
    """The claims with those counterparts that need this case alone."""
    found = []
    for claim in ledger.claims:
        own = tuple(item for item in claim.model if item.case == name and item.against is None)
        if own:
            part = claim.model_copy(update={"model": own})
            found.append(Assessed(part, tuple(finding_of(part, item, {name: record}) for item in own)))
    return found


def claim_rows(assessed: Assessed) -> list[tuple[str, ...]]:
    """One row for each counterpart."""
    claim = assessed.claim
    article, official = (wording.figure_text(figure, claim.unit) for figure in (claim.article, claim.official))
    return [
        (str(claim.id), claim.claim, article, official, text, f"{wording.official_verdict(assessed)}; model: {outcome}")
        for text, outcome in wording.rows(assessed)
    ]
