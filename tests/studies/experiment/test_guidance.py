"""The guidance experiment: effects on the day and over the year."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small, study_of


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("guidance", 6, {"LATER": ("2026-01-23",), "END": "2026-01-30"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_the_less_is_promised_the_weaker_the_yen_on_the_day(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert values["usdjpy_day0_pct six_monthly"] == 0.0
    assert 1.0 < values["usdjpy_day0_pct vague"] < values["usdjpy_day0_pct wage_dependent"]


def test_the_conclusion_follows_the_numbers() -> None:
    study = study_of("guidance")
    clear, noise = study.EstimateWithError(-2.0, 0.5), study.EstimateWithError(-0.5, 0.5)
    texts = [
        study.conclusion(study.Tail(2.0, (0.0,) * 3, (0.0,) * 2, year, fall))
        for year, fall in ((clear, clear), (noise, noise))
    ]
    assert "increases both the largest fall and the tail risk" in texts[0]
    assert "not significant" in texts[1]
