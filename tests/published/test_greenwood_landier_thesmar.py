"""Greenwood, Landier and Thesmar (2015), "Vulnerable banks": one round of leverage targeting is a matrix product.

N banks hold K assets.  A is the diagonal matrix of total assets (money), M the N x K matrix of portfolio weights, B the
diagonal matrix of debt over equity, L the diagonal matrix of price impact (return per unit of money sold), f the shock
(returns, negative).  A bank with return R = M f loses A R.  It sells B A R to restore its ratio of debt to equity.  With sales in
proportion to M

    sales = M' B A M f        (K, money),        returns = L sales        (K, decimal)

and holders lose M returns on their holdings.  With A and M before the shock the first equation is exact for any size of shock;
the subsequent loss applies to holdings after the shock.
"""

import numpy as np
import pytest

import simulation as cf
from simulation.values.conventions import Array

HOLDINGS = np.array([[100.0, 0.0], [50.0, 50.0], [0.0, 100.0]])
EQUITY = np.array([10.0, 20.0, 25.0])
SHOCK = np.array([-0.02, 0.0])
IMPACT = np.array([1e-3, 1e-3])


def one_round(holdings: Array, equity: Array, impact: Array, shock: Array, weights: Array | None = None) -> cf.FireSale:
    """Every bank returns to its initial leverage once; sales follow `weights`, by default the holdings."""
    banks = cf.Banks(holdings, equity)
    rule = cf.LeverageRule(target=banks.leverage, mix=weights)
    return cf.fire_sale(banks, rule, cf.MarketDepth(impact, returns="simple"), shock, most_rounds=1)


def closed_form(holdings: Array, equity: Array, shock: Array) -> Array:
    """``M' B A M f``: sales of each asset, money (negative), from balance sheets before the shock."""
    total = holdings.sum(axis=1)
    weights = holdings / total[:, None]
    debt_over_equity = total / equity - 1.0
    return np.asarray(weights.T @ np.diag(debt_over_equity) @ np.diag(total) @ weights @ shock)


def drawn_system(seed: int) -> tuple[Array, Array, Array]:
    """Forty banks, twelve assets, debt over equity of 8 to 24 and an impact that differs by asset."""
    stream = np.random.default_rng(seed)
    holdings = stream.gamma(0.4, 50.0, (40, 12))
    equity = holdings.sum(axis=1) / (1.0 + stream.uniform(8.0, 24.0, 40))
    return holdings, equity, stream.uniform(0.0, 1e-4, 12)


def test_three_banks_by_hand() -> None:
    # Returns of -2, -1 and 0 %; debt over equity 9, 4 and 3: sales of 9 x 2 = 18, 4 x 1 = 4 and 0.
    sale = one_round(HOLDINGS, EQUITY, IMPACT, SHOCK, weights=HOLDINGS / 100.0)
    assert sale.sales[0] == pytest.approx(np.array([[18.0, 0.0], [2.0, 2.0], [0.0, 0.0]]))
    # 20 and 2 sold at .1 % per unit: -2 % and -.2 %.
    assert sale.prices[1] == pytest.approx([0.98, 0.998])
    # Losses on holdings of 98, of 49 and 50, and of 100.
    assert sale.spillover == pytest.approx([98.0 * 0.02, 49.0 * 0.02 + 50.0 * 0.002, 100.0 * 0.002])
    assert sale.vulnerability == pytest.approx(3.24 / 55.0)
    # The third bank loses without holding the asset that fell first.
    assert sale.losses[0, 2] == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_sales_are_the_closed_form(seed: int) -> None:
    holdings, equity, impact = drawn_system(seed)
    weights = holdings / holdings.sum(axis=1, keepdims=True)
    shock = -np.random.default_rng(seed + 100).uniform(0.0, 0.02, 12)
    sale = one_round(holdings, equity, impact, shock, weights)
    sales = sale.sales[0].sum(axis=0)
    np.testing.assert_allclose(sales, -closed_form(holdings, equity, shock), rtol=1e-10)
    np.testing.assert_allclose(sale.prices[1] - 1.0, impact * closed_form(holdings, equity, shock), atol=1e-14)
    losses = holdings * (1.0 + shock) @ (impact * sales)
    np.testing.assert_allclose(sale.spillover, losses, rtol=1e-10)
    np.testing.assert_allclose(sale.vulnerability, losses.sum() / equity.sum(), rtol=1e-10)
    # The loss must be a sizeable part of equity, so that the test does not compare zeros.
    assert 0.02 < sale.vulnerability < 2.0


