"""The spread experiment: the article's anchor, both rules and the speeds."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

import simulation as cf
from simulation.studies.experiment.design import ARTICLE, NO_POLICY_SETTINGS, end_setting, with_investors
from simulation.studies.experiment.runner import ExperimentOutcome
from tests.studies.experiment.conftest import check_output, figure_title, small, study_of


@pytest.fixture(scope="module")
def outcome() -> Iterator[ExperimentOutcome]:
    with small("spread", 6, CHANGES) as outcome:
        yield outcome


CHANGES = {
    "SPEEDS": {"10 days": 10, "1 day": 1, "surprise": 1},
    "CURVE_DAYS": 10,
    "AFTER_DAYS": 10,
    "THRESHOLD_RUNS": 2,
    "THRESHOLD_INVESTORS": 500,
    "QUICK_THRESHOLD_SPREADS": (2.2, 1.81, 1.5, 1.0, 0.5),
}


def left(outcome: ExperimentOutcome) -> pd.DataFrame:
    study = outcome.plan.study
    found: pd.DataFrame = study.effects(outcome.table)  # type: ignore[attr-defined]
    found = found[found["rule"] == "threshold"]
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


def with_structural(outcome: ExperimentOutcome, scale: float, surprise: float | None = None) -> pd.DataFrame:
    """Return the runs in which effects under the structural rule are multiplied, with a little noise by run."""
    table = outcome.table.copy()
    twin = table[table["delivery"] == "no policy"].set_index(["run", "day", "role"])
    moved = (table["rule"] == "structural") & (table["delivery"] != "no policy")
    keys = pd.MultiIndex.from_frame(table.loc[moved, ["run", "day", "role"]])
    scales = np.where(table.loc[moved, "delivery"] == "surprise", scale if surprise is None else surprise, scale)
    noise = 0.1 * np.cos(np.pi * table.loc[moved, "run"].to_numpy(dtype=float))
    for column in ("unwound_usd_bn", "repatriated_usd_bn"):
        base = twin[column].reindex(keys).to_numpy()
        table.loc[moved, column] = base + scales * (table.loc[moved, column].to_numpy() - base) + noise
    return table


def test_title_and_text_follow_the_effects(outcome: ExperimentOutcome) -> None:
    study = study_of("spread")
    none, reversed_, large = (with_structural(outcome, scale) for scale in (0.0, -1.0, 100.0))
    assert "does not clearly unwind any share" in study.findings(none).text
    assert "not clearly more or less" in study.findings(none).text
    assert "the structural rule only −" in figure_title(study, reversed_)
    assert " adds " in study.findings(reversed_).text
    assert "points less than the same narrowing" in study.findings(reversed_).text
    assert "only" not in figure_title(study, large)


def test_without_policy_nobody_leaves_under_the_threshold_rule() -> None:
    settings = (
        *NO_POLICY_SETTINGS,
        *with_investors(ARTICLE, 20, carry_alone=True),
        "unwind.rule=threshold",
        "policy=none",
    )
    path = "spread_path={target_pp: 1.5, over_days: 2}"
    record = cf.run(ARTICLE, runs=2, settings=(*settings, path, end_setting(ARTICLE, 5)), against="none").record
    assert all((flows["unwound_usd_bn"] == 0.0).all() for flows in record.flows.values() if "unwound_usd_bn" in flows)


def test_levered_and_residents_have_rows_of_their_own(outcome: ExperimentOutcome) -> None:
    table = outcome.table
    assert set(table["role"]) == {"levered", "retail", "resident"}
    levered = table[table["role"] == "levered"]
    assert (levered["repatriated_usd_bn"] == 0.0).all()
    np.testing.assert_allclose(levered["start_stock_usd_bn"], 250.0)
