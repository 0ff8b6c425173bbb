"""Options that several commands share, so that they read and mean the same everywhere."""

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
    """A whole number between two limits, whose mistake names the value, what it counts, the limits and an example.

    Parameters
    ----------
    least, most : int
        The limits, both allowed.
    what : str
        The unit: what is counted.
    example : int
        A number that may be written.
    """

    def __init__(self, least: int, most: int, what: str, example: int) -> None:
        super().__init__(least, most)
        self.span, self.what, self.example = (least, most), what, example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or fail with a message that says what may be written."""
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
        """The limits and an example in words."""
        return f"allowed: {self.span[0]:,} to {self.span[1]:,} ({self.what}), such as {self.example}"


runs = click.option(
    "--runs",
    type=BoundedInteger(1, MOST_RUNS, "runs", 100),
    default=100,
    show_default=True,
    metavar="N",
    help="Number of runs.",
)
seed = click.option(
    "--seed", type=BoundedInteger(0, LARGEST_SEED, "seed", 1), metavar="S", help="Seed in place of the scenario's own."
)
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one value of the config, such as 'boj.meetings[0].decision=50bp'; may be given several times.",
)
out = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder to write, itself and not its parent.  [default: results/NAME-HASH]",
)
force = click.option("--force", is_flag=True, help="Replace results of another config in the folder.")
workers = click.option(
    "--workers",
    type=BoundedInteger(1, 1024, "processes", 2),
    metavar="N",
    help="Processes to use.  [default: by the size of the work]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
quiet = click.option("--quiet", is_flag=True, help="No progress and no remarks, only results.")

posterior = click.option(
    "--posterior",
    is_flag=True,
    help="Give run i the i-th calibrated parameter set, so that bands hold what is uncertain of parameters too.",
)
parameter_sets = click.option(
    "--parameter-sets",
    metavar="NAME_OR_FILE",
    help="As --posterior, with these parameter sets in place of the shipped ones.",
)


def selected_parameter_sets(posterior: bool, parameter_sets: str | None) -> Cloud | None:
    """Return the parameter sets asked for, none where none were."""
    if not posterior and parameter_sets is None:
        return None
    from simulation.scenario.config.parameter_sets import SHIPPED_PARAMETER_SETS, load_cloud

    return load_cloud(parameter_sets or SHIPPED_PARAMETER_SETS)


def command_line() -> str:
    """Return this command as one would type it, for the manifest."""
    return shlex.join(["carryflow", *sys.argv[1:]])
