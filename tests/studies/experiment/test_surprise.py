"""The surprise experiment: monotonic in the priced probability; where the yen weakens."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, figure_title, small, study_of

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
    errors = np.full(5, 0.1)
    assert study.flip((np.array([-3.0, -2.0, -1.0, 1.0, 2.0]), errors)) == pytest.approx((0.5 + 0.85) / 2)
    assert study.flip((np.array([1.0, 2.0, 3.0, 4.0, 5.0]), errors)) is None
    # The weaker yen at the end lies within two standard errors of zero.
    assert study.flip((np.array([-3.0, -2.0, -1.0, 0.1, 0.2]), errors)) is None


def with_moves(outcome: ExperimentOutcome, scale: float) -> pd.DataFrame:
    """Return the runs with the effects multiplied, and a little noise."""
    table = outcome.table.copy()
    twin = table[table["kind"] == "twin"].set_index("run")
    for column in ("usdjpy_day0_pct", "levered_unwind_pct"):
        base = table["run"].map(twin[column])
        noise = np.where(table["kind"] == "hike", 0.01 * np.cos(np.pi * table["run"].to_numpy(dtype=float)), 0.0)
        table[column] = base + scale * (table[column] - base) + noise
    return table


def test_title_and_text_follow_the_numbers(outcome: ExperimentOutcome) -> None:
    study = study_of("surprise")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "REGIMES", THREE)
        none, reversed_ = with_moves(outcome, 0.0), with_moves(outcome, -1.0)
        assert figure_title(study, none).count("does not clearly move USDJPY") == 2
        text = study.findings(none).text
        assert "under 0 of 3 kinds" in text
        assert "does not clearly change the direction" in text
        assert "does not clearly change levered positions" in text
        assert figure_title(study, reversed_).startswith("An unpriced hike moves USDJPY by +")
        assert "under 0 of 3 kinds" in study.findings(reversed_).text
        assert "levered holders add" in study.findings(reversed_).text
