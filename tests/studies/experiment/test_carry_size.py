"""The carry-size experiment: stock times impact."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    shorter = {"LATER_DAYS": 8, "END": "2025-12-15"}
    changes = {"QUICK_STOCKS": (150, 300, 500), "QUICK_IMPACTS": (0.02, 0.035, 0.08), **shorter}
    with small("carry_size", 4, changes) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_more_stock_and_more_impact_move_the_yen_further(outcome: ExperimentOutcome) -> None:
    found = outcome.plan.study.median_map(outcome.table)  # type: ignore[attr-defined]
    assert (np.diff(found.trough, axis=0) < 0.0).all()
    assert (np.diff(found.trough, axis=1) < 0.0).all()


def test_the_product_explains_more_than_its_factors(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    factors = values["trough_explained_by_stock"], values["trough_explained_by_impact"]
    assert values["trough_explained_by_product"] > max(factors)
    assert "the product explains more than either factor" in outcome.findings.text


def test_cells_outside_the_supported_range_are_named(outcome: ExperimentOutcome) -> None:
    # 3, 5.25 | 12, 6, 10.5, 24, 10, 17.5, 40: four of nine lie outside 5-14 %.
    assert outcome.findings.values["cells_outside"] == 4.0
    assert "Warning: 4 of 9 cells" in outcome.findings.text
