"""The command line.

Nothing heavy is imported here: a command is imported when it is named, and imports the engine, pandas or matplotlib when it
runs, so that help comes at once.
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

from simulation.cli import output

TRACEBACK_SWITCH = "CARRYFLOW_TRACEBACK"
PLUGIN_SWITCH = "PYDANTIC_DISABLE_PLUGINS"
COMMAND_FUNCTIONS = {
    "analyse": ("sweep_commands", "analyse"),
    "calibrate": ("calibrate_command", "calibrate"),
    "claims": ("claims_command", "claims"),
    "compare": ("compare_command", "compare"),
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
"""Where each command is: the module of this folder, and the function in it."""


class LazyCommands(UserDict[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        """Import the command of that name."""
        module, function = self.data[name]
        command: click.Command = getattr(import_module(f"simulation.cli.{module}"), function)
        return command


class CommandGroup(click.Group):
    """The command group; a reader that stops reading ends it quietly."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command and hand everything it printed to the reader."""
        try:
            value: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered has no reader; without this the interpreter complains about it at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(output.EXIT_BROKEN_PIPE)
        return value


@click.group(
    cls=CommandGroup,
    commands=LazyCommands(COMMAND_FUNCTIONS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="carryflow", message="%(prog)s %(version)s")
def program() -> None:
    """Simulate capital flows under US-Japan policy divergence: the yen carry trade and its unwinding.

    Start with `carryflow demo`; `carryflow list` shows the scenarios that `carryflow run` takes.

    Exit codes: 0 done, 1 internal error, 2 usage or bad config, 3 finished with failed runs,
    4 a verification differs, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    # Looking for plugins reads the metadata of every package there is, and none may change what a config means.
    os.environ[PLUGIN_SWITCH] = "__all__"
    code = run_command_line(arguments)
    # The interpreter would take apart whatever was imported, which takes longer than a simulated day.
    gc.freeze()
    sys.exit(code)


def run_command_line(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error becomes a message."""
    try:
        code = program.main(list(arguments) if arguments is not None else None, "carryflow", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was written.", err=True)
        return output.EXIT_INTERRUPTED
    except Exception as error:
        return _print_error(error)
    return code if isinstance(code, int) else output.EXIT_DONE


def _print_error(error: Exception) -> int:
    """Print an error as a message and return the exit code for its kind."""
    from simulation.scenario.config.errors import ConfigError

    if os.environ.get(TRACEBACK_SWITCH):
        traceback.print_exception(error)
    if isinstance(error, ConfigError):
        click.echo(str(error), err=True)
        return output.EXIT_USAGE
    return _print_run_error(error)


def _print_run_error(error: Exception) -> int:
    from simulation.compute.workers import EnsembleError
    from simulation.results.output_folder import OutputError
    from simulation.scenario.scenario import ImpossibleScenarioError

    if isinstance(error, OutputError | ImpossibleScenarioError):
        click.echo(f"Error: {error}", err=True)
        return output.EXIT_USAGE
    if isinstance(error, OSError | EnsembleError):
        click.echo(f"Error: {error}", err=True)
        return output.EXIT_INTERNAL_ERROR
    click.echo(f"Internal error: {type(error).__name__}: {error}", err=True)
    click.echo(f"Set {TRACEBACK_SWITCH}=1 and repeat the command to see where it happened.", err=True)
    return output.EXIT_INTERNAL_ERROR
