"""A scenario in words: when and from where, what the central banks do, who takes part, and what departs from what is shipped.

How to get the same numbers again: command, hash, versions, and the whole config inside the page.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.investors import population_kinds as known_kinds
from simulation.pages.reporting.html import Html, bullets, code, code_block, concatenate, paragraphs, table, tag
from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.loading import LoadedConfig, load
from simulation.scenario.config.rendering import config_differences, render_yaml
from simulation.scenario.config.tree import Node, Origin, Source
from simulation.values.conventions import business_days
from simulation.values.labels import capitalized_name, readable_name

if TYPE_CHECKING:
    from simulation.policy.central_banks import CentralBank, Meeting
    from simulation.scenario.scenario import Scenario

BANK_NAMES = {"fed": "Federal Reserve", "boj": "Bank of Japan"}
UNWIND_RULES = {
    "structural": "Holders leave by rules of their own: carry, risk, losses, margin and stops.",
    "threshold": "Holders leave when the imposed 10-year spread falls below personal thresholds (the article's reading).",
}


def scenario_section(scenario: Scenario) -> Html:
    """Everything a reader needs to know what was simulated."""
    return concatenate(
        [
            paragraphs(scenario.description, start_text(scenario), *background_texts(scenario)),
            meeting_table(scenario),
            population_table(scenario),
            differences_section(scenario),
            paragraphs(f"Sources of the scenario: {scenario.source}." if scenario.source else ""),
        ]
    )


def start_text(scenario: Scenario) -> str:
    """When it starts and ends, and from which prices."""
    start, days = scenario.start_values, len(business_days(scenario.start, scenario.end)) - 1
    return (
        f"The scenario runs from {format_date(scenario.start)} to {format_date(scenario.end)}, {days} business days. USDJPY starts at "
        f"{start.usdjpy:g} yen, the US 10-year yield at {start.ust10_pct:g} %, the Japanese at {start.jgb10_pct:g} %: a spread "
        f"of {start.ust10_pct - start.jgb10_pct:.2f} pp. The Federal Reserve's rate is {scenario.fed.rate_pct:g} %, "
        f"the Bank of Japan's {scenario.boj.rate_pct:g} %."
    )


def background_texts(scenario: Scenario) -> Iterator[str]:
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
    yield UNWIND_RULES[scenario.unwind.rule]
    if scenario.noise.scale_x == 0:
        yield "Nothing is drawn: noise is switched off."


def format_date(day: date) -> str:
    """A date as one says it."""
    return f"{day.day} {day:%B %Y}"


def meeting_table(scenario: Scenario) -> Html:
    """The policy meetings within the scenario, and what each central bank does besides."""
    rows = [
        (
            meeting.date,
            (
                format_date(meeting.date),
                name,
                priced_text(meeting),
                decision_text(meeting),
                readable_name(meeting.guidance or "-"),
                signals_text(meeting),
            ),
        )
        for name, bank in central_banks(scenario)
        for meeting in bank.meetings
        if scenario.start <= meeting.date <= scenario.end
    ]
    head = ("Date", "Bank", "Priced at the start", "Decision", "Guidance", "Signals before it")
    listed = table("Policy meetings", head, [row for _, row in sorted(rows)], 9) if rows else Html("")
    return concatenate([listed, paragraphs(*(bank_text(name, bank) for name, bank in central_banks(scenario)))])


def central_banks(scenario: Scenario) -> Iterator[tuple[str, CentralBank]]:
    """Both central banks by name."""
    yield BANK_NAMES["fed"], scenario.fed
    yield BANK_NAMES["boj"], scenario.boj


def priced_text(meeting: Meeting) -> str:
    """What was priced."""
    return f"{format_bp(meeting.step)} at {100.0 * meeting.priced_probability:.0f} %"


def decision_text(meeting: Meeting) -> str:
    """What is decided."""
    return "drawn from the bank's rule" if meeting.decision is None else format_bp(meeting.decision)


def format_bp(basis_points: float) -> str:
    """A rate that a config gives, with its unit."""
    return f"{basis_points:+.4g} bp" if basis_points else "no change"


def signals_text(meeting: Meeting) -> str:
    """Signals before a meeting."""
    told = [f"{signal.label or 'signal'} ({signal.date.day} {signal.date:%b})" for signal in meeting.signals]
    return ", ".join(told) or "-"


def bank_text(name: str, bank: CentralBank) -> str:
    """Guidance at the start, and how decisions come about."""
    rule = " Its decisions and their odds follow a reaction function." if bank.reaction is not None else ""
    between = f" It speaks {len(bank.statements)} times between meetings." if bank.statements else ""
    return f"{name}, guidance that the market expects at the start: {readable_name(bank.guidance)}.{rule}{between}"


def population_table(scenario: Scenario) -> Html:
    """Who takes part."""
    about = {kind.Parameters.model_fields["kind"].default: kind for kind in known_kinds()}
    rows = [
        (
            capitalized_name(name),
            f"{own.stock_usd_bn:,.0f}",
            f"{own.investors:,}",
            first_doc_line(about[own.kind].__doc__),
        )
        for name, own in scenario.populations.items()
    ]
    head = ("Population", "Position, $bn", "Investors", "What they do")
    return table("Who takes part (the number of investors is a resolution, not a quantity)", head, rows, 9)


def first_doc_line(documentation: str | None) -> str:
    """The first sentence of a class."""
    return (documentation or "").strip().split("\n")[0]


def differences_section(scenario: Scenario) -> Html:
    """What differs from the shipped scenario of the same name."""
    if scenario.name not in shipped_files("scenarios"):
        return Html("")
    try:
        found = config_differences(load(scenario.name), as_loaded_config(scenario))
    except ConfigError:
        return Html("")
    if not found:
        return paragraphs(f"This is {scenario.name} as it is shipped.")
    heading = tag("p", f"It differs from {scenario.name} as it is shipped:")
    return concatenate([heading, bullets(str(one) for one in found)])


def as_loaded_config(scenario: Scenario) -> LoadedConfig[Scenario]:
    """A scenario as if it had been read from a file that says nothing."""
    return LoadedConfig(scenario, Node({}, Origin(Source(scenario.name, (), inline=True), 1, 1)), ())


def footer_text(manifest: Mapping[str, Any], folder: Path) -> str:
    """The last line of a page."""
    made = f"Made by carryflow {manifest['versions'].get('carryflow', '')} from {folder.resolve().name}."
    return f"{made} The page is whole: nothing on it is fetched, and no script runs."


def reproduction_command(manifest: Mapping[str, Any]) -> str:
    """The command that made the results, or one that makes the same from the config inside the page."""
    own = manifest.get("command")
    if own:
        return str(own)
    return shlex.join(["carryflow", "run", "scenario.yaml", "--runs", str(manifest["runs"])])


def reproduction_section(manifest: Mapping[str, Any], check: Html, scenario: Scenario | None) -> Html:
    """What to run, and how to see that it came out the same.

    Parameters
    ----------
    check
        How to run it again and compare.
    scenario
        Its config is put into the page where it is given.
    """
    facts: list[tuple[str, str]] = [
        ("Config hash (SHA-256)", code(str(manifest["config_hash"]))),
        ("Seed", str(manifest["seed"])),
        ("Runs", f"{manifest['runs']:,}"),
        ("Calibrated parameter sets", str(manifest.get("parameter_sets") or "none: the scenario's own numbers")),
        *((f"Version of {name}", str(version)) for name, version in manifest["versions"].items()),
    ]
    return concatenate(
        [
            paragraphs("Made by:"),
            code_block(reproduction_command(manifest)),
            check,
            table("What the numbers depend on", ("What", "Value"), facts, 9),
            config_section(scenario, int(manifest.get("replications", manifest["runs"]))),
        ]
    )


def config_section(scenario: Scenario | None, runs: int) -> Html:
    """The resolved config, folded away."""
    if scenario is None:
        return Html("")
    use = concatenate(
        ["Save as ", code("scenario.yaml"), " and run ", code(f"carryflow run ./scenario.yaml --runs {runs}"), "."]
    )
    yaml = tag("pre", render_yaml(as_loaded_config(scenario)), tabindex="0", id="config")
    return tag("details", tag("summary", "The whole config, defaults filled in"), tag("p", use), yaml)
