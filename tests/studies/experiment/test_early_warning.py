"""The early-warning experiment: findings name the indicators that predict and those that do not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

import simulation as cf
from simulation.studies.experiment.design import ExperimentScale
from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, figure_title, small, study_of


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("early_warning", 24, {"QUICK_END": "2026-04-30"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_balance_sheets_lead(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert values["auc december_2025_official cascade_distance_pct 5 days"] > 0.6
    auc, error = (values[f"{name} december_2025_official index 5 days"] for name in ("auc", "error"))
    assert auc - 2.0 * error > 0.5
    assert 0.0 < values["base_rate december_2025_official 5 days"] < values["base_rate december_2025_official 20 days"]


def test_the_distance_shrinks_towards_a_cascade(outcome: ExperimentOutcome) -> None:
    means = outcome.points.set_index(["quantity", "days_to_cascade"])["mean"]
    assert means["cascade_distance_pct", 1.0] < 0.75 * means["cascade_distance_pct", 21.0]
    assert means["crowding_share", 1.0] > 2.0 * means["crowding_share", 21.0]


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


def test_the_grouping_follows_the_errors(outcome: ExperimentOutcome) -> None:
    study = study_of("early_warning")
    world = study.worlds(outcome.table)["december_2025_official"]
    areas = dict(zip(world.soon, (0.6, 0.53, 0.3, 0.6, 0.51, 0.2, 0.9, 0.9), strict=True))
    soon = {name: replace(lead, auc=areas[name], error=0.01) for name, lead in world.soon.items()}
    assert study.grouping(replace(world, soon=soon)) == (
        "Good predictors (area clearly above 0.55): loop gain, crowding. Weak predictors: distance to a gain of one. "
        "Not clearly better than random: distance to a cascade, stock times depth, carry to volatility."
    )


def with_indicators(outcome: ExperimentOutcome, informative: tuple[str, ...]) -> pd.DataFrame:
    """Return the closes with noise for indicators, except those named: they rise in step as a cascade approaches."""
    table, noise = outcome.table.copy(), np.random.default_rng(5)
    nearness = np.asarray(-table["days_to_cascade"], dtype=float)
    for name in study_of("early_warning").WORDS:
        if name in table:
            table[name] = noise.standard_normal(len(table))
    for name in informative:
        table[name] = nearness + 0.01 * noise.standard_normal(len(table))
    return table


def test_title_names_the_best_line_of_the_picture(outcome: ExperimentOutcome) -> None:
    study = study_of("early_warning")
    by_benchmark = with_indicators(outcome, ("usdjpy_volatility_pct",))
    assert figure_title(study, by_benchmark).startswith("USDJPY volatility predicts best 5 days ahead: AUC 1.00")
    assert "USDJPY volatility predicts best" in study.findings(by_benchmark).text
    alike = with_indicators(outcome, ("usdjpy_volatility_pct", "crowding_share", "loop_gain"))
    title = figure_title(study, alike)
    assert " predict best 5 days ahead, without a clear difference" in title
    assert all(words in title.lower() for words in ("loop gain", "crowding", "usdjpy volatility"))


def test_noise_predicts_nothing(outcome: ExperimentOutcome) -> None:
    study = study_of("early_warning")
    noise = with_indicators(outcome, ())
    assert figure_title(study, noise) == "No indicator predicts cascades clearly better than chance 5 days ahead"
    assert "Good predictors" not in study.findings(noise).text


def test_too_few_runs_are_told() -> None:
    with (
        small("early_warning", 1, {"QUICK_END": "2026-01-30"}) as outcome,
        pytest.raises(cf.ConfigError, match="use more runs"),
    ):
        _ = outcome.findings
