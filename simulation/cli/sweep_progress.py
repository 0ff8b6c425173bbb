"""Progress of a sweep: done, failed, runs per second, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from simulation.cli.output import SECONDS_BETWEEN_LINES

if TYPE_CHECKING:
    from simulation.sweeps.execute import State

SECONDS_BETWEEN_REDRAWS = 0.2
MINUTE, HOUR, DAY = 60, 3600, 86_400


def line(label: str, state: State) -> str:
    """Return how far a sweep is in one line."""
    failed = f", {state.failed:,} failed" if state.failed else ""
    left = "" if state.seconds_left is None else f", {duration(state.seconds_left)} left"
    return f"{label}: {state.done:,} of {state.total:,} runs{failed}, {state.runs_per_second:,.1f} runs/s{left}"


def duration(seconds: float) -> str:
    """Return a duration in words, two units at most."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


@contextmanager
def sweep_progress(label: str, quiet: bool) -> Iterator[Callable[[State], None] | None]:
    """Give a callback that tells how far a sweep is: one line that is redrawn on a terminal, a line now and then elsewhere."""
    if quiet:
        yield None
        return
    terminal = sys.stderr.isatty()
    last = time.monotonic()

    def update(state: State) -> None:
        nonlocal last
        now = time.monotonic()
        if terminal and now - last > SECONDS_BETWEEN_REDRAWS:
            last = now
            click.echo(f"\r\x1b[K{line(label, state)}", err=True, nl=False)
        elif not terminal and now - last > SECONDS_BETWEEN_LINES:
            last = now
            click.echo(line(label, state), err=True)

    try:
        yield update
    finally:
        if terminal:
            click.echo("\r\x1b[K", err=True, nl=False)
