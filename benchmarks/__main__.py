"""``python -m benchmarks``: measure all contestants; ``python -m benchmarks guard``: check the speed ratio guarded in CI."""

import argparse
import sys
from pathlib import Path

from benchmarks import guard
from benchmarks.command_line import make_folder, positive_integer, run_with_messages
from benchmarks.contestants import Contestant, Setting
from benchmarks.figure import chart
from benchmarks.machine import machine_description
from benchmarks.models import engines, kernels, twins
from benchmarks.peers.environment import peers
from benchmarks.report import Report, markdown, write_csv
from benchmarks.rounds import measure
from simulation.compute.ensemble import load_scenario
from simulation.results.figures.charts import png_bytes
from simulation.studies.experiment.figures import svg_bytes

FEWEST = 7
"""Smallest number of rounds for published results."""


def contestants(setting: Setting, with_peers: bool) -> list[Contestant]:
    """All contestants, in the order of the table."""
    own = [*engines(setting), *kernels(setting), *twins(setting)]
    return own + (peers(setting) if with_peers else [])


def run_benchmarks(arguments: argparse.Namespace) -> int:
    """Measure all contestants; write table and figure."""
    scenario = load_scenario(arguments.scenario, arguments.set)
    out, rounds = make_folder(arguments.out), arguments.rounds or FEWEST
    machine = machine_description()
    found = contestants(Setting(scenario, out), arguments.peers)
    results = measure(found, rounds, lambda line: print(line, file=sys.stderr, flush=True))
    investors = sum(population.investors for population in scenario.populations.values())
    report = Report(results, machine, f"{scenario.name}, {scenario.start} to {scenario.end}, {investors:,} investors")
    write_csv(report, out / "bench.csv")
    text = markdown(report)
    (out / "bench.md").write_text(text, encoding="utf-8")
    drawing = chart(report)
    (out / "bench.png").write_bytes(png_bytes(drawing.figure))
    (out / "bench.svg").write_bytes(svg_bytes(drawing))
    print(text)
    if rounds < FEWEST:
        print(f"Quick estimate: publish results of at least {FEWEST} rounds only.")
    return 0


def run_guard(arguments: argparse.Namespace) -> int:
    """Measure the guarded ratio; returns 1 if every measurement exceeds the bound."""
    rounds = arguments.rounds or guard.ROUNDS
    if arguments.measure_bound:
        for line in guard.measure_bound(rounds):
            print(line, flush=True)
        return 0
    results = []
    for passed, message in guard.repeated_checks(rounds, arguments.bound):
        print(message, flush=True)
        results.append(passed)
    return 0 if any(results) else 1


def argument_parser() -> argparse.ArgumentParser:
    """Parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    top.add_argument(
        "--rounds", type=positive_integer, help=f"rounds, with all contestants in each (default: {FEWEST})"
    )
    top.add_argument("--out", type=Path, default=Path("results/bench"), help="output folder (default: %(default)s)")
    top.add_argument("--scenario", default="december_2025_official", help="shipped scenario or file")
    top.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a value of the scenario, as in carryflow run",
    )
    top.add_argument(
        "--no-peers", dest="peers", action="store_false", help="skip other libraries, which must be installed"
    )
    top.set_defaults(act=run_benchmarks)
    commands = top.add_subparsers()
    small = commands.add_parser("guard", help="compare the engine with a fixed NumPy loop; exit code 1 above the bound")
    # No own default: it would override a value given before the word guard.
    small.add_argument(
        "--rounds", type=positive_integer, default=argparse.SUPPRESS, help=f"rounds (default: {guard.ROUNDS})"
    )
    small.add_argument("--bound", type=float, default=guard.BOUND, help="largest median ratio (default: %(default)s)")
    small.add_argument(
        "--measure-bound", action="store_true", help="print the bound measured on this machine; no check"
    )
    small.set_defaults(act=run_guard)
    return top


def main() -> int:
    """Run the command; returns the exit code."""
    arguments = argument_parser().parse_args()
    return run_with_messages(lambda: arguments.act(arguments))


if __name__ == "__main__":
    sys.exit(main())
