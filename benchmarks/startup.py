"""How long carryflow takes to start: from the shell to the end of the first simulated day, and what is imported on the way.

``python -m benchmarks.startup`` measures every part in new processes, in turn, and prints processor seconds (user and system,
of the whole process) as medians over rounds, each beside ``import numpy, pandas``; then the imports of a run by package.

The first run ever finds no compiled file at all, neither carryflow's nor any other package's, and no font cache of Matplotlib.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.command_line import positive, told

YARDSTICK = "import numpy, pandas"
CARRYFLOW = "from simulation.cli import main; main()"
FIRST_DAY = """
import os
from simulation.cli import main, run_commands
load = run_commands.load_engine
def loaded():
    load()
    from simulation.day.capital_flows import CapitalFlows
    step = CapitalFlows.step
    def first_step(model):
        step(model)
        os._exit(0)
    CapitalFlows.step = first_step
run_commands.load_engine = loaded
main()
raise SystemExit("no day was simulated")
"""
ONE_DAY = ("run", "december_2025_official", "--runs", "1", "--quiet", "--set", "end=2025-12-01")
MARK = "import time:"


@dataclass(frozen=True)
class Part:
    """A part of the start-up: code, its command line, and whether no cache may exist."""

    name: str
    code: str
    arguments: tuple[str, ...] = ()
    fresh: bool = False
    seconds: list[float] = field(default_factory=list)


def parts() -> tuple[Part, ...]:
    """What is measured, in the order of the table."""
    return (
        Part(YARDSTICK, YARDSTICK),
        Part("carryflow --help", CARRYFLOW, ("--help",)),
        Part(
            "imports of a run",
            "import simulation.compute.ensemble, simulation.scenario.config.loading, simulation.day.capital_flows",
        ),
        Part("carryflow run, up to the end of the first day", FIRST_DAY, (*ONE_DAY, "--no-save")),
        Part("carryflow run of one day, summary printed", CARRYFLOW, (*ONE_DAY, "--no-save")),
        Part("the same with tables written", CARRYFLOW, (*ONE_DAY, "--no-figures", "--out", "tables")),
        Part("the same with tables and figures written", CARRYFLOW, (*ONE_DAY, "--out", "figures")),
        Part("first ever, up to the end of the first day", FIRST_DAY, (*ONE_DAY, "--no-save"), fresh=True),
        Part("first ever, with tables and figures written", CARRYFLOW, (*ONE_DAY, "--out", "first"), fresh=True),
        Part("a Mesa model: cf.CapitalFlowModel", "import simulation as cf; cf.CapitalFlowModel"),
    )


def measure(part: Part, folder: Path) -> float:
    """Processor seconds of a new process that does this part in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        own = {"PYTHONPYCACHEPREFIX": f"{place}/cache", "MPLCONFIGDIR": f"{place}/fonts"} if part.fresh else {}
        command = [sys.executable, "-c", part.code, *part.arguments]
        return processor_seconds(command, Path(place), own)


def processor_seconds(command: list[str], place: Path, own: Mapping[str, str]) -> float:
    """User and system seconds of a command that must end well.

    Raises
    ------
    RuntimeError
        If it does not.
    """
    root = str(Path(__file__).resolve().parents[1])
    # Compiled files are written even where the shell says otherwise: a warm start has them, and the first one writes them.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": root, **own}
    with subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return used.ru_utime + used.ru_stime


def by_package(report: Iterable[str]) -> Counter[str]:
    """Microseconds of import by top-level package, from the lines of ``python -X importtime``."""
    found: Counter[str] = Counter()
    for line in report:
        own, _, name = line.removeprefix(MARK).split("|") if line.startswith(MARK) else ("", "", "")
        if own.strip().isdigit():
            found[name.strip().split(".")[0]] += int(own)
    return found


def imports() -> Counter[str]:
    """Microseconds (wall time) of the imports up to the end of the first day, by package."""
    command = [sys.executable, "-X", "importtime", "-c", FIRST_DAY, *ONE_DAY, "--no-save"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return by_package(done.stderr.splitlines())


def table(measured: Iterable[Part]) -> str:
    """The parts as a Markdown table: median, lowest and highest, and the ratio to the yardstick."""
    shown = list(measured)
    yardstick = median(next(part.seconds for part in shown if part.name == YARDSTICK))
    lines = ["| What | Seconds | lowest to highest | Against numpy and pandas |", "|---|---:|---:|---:|"]
    for part in shown:
        middle, low, high = median(part.seconds), min(part.seconds), max(part.seconds)
        lines.append(f"| {part.name} | {middle:.2f} | {low:.2f} to {high:.2f} | {middle / yardstick:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rounds", type=positive, default=7, help="rounds in which all take turns (default: %(default)s)"
    )
    parser.add_argument(
        "--first-rounds", type=positive, default=1, help="rounds of the first run ever (default: %(default)s)"
    )
    parser.add_argument(
        "--top", type=positive, default=12, help="packages in the list of imports (default: %(default)s)"
    )
    asked = parser.parse_args()
    todo = parts()
    with tempfile.TemporaryDirectory() as name:
        for part in todo:
            if not part.fresh:
                measure(part, Path(name))  # compiled files and font cache are there from now on
        rounds = max(asked.rounds, asked.first_rounds)
        for turn in range(rounds):
            print(f"round {turn + 1}/{rounds}", file=sys.stderr, flush=True)
            for part in todo:
                if turn < (asked.first_rounds if part.fresh else asked.rounds):
                    part.seconds.append(measure(part, Path(name)))
    print(table(todo))
    print("\nImports up to the end of the first day, milliseconds of wall time by package:")
    for package, spent in imports().most_common(asked.top):
        print(f"{spent / 1000:8.0f}  {package}")


if __name__ == "__main__":
    sys.exit(told(main))
