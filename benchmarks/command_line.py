"""Argument types and error handling common to the benchmark commands."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from simulation.cli.output import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USAGE
from simulation.results.output_folder import OutputError
from simulation.scenario.config import ConfigError
from simulation.scenario.scenario import ImpossibleScenarioError


def positive_integer(text: str) -> int:
    """A whole number of at least 1.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is not such a number.
    """
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1; write 7, for example")
    return number


def make_folder(folder: Path) -> Path:
    """Create the output folder if necessary and return it.

    Raises
    ------
    OutputError
        If the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(
            f"--out {folder}: the folder cannot be created ({problem.strerror}); choose another"
        ) from None
    return folder


def run_with_messages(act: Callable[[], int | None]) -> int:
    """Run a command and return its exit code; errors and interruption print one line.

    Parameters
    ----------
    act
        Runs the command and returns its exit code; None is 0.
    """
    try:
        return act() or EXIT_DONE
    except (ConfigError, ImpossibleScenarioError, OutputError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("Interrupted; measurements were not saved.", file=sys.stderr)
        return EXIT_INTERRUPTED
