"""The guidance experiment: effects on the day and over the year."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, figure_title, small, study_of


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("guidance", 6, {"LATER": ("2026-01-23",), "END": "2026-01-30"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_the_less_is_promised_the_weaker_the_yen_on_the_day(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert "usdjpy_day0_effect six_monthly" not in values
    assert 1.0 < values["usdjpy_day0_effect vague"] < values["usdjpy_day0_effect wage_dependent"]


def with_vague(outcome: ExperimentOutcome, day0: float, fall: float) -> pd.DataFrame:
    """Return the runs in which vague guidance has given effects, with a little noise."""
    table = outcome.table.copy()
    vague, expected = table["guidance"] == "vague", table[table["guidance"] == "six_monthly"]
    for column, effect in (("usdjpy_day0_pct", day0), ("worst_fall_pct", fall), ("year_pct", 0.0)):
        table.loc[vague, column] = expected[column].to_numpy() + effect + 0.1 * np.cos(np.arange(len(expected)) * np.pi)
    return table


@pytest.mark.parametrize(
    ("effects", "in_title", "in_text"),
    [
        ((1.5, -2.0), ("USDJPY +1.5 ± 0.04 %", "points deeper"), "weakens the yen on the day, and makes the largest fall"),
        ((-1.5, 2.0), ("USDJPY −1.5 ± 0.04 %", "points shallower"), "strengthens the yen on the day, and makes"),
        ((1.5, 0.0), ("USDJPY +1.5", "no clear effect on the largest"), "weakens the yen on the day, with no clear effect"),
        ((0.0, 0.0), ("no clear move of USDJPY", "no clear effect"), "does not clearly move the yen on the day, with no clear"),
    ],
)  # fmt: skip
def test_title_and_conclusion_follow_the_numbers(
    outcome: ExperimentOutcome, effects: tuple[float, float], in_title: tuple[str, str], in_text: str
) -> None:
    table = with_vague(outcome, *effects)
    title = figure_title(study_of("guidance"), table)
    assert all(words.replace("1.5 ±", "1.50 ±") in title for words in in_title)
    assert in_text in study_of("guidance").findings(table).text
