"""The ``carryflow`` command line.

A command module is imported only when the command is named; the engine, pandas and Matplotlib only when it runs.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections import UserDict
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from simulation.cli.output import (
    EXIT_BROKEN_PIPE,
    EXIT_DONE,
    EXIT_INTERNAL_ERROR,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
)

TRACEBACK_SWITCH = "CARRYFLOW_TRACEBACK"
PLUGIN_SWITCH = "PYDANTIC_DISABLE_PLUGINS"
COMMAND_FUNCTIONS = {
    "analyse": ("sweep_commands", "analyse"),
    "calibrate": ("calibrate_command", "calibrate"),
    "claims": ("claims_command", "claims"),
    "compare": ("run_commands", "compare"),
    "config": ("config_commands", "config"),
    "demo": ("run_commands", "demo"),
    "experiment": ("experiment_command", "experiment"),
    "explain": ("explain_command", "explain"),
    "explore": ("page_commands", "explore"),
    "facts": ("facts_command", "facts"),
    "list": ("list_command", "list_names"),
    "merge": ("store_commands", "merge"),
    "rebuild": ("store_commands", "rebuild"),
    "replay": ("replay_command", "replay"),
    "report": ("page_commands", "report"),
    "reverse-stress": ("reverse_stress_command", "reverse_stress"),
    "run": ("run_commands", "run"),
    "serve": ("page_commands", "serve"),
    "sweep": ("sweep_commands", "sweep"),
    "tipping": ("tipping_command", "tipping"),
    "verify": ("store_commands", "verify"),
    "viz": ("page_commands", "viz"),
}
"""Module and function of each command."""


class LazyCommands(UserDict[str, Any]):
    """Commands by name, imported on first use."""

    def __getitem__(self, name: str) -> click.Command:
        """Import the command `name`."""
        module, function = self.data[name]
        command: click.Command = getattr(import_module(f"simulation.cli.{module}"), function)
        return command


class CommandGroup(click.Group):
    """The command group; a closed output pipe ends it without an error message."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command and flush standard output."""
        try:
            value: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Redirect the unread buffer; otherwise the interpreter reports a second broken pipe at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(EXIT_BROKEN_PIPE)
        return value


@click.group(
    cls=CommandGroup,
    commands=LazyCommands(COMMAND_FUNCTIONS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="carryflow", message="%(prog)s %(version)s")
def program() -> None:
    """Simulate capital flows under US-Japan policy divergence: the yen carry trade and its unwinding.

    Start with `carryflow demo`; `carryflow list` shows the scenarios for `carryflow run`.

    Exit codes: 0 success, 1 internal error, 2 usage or config error, 3 finished with failed runs,
    4 verification found a difference, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its exit code."""
    # Plugin discovery reads the metadata of every installed package, and a plugin could change the meaning of a config.
    os.environ[PLUGIN_SWITCH] = "__all__"
    code = run_command_line(arguments)
    # Skip the final garbage collection: it takes longer than a simulated day.
    gc.freeze()
    sys.exit(code)


def run_command_line(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors are printed as messages."""
    try:
        code = program.main(list(arguments) if arguments is not None else None, "carryflow", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was written.", err=True)
        return EXIT_INTERRUPTED
    except Exception as error:
        return _print_error(error)
    return code if isinstance(code, int) else EXIT_DONE


def _print_error(error: Exception) -> int:
    """Print an error message and return the exit code for the type of error."""
    from simulation.scenario.config.errors import ConfigError

    if os.environ.get(TRACEBACK_SWITCH):
        traceback.print_exception(error)
    if isinstance(error, ConfigError):
        click.echo(str(error), err=True)
        return EXIT_USAGE
    return _print_run_error(error)


def _print_run_error(error: Exception) -> int:
    from simulation.compute.workers import EnsembleError
    from simulation.results.output_folder import OutputError
    from simulation.scenario.scenario import ImpossibleScenarioError

    if isinstance(error, OutputError | ImpossibleScenarioError):
        click.echo(f"Error: {error}", err=True)
        return EXIT_USAGE
    if isinstance(error, OSError | EnsembleError):
        click.echo(f"Error: {error}", err=True)
        return EXIT_INTERNAL_ERROR
    click.echo(f"Internal error: {type(error).__name__}: {error}", err=True)
    click.echo(f"Set {TRACEBACK_SWITCH}=1 and repeat the command to see the traceback.", err=True)
    return EXIT_INTERNAL_ERROR
