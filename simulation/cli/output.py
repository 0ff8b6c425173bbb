"""Output of the commands: results on standard output, progress on standard error, result folders, exit codes."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulation.cli import options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulation.results.figures.style import Drawing

EXIT_DONE = 0
EXIT_INTERNAL_ERROR = 1
EXIT_USAGE = 2
EXIT_FAILED_RUNS = 3
EXIT_DIFFERS = 4
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

RESULTS_FOLDER = Path("results")
"""Parent of the result folders of commands without --out."""
SECONDS_BETWEEN_LINES = 10.0
"""Shortest time between two progress lines outside a terminal."""
Progress = Callable[[int, int], None]
"""Called with the number of runs done and the total."""


def print_json(value: Any) -> None:
    """Print one JSON value; raises ValueError if it contains NaN or an infinity."""
    click.echo(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False))


def print_table(renderable: RenderableType) -> None:
    """Print a table: formatted on a terminal (NO_COLOR is respected), as plain text elsewhere."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(renderable)
        sys.stdout.flush()
    else:
        from simulation.results.summary import plain_text

        click.echo(plain_text(renderable))


def remark(text: str, quiet: bool = False) -> None:
    """Print a line to standard error unless `quiet`."""
    if not quiet:
        click.echo(text, err=True)


@contextmanager
def progress(label: str, quiet: bool, runs: int | None = None) -> Iterator[Progress]:
    """Yield a progress callback: a bar on a terminal, a line every ten seconds elsewhere."""
    if quiet:
        yield lambda _done, _total: None
    elif sys.stderr.isatty():
        with _progress_bar(label, runs) as update:
            yield update
    else:
        yield _progress_lines(label)


@contextmanager
def _progress_bar(label: str, runs: int | None) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=runs)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _progress_lines(label: str) -> Progress:
    last = time.monotonic()

    def update(done: int, total: int) -> None:
        nonlocal last
        if done < total and time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            click.echo(f"{label}: {done} of {total} runs", err=True)

    return update


@contextmanager
def point_progress(label: str, quiet: bool) -> Iterator[Progress]:
    """Yield a callback that prints the number of points evaluated every ten seconds; a search has no known total."""
    last = time.monotonic()

    def update(done: int, _total: int) -> None:
        nonlocal last
        if not quiet and time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            remark(f"{label}: {done} points")

    yield update


@contextmanager
def no_solution_as_usage_error() -> Iterator[None]:
    """Turn a search without a solution into an error message and exit code 2."""
    from simulation.studies.search.tipping import NoTippingError

    try:
        yield
    except NoTippingError as error:
        raise click.UsageError(f"No solution: {error}.") from error


@dataclass(frozen=True)
class ResultFolder:
    """The folder a command writes.

    Attributes
    ----------
    folder
        Path of the folder.
    address
        Hash of all inputs that determine the result.
    """

    folder: Path
    address: str


def result_folder(name: str, inputs: Mapping[str, Any], out: Path | None, force: bool) -> ResultFolder:
    """Return the folder for a result with these inputs; raises OutputError if it holds results of other inputs."""
    from simulation.results.output_folder import check_target, content_address

    text = json.dumps(inputs, sort_keys=True, default=str)
    address = hashlib.sha256(text.encode()).hexdigest()
    folder = out or RESULTS_FOLDER / content_address(name, address, int(inputs["runs"]))
    check_target(folder, address, force)
    return ResultFolder(folder, address)


def manifest_entries(kind: str, address: str) -> dict[str, Any]:
    """Manifest entries common to all commands: kind, hash of the inputs, command line, package versions."""
    from simulation.results.output_folder import package_versions

    return {
        "kind": kind,
        "config_hash": address,
        "command": options.command_line(),
        "versions": package_versions(),
    }


def save_search(target: ResultFolder, kind: str, facts: Mapping[str, Any], drawing: Drawing, quiet: bool) -> None:
    """Write the result of a search, its figure and a manifest; a failure leaves no partial folder."""
    from simulation.results.output_folder import atomic_folder, write_manifest
    from simulation.studies.experiment.figures import write_figure

    with atomic_folder(target.folder) as draft:
        write_figure(drawing, draft)
        text = json.dumps(facts, indent=2, allow_nan=False, ensure_ascii=False)
        (draft / f"{kind}.json").write_text(text + "\n", encoding="utf-8")
        write_manifest(draft, manifest_entries(kind, target.address))
    remark(f"Figure and numbers in {target.folder}", quiet)