def test_proportional_sales_match_the_closed_form_to_first_order() -> None:
    # Weights after the shock differ from M by the shock, so the error is proportional to it.
    holdings, equity, impact = drawn_system(7)
    pattern = -np.random.default_rng(8).uniform(0.0, 1.0, 12)
    errors = []
    for size in (0.02, 0.01, 0.005):
        sales = one_round(holdings, equity, impact, size * pattern).sales[0].sum(axis=0)
        errors.append(np.abs(sales / -closed_form(holdings, equity, size * pattern) - 1.0).max())
    assert errors[0] < 0.02
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.02)
    assert errors[2] / errors[1] == pytest.approx(0.5, abs=0.02)


def test_proportional_sales_match_the_closed_form_for_equal_falls() -> None:
    holdings, equity, impact = drawn_system(9)
    shock = np.full(12, -0.01)
    sales = one_round(holdings, equity, impact, shock).sales[0].sum(axis=0)
    np.testing.assert_allclose(sales, -closed_form(holdings, equity, shock), rtol=1e-10)


def test_banks_buy_by_the_same_formula_after_a_rise() -> None:
    holdings, equity, impact = drawn_system(3)
    weights, shock = holdings / holdings.sum(axis=1, keepdims=True), np.full(12, 0.01)
    bought = -one_round(holdings, equity, impact, shock, weights).sales[0].sum(axis=0)
    assert (bought > 0.0).all()
    np.testing.assert_allclose(bought, closed_form(holdings, equity, shock), rtol=1e-10)


def test_a_margin_call_at_the_start_leverage_is_the_same_sale() -> None:
    # A margin call that restores the full limit equals leverage targeting for losses.
    banks, depth = cf.Banks(HOLDINGS, EQUITY), cf.MarketDepth(IMPACT, returns="simple")
    rules = cf.LeverageRule(limit=banks.leverage, restore=1.0), cf.LeverageRule(target=banks.leverage)
    called, targeted = (cf.fire_sale(banks, rule, depth, SHOCK, most_rounds=1) for rule in rules)
    np.testing.assert_allclose(called.sales, targeted.sales, rtol=1e-10)


def test_vulnerability_is_linear_in_shock_impact_and_leverage_of_those_who_sell() -> None:
    holdings, equity, impact = drawn_system(2)
    shock = np.full(12, -0.001)

    def lost(times: float = 1.0, deeper: float = 1.0, leverage: float = 1.0) -> float:
        # Debt over equity times `leverage`, on the same assets.
        debt_over_equity = leverage * (holdings.sum(axis=1) / equity - 1.0)
        own = holdings.sum(axis=1) / (1.0 + debt_over_equity)
        return float(one_round(holdings, own, impact * deeper, shock * times).spillover.sum())

    # Losses apply to holdings after the shock, hence the small deviation from two.
    assert lost(times=2.0) / lost() == pytest.approx(2.0, rel=2e-3)
    assert lost(deeper=2.0) / lost() == pytest.approx(2.0, rel=1e-10)
    assert lost(leverage=2.0) / lost() == pytest.approx(2.0, rel=1e-10)


def test_vulnerability_depends_on_holdings_of_leveraged_banks() -> None:
    # The same banks and assets with a different allocation of holdings.
    concentrated, spread = np.diag([100.0, 100.0]), np.full((2, 2), 50.0)
    equity, impact = np.array([4.0, 20.0]), np.array([1e-4, 1e-4])
    for shocked, more in ((np.array([-0.02, 0.0]), True), (np.array([0.0, -0.02]), False)):
        alone = one_round(concentrated, equity, impact, shocked).vulnerability
        shared = one_round(spread, equity, impact, shocked).vulnerability
        # A shock to an asset held only by the leveraged bank costs more than one to a shared asset; one it does not hold, less.
        assert bool(alone > shared) == more


def test_sales_of_a_bank_without_equity_are_limited_to_its_holdings() -> None:
    # 12 % of 100 on equity of 10: the closed form gives 108, more than the holdings.
    sale = one_round(HOLDINGS, EQUITY, IMPACT, np.array([-0.12, 0.0]))
    assert sale.sales[0, 0] == pytest.approx([88.0, 0.0])
