"""A scenario in words: when and from where, what the central banks do, who takes part, and what departs from what is shipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from simulation.investors import cast as known_kinds
from simulation.pages.reporting.html import Html, bullets, joined, paragraphs, table, tag
from simulation.scenario.config.catalog import named
from simulation.scenario.config.diff import differences
from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.loading import Loaded, load
from simulation.scenario.config.tree import Node, Origin, Source
from simulation.values.calendar import business_days
from simulation.values.spelling import spoken, title

if TYPE_CHECKING:
    from simulation.policy.central_banks import CentralBank
    from simulation.policy.meetings import Meeting
    from simulation.scenario.scenario import Scenario

BANKS = {"fed": "Federal Reserve", "boj": "Bank of Japan"}
RULES = {
    "structural": "Holders leave by rules of their own: carry, risk, losses, margin and stops.",
    "threshold": "Holders leave when the imposed 10-year spread falls below personal thresholds (the article's reading).",
}


def in_words(scenario: Scenario) -> Html:
    """Everything a reader needs to know what was simulated."""
    return joined(
        [
            paragraphs(scenario.description, beginning(scenario), *background(scenario)),
            meetings(scenario),
            cast(scenario),
            departures(scenario),
            paragraphs(f"Sources of the scenario: {scenario.source}." if scenario.source else ""),
        ]
    )


def beginning(scenario: Scenario) -> str:
    """When it starts and ends, and from which prices."""
    start, days = scenario.start_values, len(business_days(scenario.start, scenario.end)) - 1
    return (
        f"The scenario runs from {said(scenario.start)} to {said(scenario.end)}, {days} business days. USDJPY starts at "
        f"{start.usdjpy:g} yen, the US 10-year yield at {start.ust10_pct:g} %, the Japanese at {start.jgb10_pct:g} %: a spread "
        f"of {start.ust10_pct - start.jgb10_pct:.2f} pp. The Federal Reserve's rate is {scenario.fed.rate_pct:g} %, "
        f"the Bank of Japan's {scenario.boj.rate_pct:g} %."
    )


def background(scenario: Scenario) -> Iterator[str]:
    """What else acts: an imposed spread, given news, drawn rates, the ministry, noise, the rule of leaving."""
    path = scenario.spread_path
    if path is not None:
        how = "at once, as a surprise" if path.surprise else f"within {path.over_days} business days"
        yield f"The 10-year spread is imposed: it goes to {path.target_pp:g} pp {how}, before any impact of flows."
    if scenario.drawn_rates is not None:
        yield "The gap between policy rates is drawn and returns slowly towards its level."
    if scenario.news:
        yield f"{len(scenario.news)} pieces of news are given by date; the others are drawn."
    if scenario.ministry_of_finance is not None:
        yield "The Ministry of Finance warns and steps in by its rule."
    yield RULES[scenario.unwind.rule]
    if scenario.noise.scale_x == 0:
        yield "Nothing is drawn: noise is switched off."


def said(day: date) -> str:
    """A date as one says it."""
    return f"{day.day} {day:%B %Y}"


def meetings(scenario: Scenario) -> Html:
    """The policy meetings within the scenario, and what each central bank does besides."""
    rows = [
        (
            meeting.date,
            (
                said(meeting.date),
                name,
                priced(meeting),
                decided(meeting),
                spoken(meeting.guidance or "-"),
                heard(meeting),
            ),
        )
        for name, bank in banks(scenario)
        for meeting in bank.meetings
        if scenario.start <= meeting.date <= scenario.end
    ]
    head = ("Date", "Bank", "Priced at the start", "Decision", "Guidance", "Signals before it")
    listed = table("Policy meetings", head, [row for _, row in sorted(rows)], 9) if rows else Html("")
    return joined([listed, paragraphs(*(besides(name, bank) for name, bank in banks(scenario)))])


def banks(scenario: Scenario) -> Iterator[tuple[str, CentralBank]]:
    """Both central banks by name."""
    yield BANKS["fed"], scenario.fed
    yield BANKS["boj"], scenario.boj


def priced(meeting: Meeting) -> str:
    """What was priced."""
    return f"{bp_of(meeting.step)} at {100.0 * meeting.priced_probability:.0f} %"


def decided(meeting: Meeting) -> str:
    """What is decided."""
    return "drawn from the bank's rule" if meeting.decision is None else bp_of(meeting.decision)


def bp_of(basis_points: float) -> str:
    """A rate that a config gives, with its unit."""
    return f"{basis_points:+.4g} bp" if basis_points else "no change"


def heard(meeting: Meeting) -> str:
    """Signals before a meeting."""
    told = [f"{signal.label or 'signal'} ({signal.date.day} {signal.date:%b})" for signal in meeting.signals]
    return ", ".join(told) or "-"


def besides(name: str, bank: CentralBank) -> str:
    """Guidance at the start, and how decisions come about."""
    rule = " Its decisions and their odds follow a reaction function." if bank.reaction is not None else ""
    between = f" It speaks {len(bank.statements)} times between meetings." if bank.statements else ""
    return f"{name}, guidance that the market expects at the start: {spoken(bank.guidance)}.{rule}{between}"


def cast(scenario: Scenario) -> Html:
    """Who takes part."""
    about = {kind.Parameters.model_fields["kind"].default: kind for kind in known_kinds()}
    rows = [
        (
            title(name),
            f"{own.stock_usd_bn:,.0f}",
            f"{own.investors:,}",
            first_line(about[own.kind].__doc__),
        )
        for name, own in scenario.populations.items()
    ]
    head = ("Population", "Position, $bn", "Investors", "What they do")
    return table("Who takes part (the number of investors is a resolution, not a quantity)", head, rows, 9)


def first_line(documentation: str | None) -> str:
    """The first sentence of a class."""
    return (documentation or "").strip().split("\n")[0]


def departures(scenario: Scenario) -> Html:
    """What differs from the shipped scenario of the same name."""
    if scenario.name not in named("scenarios"):
        return Html("")
    try:
        found = differences(load(scenario.name), as_loaded(scenario))
    except ConfigError:
        return Html("")
    if not found:
        return paragraphs(f"This is {scenario.name} as it is shipped.")
    heading = tag("p", f"It differs from {scenario.name} as it is shipped:")
    return joined([heading, bullets(str(one) for one in found)])


def as_loaded(scenario: Scenario) -> Loaded[Scenario]:
    """A scenario as if it had been read from a file that says nothing."""
    return Loaded(scenario, Node({}, Origin(Source(scenario.name, (), inline=True), 1, 1)), ())
