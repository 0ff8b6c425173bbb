"""Time and peak memory against investors, days, runs, assets and populations, with fitted exponents and a figure.

``python -m benchmarks.scaling`` measures every point in its own process (processor seconds of all steps, peak resident memory),
all sizes in turn, takes the shortest time of the repeats, and writes ``scaling.csv``, ``scaling.png`` and a table.  ``--axis``
selects axes, ``--repeats`` sets the number of repeats, ``--draw`` redraws the figure of an earlier ``scaling.csv``.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.command_line import make_folder, positive_integer, run_with_messages
from benchmarks.machine import machine_description
from benchmarks.scaling_figure import FIT_FROM, chart, exponent
from simulation.compute.ensemble import load_scenario, run_ensemble
from simulation.day.capital_flows import CapitalFlows
from simulation.results.figures.charts import png_bytes
from simulation.results.output_folder import OutputError
from simulation.scenario.scenario import Scenario
from simulation.values.conventions import business_days

POINTS: dict[str, tuple[int, ...]] = {
    "investors": (1_000, 10_000, 100_000, 1_000_000, 10_000_000),
    "days": (10, 20, 40, 80, 160),
    "runs": (1, 8, 64, 128, 256, 512),
    "assets": (6, 8, 12, 24),
    "populations": (1, 2, 4, 7, 10),
}
DAYS = {"investors": 20, "runs": 10, "assets": 20, "populations": 20}
"""Business days simulated on the other axes."""
ALIKE = ("noise.scale_x=0", "fed.meetings=[]", "boj.meetings=[]")
"""Settings without news, so that all days cost the same on the axis of days.  A round of forced trading costs a fifth of a day;
there are two per day in the first weeks and one in four days from February, so longer runs would look cheaper per day."""
START, FAR = date(2025, 11, 28), date(2027, 12, 31)


def setting(axis: str, value: int) -> Scenario:
    """The December scenario with one size changed."""
    days = value if axis == "days" else DAYS[axis]
    changes = [f"end={business_days(START + timedelta(days=1), FAR)[days - 1]}"]
    if axis in ("investors", "days"):
        changes.append(f"populations.carry_funds.investors={value if axis == 'investors' else 100_000}")
    changes += ALIKE if axis == "days" else ()
    scenario = load_scenario("december_2025_official", changes)
    if axis == "assets":
        added = {f"equity_{number}": scenario.markets["us_equity"] for number in range(value - len(scenario.markets))}
        scenario = scenario.model_copy(update={"markets": scenario.markets | added})
    if axis == "investors":
        funds = {"carry_funds": scenario.populations["carry_funds"]}
        scenario = scenario.model_copy(update={"populations": funds})
    if axis == "populations":
        first = dict(list(scenario.populations.items())[:value])
        scenario = scenario.model_copy(update={"populations": first})
    return scenario


def peak_mb() -> float:
    """Peak resident memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_point(axis: str, value: int) -> dict[str, Any]:
    """Measure one point in this process: seconds, and memory in MB."""
    scenario, before = setting(axis, value), peak_mb()
    if axis == "runs":
        start = process_time()
        run_ensemble(scenario, value)
        return {"seconds": process_time() - start, "peak_mb": peak_mb(), "before_mb": before}
    model = CapitalFlows(scenario, range(1))
    start = process_time()
    while model.running:
        model.step()
    return {"seconds": process_time() - start, "peak_mb": peak_mb(), "before_mb": before}


def measure_axis(axis: str, repeats: int) -> list[dict[str, Any]]:
    """Seconds and memory of every point of an axis, each in a new process, all points in turn.

    Takes the shortest time of the repeats, because other work on the machine only slows a process and varies within minutes.
    """
    measured: dict[int, list[dict[str, float]]] = {value: [] for value in POINTS[axis]}
    for _ in range(repeats):
        for value, points in measured.items():
            command = [sys.executable, "-m", "benchmarks.scaling", "--one", axis, str(value)]
            points.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
            print(f"{axis} {value:,}: {points[-1]['seconds']:.2f} s", file=sys.stderr, flush=True)
    best = {value: min(points, key=lambda point: point["seconds"]) for value, points in measured.items()}
    return [{"axis": axis, "value": value} | point for value, point in best.items()]


def table(rows: list[dict[str, Any]]) -> str:
    """Points as a Markdown table."""
    lines = ["| Axis | Size | Seconds | Peak MB | Bytes per investor |", "|---|---|---|---|---|"]
    for row in rows:
        each = (row["peak_mb"] - row["before_mb"]) * 2**20 / row["value"]
        text = f"{each:,.0f}" if row["axis"] == "investors" and row["value"] >= FIT_FROM["investors"] else ""
        lines.append(f"| {row['axis']} | {row['value']:,} | {row['seconds']:.3f} | {row['peak_mb']:,.0f} | {text} |")
    return "\n".join(lines)


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the figure with the name of the machine."""
    path.write_bytes(png_bytes(chart(rows, rows[0].get("machine", "machine not recorded")).figure))


def write(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the points and the machine."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[dict[str, Any]]:
    """Points of an earlier measurement.

    Raises
    ------
    OutputError
        If the file does not exist.
    """
    if not path.is_file():
        raise OutputError(f"--draw {path}: no such file; give the scaling.csv of an earlier measurement")
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: text if name in ("axis", "machine") else float(text) for name, text in row.items()}
            for row in csv.DictReader(file)
        ]


def main() -> None:
    """Measure, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--axis", nargs="+", default=list(POINTS), choices=list(POINTS))
    parser.add_argument("--repeats", type=positive_integer, default=3)
    parser.add_argument("--out", type=Path, default=Path("results/scaling"))
    parser.add_argument("--draw", type=Path, metavar="CSV", help="redraw the figure of a scaling.csv without measuring")
    parser.add_argument("--one", nargs=2, metavar=("AXIS", "SIZE"), help="measure one point and print it")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure_point(arguments.one[0], int(arguments.one[1]))))
        return
    make_folder(arguments.out)
    if arguments.draw:
        draw(read(arguments.draw), arguments.out / "scaling.png")
        return
    machine = {"machine": machine_description()}
    rows = [row | machine for axis in arguments.axis for row in measure_axis(axis, arguments.repeats)]
    write(rows, arguments.out / "scaling.csv")
    draw(rows, arguments.out / "scaling.png")
    print(table(rows))
    for axis in arguments.axis:
        print(f"{axis}: exponent {exponent(rows, axis):.3f} from {FIT_FROM[axis]:,}")


if __name__ == "__main__":
    sys.exit(run_with_messages(main))
