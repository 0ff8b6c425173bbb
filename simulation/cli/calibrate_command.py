"""``carryflow calibrate``: estimate the parameters from declared priors; write the posterior and its diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import EXIT_INTERRUPTED, RESULTS_FOLDER, print_json, print_table, progress, remark

if TYPE_CHECKING:
    from rich.table import Table

    from simulation.studies.calibration.diagnostics import TableColumns
    from simulation.studies.calibration.problem import CalibrationProblem
    from simulation.studies.calibration.run import CalibrationRequest, CalibrationResult
    from simulation.studies.calibration.simulations import Checkpoints

DEFAULT_PROBLEM = "simulation.studies.calibration.august_2024:problem"
DEFAULT_SEED = 20240805
PARTIAL_SUFFIX = ".partial"
LEAST_SETS, MOST_SETS = 64, 10_000_000


@click.command(short_help="Calibrate the parameters to August 2024 and stylised facts.")
@click.option(
    "--problem",
    "place",
    default=DEFAULT_PROBLEM,
    show_default=True,
    metavar="MODULE:FUNCTION",
    help="Function that returns priors, targets and simulators.",
)
@click.option(
    "--draws",
    type=options.BoundedInteger(LEAST_SETS, MOST_SETS, "parameter sets", 12_288),
    metavar="N",
    help="Parameter sets for the first, cheap simulator; at least as many as for each further simulator.  "
    "[default: what the problem states, 12,288]",
)
@click.option(
    "--costly-draws",
    type=options.BoundedInteger(LEAST_SETS, MOST_SETS, "parameter sets", 768),
    metavar="N",
    help="Parameter sets for each further simulator; at least 100 for the 19 parameters of the shipped problem.  "
    "[default: what the problem states, 4,096 and 768]",
)
@click.option("--quick", is_flag=True, help="Small version that tests the whole procedure in a fraction of the time.")
@click.option(
    "--from",
    "stored_sets",
    metavar="SETS",
    help="No simulation: plot and tabulate existing parameter sets (shipped name or file) against their priors.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Continue an interrupted calibration; the result is identical to an uninterrupted one.",
)
@click.option(
    "--seed", type=click.IntRange(0, options.LARGEST_SEED), default=DEFAULT_SEED, show_default=True, metavar="S"
)
@options.out
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite results of a different config; with --resume, reuse batches computed by other code.",
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
    stored_sets: str | None,
    resume: bool,
    seed: int,
    out: Path | None,
    force: bool,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Estimate the posterior of the parameters from August 2024 and the stylised facts.

    Writes weighted parameter sets (one CSV file, for `--posterior`), priors and posteriors, the fit of every moment, measures
    of identification, two rank histograms of posterior coverage, and a manifest to --out, or to a folder under results/
    determined by the calibration. The budget is a number of simulations, not a time, so the result depends on the seed only.
    """
    if stored_sets is not None:
        if draws or costly_draws or quick or resume:
            raise click.UsageError(
                "--from runs no simulation: leave out --draws, --costly-draws, --quick and --resume."
            )
        report_stored_sets(place, stored_sets, (out, force, as_json, quiet))
        return
    limit_library_threads()
    from simulation.compute.workers import available_processors
    from simulation.results.output_folder import check_target

    request = calibration_request(place, (draws, costly_draws), seed, quick)
    target = out or RESULTS_FOLDER / request.folder
    check_target(target, request.hash, force)
    try:
        outcome = calibrate_with_progress(request, target, (workers or available_processors(), resume, force, quiet))
    except KeyboardInterrupt:
        again = options.command_line() if resume else f"{options.command_line()} --resume"
        click.echo(f"Interrupted; finished batches are saved.  To go on: {again}", err=True)
        context.exit(EXIT_INTERRUPTED)
    outcome.save(target, options.command_line())
    checkpoint_folder(target).discard()
    print_calibration(outcome, target, as_json)
    remark(f"Parameter sets, diagnostics and figures in {target}", quiet)


def report_stored_sets(place: str, name: str, how: tuple[Path | None, bool, bool, bool]) -> None:
    """Write figure and tables of existing parameter sets; `how` is (out, force, as_json, quiet)."""
    from simulation.results.output_folder import check_target, content_address
    from simulation.scenario.config.parameter_sets import load_cloud
    from simulation.studies.calibration.figures import posterior_sets
    from simulation.studies.calibration.problem import load_problem

    out, force, as_json, quiet = how
    cloud = load_cloud(name)
    try:
        sets = posterior_sets(load_problem(place), cloud)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    target = out or RESULTS_FOLDER / content_address(f"sets_{sets.cloud.name}", sets.cloud.digest, len(sets.unit))
    check_target(target, sets.cloud.digest, force)
    sets.save(target, options.command_line())
    if as_json:
        print_json(sets.facts() | {"folder": str(target)})
    else:
        print_table(posterior_table(sets.tables()["parameters"]))
    remark(f"Figure and tables in {target}", quiet)


