"""The daily series of a sweep: cumulative series end at the metrics."""

from pathlib import Path

import pytest

from simulation.scenario.config.errors import ConfigError
from simulation.sweeps.plan import load_plan
from simulation.sweeps.run_rows import USUAL_SERIES
from simulation.sweeps.store import read_manifest, read_runs, read_series
from simulation.values.orders import CAUSES
from tests.sweeps.conftest import grid, run_into, sweep_of

TO_DATE = {
    "unwound_share_to_date": "unwound_share",
    "levered_unwind_share_to_date": "levered_unwind_share",
    **{f"unwound_{cause}_to_date_usd_bn": f"unwound_{cause}_usd_bn" for cause in CAUSES},
    "yen_bought_carry_funds_to_date_usd_bn": "yen_bought_usd_bn",  # the one customer of this scenario
}


def test_cumulative_series_end_at_the_metrics(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid("record=all", "metrics=[]", f"series=[{', '.join(TO_DATE)}]"))
    days, runs = read_series(tmp_path / "a"), read_runs(tmp_path / "a")
    assert [name for name in days.columns if name not in ("run_id", "point", "replication", "date")] == list(TO_DATE)
    last = days.groupby("run_id", sort=False).last()
    for series, metric in TO_DATE.items():
        assert last[series].to_numpy() == pytest.approx(runs[metric].to_numpy(), abs=1e-9)
    assert (runs.unwound_share != 0).any()


def test_default_series_need_no_name_and_change_no_store(tmp_path: Path) -> None:
    usual, named = grid("record=all"), grid("record=all", f"series=[{', '.join(USUAL_SERIES)}]")
    run_into(tmp_path / "a", usual)
    run_into(tmp_path / "b", named)
    assert read_series(tmp_path / "a").equals(read_series(tmp_path / "b"))
    assert read_manifest(tmp_path / "a")["series"] == list(USUAL_SERIES)
    assert usual.mixing != grid("record=all", "series=[usdjpy]").mixing


@pytest.mark.parametrize(
    ("series", "told"),
    [
        ("usdjpi", "usdjpy"),
        ("yen_bought_carry_fund_to_date_usd_bn", "carry_funds"),
        ("usdjpy]\nrecord: none\nmetrics: [unwound_share", "record: none"),
    ],
)
def test_unknown_series_are_reported_with_the_closest_name(tmp_path: Path, series: str, told: str) -> None:
    text = f'axes: {{"boj.meetings[0].guidance": [vague]}}\nseries: [{series}]\n'
    text += "" if "record" in series else "record: all\n"
    with pytest.raises(ConfigError, match=told):
        load_plan(sweep_of(tmp_path, text))
