"""Tidy tables: their rows, order, columns, and that they never hold a missing number."""

import numpy as np
import pandas as pd

from simulation.day.recorder import Record
from simulation.results.tables import daily_table, flows_table
from tests.results.conftest import MakeRecord


def test_daily_has_a_row_per_run_and_day_in_order(make_record: MakeRecord) -> None:
    table = daily_table(make_record())
    assert list(table.columns[:3]) == ["run", "date", "usdjpy"]
    assert len(table) == 5 * 5
    assert table["run"].is_monotonic_increasing
    assert table.groupby("run")["date"].is_monotonic_increasing.all()
    assert table.loc[(table["run"] == 3) & (table["date"] == "2025-12-03"), "usdjpy"].item() == 144.0


def test_flows_are_sorted_by_run_date_population(make_record: MakeRecord) -> None:
    table = flows_table(make_record())
    keys = ["run", "date", "population"]
    assert list(table.columns[:3]) == keys
    assert len(table) == 5 * 5 * 5
    pd.testing.assert_frame_equal(table, table.sort_values(keys, kind="stable", ignore_index=True))
    day = table[(table["run"] == 2) & (table["date"] == "2025-12-04") & (table["population"] == "life_insurers")]
    assert day["repatriated_usd_bn"].item() == 2.0
    assert day["stock_usd_bn"].item() == 600.0 - 3 * 3.0


def test_a_column_some_populations_lack_is_zero_there(make_record: MakeRecord) -> None:
    table = flows_table(make_record())
    assert (table.loc[table["population"] == "dealers", "stock_usd_bn"] == 0.0).all()


def test_a_stopped_run_ends_before_its_stop(make_record: MakeRecord) -> None:
    record = make_record(stopped=(1,))
    daily, flows = daily_table(record), flows_table(record)
    assert daily.loc[daily["run"] == 1, "date"].max() == pd.Timestamp("2025-12-02")
    assert len(daily) == 5 * 5 - 3
    assert len(flows) == (5 * 5 - 3) * 5
    assert not daily.isna().any().any()
    assert not flows.isna().any().any()


def test_an_absent_asset_has_no_column(make_record: MakeRecord) -> None:
    record = make_record()
    record.market["bitcoin_usd"][:] = np.nan
    assert "bitcoin_usd" not in daily_table(record)


def test_real_record_has_no_missing_number(small_record: Record) -> None:
    daily, flows = daily_table(small_record), flows_table(small_record)
    assert np.isfinite(daily.select_dtypes("number")).all().all()
    assert np.isfinite(flows.select_dtypes("number")).all().all()


def test_stock_falls_by_what_is_unwound(small_record: Record) -> None:
    flows = flows_table(small_record)
    held = flows[flows["population"].isin(["carry_funds", "real_money_japan"])]
    for _, one in held.groupby(["run", "population"]):
        np.testing.assert_allclose(-one["stock_usd_bn"].diff()[1:], one["unwound_usd_bn"][1:], atol=1e-6)


def test_spot_trades_of_everyone_cancel(small_record: Record) -> None:
    net = flows_table(small_record).groupby(["run", "date"])["spot_usd_bn"].sum()
    np.testing.assert_allclose(net, 0.0, atol=1e-9)
