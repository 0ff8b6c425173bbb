"""``carryflow config sensitivity``: which outcomes each numeric key of a scenario moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from simulation.cli import options
from simulation.cli.output import print_json, print_note, progress

if TYPE_CHECKING:
    from simulation.results.estimates import EstimateWithError
    from simulation.studies.sensitivity import KeySensitivity, Sensitivity

DEFAULT_RUNS = 20
"""Runs for each key: a few minutes for a December scenario on two processors (measured)."""


@click.command("sensitivity", short_help="Say which outcomes each numeric key moves, and which keys move none.")
@click.argument("scenario")
@click.option(
    "--runs",
    type=options.BoundedInteger(2, 10_000, "runs", DEFAULT_RUNS),
    default=DEFAULT_RUNS,
    show_default=True,
    metavar="N",
    help="Runs for each key, with the same draws as without the step.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Look at this key only, at all keys below a table, or at a pattern such as 'markets.*.stress_cap'; may be repeated.",
)
@options.settings
@options.seed
@options.workers
@options.as_json
@options.quiet
def sensitivity(
    scenario: str,
    runs: int,
    keys: tuple[str, ...],
    settings: tuple[str, ...],
    seed: int | None,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Move each numeric key of SCENARIO by one step and say which outcomes move, with the same draws.

    A key is live where a metric moves by more than two standard errors, weak where none does, and inert where no market or
    flow column moves on any day; then the reason is said. A step is 10 % of the value, 5 bp of a rate.
    """
    from simulation.compute.workers import available_processors
    from simulation.scenario.config.loading import load_scenario_or_event
    from simulation.studies.sensitivity import UnknownKeyError, measure_sensitivity

    given = (*settings, *(() if seed is None else (f"seed={seed}",)))
    chosen = load_scenario_or_event(scenario, given).scenario
    processes = available_processors() if workers is None else workers
    with progress(f"sensitivity of {chosen.name}", quiet) as update:
        try:
            found = measure_sensitivity(chosen, runs, keys, processes, update)
        except UnknownKeyError as error:
            raise click.UsageError(str(error)) from None
    if as_json:
        print_json(found.to_list())
        print_note(found.sentence(), quiet)
    else:
        click.echo("\n".join(sensitivity_lines(found)))
        click.echo(found.sentence())


def sensitivity_lines(found: Sensitivity) -> Iterator[str]:
    """Yield the table line by line: key, step, state, clearest outcomes and reason."""
    rows = [("key", "step", "state", "clearest outcomes as effect ± s.e.; reason")]
    rows += [(key.key, key.moved.step_text, key.state, what_moves(key)) for key in found.keys]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    for row in rows:
        yield "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]).rstrip()


def what_moves(key: KeySensitivity) -> str:
    """Return the clearest outcomes of a key, each as effect ± s.e., and its reason."""
    from simulation.studies.sensitivity import MOST_NAMED

    return "; ".join([*map(effect_text, key.clearest()[:MOST_NAMED]), *([key.reason] if key.reason else [])])


def effect_text(effect: tuple[str, EstimateWithError]) -> str:
    """Return an effect with its standard error and unit."""
    from simulation.results.effects import UNITS

    name, (value, error) = effect[0], (effect[1].value, effect[1].error)
    return f"{name} {value:+.3g} ± {error:.2g} {UNITS.get(name, '')}".rstrip().replace("-", "−")
