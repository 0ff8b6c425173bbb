"""The reservoir experiment: claimed liquidity, purchases and repatriation."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, figure_title, small, study_of


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("reservoir", 3, {"QUICK_END": "2026-01-30"}) as outcome:
        yield outcome


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_the_claim_grows_by_ninety_five_a_month() -> None:
    assert list(study_of("reservoir").claimed(pd.Series([0.0, 2.0]))) == [550.0, 740.0]


def test_fed_purchases_are_those_of_the_scenario(outcome: ExperimentOutcome) -> None:
    with_policy = outcome.table[outcome.table["policy"] == "policy"]
    assert (outcome.table[outcome.table["policy"] == "no policy"]["fed_bought_usd_bn"] == 0.0).all()
    last = with_policy.groupby("case", sort=False).last()
    months = last["months"].to_numpy()
    # The article's purchases start with the first day, the official ones on 12 December, nine business days later.
    np.testing.assert_allclose(last["fed_bought_usd_bn"].iloc[:2], 95.0 * months[:2])
    np.testing.assert_allclose(last["fed_bought_usd_bn"].iloc[2], 40.0 * (months[2] - 9 * 12 / 252))


def test_yen_purchases_add_up(outcome: ExperimentOutcome) -> None:
    parts = ["levered_usd_bn", "retail_usd_bn", "home_usd_bn", "hedges_usd_bn"]
    np.testing.assert_allclose(outcome.table[parts].sum(axis=1), outcome.table["yen_bought_usd_bn"], atol=1e-9)


def test_the_threshold_rule_brings_home_most(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    home = [value for key, value in values.items() if key.startswith("home_usd_bn | ")]
    assert home[0] > 5.0 * abs(home[1])


def scaled(outcome: ExperimentOutcome, size: float) -> pd.DataFrame:
    """Return the runs with every effect of policy on yen purchases multiplied."""
    table = outcome.table.copy()
    without = table[table["policy"] == "no policy"].set_index(["case", "date", "run"])
    keys = pd.MultiIndex.from_frame(table[["case", "date", "run"]])
    for column in ("yen_bought_usd_bn", "home_usd_bn", "levered_usd_bn"):
        base = without[column].reindex(keys).to_numpy()
        table[column] = base + size * (table[column].to_numpy() - base)
    return table


def test_title_and_text_follow_the_effects(outcome: ExperimentOutcome) -> None:
    study = study_of("reservoir")
    assert "yen purchases stay below the claimed amount" in study.findings(outcome.table).text
    large, none, reversed_ = (scaled(outcome, size) for size in (50.0, 0.0, -1.0))
    assert "yen purchases exceed the claimed amount" in study.findings(large).text
    assert "no clear amount (0.0 ± 0.0 %) by the article's rule" in figure_title(study, none)
    assert "residents do not clearly repatriate" in study.findings(none).text
    assert "half of it" not in study.findings(none).text
    assert ": −" in figure_title(study, reversed_)
    assert "residents invest abroad" in study.findings(reversed_).text
