"""``carryflow facts``: stylised facts of USDJPY in history and in the model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import EXIT_FAILED_RUNS, RESULTS_FOLDER, print_json, print_table, progress, remark

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulation.scenario.scenario import Scenario
    from simulation.studies.facts.comparison import FactComparison, StoredFacts
    from simulation.studies.facts.simulated import ScenarioInputs, SimulatedHistories

LONG_HISTORY = "long_history"
DEFAULT_FACTS_RUNS = 200
"""Decades needed for pooled skewness (CALIBRATION section 3)."""
SHOCK_RUNS = 100
"""Largest number of runs per shock; each lasts fifty days, and differences between paired runs need few."""


@dataclass(frozen=True)
class FactsRequest:
    """Inputs of a comparison of simulated with historical facts."""

    base: ScenarioInputs
    runs: int
    workers: int | None
    quiet: bool

    @cached_property
    def scenario(self) -> Scenario:
        """The long history to simulate, seed included."""
        return self.base.resolved()

    @cached_property
    def stored(self) -> StoredFacts:
        """The facts of the historical data."""
        from simulation.studies.facts.comparison import load_facts

        return load_facts()

    @cached_property
    def hash(self) -> str:
        """Hash of all inputs that determine the table."""
        from simulation.studies.facts.comparison import comparison_hash

        return comparison_hash(self.stored, self.scenario, self.base.cloud)

    @property
    def heading(self) -> str:
        """Name, dates, seed and number of runs of the scenario."""
        from simulation.studies.facts.simulated import first_measured_day

        scenario, cloud = self.scenario, self.base.cloud
        sets = "" if cloud is None else f", parameter sets {cloud.name}"
        days = f"{first_measured_day(scenario)} to {scenario.end}"
        return f"scenario {scenario.name}, {days}, seed {scenario.seed}, {self.runs:,} runs{sets}"

    @property
    def about(self) -> dict[str, Any]:
        """Scenario, seed and parameter sets, for JSON and the manifest."""
        cloud = self.base.cloud
        sets = None if cloud is None else cloud.name
        return {"scenario": self.scenario.name, "seed": self.scenario.seed, "parameter_sets": sets}


@click.command(short_help="Compare the model's stylised facts with 1990-2024.")
@click.option(
    "--scenario",
    "name",
    default=LONG_HISTORY,
    show_default=True,
    metavar="NAME",
    help="Long history to simulate: a shipped name or a YAML file.",
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
    """Compare the stylised facts of the model with those of USDJPY in 1990-2024.

    Prints each statistic in history and in a long simulated history, with standard errors, the acceptance range and a
    verdict. A table (CSV), a figure (PNG, SVG, its data as CSV) and a manifest are written to --out, or to a folder under
    results/ determined by config, seed and runs.
    """
    from simulation.results.output_folder import check_target, content_address
    from simulation.studies.facts.simulated import ScenarioInputs

    base = ScenarioInputs(name, settings, seed, options.selected_parameter_sets(posterior, parameter_sets))
    request = FactsRequest(base, runs, workers, quiet)
    target = out or RESULTS_FOLDER / content_address(f"facts_{request.scenario.name}", request.hash, runs)
    check_target(target, request.hash, force)
    simulation = simulate_long_history(request)
    comparison = estimate_and_compare(request, simulation)
    _print_comparison(request, simulation, comparison, as_json)
    _save_comparison(request, simulation, comparison, target)
    remark(f"Table and figure in {target}", quiet)
    if simulation.failed:
        context.exit(EXIT_FAILED_RUNS)


def simulate_long_history(request: FactsRequest) -> SimulatedHistories:
    """Simulate the long history with progress on standard error."""
    from simulation.compute.ensemble import default_worker_count
    from simulation.studies.facts.simulated import simulate_histories

    workers = request.workers or default_worker_count(request.scenario, request.runs)
    with progress(request.scenario.name, request.quiet, request.runs) as update:
        return simulate_histories(request.scenario, request.runs, workers, update, request.base.cloud)


def estimate_and_compare(request: FactsRequest, simulation: SimulatedHistories) -> FactComparison:
    """Estimate the facts of the simulated histories and shocks, and compare them with the historical facts."""
    from simulation.studies.facts.comparison import compare_facts
    from simulation.studies.facts.simulated import amplification_estimates, fact_estimates

    estimates = fact_estimates(simulation.history)
    # Shock runs last a few weeks and rarely repay further processes; only --workers 1 is passed on.
    workers = 1 if request.workers == 1 else None
    estimates |= amplification_estimates(request.base, min(request.runs, SHOCK_RUNS), workers)
    return compare_facts(request.stored, estimates, simulation)


def _print_comparison(
    request: FactsRequest, simulation: SimulatedHistories, comparison: FactComparison, as_json: bool
) -> None:
    from simulation.studies.facts.comparison import comparison_object

    if as_json:
        print_json(comparison_object(comparison, request.about, simulation))
    else:
        print_table(facts_table(comparison, request.heading))


def _save_comparison(
    request: FactsRequest, simulation: SimulatedHistories, comparison: FactComparison, target: Path
) -> None:
    """Write table and figure; a failure leaves no partial folder."""
    from simulation.results.output_folder import atomic_folder
    from simulation.studies.facts.comparison import write_comparison

    with atomic_folder(target) as draft:
        write_comparison(comparison, draft, facts_manifest(request, simulation, comparison))


def facts_manifest(request: FactsRequest, simulation: SimulatedHistories, comparison: FactComparison) -> dict[str, Any]:
    """Entries of the manifest."""
    return {
        "kind": "facts",
        **request.about,
        "config_hash": request.hash,
        "runs": request.runs,
        "runs_failed": simulation.failed,
        "finding": comparison.finding,
        "source": f"Source: carryflow simulation, {request.heading}; Federal Reserve, Ministry of Finance Japan, CFTC",
        "command": options.command_line(),
        "config": request.scenario.model_dump(mode="json"),
    }


def facts_table(comparison: FactComparison, heading: str) -> RenderableType:
    """Title, table and explanation of the verdicts; `heading` names the scenario and its size."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from simulation.studies.facts.comparison import HEADINGS, OUTSIDE, table_cells, table_notes

    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    for column, text in enumerate(HEADINGS):
        table.add_column(text, justify="right" if column in (1, 2) else "left", no_wrap=True)
    for row in comparison.rows:
        weight = "bold" if row.verdict.endswith(OUTSIDE) else ""
        table.add_row(*(Text(text, style=weight) for text in table_cells(row)))
    notes = (Text(line) for line in table_notes(comparison))
    title = (Text(comparison.title, style="bold"), Text(heading, style="dim"))
    return Group(*title, Padding(table, (1, 0)), *notes)
