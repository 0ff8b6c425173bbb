"""Levels to prices: bonds against exact prices, links between assets, plausible ranges."""

from collections.abc import Mapping

import numpy as np
import pytest

from simulation.market.parameters import CurrencyMarket, EquityMarket, JgbMarket, Market, TreasuryMarket
from simulation.market.prices import (
    LARGEST_LOG_MOVE,
    LARGEST_LOG_MOVE_CRYPTO,
    PriceRules,
    first_runaway,
    log_prices,
    price_rules,
)
from simulation.values.assets import STANDARD_ORDER, Roster
from simulation.values.conventions import Array
from tests.support.scenarios import official

START = np.array([0.0, 0.0402, 0.0181, 0.0, 0.0, 0.0])


def standard_rules() -> PriceRules:
    markets: Mapping[str, Market] = official().markets
    roster = Roster(STANDARD_ORDER, tuple(markets[name].yen_priced for name in STANDARD_ORDER))
    return price_rules(roster, markets, START)


def levels(**moves: float) -> Array:
    return np.array([START + np.array([moves.get(name, 0.0) for name in STANDARD_ORDER])])


def par_bond(coupon: float, yields: Array, years: int = 10) -> Array:
    """Price of a bond with two coupons a year at other yields; one at its own coupon."""
    periods = np.arange(1, 2 * years + 1)
    discount = (1 + np.atleast_1d(yields)[:, None] / 2) ** -periods
    return np.asarray((coupon / 2 * discount).sum(axis=1) + discount[:, -1])


def duration_and_convexity(coupon: float) -> tuple[float, float]:
    step = 1e-4
    below, here, above = par_bond(coupon, coupon + np.array([-step, 0.0, step]))
    return float((below - above) / (2 * step)), float((below - 2 * here + above) / step**2)


@pytest.mark.parametrize(("coupon", "market"), [(0.0402, TreasuryMarket()), (0.0181, JgbMarket())])
def test_default_durations_belong_to_bonds_at_their_start_yield(coupon: float, market: Market) -> None:
    assert isinstance(market, TreasuryMarket | JgbMarket)
    duration, convexity = duration_and_convexity(coupon)
    assert market.duration_years == pytest.approx(duration, rel=0.015)
    assert market.convexity_years2 == pytest.approx(convexity, rel=0.03)


def test_bond_price_against_an_exactly_priced_bond() -> None:
    duration, convexity = duration_and_convexity(0.0402)
    bond = TreasuryMarket(duration_years=duration, convexity_years2=convexity)
    roster = Roster(("usdjpy", "ust10"), (False, False))
    rules = price_rules(roster, {"usdjpy": CurrencyMarket(), "ust10": bond}, np.array([0.0, 0.0402]))
    moves = np.array([-100.0, -50.0, -10.0, 10.0, 50.0, 100.0]) * 1e-4
    found = np.exp(log_prices(np.stack([0 * moves, 0.0402 + moves], axis=1), rules)[0][:, 1])
    exact = par_bond(0.0402, 0.0402 + moves)
    # What is left out is third order: about C D / 2 x dy^3, .02 % for a whole percentage point.
    np.testing.assert_allclose(found, exact, atol=2e-4)
    np.testing.assert_allclose(found[1:-1], exact[1:-1], atol=3e-5)
    assert abs(found - exact).max() < 0.05 * abs(np.exp(-duration * moves) - exact).max()


def test_convexity_is_worth_something_either_way() -> None:
    rules = standard_rules()
    up, down = (np.exp(log_prices(levels(ust10=move), rules)[0][0, 1]) for move in (0.01, -0.01))
    assert up + down > 2.0
    assert up + down - 2.0 == pytest.approx(78 * 0.01**2, rel=0.01)


def test_links_by_hand() -> None:
    # us_equity: .01 - 3 x .002 = .004; japan: .4 x (-.03) + .6 x .004 = -.0096; bitcoin: .05 + 1.3 x .004 = .0552
    rules = standard_rules()
    log_price, _ = log_prices(levels(usdjpy=-0.03, ust10=0.002, us_equity=0.01, bitcoin=0.05), rules)
    np.testing.assert_allclose(log_price[0, [0, 3, 4, 5]], [-0.03, 0.004, -0.0096, 0.0552], rtol=1e-12)
    assert log_price[0, 1] == pytest.approx(-8.1 * 0.002 + (78 - 8.1**2) / 2 * 0.002**2, rel=1e-12)
    assert log_price[0, 2] == 0.0


def test_every_run_is_priced_alone() -> None:
    rules = standard_rules()
    both = np.vstack([levels(usdjpy=-0.03), levels(ust10=0.01)])
    together = log_prices(both.copy(), rules)[0]
    np.testing.assert_array_equal(together[1:], log_prices(both[1:].copy(), rules)[0])


@pytest.mark.parametrize("earlier", ["bitcoin", "us_equity", "gold"])
def test_a_link_to_an_asset_that_is_not_priced_before_is_refused(earlier: str) -> None:
    roster = Roster(("usdjpy", "us_equity", "bitcoin"), (False, False, False))
    stocks = EquityMarket(links={earlier: 1.0})
    markets = {"usdjpy": CurrencyMarket(), "us_equity": stocks, "bitcoin": EquityMarket()}
    with pytest.raises(ValueError, match=f"'{earlier}' is not an asset priced before 'us_equity'"):
        price_rules(roster, markets, np.zeros(3))


@pytest.mark.parametrize(
    ("moves", "asset"),
    [
        ({}, None),
        ({"usdjpy": LARGEST_LOG_MOVE - 0.01, "us_equity": 0.01 - LARGEST_LOG_MOVE}, None),
        ({"usdjpy": LARGEST_LOG_MOVE + 0.01}, "usdjpy"),
        ({"us_equity": -LARGEST_LOG_MOVE - 0.01}, "us_equity"),
        ({"bitcoin": 0.01 - LARGEST_LOG_MOVE_CRYPTO}, None),
        ({"bitcoin": -0.01 - LARGEST_LOG_MOVE_CRYPTO}, "bitcoin"),
        ({"ust10": 0.25}, None),
        ({"ust10": 0.27}, "ust10"),
        ({"jgb10": -0.069}, "jgb10"),
        ({"usdjpy": float("nan")}, "usdjpy"),
        ({"jgb10": float("inf"), "bitcoin": 9.0}, "jgb10"),
    ],
)
def test_runaways_are_named(moves: dict[str, float], asset: str | None) -> None:
    column = first_runaway(levels(**moves), standard_rules())[0]
    assert column == (STANDARD_ORDER.index(asset) if asset else -1)
