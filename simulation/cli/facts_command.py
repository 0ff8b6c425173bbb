"""The facts as a table that a person reads.

``carryflow facts``: the stylised facts of USDJPY in history and in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulation.cli import options, output
from simulation.cli.output import print_json, print_table, progress, remark
from simulation.cli.run_commands import RESULTS_FOLDER
from simulation.studies.facts.comparison import HEADINGS, OUTSIDE, FactComparison, table_cells, table_notes

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario
    from simulation.studies.facts.comparison import StoredFacts
    from simulation.studies.facts.simulated import ScenarioInputs, SimulatedHistories


def facts_table(comparison: FactComparison, heading: str) -> RenderableType:
    """Return title, table, and what the verdicts mean; `heading` names the scenario and its size."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    for place, text in enumerate(HEADINGS):
        table.add_column(text, justify="right" if place in (1, 2) else "left", no_wrap=True)
    for row in comparison.rows:
        weight = "bold" if row.verdict.endswith(OUTSIDE) else ""
        table.add_row(*(Text(text, style=weight) for text in table_cells(row)))
    below = (Text(line) for line in table_notes(comparison))
    head = (Text(comparison.title, style="bold"), Text(heading, style="dim"))
    return Group(*head, Padding(table, (1, 0)), *below)


LONG_HISTORY = "long_history"
DEFAULT_FACTS_RUNS = 200
"""Decades that pooled skewness needs (CALIBRATION section 3)."""
SHOCK_RUNS = 100
"""Most runs of each shock: fifty days each, and differences between paired runs need few."""


@dataclass(frozen=True)
class FactsRequest:
    """A comparison as asked for."""

    base: ScenarioInputs
    runs: int
    workers: int | None
    quiet: bool

    @cached_property
    def scenario(self) -> Scenario:
        """The long history, seed included."""
        return self.base.resolved()

    @cached_property
    def stored(self) -> StoredFacts:
        """The historical column."""
        from simulation.studies.facts.comparison import load_facts

        return load_facts()

    @cached_property
    def hash(self) -> str:
        """Hash of everything that the table follows from."""
        from simulation.studies.facts.comparison import comparison_hash

        return comparison_hash(self.stored, self.scenario, self.base.cloud)

    @property
    def heading(self) -> str:
        """The scenario and its size in words."""
        from simulation.studies.facts.simulated import first_measured_day

        scenario, cloud = self.scenario, self.base.cloud
        sets = "" if cloud is None else f", parameter sets {cloud.name}"
        days = f"{first_measured_day(scenario)} to {scenario.end}"
        return f"scenario {scenario.name}, {days}, seed {scenario.seed}, {self.runs:,} runs{sets}"

    @property
    def about(self) -> dict[str, Any]:
        """What is run, for JSON and the manifest."""
        cloud = self.base.cloud
        named = None if cloud is None else cloud.name
        return {"scenario": self.scenario.name, "seed": self.scenario.seed, "parameter_sets": named}


@click.command(short_help="Hold the model's stylised facts against 1990-2024.")
@click.option(
    "--scenario",
    "name",
    default=LONG_HISTORY,
    show_default=True,
    metavar="NAME",
    help="Long history to simulate, a shipped name or a YAML file.",
)
@click.option(
    "--runs",
    type=click.IntRange(2, options.MOST_RUNS),
    default=DEFAULT_FACTS_RUNS,
    show_default=True,
    metavar="N",
    help="Number of runs of the long history.",
)
@options.seed
@options.settings
@options.posterior
@options.parameter_sets
@options.out
@options.force
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def facts(
    context: click.Context,
    name: str,
    runs: int,
    seed: int | None,
    settings: tuple[str, ...],
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Hold the model's stylised facts against those of USDJPY in 1990-2024.

    Prints each statistic in history and in a long simulated history, with standard errors, the
    accept range and a verdict. A table (CSV), a figure (PNG, SVG, its numbers as CSV) and a
    manifest go to --out, or to a folder under results/ that the same config, seed and runs give.
    """
    from simulation.results.output_folder import check_target, content_address
    from simulation.studies.facts.simulated import ScenarioInputs

    base = ScenarioInputs(name, settings, seed, options.selected_parameter_sets(posterior, parameter_sets))
    wanted = FactsRequest(base, runs, workers, quiet)
    target = out or RESULTS_FOLDER / content_address(f"facts_{wanted.scenario.name}", wanted.hash, runs)
    check_target(target, wanted.hash, force)
    simulation = simulate_long_history(wanted)
    comparison = compare_facts(wanted, simulation)
    _print_comparison(wanted, simulation, comparison, as_json)
    _save_comparison(wanted, simulation, comparison, target)
    remark(f"Table and figure in {target}", quiet)
    if simulation.failed:
        context.exit(output.EXIT_FAILED_RUNS)


def simulate_long_history(wanted: FactsRequest) -> SimulatedHistories:
    """Simulate the long history with progress on standard error."""
    from simulation.compute.ensemble import default_worker_count
    from simulation.studies.facts.simulated import simulate_histories

    workers = wanted.workers or default_worker_count(wanted.scenario, wanted.runs)
    with progress(wanted.scenario.name, wanted.quiet, wanted.runs) as update:
        return simulate_histories(wanted.scenario, wanted.runs, workers, update, wanted.base.cloud)


def compare_facts(wanted: FactsRequest, simulation: SimulatedHistories) -> FactComparison:
    """Measure the histories and the shocks and hold them beside the stored facts."""
    from simulation.studies.facts.comparison import compare_facts
    from simulation.studies.facts.simulated import amplification_estimates, fact_estimates

    found = fact_estimates(simulation.history)
    # A few weeks of some runs are seldom worth a process; only the wish for a single one counts here.
    workers = 1 if wanted.workers == 1 else None
    found |= amplification_estimates(wanted.base, min(wanted.runs, SHOCK_RUNS), workers)
    return compare_facts(wanted.stored, found, simulation)


def _print_comparison(
    wanted: FactsRequest, simulation: SimulatedHistories, comparison: FactComparison, as_json: bool
) -> None:
    from simulation.studies.facts.comparison import comparison_object

    if as_json:
        print_json(comparison_object(comparison, wanted.about, simulation))
    else:
        print_table(facts_table(comparison, wanted.heading))


def _save_comparison(
    wanted: FactsRequest, simulation: SimulatedHistories, comparison: FactComparison, target: Path
) -> None:
    """Write table and figure, whole or not at all."""
    from simulation.results.output_folder import atomic_folder
    from simulation.studies.facts.comparison import write_comparison

    with atomic_folder(target) as draft:
        write_comparison(comparison, draft, manifest_entries(wanted, simulation, comparison))


def manifest_entries(
    wanted: FactsRequest, simulation: SimulatedHistories, comparison: FactComparison
) -> dict[str, Any]:
    """What the manifest says."""
    return {
        "kind": "facts",
        **wanted.about,
        "config_hash": wanted.hash,
        "runs": wanted.runs,
        "runs_failed": simulation.failed,
        "finding": comparison.finding,
        "source": f"Source: carryflow simulation, {wanted.heading}; Federal Reserve, Ministry of Finance Japan, CFTC",
        "command": options.command_line(),
        "config": wanted.scenario.model_dump(mode="json"),
    }
