"""Every flow metric is the sum that its name says over the table of flows, and counts the right populations."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from simulation.compute.ensemble import run_ensemble
from simulation.day.recorder import Record
from simulation.results.metrics import BY_CAUSE, FLOWS, METRICS, announcement_days, metric_values
from simulation.results.run_results import Result
from simulation.values.orders import CAUSES
from tests.support.scenarios import shipped, shocks

RUNS, JAPANESE_HOLDERS = 3, 0.38
LEVERED = ["carry_funds", "yen_borrowers"]
RETAIL = ["retail_fx"]
RESIDENT = ["life_insurers", "pension_funds", "banks", "investment_trusts"]
CARRY = LEVERED + RETAIL + RESIDENT
IN_JAPAN = [*RESIDENT, *RETAIL, "bitcoin_etf_holders"]
ABROAD = [*LEVERED, "crypto_traders", "foreigners_in_japan"]
COUNTERPARTIES = ["dealers", "real_money", "money_market", "ministry_of_finance"]
"""Sectors that take the other side of what customers trade."""


@pytest.fixture(scope="module")
def record() -> Record:
    few = {f"populations.{name}.investors": 8 for name in (*CARRY, "bitcoin_etf_holders", "crypto_traders", "foreigners_in_japan")}
    storm = shocks({"2025-12-02": 0.05, "2025-12-04": 0.05})
    share = {"populations.bitcoin_etf_holders.japan_share": JAPANESE_HOLDERS, "end": "2025-12-31"}
    return run_ensemble(shipped("december_2025_official", few, storm, share), RUNS)


@pytest.fixture(scope="module")
def flows(record: Record) -> pd.DataFrame:
    return Result(record).flows


def summed(flows: pd.DataFrame, column: str, populations: list[str]) -> np.ndarray:
    """Sum of a column over days and populations, one value per run."""
    chosen = flows[flows["population"].isin(populations)]
    return chosen.groupby("run")[column].sum().to_numpy()


def start_stock(flows: pd.DataFrame, populations: list[str]) -> np.ndarray:
    return summed(flows[flows["date"] == flows["date"].min()], "stock_usd_bn", populations)


def on_announcement_days(flows: pd.DataFrame, record: Record) -> np.ndarray:
    days = pd.to_datetime(record.dates[announcement_days(record)])
    return summed(flows[flows["date"].isin(days)], "unwound_usd_bn", LEVERED)


Sum = Callable[[pd.DataFrame, Record], np.ndarray]
EXPECTED: dict[str, Sum] = {
    "levered_unwind_usd_bn": lambda flows, _: summed(flows, "unwound_usd_bn", LEVERED),
    "levered_unwind_share": lambda flows, _: summed(flows, "unwound_usd_bn", LEVERED) / start_stock(flows, LEVERED),
    "levered_unwind_on_announcement_days_usd_bn": on_announcement_days,
    "repatriation_usd_bn": lambda flows, _: summed(flows, "repatriated_usd_bn", IN_JAPAN),
    "unwound_usd_bn": lambda flows, _: summed(flows, "unwound_usd_bn", CARRY),
    "unwound_share": lambda flows, _: summed(flows, "unwound_usd_bn", CARRY) / start_stock(flows, CARRY),
    "retail_unwind_usd_bn": lambda flows, _: summed(flows, "unwound_usd_bn", RETAIL),
    "yen_bought_usd_bn": lambda flows, _: -summed(flows, "spot_usd_bn", [*IN_JAPAN, *ABROAD, "abroad"]),
    **{
        f"unwound_{cause}_usd_bn": lambda flows, _, cause=cause: summed(flows, f"{cause}_usd_bn", CARRY)  # type: ignore[misc]
        for cause in CAUSES
    },
}


def test_every_flow_metric_has_its_sum() -> None:
    assert {metric.name for metric in METRICS if metric.group in (FLOWS, BY_CAUSE)} == set(EXPECTED)


def test_every_population_of_the_table_is_counted_somewhere(flows: pd.DataFrame) -> None:
    assert set(flows["population"]) <= {*IN_JAPAN, *ABROAD, *COUNTERPARTIES, "abroad"}


@pytest.mark.parametrize("name", EXPECTED)
def test_flow_metric_is_the_sum_over_the_table_of_flows(name: str, flows: pd.DataFrame, record: Record) -> None:
    found = metric_values(record)[name]
    assert found is not None
    np.testing.assert_allclose(found, EXPECTED[name](flows, record), rtol=1e-12, atol=1e-9)


def test_japanese_holders_of_bitcoin_funds_repatriate(flows: pd.DataFrame) -> None:
    assert np.abs(summed(flows, "repatriated_usd_bn", ["bitcoin_etf_holders"])).min() > 1e-3


def test_nobody_abroad_repatriates(flows: pd.DataFrame) -> None:
    assert not flows.loc[~flows["population"].isin(IN_JAPAN), "repatriated_usd_bn"].any()


def test_the_causes_add_up_to_what_is_unwound(flows: pd.DataFrame) -> None:
    by_cause = flows[[f"{cause}_usd_bn" for cause in CAUSES]].sum(axis=1)
    np.testing.assert_allclose(by_cause, flows["unwound_usd_bn"], rtol=1e-9, atol=1e-9)
    assert by_cause.abs().max() > 1.0
