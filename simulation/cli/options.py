"""Options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from simulation.cloud import Cloud

LARGEST_SEED = 2**63 - 1
MOST_RUNS = 10_000_000

runs = click.option(
    "--runs", type=click.IntRange(1, MOST_RUNS), default=100, show_default=True, metavar="N", help="Number of runs."
)
seed = click.option(
    "--seed", type=click.IntRange(0, LARGEST_SEED), metavar="S", help="Seed in place of the scenario's own."
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
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes to use.  [default: by the size of the work]"
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


def cloud_of(posterior: bool, parameter_sets: str | None) -> Cloud | None:
    """Return the parameter sets asked for, none where none were."""
    if not posterior and parameter_sets is None:
        return None
    from simulation.config.posterior import SHIPPED, load_cloud

    return load_cloud(parameter_sets or SHIPPED)


def command_line() -> str:
    """Return this command as one would type it, for the manifest."""
    return shlex.join(["carryflow", *sys.argv[1:]])
