"""What the commands that search share: reading ``METRIC=LEVEL``, counting points, writing what was found."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options
from simulation.cli.output import SECONDS_BETWEEN_LINES, remark
from simulation.cli.run_commands import RESULTS_FOLDER

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing

metric_option = click.option(
    "--metric", required=True, metavar="NAME=LEVEL", help="The outcome: a metric and its level, e.g. unwound_share=0.5."
)


def parse_metric_level(text: str) -> tuple[str, float]:
    """Return the metric and the level of ``METRIC=LEVEL``."""
    from simulation.studies.search.response import check_metric_name

    name, equals, level = text.partition("=")
    try:
        value = float(level)
    except ValueError:
        equals = ""
    if not equals:
        raise click.UsageError(f"--metric {text}: write METRIC=LEVEL with a number, e.g. unwound_share=0.5")
    return check_metric_name(name.strip()), value


@contextmanager
def no_solution_as_usage_error() -> Iterator[None]:
    """Turn a search that has no answer into a message and exit code 2."""
    from simulation.studies.search.tipping import NoTippingError

    try:
        yield
    except NoTippingError as error:
        raise click.UsageError(f"No answer: {error}.") from error


@contextmanager
def point_progress(label: str, quiet: bool) -> Iterator[Any]:
    """Give a callback that says now and then how many points were run; how many there will be nobody knows beforehand."""
    last = time.monotonic()

    def update(done: int, _total: int) -> None:
        nonlocal last
        if not quiet and time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            remark(f"{label}: {done} points")

    yield update


@dataclass(frozen=True)
class ResultFolder:
    """Where what was found goes.

    Attributes
    ----------
    folder
        The folder itself.
    address
        Hash of everything that the answer follows from.
    """

    folder: Path
    address: str


def result_folder(name: str, question: Mapping[str, Any], out: Path | None, force: bool) -> ResultFolder:
    """Return the folder to write, and refuse one that would lose something before the work starts."""
    from simulation.results.output_folder import check_target, content_address

    text = json.dumps(question, sort_keys=True, default=str)
    address = hashlib.sha256(text.encode()).hexdigest()
    folder = out or RESULTS_FOLDER / content_address(name, address, int(question["runs"]))
    check_target(folder, address, force)
    return ResultFolder(folder, address)


def save_search(target: ResultFolder, kind: str, facts: Mapping[str, Any], drawing: Drawing, quiet: bool) -> None:
    """Write the answer, its figure and a manifest, whole or not at all."""
    from simulation.results.output_folder import atomic_folder, package_versions, write_manifest
    from simulation.studies.experiment.figures import write_figure

    with atomic_folder(target.folder) as draft:
        write_figure(drawing, draft)
        text = json.dumps(facts, indent=2, allow_nan=False, ensure_ascii=False)
        (draft / f"{kind}.json").write_text(text + "\n", encoding="utf-8")
        about = {
            "kind": kind,
            "config_hash": target.address,
            "command": options.command_line(),
            "versions": package_versions(),
        }
        write_manifest(draft, about)
    remark(f"Figure and numbers in {target.folder}", quiet)
