"""``python -m benchmarks``: measure all contestants; ``python -m benchmarks guard``: the ratio that CI guards."""

import argparse
import sys
from pathlib import Path

from benchmarks import guard
from benchmarks.command_line import made, positive, told
from benchmarks.contestants import Contestant, Setting
from benchmarks.figure import chart
from benchmarks.machine import described
from benchmarks.models import engines, kernels, twins
from benchmarks.peers.environment import peers
from benchmarks.report import Report, markdown, write_csv
from benchmarks.rounds import measure
from simulation.compute.ensemble import load_scenario
from simulation.results.figures.charts import png_bytes
from simulation.studies.experiment.figures import svg_bytes

FEWEST = 7
"""Rounds of a measurement that is quoted."""


def contestants(setting: Setting, with_peers: bool) -> list[Contestant]:
    """Everybody who is measured, in the order of the table."""
    found = [*engines(setting), *kernels(setting), *twins(setting)]
    return found + (peers(setting) if with_peers else [])


def bench(asked: argparse.Namespace) -> int:
    """Measure and write table and figure."""
    scenario = load_scenario(asked.scenario, asked.set)
    out, rounds = made(asked.out), asked.rounds or FEWEST
    machine = described()
    found = contestants(Setting(scenario, out), asked.peers)
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
        print(f"A quick look: quote figures from at least {FEWEST} rounds.")
    return 0


def guarded(asked: argparse.Namespace) -> int:
    """Measure the guarded ratio; 1 if it stays beyond the bound however often it is measured."""
    rounds = asked.rounds or guard.ROUNDS
    if asked.measure_bound:
        for line in guard.measured_bound(rounds):
            print(line, flush=True)
        return 0
    verdicts = []
    for passed, said in guard.watched(rounds, asked.bound):
        print(said, flush=True)
        verdicts.append(passed)
    return 0 if any(verdicts) else 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    top.add_argument("--rounds", type=positive, help=f"rounds in which all take turns (default: {FEWEST})")
    top.add_argument("--out", type=Path, default=Path("results/bench"), help="folder (default: %(default)s)")
    top.add_argument("--scenario", default="december_2025_official", help="shipped scenario or file")
    top.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change the scenario, as in carryflow run"
    )
    top.add_argument(
        "--no-peers", dest="peers", action="store_false", help="leave out libraries that must be installed"
    )
    top.set_defaults(act=bench)
    commands = top.add_subparsers()
    small = commands.add_parser("guard", help="compare the engine with a fixed NumPy loop; exit 1 beyond the bound")
    # Without a default of its own, which would silently take the place of a number before the word guard.
    small.add_argument("--rounds", type=positive, default=argparse.SUPPRESS, help=f"rounds (default: {guard.ROUNDS})")
    small.add_argument("--bound", type=float, default=guard.BOUND, help="largest median ratio (default: %(default)s)")
    small.add_argument(
        "--measure-bound", action="store_true", help="print the bound that this machine gives, judge nothing"
    )
    small.set_defaults(act=guarded)
    return top


def main() -> int:
    """Do what is asked; returns the exit code."""
    asked = parser().parse_args()
    return told(lambda: asked.act(asked))


if __name__ == "__main__":
    sys.exit(main())
