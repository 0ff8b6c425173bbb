"""The asset-classes experiment: effects and exposures of each asset."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small


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


def test_exposures_are_those_of_the_scenario(outcome: ExperimentOutcome) -> None:
    known = outcome.table.groupby("asset")[["duration_years", "on_credit_pct", "yen_funded_pct", "usdjpy_link"]].first()
    assert list(known["duration_years"][["ust10", "long_duration_equity", "solid_equity"]]) == [8.1, 6.0, 1.0]
    assert known["duration_years"]["bitcoin"] == pytest.approx(1.3 * 3.0)
    assert list(known["usdjpy_link"][["usdjpy", "japan_equity", "us_equity"]]) == [1.0, 0.4, 0.0]
    assert (known["yen_funded_pct"] <= known["on_credit_pct"] + 1e-12).all()
    assert known["on_credit_pct"]["bitcoin"] > known["yen_funded_pct"]["bitcoin"] > 0.0
