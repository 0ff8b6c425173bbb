"""End a command with its reason in plain words and the right exit code.

Messages go to standard error as they are: no markup, for a reader of ``file:12:3`` lines may be a program, and
``populations[0]`` must not be taken for a style.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from simulation.cli import exit_codes
from simulation.scenario.config.errors import ConfigError


@contextmanager
def exit_with_reason() -> Iterator[None]:
    """End the command with exit code 2 and every mistake when a config cannot be used.

    Works as a decorator of a command (below click's own decorators) and in a ``with`` statement.
    """
    try:
        yield
    except ConfigError as error:
        click.echo(str(error), err=True, color=False)
        raise click.exceptions.Exit(exit_codes.USAGE) from None