def limit_library_threads() -> None:
    """Limit linear algebra to one thread per process: small matrices gain nothing, and the order of sums stays fixed."""
    import os

    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def calibration_request(place: str, draws: tuple[int | None, int | None], seed: int, small: bool) -> CalibrationRequest:
    """Return the calibration to run."""
    from simulation.studies.calibration.fitting import CalibrationMethod
    from simulation.studies.calibration.problem import load_problem
    from simulation.studies.calibration.run import CalibrationRequest, quick_request

    try:
        problem = load_problem(place)
        check_set_counts(problem, draws)
        sets = [draws[0], *[draws[1]] * (len(problem.simulators) - 1)]
        request = CalibrationRequest(problem.resized(sets), CalibrationMethod(), seed)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return quick_request(request) if small else request


def check_set_counts(problem: CalibrationProblem, draws: tuple[int | None, int | None]) -> None:
    """Raise ValueError if a further simulator would get more parameter sets than the first one."""
    first, *further = problem.simulators
    given, most = draws[0] or first.sets, max((draws[1] or one.sets for one in further), default=0)
    if given < most:
        raise ValueError(
            f"--draws is {given:,} parameter sets for simulator {first.name!r}, fewer than the {most:,} of a further one; "
            f"allowed: {most:,} to {MOST_SETS:,}; give --draws {most} or more, or --costly-draws {given} or fewer"
        )


def calibrate_with_progress(
    request: CalibrationRequest, target: Path, how: tuple[int, bool, bool, bool]
) -> CalibrationResult:
    """Calibrate with progress on standard error; finished batches are saved next to the target.

    `how` is (workers, resume, force, quiet).
    """
    from simulation.studies.calibration.run import run_calibration
    from simulation.studies.calibration.simulations import open_checkpoints

    workers, resume, force, quiet = how
    checkpoints = open_checkpoints(checkpoint_folder(target).folder, request.content, resume, request.engine, force)
    with progress("calibrate", quiet, request.steps) as update:
        return run_calibration(request, workers, checkpoints, update)


def checkpoint_folder(target: Path) -> Checkpoints:
    """Folder for the finished batches of an unfinished calibration."""
    from simulation.studies.calibration.simulations import Checkpoints

    return Checkpoints(target.with_name(target.name + PARTIAL_SUFFIX))


def print_calibration(outcome: CalibrationResult, target: Path, as_json: bool) -> None:
    """Print priors and posteriors, the fit of the moments and the findings."""
    if as_json:
        print_json(outcome.facts() | {"folder": str(target)})
        return
    print_table(posterior_table(outcome.tables["parameters"]))
    print_table(moment_fit_table(outcome.tables["moments"]))
    click.echo(outcome.findings)


def posterior_table(table: TableColumns) -> Table:
    """Prior and posterior of each parameter: median, 10-90 % interval, and reduction in spread, %."""
    from rich.text import Text

    rows = _new_table("Parameter", ("prior", "10 - 90 %", "posterior", "10 - 90 %", "narrower"))
    for row, name in enumerate(table["parameter"]):
        cells = [cell for when in ("prior", "posterior") for cell in _format_band(table, when, row)]
        narrower = f"{100.0 * float(table['shrinkage'][row]):.0f} %"
        rows.add_row(Text(f"{name}, {table['unit'][row]}"), *cells, narrower)
    return rows


def moment_fit_table(table: TableColumns) -> Table:
    """Fit of each moment: observed value and its standard error, simulated value, and distance in standard errors."""
    from rich.text import Text

    rows = _new_table("Moment", ("observed", "sd", "simulated", "10 - 90 %", "distance"))
    for row, name in enumerate(table["moment"]):
        cells = [
            _format_number(table["observed"][row]),
            _format_number(table["sd"][row]),
            *_format_band(table, "simulated", row),
        ]
        rows.add_row(Text(f"{name}, {table['unit'][row]}"), *cells, f"{float(table['score'][row]):+.1f} sd")
    return rows


def _new_table(first: str, columns: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    table.add_column(first, min_width=28, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _format_band(table: TableColumns, when: str, row: int) -> tuple[str, str]:
    low, middle, high = (table[f"{when}_p{level}"][row] for level in (10, 50, 90))
    return _format_number(middle), f"{_format_number(low)} - {_format_number(high)}"


def _format_number(value: Any) -> str:
    return f"{float(value):.3g}"
