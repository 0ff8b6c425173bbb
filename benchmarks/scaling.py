"""Time and peak memory against investors, days, runs, assets and populations, with fitted exponents and a figure.

``python -m benchmarks.scaling`` measures every point in a process of its own (processor seconds of all steps, peak resident
memory of that process), all sizes in turn, of which the shortest time counts, and writes ``scaling.csv``, ``scaling.png`` and a
table.  ``--axis`` picks axes, ``--repeats`` repeats, ``--draw`` draws the figure of an earlier ``scaling.csv`` again.
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

from benchmarks.command_line import made, positive, told
from benchmarks.machine import described
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
"""No news, so that days cost alike on the axis of days.  A round of forced trading costs a fifth of a day; December has two a day
in its first weeks and one in four days from February, and longer runs would look cheaper by the day."""
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
        cast = dict(list(scenario.populations.items())[:value])
        scenario = scenario.model_copy(update={"populations": cast})
    return scenario


def peak_mb() -> float:
    """Peak resident memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(axis: str, value: int) -> dict[str, Any]:
    """Measure one point in this process."""
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


def measured(axis: str, repeats: int) -> list[dict[str, Any]]:
    """Seconds and memory of every point of an axis, each time in a new process, all points in turn.

    Each point has the shortest time of its repeats: other work on the machine makes a process slower and never faster, and
    comes and goes within minutes, so that a mean would bend the exponent.
    """
    found: dict[int, list[dict[str, float]]] = {value: [] for value in POINTS[axis]}
    for _ in range(repeats):
        for value, points in found.items():
            command = [sys.executable, "-m", "benchmarks.scaling", "--one", axis, str(value)]
            points.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
            print(f"{axis} {value:,}: {points[-1]['seconds']:.2f} s", file=sys.stderr, flush=True)
    best = {value: min(points, key=lambda point: point["seconds"]) for value, points in found.items()}
    return [{"axis": axis, "value": value} | point for value, point in best.items()]


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| Axis | Size | Seconds | Peak MB | Bytes an investor |", "|---|---|---|---|---|"]
    for row in rows:
        each = (row["peak_mb"] - row["before_mb"]) * 2**20 / row["value"]
        text = f"{each:,.0f}" if row["axis"] == "investors" and row["value"] >= FIT_FROM["investors"] else ""
        lines.append(f"| {row['axis']} | {row['value']:,} | {row['seconds']:.3f} | {row['peak_mb']:,.0f} | {text} |")
    return "\n".join(lines)


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the figure, which names the machine that measured."""
    path.write_bytes(png_bytes(chart(rows, rows[0].get("machine", "machine not noted")).figure))


def write(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the points and the machine that measured them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[dict[str, Any]]:
    """The points of an earlier measurement.

    Raises
    ------
    OutputError
        If the file is not there.
    """
    if not path.is_file():
        raise OutputError(f"--draw {path}: no such file; name the scaling.csv of an earlier measurement")
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: text if name in ("axis", "machine") else float(text) for name, text in row.items()}
            for row in csv.DictReader(file)
        ]


def main() -> None:
    """Measure, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--axis", nargs="+", default=list(POINTS), choices=list(POINTS))
    parser.add_argument("--repeats", type=positive, default=3)
    parser.add_argument("--out", type=Path, default=Path("results/scaling"))
    parser.add_argument(
        "--draw", type=Path, metavar="CSV", help="draw the figure of a scaling.csv again, measure nothing"
    )
    parser.add_argument("--one", nargs=2, metavar=("AXIS", "SIZE"), help="measure one point and print it")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one[0], int(asked.one[1]))))
        return
    made(asked.out)
    if asked.draw:
        draw(read(asked.draw), asked.out / "scaling.png")
        return
    machine = {"machine": described()}
    rows = [row | machine for axis in asked.axis for row in measured(axis, asked.repeats)]
    write(rows, asked.out / "scaling.csv")
    draw(rows, asked.out / "scaling.png")
    print(table(rows))
    for axis in asked.axis:
        print(f"{axis}: exponent {exponent(rows, axis):.3f} from {FIT_FROM[axis]:,}")


if __name__ == "__main__":
    sys.exit(told(main))
