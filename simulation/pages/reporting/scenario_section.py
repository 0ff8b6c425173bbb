"""Sections of a report about the scenario and about how to reproduce the results."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.investors import population_kinds
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
    "structural": "Holders reduce positions by behavioural rules: carry, risk, losses, margin calls and stop-losses.",
    "threshold": (
        "Holders close positions when the imposed 10-year spread falls below their individual thresholds (as in the article)."
    ),
}


def scenario_section(scenario: Scenario) -> Html:
    """Description of the simulated scenario."""
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
    """Period and initial prices."""
    start, days = scenario.start_values, len(business_days(scenario.start, scenario.end)) - 1
    return (
        f"The scenario runs from {format_date(scenario.start)} to {format_date(scenario.end)}, {days} business days. "
        f"USDJPY starts at {start.usdjpy:g} yen, the US 10-year yield at {start.ust10_pct:g} % and the Japanese 10-year yield "
        f"at {start.jgb10_pct:g} %, a spread of {start.ust10_pct - start.jgb10_pct:.2f} pp. The policy rate of the Federal "
        f"Reserve is {scenario.fed.rate_pct:g} %, that of the Bank of Japan {scenario.boj.rate_pct:g} %."
    )


def background_texts(scenario: Scenario) -> Iterator[str]:
    """Yield other inputs: spread path, rates, news, interventions, the unwind rule and noise."""
    path = scenario.spread_path
    if path is not None:
        how = "at once, as a surprise" if path.surprise else f"within {path.over_days} business days"
        yield f"The 10-year spread follows an imposed path: to {path.target_pp:g} pp {how}, before any price impact of flows."
    if scenario.drawn_rates is not None:
        yield "The policy-rate differential is random and mean-reverting."
    if scenario.news:
        yield f"{len(scenario.news)} news items have given dates; all others are random."
    if scenario.ministry_of_finance is not None:
        yield "The Ministry of Finance warns and intervenes according to its rule."
    yield UNWIND_RULES[scenario.unwind.rule]
    if scenario.noise.scale_x == 0:
        yield "Random noise is switched off."


def format_date(day: date) -> str:
    """Day, month and year."""
    return f"{day.day} {day:%B %Y}"


def meeting_table(scenario: Scenario) -> Html:
    """Policy meetings within the scenario, and further information about each central bank."""
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
    head = ("Date", "Bank", "Priced at the start", "Decision", "Guidance", "Signals before the meeting")
    listed = table("Policy meetings", head, [row for _, row in sorted(rows)], 9) if rows else Html("")
    return concatenate([listed, paragraphs(*(bank_text(name, bank) for name, bank in central_banks(scenario)))])


def central_banks(scenario: Scenario) -> Iterator[tuple[str, CentralBank]]:
    """Yield both central banks with their names."""
    yield BANK_NAMES["fed"], scenario.fed
    yield BANK_NAMES["boj"], scenario.boj


def priced_text(meeting: Meeting) -> str:
    """Priced rate change and its probability."""
    return f"{format_bp(meeting.step)} at {100.0 * meeting.priced_probability:.0f} %"


def decision_text(meeting: Meeting) -> str:
    """Decision of a meeting."""
    return "drawn from the bank's reaction function" if meeting.decision is None else format_bp(meeting.decision)


def format_bp(basis_points: float) -> str:
    """Rate change in bp."""
    return f"{basis_points:+.4g} bp" if basis_points else "no change"


def signals_text(meeting: Meeting) -> str:
    """Signals before a meeting."""
    texts = [f"{signal.label or 'signal'} ({signal.date.day} {signal.date:%b})" for signal in meeting.signals]
    return ", ".join(texts) or "-"


def bank_text(name: str, bank: CentralBank) -> str:
    """Initial guidance, reaction function and statements of a central bank."""
    rule = " Decisions and priced probabilities follow a reaction function." if bank.reaction is not None else ""
    between = f" Statements between meetings: {len(bank.statements)}." if bank.statements else ""
    return f"{name}: guidance expected by the market at the start: {readable_name(bank.guidance)}.{rule}{between}"


def population_table(scenario: Scenario) -> Html:
    """Populations of the scenario."""
    kinds = {kind.Parameters.model_fields["kind"].default: kind for kind in population_kinds()}
    rows = [
        (
            capitalized_name(name),
            f"{parameters.stock_usd_bn:,.0f}",
            f"{parameters.investors:,}",
            first_doc_line(kinds[parameters.kind].__doc__),
        )
        for name, parameters in scenario.populations.items()
    ]
    head = ("Population", "Position, $bn", "Investors", "Behaviour")
    return table("Populations (the number of investors sets the resolution, not the amount)", head, rows, 9)


def first_doc_line(documentation: str | None) -> str:
    """First line of a docstring."""
    return (documentation or "").strip().split("\n")[0]


def differences_section(scenario: Scenario) -> Html:
    """Differences from the shipped scenario of the same name."""
    if scenario.name not in shipped_files("scenarios"):
        return Html("")
    try:
        differences = config_differences(load(scenario.name), as_loaded_config(scenario))
    except ConfigError:
        return Html("")
    if not differences:
        return paragraphs(f"The config equals the shipped scenario {scenario.name}.")
    heading = tag("p", f"Differences from the shipped scenario {scenario.name}:")
    return concatenate([heading, bullets(str(one) for one in differences)])


def as_loaded_config(scenario: Scenario) -> LoadedConfig[Scenario]:
    """The scenario as a loaded config without a source file."""
    return LoadedConfig(scenario, Node({}, Origin(Source(scenario.name, (), inline=True), 1, 1)), ())


def footer_text(manifest: Mapping[str, Any], folder: Path) -> str:
    """Footer of a report."""
    version = manifest["versions"].get("carryflow", "")
    return (
        f"Generated by carryflow {version} from {folder.resolve().name}. The page is self-contained: it loads nothing and runs "
        "no script."
    )


def reproduction_command(manifest: Mapping[str, Any]) -> str:
    """The recorded command, or an equivalent one for the config in the page."""
    command = manifest.get("command")
    if command:
        return str(command)
    return shlex.join(["carryflow", "run", "scenario.yaml", "--runs", str(manifest["runs"])])


def reproduction_section(manifest: Mapping[str, Any], check: Html, scenario: Scenario | None) -> Html:
    """Command, inputs and config that reproduce the results.

    Parameters
    ----------
    check
        How to verify the results.
    scenario
        Scenario whose config is included; None includes none.
    """
    facts: list[tuple[str, str]] = [
        ("Config hash (SHA-256)", code(str(manifest["config_hash"]))),
        ("Seed", str(manifest["seed"])),
        ("Runs", f"{manifest['runs']:,}"),
        ("Calibrated parameter sets", str(manifest.get("parameter_sets") or "none (parameters of the scenario)")),
        *((f"Version of {name}", str(version)) for name, version in manifest["versions"].items()),
    ]
    return concatenate(
        [
            paragraphs("Command:"),
            code_block(reproduction_command(manifest)),
            check,
            table("Inputs and versions", ("Item", "Value"), facts, 9),
            config_section(scenario, int(manifest.get("replications", manifest["runs"]))),
        ]
    )


def config_section(scenario: Scenario | None, runs: int) -> Html:
    """The resolved config in a collapsed element."""
    if scenario is None:
        return Html("")
    use = concatenate(
        ["Save as ", code("scenario.yaml"), " and run ", code(f"carryflow run ./scenario.yaml --runs {runs}"), "."]
    )
    yaml = tag("pre", render_yaml(as_loaded_config(scenario)), tabindex="0", id="config")
    return tag("details", tag("summary", "Complete config, including defaults"), tag("p", use), yaml)
