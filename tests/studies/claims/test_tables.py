"""Output of the claims: figures and bands as text, tables of any width, Markdown, CSV and JSON."""

import csv
import json
from io import StringIO

import pytest

from simulation.cli.claims_command import claims_text
from simulation.results.metrics import Band
from simulation.studies.claims.assessment import Assessment, assess
from simulation.studies.claims.comparison import StatedFigure
from simulation.studies.claims.tables import (
    band_text,
    claim_dicts,
    csv_text,
    figure_text,
    ledger_markdown,
    verdict_summary,
)
from tests.studies.claims.conftest import claim_of, counterpart, ledger_of


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (StatedFigure(value=5000), "$bn", "5,000 $bn"),
        (StatedFigure(value=-3.45), "$bn", "-3.5 $bn"),
        (StatedFigure(value=0.85), "probability", "85 %"),
        (StatedFigure(value=3.7, upper=3.9), "%", "3.70 to 3.90 %"),
        (StatedFigure(value=1.5), "ratio", "1.50"),
        (StatedFigure(value=43), "months", "43 months"),
        (StatedFigure(value=1, text="one"), "%", "one"),
    ],
)
def test_figures(figure: StatedFigure, unit: str, text: str) -> None:
    assert figure_text(figure, unit) == text


@pytest.mark.parametrize(
    ("band", "text"),
    [
        (Band(3.9, 4.0, 4.15, "%"), "4.00 (3.90 to 4.15) %"),
        (Band(0.784, 0.784, 0.784, "probability"), "78 %"),
        (Band(-0.001, -0.0001, 0.001, "%"), "0.00 %"),
        (Band(None, None, None, "%"), "-"),
    ],
)
def test_bands(band: Band, text: str) -> None:
    assert band_text(band) == text


@pytest.mark.parametrize("width", [80, 100, 120, 140])
def test_the_table_fits_and_loses_nothing(shipped: Assessment, width: int) -> None:
    text = claims_text(shipped, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    words = set(text.split())
    assert {word for assessed in shipped.claims for word in assessed.claim.claim.split()} - words == set()
    table = text.partition("\nVerdict: ")[0].splitlines()
    assert [int(line[:2]) for line in table if line[:2].strip().isdigit()] == list(range(1, 48))


def test_numbers_stay_with_their_units(shipped: Assessment) -> None:
    lines = [line.strip() for line in claims_text(shipped, 120).splitlines()]
    assert [line for line in lines if line.startswith(("%", "$bn", "pp"))] == []


def test_json_has_one_object_per_claim(shipped: Assessment) -> None:
    listed = json.loads(json.dumps(claim_dicts(shipped), allow_nan=False))
    assert [claim["id"] for claim in listed] == list(range(1, 48))
    yields = listed[21]
    assert yields["article"] == {"value": 3.72, "upper": None, "text": "3.72 %"}
    assert yields["official"]["source"].startswith("Federal Reserve H.15")
    (found,) = yields["model"]
    assert found["p10"] <= found["p50"] <= found["p90"]
    assert (found["unit"], found["case"], found["outcome"]) == ("%", "official", "disagrees")
    assert all(bool(claim["model"]) != bool(claim["untested"]) for claim in listed)


def test_csv_has_one_line_per_counterpart(shipped: Assessment) -> None:
    lines = list(csv.DictReader(StringIO(csv_text(shipped))))
    assert len(lines) == sum(max(1, len(assessed.findings)) for assessed in shipped.claims)
    assert {line["id"] for line in lines} == {str(number) for number in range(1, 48)}
    structural = [line for line in lines if line["id"] == "28"][1]
    assert float(structural["p50"]) == pytest.approx(shipped.claims[27].findings[1].band.p50)
    assert structural["model_verdict"] == "disagrees"
    assert [line["model_verdict"] for line in lines if line["id"] == "24"] == ["not tested"]


def test_markdown_has_a_row_per_claim_with_its_source(shipped: Assessment) -> None:
    text = ledger_markdown(shipped)
    rows = [line for line in text.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) == 47
    assert all(row.count(" | ") == 5 for row in rows)
    assert "27. US Treasury TIC, November 2025 (official)." in text
    assert "carryflow run december_2025_article --runs 2 --set 'end=2025-12-31'" in text


def test_a_bar_in_words_does_not_break_the_markdown_table() -> None:
    row = next(
        line
        for line in ledger_markdown(assess(ledger_of(claim_of(1, claim="a | b")), 1)).splitlines()
        if "a \\| b" in line
    )
    assert row.replace("\\|", "").count("|") == 7


def test_the_count_tells_claims_from_comparisons() -> None:
    nobody = {"kind": "flow", "column": "spot_usd_bn", "populations": ["bitcoin_etf_holders"]}
    ledger = ledger_of(
        claim_of(1, model=[counterpart(), counterpart(judge={"rule": "above", "limit": 5})]),
        claim_of(2, model=[counterpart(measure=nobody)]),
        claim_of(3, model=[], untested="a name", verdict="wrong"),
    )
    summary = verdict_summary(assess(ledger, 1))
    assert summary == (
        "3 claims against official data: 2 roughly, 1 wrong. "
        "The model tests 1 of them (2 comparisons): 1 agree, 1 disagree."
    )
