"""``carryflow explain``: decompose one day's price move, or attribute an outcome to mechanisms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from simulation.cli import options
from simulation.cli.output import (
    EXIT_FAILED_RUNS,
    ResultFolder,
    manifest_entries,
    print_json,
    progress,
    remark,
    result_folder,
)

if TYPE_CHECKING:
    from simulation.results.run_results import Result
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario
    from simulation.studies.shapley.shares import Mechanisms

DEFAULT_RUNS = 20
"""Runs of each of the 32 combinations of mechanisms; takes a few minutes for the December scenario."""


class ExplainAnswer(Protocol):
    """Result of an explanation."""

    def text(self) -> str:
        """The explanation as text."""

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON-ready values."""

    def write(self, _directory: Path, /) -> None:
        """Write the explanation into a folder."""


@dataclass(frozen=True)
class ExplainSubject:
    """What to explain: a scenario, with its parameter sets and, if it comes from a run folder, the stored result."""

    scenario: Scenario
    cloud: Cloud | None
    stored: Result | None

    def inputs(self, **request: Any) -> dict[str, Any]:
        """All inputs that determine the result."""
        from simulation.scenario.config.parameter_sets import hash_with_cloud

        return {"config": hash_with_cloud(self.scenario, self.cloud)} | request


@click.command(short_help="Explain a day's price move by seller and cause.")
@click.argument("subject", metavar="SCENARIO_OR_RUN_FOLDER")
@click.option(
    "--date", "day", metavar="D", help="Business day, such as 2025-12-19.  [default: day of the largest move]"
)
@click.option(
    "--run", "run_number", type=click.IntRange(0, options.MOST_RUNS), default=0, show_default=True, metavar="R",
    help="Number of the run.",
)  # fmt: skip
@click.option(
    "--asset", default="usdjpy", show_default=True, metavar="NAME", help="Asset whose price move is decomposed."
)
@click.option("--mechanisms", is_flag=True, help="Instead of a day: Shapley shares of the unwinding mechanisms.")
@click.option(
    "--runs", type=click.IntRange(2, options.MOST_RUNS), default=DEFAULT_RUNS, show_default=True, metavar="N",
    help="With --mechanisms: runs of each of the 32 combinations of mechanisms.",
)  # fmt: skip
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="With --mechanisms: metric to attribute; repeatable."
)
@options.seed
@options.settings
@options.posterior
@options.parameter_sets
@options.out
@options.force
@click.option("--no-save", is_flag=True, help="Print only; write no files.")
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def explain(
    context: click.Context,
    subject: str,
    day: str | None,
    run_number: int,
    asset: str,
    mechanisms: bool,
    runs: int,
    metrics: tuple[str, ...],
    seed: int | None,
    settings: tuple[str, ...],
    posterior: bool,
    parameter_sets: str | None,
    out: Path | None,
    force: bool,
    no_save: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Explain the price move of a day: who sold, under which rule, with what price impact.

    The change is decomposed into news, earlier trades and the orders of every population by cause; the parts add up to the
    recorded change. For a scenario one run is simulated; for a folder written by `carryflow run` that run is reproduced.

    With --mechanisms: the contributions of margin calls, stops, volatility targets, carry incentives and repatriation to the
    trough of USDJPY and the unwound share, from runs with all combinations of mechanisms switched off under the same news.
    """
    check_option_mix(context, mechanisms)
    if no_save and (out is not None or force):
        raise click.UsageError("--no-save writes nothing: leave out --out and --force.")
    loaded = load_subject(subject, settings, seed, options.selected_parameter_sets(posterior, parameter_sets))
    if mechanisms:
        inputs = loaded.inputs(mechanisms=metrics, runs=runs)
    else:
        inputs = loaded.inputs(date=day, run=run_number, asset=asset, runs=1)
    target = None if no_save else result_folder("explain", inputs, out, force)
    shares = attribute_mechanisms(loaded, runs, metrics, workers, quiet) if mechanisms else None
    answer: ExplainAnswer = shares or explain_day(loaded, day, run_number, asset)
    print_and_save(answer, target, as_json, quiet)
    if shares is not None and shares.failed:
        context.exit(EXIT_FAILED_RUNS)


def check_option_mix(context: click.Context, mechanisms: bool) -> None:
    """Raise a usage error for options that have no effect with or without --mechanisms."""
    source = click.core.ParameterSource.COMMANDLINE
    unused = ("day", "run_number", "asset") if mechanisms else ("runs", "metrics", "workers")
    names = {"day": "--date", "run_number": "--run", "metrics": "--metric"}
    for name in unused:
        if context.get_parameter_source(name) == source:
            option = names.get(name, f"--{name}")
            raise click.UsageError(f"{option} {'does not go with' if mechanisms else 'needs'} --mechanisms.")


def load_subject(subject: str, settings: tuple[str, ...], seed: int | None, cloud: Cloud | None) -> ExplainSubject:
    """Load a run folder, or a scenario or event by name or path."""
    from simulation.compute.ensemble import with_seed
    from simulation.results.run_results import read_run
    from simulation.scenario.config.loading import load_scenario_or_event

    if not Path(subject).is_dir():
        scenario = load_scenario_or_event(subject, settings).scenario
        return ExplainSubject(scenario if seed is None else with_seed(scenario, seed), cloud, None)

    if settings or seed is not None or cloud is not None:
        raise click.UsageError(f"{subject} holds finished runs: --set, --seed and parameter sets go with a scenario.")
    stored = read_run(Path(subject))
    return ExplainSubject(stored.scenario, stored.cloud, stored)


def explain_day(subject: ExplainSubject, day: str | None, run: int, asset: str) -> ExplainAnswer:
    """Decompose the price move of a day; a reproduced run must equal its stored record."""
    from simulation.results.explanation.explain import explain_price_move

    if subject.stored is not None:
        return subject.stored.explain(day, run, asset)
    return explain_price_move(subject.scenario, day, run, asset, subject.cloud)


def attribute_mechanisms(
    subject: ExplainSubject, runs: int, metrics: tuple[str, ...], workers: int | None, quiet: bool
) -> Mechanisms:
    """Attribute metrics to mechanisms, with progress on standard error."""
    from simulation.studies.shapley.attribution import DEFAULT_METRICS
    from simulation.studies.shapley.attribution import mechanisms as mechanism_shares

    with progress("mechanisms", quiet) as update:
        return mechanism_shares(
            subject.scenario, runs=runs, metrics=metrics or DEFAULT_METRICS, workers=workers, cloud=subject.cloud,
            progress=update,
        )  # fmt: skip


def print_and_save(answer: ExplainAnswer, target: ResultFolder | None, as_json: bool, quiet: bool) -> None:
    """Print the explanation and write it; a failure leaves no partial folder."""
    from simulation.results.output_folder import atomic_folder, write_manifest

    if as_json:
        print_json(answer.to_dict() | ({} if target is None else {"folder": str(target.folder)}))
    else:
        click.echo(answer.text())
    if target is None:
        return
    with atomic_folder(target.folder) as draft:
        answer.write(draft)
        write_manifest(draft, manifest_entries("explain", target.address))
    remark(f"Figure and text in {target.folder}", quiet)
