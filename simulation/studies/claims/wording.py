"""The words and digits in which claims are shown: figures, bands, verdicts and the count of them."""

from __future__ import annotations

from collections import Counter

from simulation.results.metrics import Band
from simulation.studies.claims.assessment import Assessed, Assessment
from simulation.studies.claims.judging import OUTCOMES, Figure, Finding
from simulation.studies.claims.ledger import Case, Counterpart, Verdict

DECIMALS = {"%": 2, "pp": 2, "bp": 1, "ratio": 2, "JPY bn": 0, "$bn": 0}
SMALL = 10.0
VERDICTS: tuple[Verdict, ...] = ("correct", "roughly", "wrong", "inconsistent", "unverifiable")
COUNTED = {"agrees": "agree", "disagrees": "disagree"}
NOT_TESTED = "not tested"
COLUMNS = ("#", "The article says", "Article", "Official data", "Model: p50 (p10 to p90)", "Verdict")
LEGEND = (
    "Verdict: first what official data say of the statement and where that is known from (official: an official series; "
    "computed: from one; press: press or an institution's publication; unverified: from memory), then the model's.",
    "Model: agrees where four runs in five support the statement, disagrees where one in five or fewer do, undecided in "
    "between; compatible: the stated value lies between p10 and p90, which confirms nothing; by construction: the scenario "
    "was built to give it. Where the official figure is the same thing, inside or outside tells whether the band holds it. "
    "Bands show simulation noise only; an effect is a difference between two scenarios that meet the same news.",
)


def number(value: float, unit: str) -> str:
    """A number with the digits its unit deserves, without the unit; a probability as percent."""
    if unit == "probability":
        return f"{100.0 * value + 0.0:.0f}"
    decimals = DECIMALS.get(unit)
    if decimals is None:
        return f"{value:,.10g}"
    if unit == "$bn" and abs(value) < SMALL:
        decimals = 1
    text = f"{value:,.{decimals}f}"
    # A rounded -0.0 reads as a direction that is not there.
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def with_unit(digits: str, unit: str) -> str:
    """Digits followed by their unit; a ratio has none."""
    shown = {"probability": "%", "ratio": ""}.get(unit, unit)
    return f"{digits} {shown}".rstrip()


def figure_text(figure: Figure, unit: str) -> str:
    """A figure as stated: its own words, else its digits and unit."""
    if figure.text or figure.value is None:
        return figure.text or "-"
    digits = number(figure.value, unit)
    if figure.upper is not None:
        digits = f"{digits} to {number(figure.upper, unit)}"
    return with_unit(digits, unit)


def band_text(band: Band) -> str:
    """The median with p10 and p90; one number where they are the same."""
    if band.p10 is None or band.p50 is None or band.p90 is None:
        return "-"
    low, middle, high = (number(value, band.unit) for value in (band.p10, band.p50, band.p90))
    return with_unit(middle if low == high else f"{middle} ({low} to {high})", band.unit)


def official_verdict(assessed: Assessed) -> str:
    """What official data say of the statement, and how that is known."""
    verdict, basis = assessed.claim.verdict, assessed.claim.official.basis
    known = basis != "none" and verdict != "unverifiable"
    return f"{verdict} ({basis})" if known else verdict


def outcome_text(found: Finding) -> str:
    """The model's verdict: the share of runs where they are not of one mind, and how the official figure fares."""
    text: str = found.outcome
    if found.outcome == "undecided" and found.share_supporting is not None:
        text = f"{text}, {100.0 * found.share_supporting:.0f} % of runs"
    if found.official_inside is not None:
        text = f"{text}; official figure {'inside' if found.official_inside else 'outside, too'}"
    return text


def counterpart_text(counterpart: Counterpart, found: Finding) -> str:
    """What is measured and what came out."""
    return f"{counterpart.about}: {found.reason or band_text(found.band)}"


def rows(assessed: Assessed) -> list[tuple[str, str]]:
    """The model's cell and verdict for each counterpart; one row with the reason where there is none."""
    claim = assessed.claim
    pairs = zip(claim.model, assessed.findings, strict=True)
    found = [(counterpart_text(counterpart, item), outcome_text(item)) for counterpart, item in pairs]
    return found or [(claim.untested, NOT_TESTED)]


def command(case: Case, runs: int) -> str:
    """The command line that runs a case by itself."""
    settings = "".join(f" --set '{setting}'" for setting in case.settings)
    return f"carryflow run {case.scenario} --runs {runs}{settings}"


def tally(assessment: Assessment) -> str:
    """How many claims there are of each kind, in two sentences."""
    verdicts = Counter(item.claim.verdict for item in assessment.claims)
    official = ", ".join(f"{verdicts[name]} {name}" for name in VERDICTS if verdicts[name])
    spoken = [[found.outcome for found in item.findings if found.outcome != NOT_TESTED] for item in assessment.claims]
    outcomes = Counter(outcome for found in spoken for outcome in found)
    model = ", ".join(f"{outcomes[name]} {COUNTED.get(name, name)}" for name in OUTCOMES if outcomes[name])
    return (
        f"{len(assessment.claims)} claims against official data: {official}. The model has something to say on "
        f"{sum(map(bool, spoken))} of them ({sum(outcomes.values())} comparisons): {model or 'none'}."
    )


def stopped_note(assessment: Assessment) -> str:
    """Name the cases in which runs stopped early; empty where none did."""
    if not assessment.stopped:
        return ""
    named = ", ".join(f"{count} of {assessment.runs} in {name}" for name, count in assessment.stopped.items())
    return f"Runs that stopped early and are left out: {named}."
