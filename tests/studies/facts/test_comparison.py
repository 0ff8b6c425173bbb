"""Verdicts, and the comparison as table, JSON, CSV and figure."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from simulation.cli.facts_command import facts_table
from simulation.results.figures.charts import png_bytes
from simulation.results.output_folder import read_manifest
from simulation.results.summary import plain_text
from simulation.studies.facts.comparison import (
    AcceptRange,
    FactComparison,
    StoredFact,
    compare_facts,
    comparison_csv,
    fact_object,
    fact_row,
    format_accept_range,
    format_estimate,
    load_facts,
    write_comparison,
)
from simulation.studies.facts.figure import PANELS, facts_chart
from simulation.studies.facts.measures import MEASURES_BY_NAME
from simulation.studies.facts.simulated import FactEstimate, SimulatedHistories
from tests.studies.facts.conftest import MakeHistory

NOT_KNOWN = float("nan")


def fact(value: float | None = None, error: float | None = None, accept: AcceptRange | None = None) -> StoredFact:
    method = "" if error is None else "by hand"
    return StoredFact(
        label="A fact",
        measure="one",
        value=value,
        standard_error=error,
        error_method=method,
        source="me",
        accept=accept,
    )


def found(value: float, error: float = 0.1) -> dict[str, FactEstimate]:
    return {"one": FactEstimate(value, error, value - 1.0, value, value + 1.0)}


RANGE = AcceptRange(low=-0.9, high=-0.3, source="me")


@pytest.mark.parametrize(
    ("stored", "estimates", "verdict"),
    [
        (fact(accept=RANGE), found(-0.6), "inside"),
        (fact(accept=RANGE), found(-0.35), "just inside"),
        (fact(accept=RANGE), found(-0.2), "just outside"),
        (fact(accept=RANGE), found(0.0), "outside"),
        (fact(accept=RANGE), found(-0.3, 0.0), "just inside"),
        (fact(accept=RANGE), found(-0.6, NOT_KNOWN), "just inside"),
        (fact(1.0, 0.3), found(1.9, 0.4), "agrees"),
        (fact(1.0, 0.3), found(2.1, 0.4), "differs"),
        (fact(1.0), found(1.0), "not judged"),
        (fact(1.0, 0.3), found(1.0, NOT_KNOWN), "not judged"),
        (fact(1.0, 0.3), found(NOT_KNOWN), "not measured"),
        (fact(1.0, 0.3), {}, "not measured"),
        (fact(1.0, 0.3).model_copy(update={"measure": None}), found(1.0), "history only"),
    ],
)
def test_verdicts(stored: StoredFact, estimates: dict[str, FactEstimate], verdict: str) -> None:
    assert fact_row("one", stored, estimates).verdict == verdict


@pytest.fixture
def comparison(make_history: MakeHistory) -> FactComparison:
    stream = np.random.default_rng(1)
    history = make_history(stream.normal(size=(3, 300)), us_equity=100.0 + stream.random((3, 301)))
    known = {name: FactEstimate(0.1 * place, 0.05, -0.2, 0.1, 0.4) for place, name in enumerate(MEASURES_BY_NAME)}
    known["skew_no_gap"] = FactEstimate(*[NOT_KNOWN] * 5)
    known["amplification_ratio"] = FactEstimate(2.0, NOT_KNOWN, 1.8, 2.0, 2.2)
    return compare_facts(load_facts(), known, SimulatedHistories(history, runs=4))


def test_every_stored_measure_exists_in_the_model() -> None:
    amplification = {"amplification_ratio", "amplification_in_news", "amplification_frozen"}
    held = {fact.measure for fact in load_facts().facts.values()} - {None}
    assert held == set(MEASURES_BY_NAME) | amplification


def test_notes_are_printed(comparison: FactComparison) -> None:
    assert comparison.notes[0] == "1 of 4 runs stopped early and are left out."
    assert "simulated years: pooled skewness needs 200 decades" in comparison.notes[1]
    text = plain_text(facts_table(comparison, "scenario own, 3 runs"))
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "…" not in text
    assert "Not measured: 3." in text
    assert all(note in text.replace("\n", " ") for note in comparison.notes)


def test_the_finding_counts_verdicts(comparison: FactComparison) -> None:
    verdicts = [row.verdict for row in comparison.rows]
    inside = sum(verdict in ("inside", "just inside") for verdict in verdicts)
    ranges = inside + sum(verdict in ("outside", "just outside") for verdict in verdicts)
    others = verdicts.count("agrees") + verdicts.count("differs")
    expected = f"{inside} of {ranges} facts lie inside their accept range; "
    assert comparison.finding == expected + f"of {others} others {verdicts.count('agrees')} agree with history"


def test_numbers_have_the_decimals_of_their_errors() -> None:
    assert format_estimate(-0.47751, 0.1161) == "−0.48 (0.12)"
    assert format_estimate(0.0106, 0.0028) == "0.011 (0.003)"
    assert format_estimate(32.31, 10.43) == "32.3 (10.4)"
    assert format_estimate(1.0, 0.0) == "1.00 (0.00)"
    assert format_estimate(-0.001, 0.02) == "0.00 (0.02)"
    assert (format_estimate(None, None), format_estimate(NOT_KNOWN, 1.0), format_estimate(0.01, None)) == (
        "-",
        "-",
        "0.01",
    )
    assert format_accept_range(AcceptRange(low=-0.16, high=-0.04, source="me")) == "−0.16 to −0.04"
    assert format_accept_range(AcceptRange(low=1.7, source="me")) == "at least 1.7"


def test_json_and_csv_hold_every_fact_and_no_missing_number(comparison: FactComparison) -> None:
    text = json.dumps([fact_object(row) for row in comparison.rows], allow_nan=False)
    rows = list(csv.DictReader(comparison_csv(comparison).splitlines()))
    assert [row["fact"] for row in rows] == list(load_facts().facts)
    assert [item["verdict"] for item in json.loads(text)] == [row["verdict"] for row in rows]
    by_name = {row["fact"]: row for row in rows}
    assert by_name["skew_no_gap"]["simulated"] == ""
    assert float(by_name["amplification_ratio"]["simulated"]) == 2.0
    assert by_name["amplification_ratio"]["simulated_se"] == ""
    assert not [value for row in rows for value in row.values() if value == "nan"]


def test_the_figure_is_within_its_edges_and_reproducible(comparison: FactComparison) -> None:
    drawing, again = facts_chart(comparison, "Source: a test"), facts_chart(comparison, "Source: a test")
    box, size = drawing.figure.get_tightbbox(), drawing.figure.get_size_inches()
    assert (box.x0 >= 0.0, box.y0 >= 0.0, box.x1 <= size[0], box.y1 <= size[1]) == (True,) * 4
    assert png_bytes(drawing.figure) == png_bytes(again.figure)
    assert len(drawing.figure.axes) == len(PANELS)


def test_the_figure_contains_only_stored_facts() -> None:
    shown = [name for _, labels in PANELS for name in labels]
    assert len(shown) == len(set(shown))
    assert set(shown) <= set(load_facts().facts)


@pytest.mark.usefixtures("unrendered")
def test_folder_of_results(comparison: FactComparison, tmp_path: Path) -> None:
    write_comparison(comparison, tmp_path, {"kind": "facts", "source": "Source: a test"})
    manifest = read_manifest(tmp_path)
    assert sorted(manifest["files"]) == ["facts.csv", "figure.csv", "figure.png", "figure.svg"]
    shown = (tmp_path / "figure.csv").read_text(encoding="utf-8").splitlines()
    assert len(shown) == 1 + sum(len(labels) for _, labels in PANELS)
