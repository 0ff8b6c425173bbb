"""Fire sales with known results, round by round: limits, targets, unsellable assets, purchases, batches."""

import numpy as np
import pytest

import simulation as cf
from simulation.market.prices import fast_impact

ONE = cf.Banks([[100.0]], [10.0])


def test_a_margin_call_by_hand() -> None:
    # 4 % of 100 leave 6 of equity on 96: leverage 16 above the limit of 12.  Kept are .9 x 12 x 6 = 64.8, sold 31.2.
    sale = cf.fire_sale(ONE, cf.LeverageRule(limit=12.0, restore=0.9), cf.MarketDepth(0.0), shock=-0.04)
    assert sale.sales[:, 0, 0] == pytest.approx([31.2])
    assert sale.equity == pytest.approx([6.0])
    assert sale.holdings[0] == pytest.approx([64.8])
    assert sale.losses[:, 0] == pytest.approx([4.0, 0.0])


@pytest.mark.parametrize(("fall", "called"), [(0.0181, False), (0.0183, True)])
def test_a_margin_call_starts_at_the_limit(fall: float, called: bool) -> None:
    # Assets 100 (1 - f) on equity 10 - 100 f: leverage 12 is reached at f = 2 / 110 = 1.82 %.
    sale = cf.fire_sale(ONE, cf.LeverageRule(limit=12.0), cf.MarketDepth(1e-3), shock=-fall)
    assert bool(sale.rounds > 0) == called


def test_two_rounds_by_hand() -> None:
    # Simple returns, 1e-4 per unit sold.  All of the limit restored, 96 - 12 x 6 = 24 are sold at a price lower by .24 %:
    # 96 x .0024 = .2304 more are lost, so that the 72 that are left are again too many.
    depth = cf.MarketDepth(1e-4, returns="simple")
    sale = cf.fire_sale(ONE, cf.LeverageRule(limit=12.0, restore=1.0), depth, shock=-0.04, most_rounds=2)
    first = 96.0 - 12.0 * 6.0
    price, equity = 1.0 - 1e-4 * first, 6.0 - 96.0 * 1e-4 * first
    second = ((96.0 - first) * price - 12.0 * equity) / price
    assert sale.sales[:, 0, 0] == pytest.approx([first, second], rel=1e-10)
    assert sale.prices[:, 0] == pytest.approx([1.0, price, 1.0 - 1e-4 * (first + second)], rel=1e-10)
    assert sale.losses[:, 0] == pytest.approx([4.0, 96.0 * 1e-4 * first, (96.0 - first) * 1e-4 * second], rel=1e-10)
    assert sale.unsettled


def test_full_targeting_restores_the_target() -> None:
    sale = cf.fire_sale(ONE, cf.LeverageRule(target=10.0), cf.MarketDepth(1e-4), shock=-0.02, most_rounds=200)
    assert not sale.unsettled
    assert sale.holdings[0, 0] / sale.equity[0] == pytest.approx(10.0, rel=1e-6)
    # Each round sells less than the one before: impact x assets x (leverage - 1) is about .08.
    assert (np.diff(sale.sales[:, 0, 0]) < 0.0).all()


def test_slower_targeting_sells_its_share_of_the_gap() -> None:
    whole, half = (
        cf.fire_sale(ONE, cf.LeverageRule(target=10.0, speed=speed), cf.MarketDepth(1e-3), -0.02, most_rounds=1)
        for speed in (1.0, 0.5)
    )
    assert half.sales == pytest.approx(0.5 * whole.sales, rel=1e-12)


def test_a_bank_below_its_target_buys() -> None:
    # A rise of 2 % makes 12 of equity on 102: 18 more are bought, which is nine times the gain.
    sale = cf.fire_sale(ONE, cf.LeverageRule(target=10.0), cf.MarketDepth(1e-3), shock=0.02, most_rounds=1)
    assert sale.sales[0, 0, 0] == pytest.approx(-18.0)
    assert sale.prices[1, 0] == pytest.approx(np.exp(0.018), rel=1e-12)


