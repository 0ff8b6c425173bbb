"""``python -m benchmarks.fused_kernel``: the kernel against the engine on the same funds."""

import argparse
import sys

from benchmarks.command_line import positive, told
from benchmarks.fused_kernel.check import Kernel, differences, funds_only, ratios
from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate


def main() -> None:
    """Print differences and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=positive, default=64)
    parser.add_argument("--rounds", type=positive, default=7)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args()
    scenario = load_scenario("december_2025_official", asked.set)
    record = simulate(funds_only(scenario), range(asked.runs))
    for name, difference in differences(Kernel(scenario, asked.runs).once(), record).items():
        print(f"{name}: differs by {difference:.1e} at most")
    engine, kernel = ratios(scenario, asked.runs, asked.rounds)
    funds = sum(population.investors for population in scenario.populations.values())
    each = funds * (len(record.dates) - 1) * asked.runs / 1e9
    print(f"{funds:,} funds, {asked.runs} runs, {len(record.dates) - 1} days, median of {asked.rounds}:")
    print(f"engine {engine / each:.1f} ns, kernel {kernel / each:.1f} ns an investor-day, {engine / kernel:.1f} times")


if __name__ == "__main__":
    sys.exit(told(main))
