"""The sequence experiment: paired differences from the Fed moving first."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, figure_title, small


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("sequence", 6, {"LATER_DAYS": 5, "END": "2025-12-29"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_a_second_move_that_became_less_likely_hits_harder(outcome: ExperimentOutcome) -> None:
    unwound = outcome.plan.study.averages(outcome.table, "levered_unwind_pct")  # type: ignore[attr-defined]
    less, more = (unwound["even odds", "Fed first", response].value for response in ("less likely", "more likely"))
    assert less > more


def test_both_on_one_day_make_the_worst_day(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert values["worst_day_pct even odds / same day / fixed"] < -0.5


def with_effects(outcome: ExperimentOutcome, sizes: dict[str, float]) -> pd.DataFrame:
    """Return the runs with given differences in levered unwinding from Fed first by order of moves; odds change nothing."""
    table = outcome.table.copy()
    noise = 0.3 * np.cos(np.pi * table["run"].to_numpy(dtype=float))
    size = table["order"].map(lambda order: sizes.get(order, 0.0)).to_numpy(dtype=float)
    table["levered_unwind_pct"] = 20.0 + size + np.where(size == 0.0, 0.0, noise)
    return table


def test_title_and_text_follow_the_numbers(outcome: ExperimentOutcome) -> None:
    study = outcome.plan.study
    more = with_effects(outcome, {"BOJ first": 3.0, "same day": -4.0})
    assert "BOJ first 3.0 ± 0.1 points more; one day 4.0 ± 0.1 points less; 2nd less likely no clear difference" in (
        figure_title(study, more)
    )
    none = with_effects(outcome, {"BOJ first": 1e-12})
    assert figure_title(study, none).count("no clear difference") == 3
    assert "not clearly more or less" in study.findings(none).text.partition("when the Bank of Japan moves first")[0]


def test_differences_are_to_the_fed_first(outcome: ExperimentOutcome) -> None:
    effects = outcome.plan.study.effects(outcome.table)  # type: ignore[attr-defined]
    assert not ((effects["order"] == "Fed first") & (effects["response"] == "fixed")).any()
    assert len(effects) == 2 * 6 * 6
