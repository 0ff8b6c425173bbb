"""``python -m benchmarks.fused_kernel``: compare the kernel with the engine on the same funds."""

import argparse
import sys

from benchmarks.command_line import positive_integer, run_with_messages
from benchmarks.fused_kernel.check import Kernel, differences, funds_only, ratios
from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate


def main() -> None:
    """Print differences and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=positive_integer, default=64)
    parser.add_argument("--rounds", type=positive_integer, default=7)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    scenario = load_scenario("december_2025_official", arguments.set)
    record = simulate(funds_only(scenario), range(arguments.runs))
    for name, difference in differences(Kernel(scenario, arguments.runs).once(), record).items():
        print(f"{name}: largest difference {difference:.1e}")
    engine, kernel = ratios(scenario, arguments.runs, arguments.rounds)
    funds = sum(population.investors for population in scenario.populations.values())
    each = funds * (len(record.dates) - 1) * arguments.runs / 1e9
    print(f"{funds:,} funds, {arguments.runs} runs, {len(record.dates) - 1} days, median of {arguments.rounds}:")
    print(f"engine {engine / each:.1f} ns, kernel {kernel / each:.1f} ns per investor-day, ratio {engine / kernel:.1f}")


if __name__ == "__main__":
    sys.exit(run_with_messages(main))