def test_the_larger_of_call_and_target_sale_applies() -> None:
    # To the target of 11: 96 - 66 = 30; the call takes 31.2.  A target of 8 takes 48.
    for target, sold in ((11.0, 31.2), (8.0, 48.0)):
        rule = cf.LeverageRule(limit=12.0, restore=0.9, target=target)
        assert cf.fire_sale(ONE, rule, cf.MarketDepth(0.0), -0.04).sales[0, 0, 0] == pytest.approx(sold)


def test_a_bank_without_equity_sells_everything() -> None:
    for rule in (cf.LeverageRule(limit=20.0), cf.LeverageRule(target=10.0)):
        sale = cf.fire_sale(ONE, rule, cf.MarketDepth(1e-3), shock=-0.12)
        assert sale.sales[:, 0, 0] == pytest.approx([88.0])
        assert sale.equity[0] == pytest.approx(-2.0 - 88.0 * (1.0 - np.exp(-0.088)), rel=1e-12)
        assert not sale.holdings.any()


def test_loans_that_cannot_be_sold_strand_a_bank() -> None:
    # Cont and Schaanning (2017): losses on loans, sales of bonds.  60 of loans lose 2.5 %: 3.5 of equity on 98.5 is
    # leverage 28 above 25; the call wants 98.5 - .8 x 25 x 3.5 = 28.5 of bonds.  Their fall takes 1.14 and the next call
    # wants more than is left.
    bank, rule = cf.Banks([[60.0, 40.0]], [5.0]), cf.LeverageRule(limit=25.0, restore=0.8)
    depth = cf.MarketDepth([1.0, 1e-3], returns="simple", sellable=[False, True])
    sale = cf.fire_sale(bank, rule, depth, shock=[-0.025, 0.0])
    assert sale.sales[:, 0] == pytest.approx(np.array([[0.0, 28.5], [0.0, 11.5]]))
    assert sale.losses[:, 0] == pytest.approx([1.5, 40.0 * 0.0285, 11.5 * 0.0115])
    assert sale.holdings[0] == pytest.approx([58.5, 0.0])
    assert sale.stranded.tolist() == [True]
    assert not sale.unsettled


def test_below_its_limit_only_a_targeting_bank_sells() -> None:
    # The threshold of Cont and Schaanning (2017) against the targeting of Greenwood, Landier and Thesmar (2015).
    bank, depth = cf.Banks([[60.0, 40.0]], [5.0]), cf.MarketDepth(1e-3, sellable=[False, True])
    still = cf.fire_sale(bank, cf.LeverageRule(limit=25.0), depth, shock=[-0.01, 0.0])
    moving = cf.fire_sale(bank, cf.LeverageRule(target=20.0), depth, shock=[-0.01, 0.0], most_rounds=1)
    assert still.rounds == 0
    assert moving.sales.sum() == pytest.approx(19.0 * 0.6)


def test_a_mix_determines_the_assets_sold() -> None:
    # Targeting after a loss of 2 sells 9 x 2 = 18: the first asset has room for 10 only, as the mix asks no more of it.
    bank = cf.Banks([[50.0, 50.0]], [10.0])
    rule = cf.LeverageRule(target=10.0, mix=[[0.25, 0.75]])
    sale = cf.fire_sale(bank, rule, cf.MarketDepth(0.0), shock=-0.02, most_rounds=1)
    assert sale.sales[0, 0] == pytest.approx([4.5, 13.5])


def test_a_mix_is_of_money_not_of_amounts() -> None:
    # In the second round the first asset is cheaper: the same money is more of it.
    bank, depth = cf.Banks([[50.0, 50.0]], [10.0]), cf.MarketDepth([2e-3, 0.0], returns="simple")
    sale = cf.fire_sale(bank, cf.LeverageRule(target=10.0, mix=[[0.5, 0.5]]), depth, shock=-0.02, most_rounds=2)
    cheaper = 1.0 - 2e-3 * 9.0
    lost = 49.0 * 2e-3 * 9.0
    assert sale.sales[0, 0] == pytest.approx([9.0, 9.0])
    assert sale.losses[1, 0] == pytest.approx(lost)
    # What was sold brought in less than it was worth before; the gap to ten times equity is the rest.
    gap = 40.0 * cheaper + 40.0 - 10.0 * (8.0 - lost)
    assert sale.sales[1, 0] == pytest.approx([0.5 * gap / cheaper, 0.5 * gap])


