"""The spread experiment: the article's anchor, both rules and the speeds."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, small


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    changes = {
        "SPEEDS": {"10 days": 10, "1 day": 1, "surprise": 1},
        "CURVE_DAYS": 10,
        "AFTER_DAYS": 10,
        "THRESHOLD_RUNS": 2,
        "THRESHOLD_INVESTORS": 500,
        "QUICK_THRESHOLD_SPREADS": (2.2, 1.81, 1.5, 1.0, 0.5),
    }
    with small("spread", 6, changes) as outcome:
        yield outcome


def left(outcome: ExperimentOutcome) -> pd.DataFrame:
    study = outcome.plan.study
    found: pd.DataFrame = study.shares(study.by_threshold(outcome.table))  # type: ignore[attr-defined]
    return found.groupby(["threshold_sd_pp", "spread_pp"])["share_pct"].mean().unstack()


def test_output(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    check_output(outcome, tmp_path / "out")


def test_a_quarter_leaves_at_the_anchor_whatever_the_deviation(outcome: ExperimentOutcome) -> None:
    np.testing.assert_allclose(left(outcome)[1.5], 24.0, atol=1.0)
    values = outcome.findings.values
    assert values["stock_usd_bn"] == pytest.approx(5000.0)
    assert values["threshold_usd_bn"] == pytest.approx(1200.0, abs=50.0)


def test_half_of_what_residents_sell_comes_home(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    home, kept = values["threshold_brought home_usd_bn"], values["threshold_kept abroad, hedged_usd_bn"]
    assert home / (home + kept) == pytest.approx(0.5, abs=0.01)
    parts = [value for key, value in values.items() if key.startswith("threshold_") and key.endswith("_usd_bn")]
    assert sum(parts) - values["threshold_usd_bn"] == pytest.approx(values["threshold_usd_bn"])


def test_more_leaves_at_lower_spreads_and_nobody_at_wider_ones(outcome: ExperimentOutcome) -> None:
    gone = left(outcome)
    assert (gone.diff(axis=1).iloc[:, 1:] <= 1e-9).all(axis=None)
    assert (gone[[1.81, 2.2]] == 0.0).all(axis=None)
    # Thresholds that lie closer together leave more at once below the anchor.
    assert bool(gone[1.0][[0.3, 0.45, 0.6]].is_monotonic_decreasing)
    assert gone[1.0][0.3] > gone[1.0][0.6] + 10.0


def test_a_surprise_moves_levered_holders_most(outcome: ExperimentOutcome) -> None:
    values = cast(dict[str, float], outcome.findings.values)
    speeds = [values[f"levered_share_pct {name}"] for name in ("10 days", "1 day", "surprise")]
    assert speeds[2] > 2.0 * max(speeds[:2])
    assert "and surprise" not in outcome.findings.text.partition("No more than noise lies between")[2]


def test_levered_and_residents_have_rows_of_their_own(outcome: ExperimentOutcome) -> None:
    table = outcome.table
    assert set(table["role"]) == {"levered", "retail", "resident"}
    levered = table[table["role"] == "levered"]
    assert (levered["repatriated_usd_bn"] == 0.0).all()
    np.testing.assert_allclose(levered["start_stock_usd_bn"], 250.0)
