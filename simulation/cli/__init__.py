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

from simulation.cli import exit_codes

TRACEBACK_SWITCH = "CARRYFLOW_TRACEBACK"
PLUGIN_SWITCH = "PYDANTIC_DISABLE_PLUGINS"
HOMES = {
    "analyse": ("analyse_command", "analyse"),
    "calibrate": ("calibrate_command", "calibrate"),
    "claims": ("claims_command", "claims"),
    "compare": ("compare_command", "compare"),
    "config": ("config_commands", "config"),
    "demo": ("demo_command", "demo"),
    "experiment": ("experiment_command", "experiment"),
    "explain": ("explain_command", "explain"),
    "explore": ("explore_command", "explore"),
    "facts": ("facts_command", "facts"),
    "list": ("list_command", "list_names"),
    "merge": ("store_commands", "merge"),
    "rebuild": ("store_commands", "rebuild"),
    "replay": ("replay_command", "replay"),
    "report": ("report_command", "report"),
    "reverse-stress": ("reverse_stress_command", "reverse_stress"),
    "run": ("run_command", "run"),
    "serve": ("serve_command", "serve"),
    "sweep": ("sweep_command", "sweep"),
    "tipping": ("tipping_command", "tipping"),
    "verify": ("verify_command", "verify"),
    "viz": ("viz_command", "viz"),
}
"""Where each command is: the module of this folder, and the function in it."""


class Commands(UserDict[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        """Import the command of that name."""
        module, function = self.data[name]
        command: click.Command = getattr(import_module(f"simulation.cli.{module}"), function)
        return command


class Program(click.Group):
    """The command group; a reader that stops reading ends it quietly."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command and hand everything it printed to the reader."""
        try:
            value: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered has no reader; without this the interpreter complains about it at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(exit_codes.BROKEN_PIPE)
        return value


@click.group(
    cls=Program,
    commands=Commands(HOMES),
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
    code = exit_code_of(arguments)
    # The interpreter would take apart whatever was imported, which takes longer than a simulated day.
    gc.freeze()
    sys.exit(code)


def exit_code_of(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error becomes a message."""
    try:
        code = program.main(list(arguments) if arguments is not None else None, "carryflow", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was written.", err=True)
        return exit_codes.INTERRUPTED
    except Exception as error:
        return _told(error)
    return code if isinstance(code, int) else exit_codes.DONE


def _told(error: Exception) -> int:
    """Print an error as a message and return the exit code for its kind."""
    from simulation.scenario.config.errors import ConfigError

    if os.environ.get(TRACEBACK_SWITCH):
        traceback.print_exception(error)
    if isinstance(error, ConfigError):
        click.echo(str(error), err=True)
        return exit_codes.USAGE
    return _told_other(error)


def _told_other(error: Exception) -> int:
    from simulation.compute.ensemble import EnsembleError
    from simulation.results.store import OutputError
    from simulation.scenario.scenario import ImpossibleScenarioError

    if isinstance(error, OutputError | ImpossibleScenarioError):
        click.echo(f"Error: {error}", err=True)
        return exit_codes.USAGE
    if isinstance(error, OSError | EnsembleError):
        click.echo(f"Error: {error}", err=True)
        return exit_codes.INTERNAL_ERROR
    click.echo(f"Internal error: {type(error).__name__}: {error}", err=True)
    click.echo(f"Set {TRACEBACK_SWITCH}=1 and repeat the command to see where it happened.", err=True)
    return exit_codes.INTERNAL_ERROR
