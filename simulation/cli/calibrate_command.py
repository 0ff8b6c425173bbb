"""``carryflow calibrate``: fit the parameters with declared priors, and keep the posterior with its diagnostics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import exit_codes, options
from simulation.cli.output import print_json, print_table, progress, remark
from simulation.cli.run_command import RESULTS

if TYPE_CHECKING:
    from simulation.studies.calibration.checkpoints import Checkpoints
    from simulation.studies.calibration.conduct import Outcome
    from simulation.studies.calibration.problem import Problem
    from simulation.studies.calibration.request import Request

DEFAULT_PROBLEM = "simulation.studies.calibration.august_2024:problem"
DEFAULT_SEED = 20240805
PARTIAL = ".partial"
LEAST_SETS, MOST_SETS = 64, 10_000_000


@click.command(short_help="Fit the parameters to August 2024 and stylised facts.")
@click.option(
    "--problem",
    "place",
    default=DEFAULT_PROBLEM,
    show_default=True,
    metavar="MODULE:FUNCTION",
    help="Function that gives priors, targets and simulators.",
)
@click.option(
    "--draws",
    type=options.Whole(LEAST_SETS, MOST_SETS, "parameter sets", 12_288),
    metavar="N",
    help="Parameter sets to simulate with the first, cheap simulator; as many as each further one at least, or the command says "
    "so.  [default: what the problem states, 12,288]",
)
@click.option(
    "--costly-draws",
    type=options.Whole(LEAST_SETS, MOST_SETS, "parameter sets", 768),
    metavar="N",
    help="Parameter sets to simulate with each further simulator; 100 at least for the 19 parameters of the shipped problem.  "
    "[default: what the problem states, 4,096 and 768]",
)
@click.option(
    "--quick", is_flag=True, help="A small version that shows that everything works, in a fraction of the time."
)
@click.option(
    "--from",
    "kept_sets",
    metavar="SETS",
    help="Simulate nothing: draw what parameter sets, a shipped name or a file, say of their priors.",
)
@click.option("--resume", is_flag=True, help="Go on with an interrupted calibration; the result has the same bytes.")
@click.option(
    "--seed", type=click.IntRange(0, options.LARGEST_SEED), default=DEFAULT_SEED, show_default=True, metavar="S"
)
@options.out
@click.option(
    "--force",
    is_flag=True,
    help="Replace results of another config in the folder; with --resume take over batches of other code.",
)
@options.workers
@options.as_json
@options.quiet
@click.pass_context
def calibrate(
    context: click.Context,
    place: str,
    draws: int | None,
    costly_draws: int | None,
    quick: bool,
    kept_sets: str | None,
    resume: bool,
    seed: int,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fit the parameters to August 2024 and the stylised facts, with a posterior.

    Writes weighted parameter sets (one CSV file, for `--posterior`), prior against posterior, the fit of every moment,
    identification, two rank histograms that show whether the posterior is neither too wide nor too narrow, and a manifest
    into --out, or into a folder under results/ that the same calibration always gives.  The budget counts simulations,
    not minutes, so that the result follows from the seed.
    """
    if kept_sets is not None:
        if draws or costly_draws or quick or resume:
            raise click.UsageError("--from simulates nothing: leave out --draws, --costly-draws, --quick and --resume.")
        draw_kept(place, kept_sets, (out, force, as_json, quiet))
        return
    one_thread_each()
    from simulation.compute.workers import processors
    from simulation.results.store import check_target

    request = requested(place, (draws, costly_draws), seed, quick)
    target = out or RESULTS / request.folder
    check_target(target, request.hash, force)
    try:
        outcome = calibrated(request, target, (workers or processors(), resume, force, quiet))
    except KeyboardInterrupt:
        again = options.command_line() if resume else f"{options.command_line()} --resume"
        click.echo(f"Interrupted; finished batches are kept.  To go on: {again}", err=True)
        context.exit(exit_codes.INTERRUPTED)
    outcome.save(target, options.command_line())
    partial(target).discard()
    report(outcome, target, as_json)
    remark(f"Parameter sets, diagnostics and figures in {target}", quiet)


def draw_kept(place: str, name: str, how: tuple[Path | None, bool, bool, bool]) -> None:
    """Write figure and tables of kept parameter sets; `how` is where, whether to replace, as JSON, quietly."""
    from simulation.results.store import check_target, content_address
    from simulation.scenario.config.posterior import load_cloud
    from simulation.studies.calibration.kept import kept
    from simulation.studies.calibration.problem import problem_at

    out, force, as_json, quiet = how
    cloud = load_cloud(name)
    try:
        sets = kept(problem_at(place), cloud)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    target = out or RESULTS / content_address(f"sets_{sets.cloud.name}", sets.cloud.digest, len(sets.unit))
    check_target(target, sets.cloud.digest, force)
    sets.save(target, options.command_line())
    if as_json:
        print_json(sets.facts() | {"folder": str(target)})
    else:
        from simulation.cli.calibrate_tables import parameters

        print_table(parameters(sets.tables()["parameters"]))
    remark(f"Figure and tables in {target}", quiet)


def one_thread_each() -> None:
    """Keep linear algebra in one thread per process: many small matrices gain nothing, and sums keep their order."""
    import os

    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def requested(place: str, draws: tuple[int | None, int | None], seed: int, small: bool) -> Request:
    """Return what is to be calibrated."""
    from simulation.studies.calibration.fitting import Method
    from simulation.studies.calibration.problem import problem_at
    from simulation.studies.calibration.request import Request, quick

    try:
        problem = problem_at(place)
        check_order(problem, draws)
        sets = [draws[0], *[draws[1]] * (len(problem.simulators) - 1)]
        request = Request(problem.resized(sets), Method(), seed)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return quick(request) if small else request


def check_order(problem: Problem, draws: tuple[int | None, int | None]) -> None:
    """Raise ValueError where a further simulator would get more parameter sets than the first one."""
    first, *further = problem.simulators
    given, most = draws[0] or first.sets, max((draws[1] or one.sets for one in further), default=0)
    if given < most:
        raise ValueError(
            f"--draws is {given:,} parameter sets for simulator {first.name!r}, fewer than the {most:,} of a further one; "
            f"allowed: {most:,} to {MOST_SETS:,}; give --draws {most} or more, or --costly-draws {given} or fewer"
        )


def calibrated(request: Request, target: Path, how: tuple[int, bool, bool, bool]) -> Outcome:
    """Calibrate with progress on standard error, each finished batch kept beside the target."""
    from simulation.studies.calibration.checkpoints import opened
    from simulation.studies.calibration.conduct import conducted

    workers, resume, force, quiet = how
    checkpoints = opened(partial(target).folder, request.content, resume, request.engine, force)
    with progress("calibrate", quiet, request.steps) as update:
        return conducted(request, workers, checkpoints, update)


def partial(target: Path) -> Checkpoints:
    """Return where the batches of an unfinished calibration are kept."""
    from simulation.studies.calibration.checkpoints import Checkpoints

    return Checkpoints(target.with_name(target.name + PARTIAL))


def report(outcome: Outcome, target: Path, as_json: bool) -> None:
    """Print prior against posterior, the fit of the moments and what was found."""
    if as_json:
        print_json(outcome.facts() | {"folder": str(target)})
        return
    from simulation.cli.calibrate_tables import moments, parameters

    print_table(parameters(outcome.tables["parameters"]))
    print_table(moments(outcome.tables["moments"]))
    click.echo(outcome.findings)
