"""What the number a command ends with means.

Results on standard output; remarks and progress on standard error.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

EXIT_DONE = 0
EXIT_INTERNAL_ERROR = 1
EXIT_USAGE = 2
EXIT_FAILED_RUNS = 3
EXIT_DIFFERS = 4
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


SECONDS_BETWEEN_LINES = 10.0
Progress = Callable[[int, int], None]


def print_json(value: Any) -> None:
    """Print one JSON object; a number that is not finite is a mistake, never printed."""
    click.echo(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False))


def print_table(renderable: RenderableType) -> None:
    """Print a table: with weight on a terminal, as plain text elsewhere; NO_COLOR is honoured."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(renderable)
        sys.stdout.flush()
    else:
        from simulation.results.summary import plain_text

        click.echo(plain_text(renderable))


def remark(text: str, quiet: bool = False) -> None:
    """Say something beside the results."""
    if not quiet:
        click.echo(text, err=True)


@contextmanager
def progress(label: str, quiet: bool, runs: int | None = None) -> Iterator[Progress]:
    """Give a callback that shows the runs done: a bar on a terminal, elsewhere a line now and then."""
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
