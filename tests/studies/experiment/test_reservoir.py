"""The reservoir experiment: claimed liquidity, purchases and repatriation."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small, study_of


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("reservoir", 3, {"QUICK_END": "2026-01-30"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_the_claim_grows_by_ninety_five_a_month() -> None:
    assert list(study_of("reservoir").claimed(pd.Series([0.0, 2.0]))) == [550.0, 740.0]


def test_fed_purchases_are_those_of_the_scenario(outcome: ExperimentOutcome) -> None:
    last = outcome.table.groupby("case", sort=False).last()
    months = last["months"].to_numpy()
    # The article's purchases start with the first day, the official ones on 12 December, nine business days later.
    np.testing.assert_allclose(last["fed_bought_usd_bn"].iloc[:2], 95.0 * months[:2])
    np.testing.assert_allclose(last["fed_bought_usd_bn"].iloc[2], 40.0 * (months[2] - 9 * 12 / 252))


def test_yen_purchases_add_up(outcome: ExperimentOutcome) -> None:
    parts = ["levered_yen_bought_usd_bn", "retail_yen_bought_usd_bn", "repatriated_usd_bn", "hedges_usd_bn"]
    np.testing.assert_allclose(outcome.table[parts].sum(axis=1), outcome.table["yen_bought_usd_bn"], atol=1e-9)


def test_the_threshold_rule_brings_home_most(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    home = [value for key, value in values.items() if key.startswith("home | ")]
    assert home[0] > 5.0 * abs(home[1])
