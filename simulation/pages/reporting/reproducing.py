"""How to get the same numbers again: command, hash, versions, and the whole config inside the page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.pages.reporting.html import Html, joined, paragraphs, table, tag
from simulation.pages.reporting.page import code, lines
from simulation.pages.reporting.scenario_words import as_loaded
from simulation.scenario.config.rendering import show

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario


def closing(manifest: Mapping[str, Any], folder: Path) -> str:
    """The last line of a page."""
    made = f"Made by carryflow {manifest['versions'].get('carryflow', '')} from {folder.resolve().name}."
    return f"{made} The page is whole: nothing on it is fetched, and no script runs."


def command_again(manifest: Mapping[str, Any]) -> str:
    """The command that made the results, or one that makes the same from the config inside the page."""
    own = manifest.get("command")
    if own:
        return str(own)
    return shlex.join(["carryflow", "run", "scenario.yaml", "--runs", str(manifest["runs"])])


def reproducing(manifest: Mapping[str, Any], check: Html, scenario: Scenario | None) -> Html:
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
    return joined(
        [
            paragraphs("Made by:"),
            lines(command_again(manifest)),
            check,
            table("What the numbers depend on", ("What", "Value"), facts, 9),
            whole_config(scenario, int(manifest.get("replications", manifest["runs"]))),
        ]
    )


def whole_config(scenario: Scenario | None, runs: int) -> Html:
    """The resolved config, folded away."""
    if scenario is None:
        return Html("")
    use = joined(
        ["Save as ", code("scenario.yaml"), " and run ", code(f"carryflow run ./scenario.yaml --runs {runs}"), "."]
    )
    yaml = tag("pre", show(as_loaded(scenario)), tabindex="0", id="config")
    return tag("details", tag("summary", "The whole config, defaults filled in"), tag("p", use), yaml)
