"""Leveraged bitcoin traders: liquidation at the maintenance margin, losses of lenders, new positions."""

from typing import Any

import numpy as np
import pytest

from simulation.accounts.ledger import DayFlows
from simulation.day.model import CapitalFlowModel
from simulation.investors.crypto_traders import is_liquidated
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import BETA_PER_BP, CALM, COARSE, NO_COSTS, NO_IMPACT, ONE_WEEK, Changes, official
from tests.support.watched import after

MONDAY = "2025-12-01"


class Watched(CapitalFlowModel):
    """A model that stores the ledger flows of each day."""

    seen: DayFlows

    def check_ledger(self, flows: DayFlows) -> None:
        self.seen = flows
        super().check_ledger(flows)


def trader(fall: float, *changes: Changes, **own: Any) -> Scenario:
    """One trader with 10 $bn of bitcoin at leverage 10; bitcoin moves one for one with USDJPY, which falls on Monday."""
    values = {
        "investors": 1,
        "stock_usd_bn": 10,
        "leverage_mix": {10.0: 1.0},
        "degrossing": 0.0,
        "funding_spread_bp": 0,
    }
    meeting = {
        "date": MONDAY, "step": "25bp", "priced_probability": 0.0,
        "decision": f"{-np.log1p(-fall) / BETA_PER_BP:.12f}bp",
    }  # fmt: skip
    linked: Changes = {"markets.bitcoin.links": {"usdjpy": 1.0}, "boj.meetings": [meeting]}
    population: Changes = {"populations": {"crypto_traders": values | own}}
    return official(CALM, NO_IMPACT, NO_COSTS, ONE_WEEK, linked, population, *changes)


def flows(model: CapitalFlowModel) -> dict[str, np.ndarray]:
    return {name: values[0] for name, values in model.result().flows["crypto_traders"].items()}


# The loan is 9 of 10, the maintenance margin half of a tenth: 10 P - 9 < .05 x 10 P at P < 9 / 9.5.
LIMIT = 1 - 9 / 9.5


@pytest.mark.parametrize(("fall", "closed"), [(LIMIT - 1e-6, 0.0), (LIMIT + 1e-6, 10.0)])
def test_liquidation_comes_at_the_maintenance_margin(fall: float, closed: float) -> None:
    day = flows(after(trader(fall)))
    assert day["liquidation_usd_bn"][1] == pytest.approx(closed, rel=1e-12)
    assert day["stock_usd_bn"][1] == pytest.approx(10.0 - closed, abs=1e-12)
    assert not day["spot_usd_bn"].any()


@pytest.mark.parametrize(
    ("leverage", "fall"), [(3.0, 0.2), (5.0, 1 / 9), (25.0, 1 - 0.96 / 0.98), (50.0, 1 - 0.98 / 0.99)]
)
def test_the_liquidation_price_depends_on_leverage(leverage: float, fall: float) -> None:
    # Loan 1 - 1/L, maintenance .5/L: the price at the limit is (1 - 1/L) / (1 - .5/L).
    for shift, closed in ((-1e-6, 0.0), (1e-6, 10.0)):
        day = flows(after(trader(fall + shift, leverage_mix={leverage: 1.0})))
        assert day["liquidation_usd_bn"][1] == pytest.approx(closed, rel=1e-12)


def test_owners_receive_the_equity_left_after_liquidation() -> None:
    # A fall of 6 % leaves 10 x .94 - 9 = .4 $bn, paid out at the close; margin for new positions is paid in:
    # 3 % a day at 3x is 10 % at 10x.
    model = after(trader(0.06))
    sheet = model.populations[0].sheet
    planned = 0.1 * 10
    assert sheet.holdings["bitcoin"][0, 0] == 0.0
    assert sheet.equity_usd[0, 0] == pytest.approx(planned * 0.94 / 10, rel=1e-9)
    assert model.seen.lender_loss[0, 0] == 0.0


def test_the_lender_bears_negative_equity() -> None:
    # A gap of 15 % leaves 10 x .85 - 9 = -.5 $bn.
    model = after(trader(0.15))
    assert model.seen.negative_equity[0, 0] == pytest.approx(0.5, rel=1e-9)
    assert model.seen.lender_loss[0, 0] == pytest.approx(0.5, rel=1e-9)
    assert model.residual.max() <= 1e-12


def test_new_positions_replace_liquidated_ones() -> None:
    # 3 % a day at 3x is 10 % at 10x: of the gap of 10 on the next day, of 9 on the day after.
    day = flows(after(trader(0.15), days=4))
    assert day["stock_usd_bn"][1:] == pytest.approx([0.0, 1.0, 1.0 + 0.9, 1.9 + 0.1 * 8.1, *day["stock_usd_bn"][5:]])
    assert day["rebuilding_usd_bn"][2] == pytest.approx(-1.0, rel=1e-12)


def test_traders_sell_part_of_the_position_after_a_fall() -> None:
    # phi = .5 of a log fall of 5 %, of 10 $bn.
    day = flows(after(trader(0.05, degrossing=0.5, rebuild_pct_per_day=0.0), days=2))
    assert day["incentive_usd_bn"][2] == pytest.approx(0.5 * -np.log(0.95) * 10, rel=1e-9)
    assert not flows(after(trader(-0.05, degrossing=0.5), days=2))["unwound_usd_bn"].any()


def test_funding_is_paid_by_owners() -> None:
    sheet = after(trader(0.0, funding_spread_bp=500), days=5).populations[0].sheet
    assert sheet.equity_usd[0, 0] == pytest.approx(1.0, rel=1e-12)
    assert sheet.usd_cash[0, 0] == pytest.approx(-9.0, rel=1e-12)


@pytest.mark.parametrize(
    ("equity", "notional", "leverage", "closed"),
    [(0.501, 10.0, 10.0, False), (0.499, 10.0, 10.0, True), (-1.0, 10.0, 3.0, True), (0.0, 0.0, 10.0, False)],
)
def test_maintenance_rule(equity: float, notional: float, leverage: float, closed: bool) -> None:
    assert is_liquidated(np.array(equity), np.array(notional), np.array(leverage), 0.5) == closed


def test_the_mix_of_leverage_is_by_open_interest() -> None:
    model = CapitalFlowModel(official(ONE_WEEK, {"populations.crypto_traders.investors": 2000}))
    traits = next(held for held in model.populations if held.name == "crypto_traders").traits
    stock = traits["stock"][0]
    for leverage, share in {3.0: 0.40, 5.0: 0.25, 10.0: 0.20, 25.0: 0.10, 50.0: 0.05}.items():
        assert stock[traits["leverage"][0] == leverage].sum() / stock.sum() == pytest.approx(share, abs=0.01)


def test_the_most_leveraged_are_liquidated_first() -> None:
    model = Watched(trader(0.05, leverage_mix={3.0: 0.5, 10.0: 0.3, 50.0: 0.2}, investors=400))
    model.step()
    held, traits = model.populations[0].sheet.holdings["bitcoin"][0], model.populations[0].traits["leverage"][0]
    assert (held[traits == 50.0] == 0.0).all()
    assert (held[traits < 50.0] > 0.0).all()


def test_crypto_traders_need_bitcoin() -> None:
    with pytest.raises(ValueError, match="bitcoin"):
        CapitalFlowModel(official(COARSE, {"markets": {"bitcoin": None}, "populations.carry_funds.basket": {}}))
