"""The scaling figure: fitted powers, memory per investor, title."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import scaling
from benchmarks.scaling import read, setting, write
from benchmarks.scaling_figure import bytes_each, chart, exponent, short
from simulation.day.capital_flows import scenario_days
from simulation.results.figures.style import Drawing
from simulation.results.output_folder import OutputError

ROWS = [
    {
        "axis": axis,
        "value": value,
        "seconds": 1e-5 * value**power,
        "peak_mb": 100 + value / 2**20 * 90,
        "before_mb": 100,
    }
    for axis, power in (("investors", 1.0), ("days", 0.9), ("runs", 1.1))
    for value in (1_000, 100_000, 1_000_000)
]


def test_exponents_are_those_of_the_points() -> None:
    assert exponent(ROWS, "days") == pytest.approx(0.9)
    assert np.isnan(exponent(ROWS[:1], "investors"))


def test_memory_is_that_above_the_imports() -> None:
    sizes, each = bytes_each(ROWS)
    assert sizes.tolist() == [100_000, 1_000_000]
    assert each == pytest.approx([90.0, 90.0])


def test_the_title_states_the_finding_and_there_is_a_panel_for_memory() -> None:
    drawing = chart(ROWS, "a machine")
    texts = [text.get_text() for text in drawing.figure.texts]
    assert texts[0] == "1M investors over 20 days take 10 s; exponents of investors, days, runs 0.90 to 1.10"
    titles = [axes.get_title(loc="left") for axes in drawing.figure.axes]
    assert titles[:3] == ["Investors: exponent 1.00 from 100k", "Days: exponent 0.90", "Runs: exponent 1.10"]
    assert titles[3] == "Peak memory, bytes per investor"
    assert drawing.numbers["seconds"].tolist() == [row["seconds"] for row in ROWS]


@pytest.mark.parametrize(("number", "text"), [(6, "6"), (1_000, "1k"), (10_000_000, "10M")])
def test_sizes_in_few_characters(number: int, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(("axis", "value", "days"), [("investors", 1_000, 20), ("days", 160, 160), ("runs", 8, 10)])
def test_so_many_business_days_are_simulated(axis: str, value: int, days: int) -> None:
    assert len(scenario_days(setting(axis, value))) - 1 == days


def test_a_figure_drawn_again_names_the_machine_that_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scaling.csv"
    named: list[str] = []
    rows: list[dict[str, Any]] = [row | {"machine": "a processor, 2 cores"} for row in ROWS]
    write(rows, path)
    assert read(path) == rows

    def watched(rows: Any, machine: str) -> Drawing:
        named.append(machine)
        return chart(rows, machine)

    monkeypatch.setattr(scaling, "chart", watched)
    for points in (read(path), ROWS):
        scaling.draw(points, tmp_path / "scaling.png")
    assert named == ["a processor, 2 cores", "machine not recorded"]
    with pytest.raises(OutputError, match="no such file"):
        read(tmp_path / "nothing.csv")
