"""Start-up time: from the shell to the end of the first simulated day, and the imports on the way.

``python -m benchmarks.startup`` measures every case in new processes, in turn, and prints medians of processor seconds (user and
system, whole process) next to ``import numpy, pandas``; then the imports of a run by package.  The cases "first ever" start
without compiled files of any package and without Matplotlib's font cache.
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

from benchmarks.command_line import positive_integer, run_with_messages

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
    """A case to measure: code, command line, and whether it starts without caches."""

    name: str
    code: str
    arguments: tuple[str, ...] = ()
    fresh: bool = False
    seconds: list[float] = field(default_factory=list)


def parts() -> tuple[Part, ...]:
    """All cases, in the order of the table."""
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
    """Processor seconds of a new process that runs the case in its own folder."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        own = {"PYTHONPYCACHEPREFIX": f"{place}/cache", "MPLCONFIGDIR": f"{place}/fonts"} if part.fresh else {}
        command = [sys.executable, "-c", part.code, *part.arguments]
        return processor_seconds(command, Path(place), own)


def processor_seconds(command: list[str], place: Path, own: Mapping[str, str]) -> float:
    """User and system seconds of a command.

    Raises
    ------
    RuntimeError
        If the command fails.
    """
    root = str(Path(__file__).resolve().parents[1])
    # Write compiled files even if the shell disables it: a warm start has them, and the first start writes them.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": root, **own}
    with subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return used.ru_utime + used.ru_stime


def import_times(report: Iterable[str]) -> Counter[str]:
    """Microseconds of import by top-level package, from the lines of ``python -X importtime``."""
    found: Counter[str] = Counter()
    for line in report:
        own, _, name = line.removeprefix(MARK).split("|") if line.startswith(MARK) else ("", "", "")
        if own.strip().isdigit():
            found[name.strip().split(".")[0]] += int(own)
    return found


def measure_imports() -> Counter[str]:
    """Microseconds (wall time) of the imports up to the end of the first day, by package."""
    command = [sys.executable, "-X", "importtime", "-c", FIRST_DAY, *ONE_DAY, "--no-save"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return import_times(done.stderr.splitlines())


def table(measured: Iterable[Part]) -> str:
    """Markdown table of the cases: median, range, and ratio to `YARDSTICK`."""
    shown = list(measured)
    yardstick = median(next(part.seconds for part in shown if part.name == YARDSTICK))
    lines = ["| Case | Seconds | lowest to highest | Relative to numpy and pandas |", "|---|---:|---:|---:|"]
    for part in shown:
        middle, low, high = median(part.seconds), min(part.seconds), max(part.seconds)
        lines.append(f"| {part.name} | {middle:.2f} | {low:.2f} to {high:.2f} | {middle / yardstick:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure all cases in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=positive_integer, default=7, help="number of rounds (default: %(default)s)")
    parser.add_argument(
        "--first-rounds",
        type=positive_integer,
        default=1,
        help="number of rounds of first starts (default: %(default)s)",
    )
    parser.add_argument(
        "--top", type=positive_integer, default=12, help="number of packages listed (default: %(default)s)"
    )
    arguments = parser.parse_args()
    todo = parts()
    with tempfile.TemporaryDirectory() as name:
        for part in todo:
            if not part.fresh:
                measure(part, Path(name))  # creates compiled files and font cache
        rounds = max(arguments.rounds, arguments.first_rounds)
        for turn in range(rounds):
            print(f"round {turn + 1}/{rounds}", file=sys.stderr, flush=True)
            for part in todo:
                if turn < (arguments.first_rounds if part.fresh else arguments.rounds):
                    part.seconds.append(measure(part, Path(name)))
    print(table(todo))
    print("\nImports up to the end of the first day, milliseconds of wall time by package:")
    for package, spent in measure_imports().most_common(arguments.top):
        print(f"{spent / 1000:8.0f}  {package}")


if __name__ == "__main__":
    sys.exit(run_with_messages(main))
