"""Independent implementation: a model with one Mesa agent per investor gives the same results as the engine."""

from typing import Any

import numpy as np
import pytest

from benchmarks.mesa_twin.comparison import TOLERANCE, column_differences, metric_differences
from benchmarks.mesa_twin.investor import Investor
from benchmarks.mesa_twin.model import MesaTwin, StoppedRunError, run_twin
from benchmarks.mesa_twin.plain_numbers import RULE_MODULES, plain_rules
from benchmarks.mesa_twin.residents import InvestmentTrust
from benchmarks.mesa_twin.sector import KINDS
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.investors import ROSTER
from simulation.scenario.scenario import Scenario
from simulation.values.orders import CAUSES
from tests.support.scenarios import ONE_WEEK, Changes, official, shipped, shocks

DEFAULT_POPULATIONS = (
    "carry_funds", "yen_borrowers", "life_insurers", "pension_funds", "banks", "investment_trusts", "retail_fx",
    "crypto_traders", "bitcoin_etf_holders", "foreigners_in_japan",
)  # fmt: skip
FEW: Changes = {f"populations.{name}.investors": 6 for name in DEFAULT_POPULATIONS}
EVERY_KIND: Changes = {
    "populations.real_money_japan": {"stock_usd_bn": 300, "investors": 6},
    "populations.pension_funds.stock_usd_bn": 700,
}
"""The default populations plus other real money, so that all kinds are covered."""
STORM: Changes = {
    **shocks({"2025-12-02": 0.07, "2025-12-05": 0.06, "2026-01-15": 0.05}),
    "populations.banks.loss_limit_pct": {"median": 1, "log_sd": 0.3},
    "populations.bitcoin_etf_holders.japan_share": 0.3,
    "end": "2026-04-10",
}
"""Falls that trigger stops, margin calls, covenants, liquidations and sales by banks, and the end of the fiscal year."""


def december(*changes: Changes) -> Scenario:
    return shipped("december_2025_official", FEW, *changes)


def assert_same(engine: Record, twin: Record) -> None:
    for differences in (metric_differences(engine, twin), column_differences(engine, twin)):
        worst = {name: value for name, value in differences.items() if not value <= TOLERANCE}
        assert worst == {}


def moved(record: Record, name: str) -> set[str]:
    return {sector for sector, table in record.flows.items() if np.abs(table.get(name, np.zeros(1))).sum() > 1e-6}


@pytest.fixture(scope="module")
def storm() -> tuple[Record, Record]:
    scenario = december(EVERY_KIND, STORM)
    return simulate(scenario, [0]), run_twin(scenario)


def test_every_kind_of_population_has_its_agent() -> None:
    assert set(KINDS) == set(ROSTER)


@pytest.mark.parametrize("run", [0, 3])
def test_december_with_the_default_populations(run: int) -> None:
    scenario = december()
    assert set(scenario.populations) == set(DEFAULT_POPULATIONS)
    assert_same(simulate(scenario, [run]), run_twin(scenario, run))


def test_december_with_few_populations_and_round_parameters() -> None:
    scenario = official({f"populations.{name}.investors": 9 for name in ("carry_funds", "life_insurers")}, ONE_WEEK)
    assert_same(simulate(scenario, [1]), run_twin(scenario, 1))


@pytest.mark.slow
def test_december_with_every_default_investor() -> None:
    scenario = shipped("december_2025_official")
    assert_same(simulate(scenario, [0]), run_twin(scenario))


def test_large_shocks_give_the_same_results(storm: tuple[Record, Record]) -> None:
    assert_same(*storm)


def test_large_shocks_activate_every_rule(storm: tuple[Record, Record]) -> None:
    _, twin = storm
    for cause in CAUSES:
        assert moved(twin, f"{cause}_usd_bn"), cause
    assert {"carry_funds", "yen_borrowers"} <= moved(twin, "margin_usd_bn")
    assert {"retail_fx", "crypto_traders"} <= moved(twin, "liquidation_usd_bn")
    assert moved(twin, "slow_repatriation_usd_bn") >= {"life_insurers", "pension_funds", "banks", "real_money_japan"}
    assert twin.market["cascade_rounds"].max() >= 3


def test_an_unsettled_cascade_in_thin_markets() -> None:
    scenario = december(shocks({"2025-12-02": 0.07}), {"limits.cascade_rounds": 1, "end": "2025-12-12"})
    engine = simulate(scenario, [0])
    assert engine.market["unsettled"].max() == 1.0
    assert_same(engine, run_twin(scenario))


def test_rules_give_the_same_results_on_plain_numbers() -> None:
    scenario = december({"end": "2025-12-31"})
    twin = MesaTwin(scenario)
    with plain_rules():
        assert all(module.__dict__["np"] is not np for module in RULE_MODULES)
        twin.run_model()
    assert all(module.__dict__["np"] is np for module in RULE_MODULES)
    assert_same(simulate(scenario, [0]), twin.result())


def test_the_comparison_detects_a_small_difference_in_one_investor() -> None:
    scenario = december({"end": "2025-12-31"})
    twin = MesaTwin(scenario)
    one: Any = next(iter(twin.agents_by_type[InvestmentTrust]))
    one.share *= 1.0001
    twin.run_model()
    engine = simulate(scenario, [0])
    with pytest.raises(AssertionError, match="repatriation_usd_bn"):
        assert_same(engine, twin.result())


def test_one_agent_for_each_investor() -> None:
    scenario = december()
    agents = [agent for agent in MesaTwin(scenario).agents if isinstance(agent, Investor)]
    assert len(agents) == sum(population.investors for population in scenario.populations.values())
    assert all(isinstance(agent.equity_usd, float) for agent in agents)


def test_mesa_collects_the_recorded_columns() -> None:
    twin = MesaTwin(december(ONE_WEEK))
    twin.run_model()
    frame = twin.datacollector.get_model_vars_dataframe()
    record = twin.result()
    np.testing.assert_array_equal(frame["usdjpy"], record.market["usdjpy"][0])
    np.testing.assert_array_equal(frame["stock_banks"], record.flows["banks"]["stock_usd_bn"][0])
    twin.step()
    assert not twin.running
    assert len(twin.datacollector.get_model_vars_dataframe()) == len(frame)


def test_the_threshold_rule_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unwind\.rule is 'threshold'"):
        MesaTwin(december({"unwind.rule": "threshold"}))


def test_a_stopped_run_raises_an_error() -> None:
    levered: Changes = {"populations.carry_funds.leverage_x": {"median": 50, "highest": 90}}
    with pytest.raises(StoppedRunError, match="forced_at_start"):
        run_twin(december(ONE_WEEK, levered))
