"""The early-warning experiment: findings name the indicators that predict and those that do not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pandas as pd
import pytest

import simulation as cf
from simulation.studies.experiment.design import ExperimentScale
from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small, study_of


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("early_warning", 24, {"QUICK_END": "2026-04-30"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_balance_sheets_lead(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert values["auc december_2025_official cascade_distance_pct 5 days"] > 0.6
    assert values["low december_2025_official index 5 days"] > 0.5
    assert 0.0 < values["base_rate december_2025_official 5 days"] < values["base_rate december_2025_official 20 days"]


def test_the_distance_shrinks_towards_a_cascade(outcome: ExperimentOutcome) -> None:
    drawn = outcome.drawing.numbers
    path, calm = drawn["cascade_distance_pct p50"], drawn["cascade_distance_pct calm p50"]
    assert path[-1] < 0.75 * calm[0]
    assert drawn["crowding_share p50"][-1] > 2.0 * drawn["crowding_share calm p50"][0]


def test_the_long_history_is_told_beside_the_scenario(outcome: ExperimentOutcome) -> None:
    study = study_of("early_warning")
    both = pd.concat([outcome.table, outcome.table.assign(world=study.HISTORY)], ignore_index=True)
    found = study.findings(both)
    assert "long history" in found.text
    assert "auc long_history index 5 days" in found.values
    assert [variant.labels["world"] for variant in study.design(ExperimentScale(10, quick=False))] == [
        "december_2025_official",
        "long_history",
    ]


def test_the_grouping_follows_the_intervals(outcome: ExperimentOutcome) -> None:
    study = study_of("early_warning")
    world = study.worlds(outcome.table)["december_2025_official"]
    lows = dict(zip(world.soon, (0.6, 0.51, 0.3, 0.6, 0.5, 0.2, 0.9, 0.9), strict=True))
    soon = {name: replace(lead, low=lows[name]) for name, lead in world.soon.items()}
    assert study.grouping(replace(world, soon=soon)) == (
        "Clear predictors (interval above 0.55): loop gain, crowding. Weak predictors: distance to a gain of one. "
        "Not better than random: distance to a cascade, stock times depth, carry to volatility."
    )


def test_too_few_runs_are_told() -> None:
    with (
        small("early_warning", 1, {"QUICK_END": "2026-01-30"}) as outcome,
        pytest.raises(cf.ConfigError, match="use more runs"),
    ):
        _ = outcome.findings
