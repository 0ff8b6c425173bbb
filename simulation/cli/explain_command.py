"""``carryflow explain``: one day of one run, or the shares of the mechanisms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from simulation.cli import options, output
from simulation.cli.output import print_json, progress, remark

if TYPE_CHECKING:
    from simulation.results.run_results import Result
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario
    from simulation.studies.shapley.shares import Mechanisms

DEFAULT_RUNS = 20
"""Runs of each of the 32 coalitions: a few minutes for the December scenario."""


class ExplainAnswer(Protocol):
    """What is explained."""

    def text(self) -> str:
        """The answer in sentences."""

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values."""

    def write(self, directory: Path) -> None:
        """Write the answer into a folder."""


@dataclass(frozen=True)
class ExplainSubject:
    """What is to be explained: a scenario, and the folder of results that it came from if there is one."""

    scenario: Scenario
    cloud: Cloud | None
    held: Result | None

    def about(self, **question: Any) -> dict[str, Any]:
        """Everything that the answer follows from."""
        from simulation.scenario.config.parameter_sets import hash_with_cloud

        return {"config": hash_with_cloud(self.scenario, self.cloud)} | question


@click.command(short_help="Say who sold on a day, why, and what it did to the price.")
@click.argument("subject", metavar="SCENARIO_OR_RUN_FOLDER")
@click.option(
    "--date", "day", metavar="D", help="Business day, such as 2025-12-19.  [default: the day of the largest move]"
)
@click.option(
    "--run", "run_number", type=click.IntRange(0, options.MOST_RUNS), default=0, show_default=True, metavar="R",
    help="Run to look into.",
)  # fmt: skip
@click.option("--asset", default="usdjpy", show_default=True, metavar="NAME", help="Asset whose move is taken apart.")
@click.option("--mechanisms", is_flag=True, help="Instead of a day: Shapley shares of the mechanisms of the unwinding.")
@click.option(
    "--runs", type=click.IntRange(2, options.MOST_RUNS), default=DEFAULT_RUNS, show_default=True, metavar="N",
    help="With --mechanisms: runs of each coalition of mechanisms (there are 32).",
)  # fmt: skip
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="With --mechanisms: what is attributed.")
@options.seed
@options.settings
@options.posterior
@options.parameter_sets
@options.out
@options.force
@click.option("--no-save", is_flag=True, help="Write nothing, only print.")
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
    """Say who sold on a day, by which rule, and what it did to the price.

    The day's change is split into news, earlier trades and every population's orders by cause, and the parts add up to what
    was recorded. Of a scenario, one run is simulated; of a folder that `carryflow run` wrote, the run is simulated again.

    With --mechanisms: what margin calls, stops, volatility targets, carry incentives and repatriation contribute to the trough
    of USDJPY and to the unwound share, by switching them off in all combinations under the same news.
    """
    check_option_mix(context, mechanisms)
    if no_save and (out is not None or force):
        raise click.UsageError("--no-save writes nothing: leave out --out and --force.")
    wanted = load_subject(subject, settings, seed, options.selected_parameter_sets(posterior, parameter_sets))
    if mechanisms:
        about = wanted.about(mechanisms=metrics, runs=runs)
    else:
        about = wanted.about(date=day, run=run_number, asset=asset, runs=1)
    target = None if no_save else explain_folder(about, out, force)
    shares = attribute_mechanisms(wanted, runs, metrics, workers, quiet) if mechanisms else None
    answer: ExplainAnswer = shares or explain_day(wanted, day, run_number, asset)
    print_and_save(answer, target, as_json, quiet)
    if shares is not None and shares.failed:
        context.exit(output.EXIT_FAILED_RUNS)


def check_option_mix(context: click.Context, mechanisms: bool) -> None:
    """Refuse options that the other question would ignore."""
    source = click.core.ParameterSource.COMMANDLINE
    idle = ("day", "run_number", "asset") if mechanisms else ("runs", "metrics", "workers")
    names = {"day": "--date", "run_number": "--run", "metrics": "--metric"}
    for name in idle:
        if context.get_parameter_source(name) == source:
            option = names.get(name, f"--{name}")
            raise click.UsageError(f"{option} {'does not go with' if mechanisms else 'needs'} --mechanisms.")


def load_subject(subject: str, settings: tuple[str, ...], seed: int | None, cloud: Cloud | None) -> ExplainSubject:
    """Return the scenario of a folder of results, or the scenario or event named."""
    from simulation.compute.ensemble import with_seed
    from simulation.results.run_results import read_run
    from simulation.scenario.config.loading import load_scenario_or_event

    if not Path(subject).is_dir():
        scenario = load_scenario_or_event(subject, settings).scenario
        return ExplainSubject(scenario if seed is None else with_seed(scenario, seed), cloud, None)

    if settings or seed is not None or cloud is not None:
        raise click.UsageError(f"{subject} holds finished runs: --set, --seed and parameter sets go with a scenario.")
    held = read_run(Path(subject))
    return ExplainSubject(held.scenario, held.cloud, held)


def explain_folder(about: dict[str, Any], out: Path | None, force: bool) -> Any:
    """Return the folder to write."""
    from simulation.cli.searching import result_folder as target

    return target("explain", about, out, force)


def explain_day(subject: ExplainSubject, day: str | None, run: int, asset: str) -> ExplainAnswer:
    """Take a day apart; a folder's run must come out as it is recorded there."""
    from simulation.results.explanation.explain import explain_price_move as taken_apart

    if subject.held is not None:
        return subject.held.explain(day, run, asset)
    return taken_apart(subject.scenario, day, run, asset, subject.cloud)


def attribute_mechanisms(
    subject: ExplainSubject, runs: int, metrics: tuple[str, ...], workers: int | None, quiet: bool
) -> Mechanisms:
    """Attribute metrics to mechanisms."""
    from simulation.studies.shapley.attribution import DEFAULT_METRICS
    from simulation.studies.shapley.attribution import mechanisms as shares

    with progress("mechanisms", quiet) as update:
        return shares(
            subject.scenario, runs=runs, metrics=metrics or DEFAULT_METRICS, workers=workers, cloud=subject.cloud,
            progress=update,
        )  # fmt: skip


def print_and_save(answer: ExplainAnswer, target: Any, as_json: bool, quiet: bool) -> None:
    """Print the answer and write it, whole or not at all."""
    from simulation.results.output_folder import atomic_folder, package_versions, write_manifest

    if as_json:
        print_json(answer.to_dict() | ({} if target is None else {"folder": str(target.folder)}))
    else:
        click.echo(answer.text())
    if target is None:
        return
    with atomic_folder(target.folder) as draft:
        answer.write(draft)
        facts = {"kind": "explain", "config_hash": target.address, "command": options.command_line()}
        write_manifest(draft, facts | {"versions": package_versions()})
    remark(f"Figure and text in {target.folder}", quiet)
