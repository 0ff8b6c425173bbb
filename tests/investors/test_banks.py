"""Banks: dollar funding, patience, loss limits, and sales without spot trades."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.day.recorder import Record
from simulation.investors.banks import Banks, days_of_negative_carry, dollar_funding_cost
from simulation.values.conventions import column
from simulation.values.orders import SLOW_REPATRIATION, Information
from tests.support.outcomes import assert_flows_add_up
from tests.support.scenarios import (
    CALM,
    NO_COSTS,
    NO_IMPACT,
    ONE_WEEK,
    START_USDJPY,
    TWO_WEEKS,
    Changes,
    official,
    shipped,
)
from tests.support.states import assert_same_record

ONE_BANK: dict[str, Any] = {
    "investors": 1,
    "stock_usd_bn": 100,
    "patience_days": {"median": 3, "log_sd": 0},
    "loss_limit_pct": {"median": 10, "log_sd": 0},
    "speed_pct_per_day": {"median": 10, "log_sd": 0},
}
"""A bank with 100 $bn of Treasuries, 20 of them hedged, that sells a tenth a day after three days of negative carry."""


def bank(*changes: Changes, **own: Any) -> tuple[Banks, Information]:
    """One bank and its information in a scenario without noise."""
    model = CapitalFlowModel(official(CALM, ONE_WEEK, {"populations": {"banks": ONE_BANK | own}}, *changes))
    population = model.populations[0]
    assert isinstance(population, Banks)
    return population, model.information()


def us_yields(change_pp: float) -> Changes:
    """US long yields change on the first day; policy rates do not."""
    return {
        "spread_path": {"target_pp": 4.02 - 1.81 + change_pp, "over_days": 1, "us_share": 1},
        "markets.usdjpy.spread_beta_pct_per_pp": 0,
    }


def run(change_pp: float, *changes: Changes, **own: Any) -> Record:
    populations = {"populations": {"banks": ONE_BANK | own}}
    record = simulate(official(CALM, NO_COSTS, TWO_WEEKS, populations, us_yields(change_pp), *changes), [0])
    assert record.market["ledger_residual"].max() <= 1e-9
    return record


def test_funding_by_hand() -> None:
    # .8 x (3.875 + .05) + .2 x (.50 + 3.625) = 3.14 + .825
    result = dollar_funding_cost(column(0.03875, 1), 0.0005, column(0.005 + 0.03625, 1), 0.2)
    assert result[0, 0] == pytest.approx(0.03965, rel=1e-12)


def test_carry_is_just_positive_at_the_start() -> None:
    population, now = bank()
    assert population.carry(now)[0, 0] == pytest.approx(0.0402 - 0.03965, rel=1e-9)
    assert population.orders(now) is None


@pytest.mark.parametrize(
    ("field", "change", "effect"),
    [("ust10", 0.01, 0.01), ("fed_rate", 0.01, -0.008), ("hedging_cost", 0.01, -0.002), ("boj_rate", 0.01, -0.002)],
)
def test_carry_responds_to_rates(field: str, change: float, effect: float) -> None:
    population, now = bank()
    later = replace(now, **{field: getattr(now, field) + change})
    assert (population.carry(later) - population.carry(now))[0, 0] == pytest.approx(effect, rel=1e-9)


def test_a_fed_hike_costs_all_funding_and_a_boj_hike_none() -> None:
    # Hedging costs r_US - r_JP - basis: the yen rate cancels.
    population, now = bank()
    fed = replace(now, fed_rate=now.fed_rate + 0.01, hedging_cost=now.hedging_cost + 0.01)
    boj = replace(now, boj_rate=now.boj_rate + 0.01, hedging_cost=now.hedging_cost - 0.01)
    assert (population.carry(fed) - population.carry(now))[0, 0] == pytest.approx(-0.01, rel=1e-9)
    assert (population.carry(boj) - population.carry(now))[0, 0] == pytest.approx(0.0, abs=1e-15)


def test_only_consecutive_days_count() -> None:
    days = column(0.0, 1)
    counted = []
    for carry in (-0.1, -0.1, 0.1, -0.1, -0.2, -0.3):
        days = days_of_negative_carry(days, column(carry, 1), column(0.0, 1))
        counted.append(days[0, 0])
    assert counted == [1, 2, 0, 1, 2, 3]


def test_patience_ends_after_three_days() -> None:
    population, now = bank()
    low = replace(now, ust10=now.ust10 - 0.01)
    assert population.orders(low) is None
    assert population.orders(low) is None
    assert population.orders(now) is None
    assert [population.orders(low) is None for _ in range(4)] == [True, True, False, False]
    assert population.orders(now) is None


def test_default_patience_is_sixty_days() -> None:
    population, now = bank(patience_days={"median": 60, "log_sd": 0})
    low = replace(now, ust10=now.ust10 - 0.01)
    assert [population.orders(low) is None for _ in range(61)].index(False) == 59


def test_a_sale_repays_dollars_and_ends_swaps() -> None:
    # A fall of 1 pp is observed at the second open; the third day of negative carry is day four.
    record = run(-1.0, NO_IMPACT)
    table = {name: values[0] for name, values in record.flows["banks"].items()}
    assert table["bought_ust10_usd_bn"][:6] == pytest.approx([0, 0, 0, 0, -10, -9], rel=1e-9)
    assert table["stock_usd_bn"][5] == pytest.approx(81, rel=1e-9)
    assert table["slow_repatriation_usd_bn"][4] == pytest.approx(10, rel=1e-9)
    for name in ("spot_usd_bn", "repatriated_usd_bn"):
        assert not table[name].any()
    assert np.ptp(record.market["usdjpy"]) == 0.0


def test_proceeds_of_a_sale_by_hand() -> None:
    # 10 bonds at .9 yield 9: 2 end a tenth of the swap of 20, 7 repay debt.
    population, now = bank(loss_limit_pct={"median": 5, "log_sd": 0})
    price = now.quote.price.copy()
    price[:, now.roster.columns["ust10"]] = 0.9
    trade = population.orders(replace(now, quote=replace(now.quote, price=price)))
    assert trade is not None
    assert trade.units["ust10"][0, 0] == pytest.approx(-10, rel=1e-12)
    assert trade.hedge_usd is not None
    assert trade.hedge_usd[0, 0] == pytest.approx(-2, rel=1e-12)
    assert trade.kept_usd is not None
    assert trade.kept_usd[0, 0] == pytest.approx(7, rel=1e-12)
    assert trade.unwound[SLOW_REPATRIATION][0, 0] == pytest.approx(10, rel=1e-12)
    assert not trade.spot_usd.any()
    assert not trade.announced


@pytest.mark.parametrize(("change_pp", "sells"), [(1.2, False), (1.4, True)])
def test_a_loss_of_a_tenth_is_sold_at_once(change_pp: float, sells: bool) -> None:
    # -8.1 dy + (78 - 65.61)/2 dy^2: -9.2 % at 1.2 pp, -10.6 % at 1.4 pp.
    sold = run(change_pp, NO_IMPACT).flows["banks"]["unwound_usd_bn"][0]
    assert bool(sold.any()) == sells
    assert (sold[2] > 0.0) == sells


def test_sales_raise_treasury_yields_and_ease_the_basis() -> None:
    record = run(-1.0)
    yields, basis = record.market["ust10_pct"][0], record.market["basis_bp"][0]
    assert yields[4] > yields[3] == pytest.approx(3.02, rel=1e-12)
    # A tenth of 20 $bn of swaps at 2 bp per 100 $bn.
    assert basis[4] - basis[3] == pytest.approx(0.04, rel=1e-9)
    assert np.ptp(record.market["usdjpy"]) == 0.0
    assert record.flows["dealers"]["bought_ust10_usd_bn"][0, 4] > 0.0


def test_banks_hold_bonds_at_negative_initial_carry() -> None:
    scenario = shipped("december_2025_article", CALM, TWO_WEEKS, {"populations": {"banks": ONE_BANK}})
    population = CapitalFlowModel(scenario).populations[0]
    assert isinstance(population, Banks)
    assert population.carry(population.start)[0, 0] < -0.002
    assert not simulate(scenario, [0]).flows["banks"]["unwound_usd_bn"].any()
    worse = simulate(shipped("december_2025_article", CALM, TWO_WEEKS, {
        "populations": {"banks": ONE_BANK}, "spread_path": {"target_pp": 1.6, "over_days": 1, "us_share": 1},
    }), [0])  # fmt: skip
    assert worse.flows["banks"]["unwound_usd_bn"].any()


def test_the_sheet_has_no_currency_position() -> None:
    population, _ = bank()
    sheet = population.sheet
    assert sheet.usd_cash[0, 0] == -80
    assert sheet.jpy_cash[0, 0] == 0
    assert sheet.hedge_usd is not None
    assert sheet.hedge_usd[0, 0] == 20
    assert sheet.equity_usd[0, 0] == pytest.approx(20, rel=1e-12)
    # In yen, the gain on the swap offsets the loss on the hedged bonds when the dollar falls.
    meeting = {"date": "2025-12-01", "decision": "50bp", "step": "25bp", "priced_probability": 0.0}
    record = simulate(official(CALM, NO_IMPACT, NO_COSTS, {"populations": {"banks": ONE_BANK}}, {
        "boj.meetings": [meeting], "end": "2025-12-01",
    }), [0])  # fmt: skip
    equity_yen = record.flows["banks"]["equity_usd_bn"][0] * record.market["usdjpy"][0]
    assert record.market["usdjpy"][0, 1] < 0.95 * START_USDJPY
    assert equity_yen[1] == pytest.approx(equity_yen[0], rel=1e-3)


def test_exits_convert_as_if_bonds_were_owned_outright() -> None:
    # Half of 100: 10 of the swap end, 25 are converted, 15 repay debt.
    population, now = bank()
    trade = population.leave(column(0.5, 1), now, 0.5)
    assert trade.units["ust10"][0, 0] == -50
    assert trade.spot_usd[0, 0] == pytest.approx(-25, rel=1e-12)
    assert trade.hedge_usd is not None
    assert trade.hedge_usd[0, 0] == pytest.approx(-10, rel=1e-12)
    assert trade.kept_usd is not None
    assert trade.kept_usd[0, 0] == pytest.approx(15, rel=1e-12)
    assert trade.announced


def test_proceeds_owed_in_a_swap_are_not_converted() -> None:
    population, now = bank()
    assert population.leave(column(0.5, 1), now, 1.0).spot_usd[0, 0] == pytest.approx(-40, rel=1e-12)


def test_debt_remains_when_proceeds_are_converted() -> None:
    # Exit in one day: 100 bonds sold, half converted, the swap ended: debt of 80 less 30 repaid.
    scenario = official(CALM, NO_IMPACT, NO_COSTS, {"populations": {"banks": ONE_BANK}}, {
        "unwind": {"rule": "threshold", "exit_days": 1},
        "spread_path": {"target_pp": -2, "over_days": 1, "us_share": 1},
        "end": "2025-12-01",
    })  # fmt: skip
    model = CapitalFlowModel(scenario)
    model.step()
    sheet, price = model.populations[0].sheet, np.exp(8.1 * 0.0421 + 12.39 / 2 * 0.0421**2)
    assert sheet.holdings["ust10"][0, 0] == 0.0
    assert sheet.hedge_usd is not None
    assert sheet.hedge_usd[0, 0] == pytest.approx(0.0, abs=1e-12)
    # Sold at the new price; dollars for spot and swap were ordered at the old one.  Then three days' interest.
    owed = -80 + 100 * price - 50 - 20
    assert sheet.usd_cash[0, 0] == pytest.approx(owed * (1 + (0.03875 + 0.0005 * (owed < 0)) * 3 / 365), rel=1e-9)
    assert model.residual.max() <= 1e-9


def test_no_trades_without_news() -> None:
    record = simulate(official(CALM, {"populations": {"banks": {}}, "end": "2026-04-30"}), [0])
    assert not record.flows["banks"]["unwound_usd_bn"].any()
    assert np.ptp(record.market["ust10_pct"]) == 0.0


def test_ledger_holds_and_rows_are_independent_under_noise() -> None:
    own = {"patience_days": {"median": 2}, "loss_limit_pct": {"median": 1}, "investors": 20}
    scenario = official({"populations.banks": own})
    batch = simulate(scenario, range(4))
    assert batch.market["ledger_residual"].max() <= 1e-9
    assert batch.flows["banks"]["unwound_usd_bn"].any()
    assert not batch.flows["banks"]["spot_usd_bn"].any()
    assert_flows_add_up(batch)
    assert_same_record(simulate(scenario, [1]), batch, slice(1, 2))
