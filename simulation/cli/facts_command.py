"""``carryflow facts``: the stylised facts of USDJPY in history and in the model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import exit_codes, options
from simulation.cli.output import print_json, print_table, progress, remark
from simulation.cli.run_command import RESULTS

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario
    from simulation.studies.facts.amplification import Base
    from simulation.studies.facts.comparison import Comparison
    from simulation.studies.facts.simulated import Simulated
    from simulation.studies.facts.stored import StoredFacts

LONG_HISTORY = "long_history"
DEFAULT_RUNS = 200
"""Decades that pooled skewness needs (CALIBRATION section 3)."""
SHOCK_RUNS = 100
"""Most runs of each shock: fifty days each, and differences between paired runs need few."""


@dataclass(frozen=True)
class Wanted:
    """A comparison as asked for."""

    base: Base
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
        from simulation.studies.facts.stored import load_facts

        return load_facts()

    @cached_property
    def hash(self) -> str:
        """Hash of everything that the table follows from."""
        from simulation.studies.facts.writing import comparison_hash

        return comparison_hash(self.stored, self.scenario, self.base.cloud)

    @property
    def heading(self) -> str:
        """The scenario and its size in words."""
        from simulation.studies.facts.simulated import first_day

        scenario, cloud = self.scenario, self.base.cloud
        sets = "" if cloud is None else f", parameter sets {cloud.name}"
        days = f"{first_day(scenario)} to {scenario.end}"
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
    default=DEFAULT_RUNS,
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
    from simulation.results.store import check_target, content_address
    from simulation.studies.facts.amplification import Base

    base = Base(name, settings, seed, options.cloud_of(posterior, parameter_sets))
    wanted = Wanted(base, runs, workers, quiet)
    target = out or RESULTS / content_address(f"facts_{wanted.scenario.name}", wanted.hash, runs)
    check_target(target, wanted.hash, force)
    simulation = simulate(wanted)
    comparison = compare(wanted, simulation)
    _report(wanted, simulation, comparison, as_json)
    _save(wanted, simulation, comparison, target)
    remark(f"Table and figure in {target}", quiet)
    if simulation.failed:
        context.exit(exit_codes.FAILED_RUNS)


def simulate(wanted: Wanted) -> Simulated:
    """Simulate the long history with progress on standard error."""
    from simulation.compute.ensemble import worthwhile_workers
    from simulation.studies.facts.simulated import simulated

    workers = wanted.workers or worthwhile_workers(wanted.scenario, wanted.runs)
    with progress(wanted.scenario.name, wanted.quiet, wanted.runs) as update:
        return simulated(wanted.scenario, wanted.runs, workers, update, wanted.base.cloud)


def compare(wanted: Wanted, simulation: Simulated) -> Comparison:
    """Measure the histories and the shocks and hold them beside the stored facts."""
    from simulation.studies.facts.amplification import amplification_estimates
    from simulation.studies.facts.comparison import compared
    from simulation.studies.facts.simulated import estimates

    found = estimates(simulation.history)
    # A few weeks of some runs are seldom worth a process; only the wish for a single one counts here.
    workers = 1 if wanted.workers == 1 else None
    found |= amplification_estimates(wanted.base, min(wanted.runs, SHOCK_RUNS), workers)
    return compared(wanted.stored, found, simulation)


def _report(wanted: Wanted, simulation: Simulated, comparison: Comparison, as_json: bool) -> None:
    from simulation.studies.facts.writing import objects

    if as_json:
        print_json(objects(comparison, wanted.about, simulation))
    else:
        from simulation.cli.facts_table import facts_table

        print_table(facts_table(comparison, wanted.heading))


def _save(wanted: Wanted, simulation: Simulated, comparison: Comparison, target: Path) -> None:
    """Write table and figure, whole or not at all."""
    from simulation.results.store import written_whole
    from simulation.studies.facts.writing import write

    with written_whole(target) as draft:
        write(comparison, draft, manifest(wanted, simulation, comparison))


def manifest(wanted: Wanted, simulation: Simulated, comparison: Comparison) -> dict[str, Any]:
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
