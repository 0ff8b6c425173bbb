"""The asset-classes experiment: effects and exposures of each asset."""

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
    with small("asset_classes", 6, {}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_long_duration_bought_with_yen_is_hit_harder_than_solid_equity(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    assert values["largest_pct long_duration_equity"] < values["largest_pct solid_equity"] < 0.0
    assert values["long_over_solid"] > 3.0
    assert values["largest_pct bitcoin"] < values["largest_pct us_equity"] < 0.0


def with_changes(outcome: ExperimentOutcome, changes: dict[str, float]) -> pd.DataFrame:
    """Return the runs with given mean effects by asset on every day, without noise beyond a tenth of a point."""
    table = outcome.table.copy()
    noise = 0.1 * np.sin(np.arange(len(table), dtype=float))
    surprise = table["kind"] == "surprise"
    table["change_pct"] = noise + np.where(surprise, table["asset"].map(lambda name: changes.get(name, 0.0)), 0.0)
    return table


def test_title_follows_the_effects(outcome: ExperimentOutcome) -> None:
    study = outcome.plan.study
    reversed_ = with_changes(outcome, {"us_equity": -30.0, "long_duration_equity": -1.0, "solid_equity": -5.0})
    title = figure_title(study, reversed_)
    assert title.startswith("US equity, broad is affected most; long-duration equity falls")
    assert title.endswith("points less than solid equity")
    alike = with_changes(outcome, {"us_equity": -30.0, "bitcoin": -30.0})
    assert "affected most, without a clear difference between them" in figure_title(study, alike)
    assert "does not clearly fall more or less than solid equity" in study.findings(alike).text


def test_without_an_effect_no_asset_is_named(outcome: ExperimentOutcome) -> None:
    same = outcome.table.copy()
    twin = same[same["kind"] == "twin"].set_index(["run", "asset", "day"])["change_pct"]
    keys = pd.MultiIndex.from_frame(same[["run", "asset", "day"]])
    same["change_pct"] = twin.reindex(keys).to_numpy()
    title = figure_title(outcome.plan.study, same)
    assert title.startswith("No asset is clearly affected; long-duration equity does not clearly fall")
    assert "no exposure clearly explains" in outcome.plan.study.findings(same).text


def test_exposures_are_those_of_the_scenario(outcome: ExperimentOutcome) -> None:
    known = outcome.table.groupby("asset")[["duration_years", "on_credit_pct", "yen_funded_pct", "usdjpy_link"]].first()
    assert list(known["duration_years"][["ust10", "long_duration_equity", "solid_equity"]]) == [8.1, 6.0, 1.0]
    assert known["duration_years"]["bitcoin"] == pytest.approx(1.3 * 3.0)
    assert list(known["usdjpy_link"][["usdjpy", "japan_equity", "us_equity"]]) == [1.0, 0.4, 0.0]
    assert (known["yen_funded_pct"] <= known["on_credit_pct"] + 1e-12).all()
    assert known["on_credit_pct"]["bitcoin"] > known["yen_funded_pct"]["bitcoin"] > 0.0
