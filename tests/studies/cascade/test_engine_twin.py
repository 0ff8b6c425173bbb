"""The same cascade from the engine's trading day and from `fire_sale`, with the same funds, lenders and market."""

import numpy as np
import pytest

import simulation as cf
from simulation.day.model import CapitalFlowModel
from simulation.values.conventions import Array
from tests.support.scenarios import CALM, NO_COSTS, ONE_WEEK, Changes, official, switched

FALL = 0.10
FUNDS: Changes = {
    "populations": {
        "carry_funds": {
            "stock_usd_bn": 250,
            "investors": 30,
            "basket": {"us_equity": 1.0},
            "leverage_x": {"median": 6, "log_sd": 0.5, "highest": 15},
        }
    },
    "markets.usdjpy.fast_impact_pct_per_usd_bn": 0,
    "markets.usdjpy.slow_impact_pct_per_usd_bn": 0,
    "markets.us_equity.multiplier_x": 40,
    "markets.us_equity.scale_share": 1e-3,
}
"""Funds with equities only, in a market shallow and concave enough for several rounds; the exchange rate is constant."""


class Day:
    """One day of the engine with a fall in equities and margin calls only, and its initial state."""

    def __init__(self) -> None:
        model = CapitalFlowModel(official(CALM, NO_COSTS, ONE_WEEK, FUNDS, switched(margin=True)), range(3))
        (funds,) = model.populations
        self.column = model.economy.roster.columns["us_equity"]
        model.economy.news[1, :, self.column] = np.log1p(-FALL)
        self.units, self.equity = funds.sheet.holdings["basket"].copy(), funds.sheet.equity_usd.copy()
        requirement: Array = funds.requirement(model.information())  # type: ignore[attr-defined]
        self.limit = 1.0 / requirement
        model.step()
        self.left, self.equity_left = funds.sheet.holdings["basket"], funds.sheet.equity_usd
        self.record, self.table = model.result(), model.economy.market.table


@pytest.fixture(scope="module")
def day() -> Day:
    return Day()


@pytest.fixture(scope="module")
def sale(day: Day) -> cf.FireSale:
    # The engine counts shares at the price before the shock, the function at the price after it.
    after, slope, scale = 1.0 - FALL, day.table.fast[day.column], day.table.fast_scale[day.column]
    return cf.fire_sale(
        cf.Banks(day.units[..., None], day.equity),
        cf.LeverageRule(limit=day.limit, restore=0.9),
        cf.MarketDepth(impact=slope / after, scale=scale * after),
        shock=-FALL,
    )


def test_as_many_rounds(day: Day, sale: cf.FireSale) -> None:
    np.testing.assert_array_equal(sale.rounds, day.record.market["cascade_rounds"][:, 1])
    assert sale.rounds.min() >= 3
    assert not sale.unsettled.any()


def test_the_same_price(day: Day, sale: cf.FireSale) -> None:
    price = 100.0 * (1.0 - FALL) * sale.prices[-1, :, 0]
    np.testing.assert_allclose(price, day.record.market["us_equity"][:, 1], rtol=1e-10)
    # The cascade deepens the fall by more than a third.
    assert price.max() < 87.0


def test_the_same_sales(day: Day, sale: cf.FireSale) -> None:
    sold = sale.sales.sum(axis=(0, 2, 3)) / (1.0 - FALL)
    np.testing.assert_allclose(sold, day.record.flows["carry_funds"]["margin_usd_bn"][:, 1], rtol=1e-10)
    np.testing.assert_allclose(day.units - sale.sales.sum(axis=0)[..., 0] / (1.0 - FALL), day.left, atol=1e-8)


def test_the_same_equity(day: Day, sale: cf.FireSale) -> None:
    # The engine pays three days' dividends less interest on top, under .2 % of equity, and writes off what a closed account
    # still owes.
    alive = day.left > 0.0
    np.testing.assert_allclose(sale.equity[alive], day.equity_left[alive], rtol=3e-3)
    assert (sale.equity[~alive] <= 1e-9).all()
    assert (~alive).any()
