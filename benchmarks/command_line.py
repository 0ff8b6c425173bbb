"""What the commands of the benchmarks share: arguments, and ends that are told in a line."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from simulation.cli.output import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USAGE
from simulation.results.output_folder import OutputError
from simulation.scenario.config import ConfigError
from simulation.scenario.scenario import ImpossibleScenarioError


def positive(text: str) -> int:
    """A whole number from 1 on.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is none.
    """
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on; write 7, for example")
    return number


def made(folder: Path) -> Path:
    """A folder to write to, made if it is not there.

    Raises
    ------
    OutputError
        If it cannot be one.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"--out {folder}: no folder can be made there ({problem.strerror}); name another") from None
    return folder


def told(act: Callable[[], int | None]) -> int:
    """Exit code of a command, whose mistakes and interruption are told in a line.

    Parameters
    ----------
    act
        Does what is asked and returns its exit code; None is 0.
    """
    try:
        return act() or EXIT_DONE
    except (ConfigError, ImpossibleScenarioError, OutputError) as mistake:
        print(mistake, file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("Interrupted; what was measured is not kept.", file=sys.stderr)
        return EXIT_INTERRUPTED
