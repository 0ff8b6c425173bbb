"""The command line.

Nothing heavy is imported here: a command imports mesa, pandas or matplotlib when it runs, so that help comes at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from simulation.cli import exit_codes
from simulation.cli.analyse_command import analyse
from simulation.cli.calibrate_command import calibrate
from simulation.cli.claims_command import claims
from simulation.cli.compare_command import compare
from simulation.cli.config_commands import config
from simulation.cli.demo_command import demo
from simulation.cli.experiment_command import experiment
from simulation.cli.explain_command import explain
from simulation.cli.explore_command import explore
from simulation.cli.facts_command import facts
from simulation.cli.list_command import list_names
from simulation.cli.replay_command import replay
from simulation.cli.report_command import report
from simulation.cli.reverse_stress_command import reverse_stress
from simulation.cli.run_command import run
from simulation.cli.serve_command import serve
from simulation.cli.store_commands import merge, rebuild
from simulation.cli.sweep_command import sweep
from simulation.cli.tipping_command import tipping
from simulation.cli.verify_command import verify
from simulation.cli.viz_command import viz

TRACEBACK_SWITCH = "CARRYFLOW_TRACEBACK"


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


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="carryflow", message="%(prog)s %(version)s")
def program() -> None:
    """Simulate capital flows under US-Japan policy divergence: the yen carry trade and its unwinding.

    Start with `carryflow demo`; `carryflow list` shows the scenarios that `carryflow run` takes.

    Exit codes: 0 done, 1 internal error, 2 usage or bad config, 3 finished with failed runs,
    4 a verification differs, 130 interrupted.
    """


COMMANDS = (
    *(demo, run, replay, calibrate, claims, experiment, explore, facts),
    *(sweep, rebuild, merge, analyse, tipping, reverse_stress, compare),
    *(explain, report),
    *(config, list_names, serve, verify, viz),
)
for command in COMMANDS:
    program.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(exit_code_of(arguments))


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
    from simulation.config.errors import ConfigError

    if os.environ.get(TRACEBACK_SWITCH):
        traceback.print_exception(error)
    if isinstance(error, ConfigError):
        click.echo(str(error), err=True)
        return exit_codes.USAGE
    return _told_other(error)


def _told_other(error: Exception) -> int:
    from simulation.ensemble import EnsembleError
    from simulation.scenario import ImpossibleScenarioError
    from simulation.store import OutputError

    if isinstance(error, OutputError | ImpossibleScenarioError):
        click.echo(f"Error: {error}", err=True)
        return exit_codes.USAGE
    if isinstance(error, OSError | EnsembleError):
        click.echo(f"Error: {error}", err=True)
        return exit_codes.INTERNAL_ERROR
    click.echo(f"Internal error: {type(error).__name__}: {error}", err=True)
    click.echo(f"Set {TRACEBACK_SWITCH}=1 and repeat the command to see where it happened.", err=True)
    return exit_codes.INTERNAL_ERROR
