"""The sequence experiment: paired differences from the Fed moving first."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small


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


def test_differences_are_to_the_fed_first(outcome: ExperimentOutcome) -> None:
    effects = outcome.plan.study.effects(outcome.table)  # type: ignore[attr-defined]
    assert not ((effects["order"] == "Fed first") & (effects["response"] == "fixed")).any()
    assert len(effects) == 2 * 6 * 6
