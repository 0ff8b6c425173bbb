"""Options common to several commands."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from simulation.scenario.config.parameter_sets import Cloud

LARGEST_SEED = 2**63 - 1
MOST_RUNS = 10_000_000


class BoundedInteger(click.IntRange):
    """A whole number in a closed range; the error message gives the value, the unit, the range and an example.

    Parameters
    ----------
    least, most
        Limits, both included.
    unit
        What the number counts.
    example
        An allowed value.
    """

    def __init__(self, least: int, most: int, unit: str, example: int) -> None:
        super().__init__(least, most)
        self.span, self.unit, self.example = (least, most), unit, example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse the number; fails with a usage error outside the range."""
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number; {self.allowed}", param, ctx)
        if not self.span[0] <= number <= self.span[1]:
            size = "small" if number < self.span[0] else "large"
            self.fail(f"{number} is too {size}; {self.allowed}", param, ctx)
        return number

    @property
    def allowed(self) -> str:
        """The allowed range in words, with an example."""
        return f"allowed: {self.span[0]:,} to {self.span[1]:,} ({self.unit}), such as {self.example}"


runs = click.option(
    "--runs",
    type=BoundedInteger(1, MOST_RUNS, "runs", 100),
    default=100,
    show_default=True,
    metavar="N",
    help="Number of runs.",
)
seed = click.option(
    "--seed",
    type=BoundedInteger(0, LARGEST_SEED, "seed", 1),
    metavar="S",
    help="Seed; replaces the seed of the scenario.",
)
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one value of the config, such as 'boj.meetings[0].decision=50bp'; repeatable.",
)
against = click.option(
    "--against",
    default="no_policy",
    show_default=True,
    metavar="SCENARIO",
    help="Counterfactual for effects, simulated with the same news: no_policy, a scenario by name or file, or none.",
)
out = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Output folder itself, not its parent.  [default: results/NAME-HASH]",
)
force = click.option("--force", is_flag=True, help="Overwrite results of a different config in the folder.")
workers = click.option(
    "--workers",
    type=BoundedInteger(1, 1024, "processes", 2),
    metavar="N",
    help="Number of processes.  [default: chosen from the amount of work]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
quiet = click.option("--quiet", is_flag=True, help="Print results only: no progress, no remarks.")

posterior = click.option(
    "--posterior",
    is_flag=True,
    help="Use the i-th calibrated parameter set in run i, so that quantile bands include parameter uncertainty.",
)
parameter_sets = click.option(
    "--parameter-sets",
    metavar="NAME_OR_FILE",
    help="As --posterior, with parameter sets of this shipped name or file.",
)


metric_option = click.option(
    "--metric", required=True, metavar="NAME=LEVEL", help="Metric and target level, such as unwound_share=0.5."
)


def parse_metric_level(text: str) -> tuple[str, float]:
    """Return the metric name and the level of ``METRIC=LEVEL``."""
    from simulation.studies.search.response import check_metric_name

    name, equals, level = text.partition("=")
    try:
        value = float(level)
    except ValueError:
        equals = ""
    if not equals:
        raise click.UsageError(f"--metric {text}: write METRIC=LEVEL with a number, e.g. unwound_share=0.5")
    return check_metric_name(name.strip()), value


def selected_parameter_sets(posterior: bool, parameter_sets: str | None) -> Cloud | None:
    """Return the parameter sets selected by the two options, or None if neither is given."""
    if not posterior and parameter_sets is None:
        return None
    from simulation.scenario.config.parameter_sets import SHIPPED_PARAMETER_SETS, load_cloud

    return load_cloud(parameter_sets or SHIPPED_PARAMETER_SETS)


def command_line() -> str:
    """Return the command line of this process as shell text, for the manifest."""
    return shlex.join(["carryflow", *sys.argv[1:]])