def test_contagion_needs_common_assets() -> None:
    # The first bank is called; the second holds what it sells, the third does not.
    banks = cf.Banks([[100.0, 0.0], [50.0, 0.0], [0.0, 50.0]], [5.0, 25.0, 25.0])
    sale = cf.fire_sale(banks, cf.LeverageRule(limit=20.0), cf.MarketDepth(1e-3), shock=[-0.01, 0.0])
    assert sale.spillover[1] > 0.0
    assert sale.spillover[2] == 0.0
    assert not sale.sales[:, 1:].any()


def test_the_concave_impact_equals_that_of_the_engine() -> None:
    rule = cf.LeverageRule(limit=12.0, restore=0.9)
    sale = cf.fire_sale(ONE, rule, cf.MarketDepth(1e-3, scale=20.0), shock=-0.04, most_rounds=1)
    effect = fast_impact(np.array([[-31.2]]), np.array([[1e-3]]), np.array([20.0]))
    assert sale.prices[1, 0] == pytest.approx(np.exp(effect[0, 0]), rel=1e-12)
    linear = cf.fire_sale(ONE, rule, cf.MarketDepth(1e-3), shock=-0.04, most_rounds=1)
    assert linear.prices[1, 0] == pytest.approx(np.exp(-0.0312), rel=1e-12)
    assert linear.prices[1, 0] < sale.prices[1, 0]


def system(banks: int = 12, assets: int = 4) -> cf.Banks:
    stream = np.random.default_rng(5)
    holdings = stream.gamma(0.5, 100.0, (banks, assets))
    return cf.Banks(holdings, holdings.sum(axis=1) / stream.uniform(8.0, 24.0, banks))


def test_money_is_conserved() -> None:
    # What equity lost is what assets lost: debt falls by what sales brought in at the price of their round.
    banks, rule = system(), cf.LeverageRule(limit=25.0)
    sale = cf.fire_sale(banks, rule, cf.MarketDepth(1e-4), shock=-0.03)
    assert sale.rounds > 1
    debt = np.asarray(banks.holdings).sum(axis=1) - np.asarray(banks.equity)
    repaid = (sale.sales * sale.prices[1:, None]).sum(axis=(0, 2))
    np.testing.assert_allclose(sale.holdings.sum(axis=1) - sale.equity, debt - repaid, rtol=1e-10)


@pytest.mark.parametrize("rule", [cf.LeverageRule(limit=25.0, restore=0.9), cf.LeverageRule(target=system().leverage)])
def test_a_row_of_a_batch_equals_a_single_run(rule: cf.LeverageRule) -> None:
    # Also where sales only ever become small: a run that is done stays as it is while others go on.
    banks, depth = system(), cf.MarketDepth(1e-4, scale=300.0)
    shocks = np.array([[-0.002, 0.0, 0.0, 0.0], [-0.03, -0.01, 0.0, 0.0], [-0.06, -0.06, -0.06, -0.06]])
    batch = cf.fire_sale(banks, rule, depth, shocks)
    assert len(set(batch.rounds.tolist())) == 3
    for row, shock in enumerate(shocks):
        alone = cf.fire_sale(banks, rule, depth, shock)
        assert batch.rounds[row] == alone.rounds
        np.testing.assert_array_equal(batch.sales[: alone.rounds, row], alone.sales)
        np.testing.assert_array_equal(batch.equity[row], alone.equity)
        np.testing.assert_array_equal(batch.prices[-1, row], alone.prices[-1])


def test_every_argument_may_differ_by_run() -> None:
    banks = cf.Banks([[[100.0]], [[200.0]]], [[10.0], [20.0]])
    rule = cf.LeverageRule(limit=[[12.0], [12.0]])
    sale = cf.fire_sale(banks, rule, cf.MarketDepth([[1e-3], [5e-4]]), shock=[[-0.04], [-0.04]])
    # Twice the bank in a market twice as deep is the same cascade.
    np.testing.assert_allclose(sale.sales[:, 1], 2.0 * sale.sales[:, 0], rtol=1e-12)
    np.testing.assert_allclose(sale.prices[:, 1], sale.prices[:, 0], rtol=1e-12)
