"""Limiting cases of the cascade: no shock, no impact, no leverage.

The corresponding tests of the engine: tests/day/test_equilibrium.py (no change without a shock, one round without impact) and
tests/expectations/test_surprise.py (amplification is one without mechanisms, impact or leverage).
"""

import numpy as np
import pytest

import simulation as cf

RULES = (
    cf.LeverageRule(limit=20.0),
    cf.LeverageRule(limit=25.0),
    cf.LeverageRule(target=20.0),
    cf.LeverageRule(limit=22.0, restore=0.8, target=20.0, speed=0.5),
)
HOLDINGS = np.random.default_rng(11).gamma(0.5, 50.0, (15, 5))
AT_TWENTY = cf.Banks(HOLDINGS, HOLDINGS.sum(axis=1) / 20.0)
SHOCKS = np.array([0.01, 0.03, 0.08])[:, None] * np.array([-1.0, -0.5, 0.0, -0.2, -1.0])
"""Runs by assets; the last shock exhausts the equity of some banks."""


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("scale", [np.inf, 50.0])
def test_without_a_shock_prices_are_constant(rule: cf.LeverageRule, scale: float) -> None:
    sale = cf.fire_sale(AT_TWENTY, rule, cf.MarketDepth(1e-3, scale=scale))
    assert sale.rounds == 0
    assert (sale.prices == 1.0).all()
    assert not sale.losses.any()
    assert sale.amplification == 1.0
    np.testing.assert_array_equal(sale.holdings, HOLDINGS)


@pytest.mark.parametrize("restore", [0.5, 0.9, 1.0])
def test_no_impact_one_round(restore: float) -> None:
    sale = cf.fire_sale(AT_TWENTY, cf.LeverageRule(limit=22.0, restore=restore), cf.MarketDepth(0.0), SHOCKS)
    assert sale.rounds.tolist() == [1, 1, 1]
    assert (sale.sales.sum(axis=(0, 2, 3)) > 0.0).all()
    assert (sale.prices == 1.0).all()
    np.testing.assert_array_equal(sale.amplification, 1.0)


def test_no_impact_one_round_of_full_targeting() -> None:
    sale = cf.fire_sale(AT_TWENTY, cf.LeverageRule(target=20.0), cf.MarketDepth(0.0), SHOCKS)
    assert sale.rounds.tolist() == [1, 1, 1]
    solvent = sale.equity > 0.0
    leverage = sale.holdings.sum(axis=-1)[solvent] / sale.equity[solvent]
    np.testing.assert_allclose(leverage, 20.0, rtol=1e-9)


@pytest.mark.parametrize("rule", [cf.LeverageRule(limit=1.0), cf.LeverageRule(target=1.0), cf.LeverageRule()])
def test_no_leverage_no_amplification(rule: cf.LeverageRule) -> None:
    # Without debt leverage stays at one at any price: there are no margin calls and no gaps.
    unlevered = cf.Banks(HOLDINGS, HOLDINGS.sum(axis=1))
    sale = cf.fire_sale(unlevered, rule, cf.MarketDepth(1e-3), 10.0 * SHOCKS)
    assert sale.rounds.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(sale.amplification, 1.0)


@pytest.mark.parametrize("rule", RULES)
def test_without_a_leverage_rule_nothing_is_sold(rule: cf.LeverageRule) -> None:
    # The same losses and market amplify with a rule and not without one.
    free, bound = (cf.fire_sale(AT_TWENTY, r, cf.MarketDepth(1e-4), SHOCKS) for r in (cf.LeverageRule(), rule))
    np.testing.assert_array_equal(free.amplification, 1.0)
    assert (bound.amplification[1:] > 1.1).all()


def test_amplification_grows_with_leverage_and_impact_and_ends_at_one() -> None:
    def amplified(leverage: float, impact: float) -> float:
        banks = cf.Banks(HOLDINGS, HOLDINGS.sum(axis=1) / leverage)
        rule = cf.LeverageRule(target=leverage)
        return float(cf.fire_sale(banks, rule, cf.MarketDepth(impact), SHOCKS[0]).amplification)

    by_leverage = [amplified(leverage, 5e-5) for leverage in (1.0, 1.01, 5.0, 10.0, 20.0)]
    by_impact = [amplified(20.0, impact) for impact in (0.0, 1e-8, 1e-5, 3e-5, 6e-5)]
    for factors in (by_leverage, by_impact):
        assert factors == sorted(factors)
        assert factors[0] == pytest.approx(1.0, abs=1e-12)
        assert factors[1] == pytest.approx(1.0, abs=1e-3)
        assert factors[4] > 1.2


def test_amplification_jumps_at_the_leverage_limit() -> None:
    # At leverage 24 a loss of .17 % has no effect, one of .18 % starts a cascade (24 -> 25 at 1 / 576 = .174 %).
    banks = cf.Banks(HOLDINGS, HOLDINGS.sum(axis=1) / 24.0)
    rule, depth = cf.LeverageRule(limit=25.0, restore=0.8), cf.MarketDepth(5e-5)
    below, beyond = (cf.fire_sale(banks, rule, depth, fall) for fall in (-0.0017, -0.0018))
    assert below.amplification == 1.0
    assert beyond.amplification > 2.0
