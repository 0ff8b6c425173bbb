"""The surprise experiment: monotonic in the priced probability; where the yen weakens."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small, study_of

THREE = ("six_monthly", "vague", "dovish")


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("surprise", 4, {"REGIMES": THREE, "LATER_DAYS": 6, "END": "2025-12-31"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_the_move_rises_with_what_was_priced_under_each_guidance(outcome: ExperimentOutcome) -> None:
    moves = outcome.plan.study.surprise_map(outcome.table).moves  # type: ignore[attr-defined]
    assert (np.diff(moves, axis=1) > 0.0).all()
    assert outcome.findings.values["monotone_regimes"] == len(THREE)


def test_vague_words_turn_a_priced_hike_into_a_weaker_yen(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert values["usdjpy_day0_pct vague 0"] < -1.0
    assert values["usdjpy_day0_pct vague 0.98"] > 1.0
    assert 0.15 < values["weaker_yen_above vague"] < 0.85
    assert abs(values["usdjpy_day0_pct six_monthly 0.98"]) < 0.3


def test_the_unpriced_hike_is_what_unwinds(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert values["levered_unwind_pct six_monthly 0"] > 30.0 + values["levered_unwind_pct six_monthly 0.98"]


def test_cells_with_few_runs_are_hatched(outcome: ExperimentOutcome) -> None:
    hatched = [patch for axes in outcome.drawing.figure.axes for patch in axes.patches if patch.get_hatch()]
    assert len(hatched) == 2 * len(THREE) * 5


def test_where_the_yen_turns() -> None:
    study = study_of("surprise")
    assert study.flip(np.array([-3.0, -2.0, -1.0, 1.0, 2.0])) == pytest.approx((0.5 + 0.85) / 2)
    assert study.flip(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) is None
