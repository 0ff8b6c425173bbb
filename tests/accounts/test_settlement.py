"""Settlement: every cash flow with its sign, calculated by hand for the investor and for the counterparty."""

import numpy as np
import pytest

from simulation.accounts.settlement import (
    Accrual,
    accrue,
    accrue_account,
    mark_to_market,
    pay_income,
    pay_owners,
    settle_delivery,
    settle_official_purchase,
    settle_swap_loan,
    settle_trade,
    write_off,
)
from simulation.values.assets import Book, Quote, Repricing, Roster
from simulation.values.balance_sheet import Account, BalanceSheet, empty_account, new_balance_sheet, set_opening_equity
from simulation.values.conventions import Array, column
from simulation.values.orders import NetFlow, Trade

ROSTER = Roster(("usdjpy", "ust10", "jgb10"), (False, False, True))
BOOKS = {
    "ust10": Book(np.array([0.0, 1.0, 0.0]), 0.0, False),
    "jgb10": Book(np.array([0.0, 0.0, 1.0]), 0.0, True),
}
COSTS = np.array([0.0005, 0.001, 0.002])


def quote(usdjpy: float = 150.0, ust10: float = 1.0, jgb10: float = 1.0) -> Quote:
    price = np.array([[usdjpy / 150.0, ust10, jgb10]])
    return Quote(np.log(price), price, np.zeros((1, 3)), column(usdjpy, 1))


def one(value: float) -> Array:
    return np.array([[value]])


def sheet(
    ust10: float = 0.0, jgb10: float = 0.0, usd: float = 0.0, jpy: float = 0.0, hedge: float | None = None
) -> BalanceSheet:
    """An investor at 150 yen per dollar and prices of one."""
    held = new_balance_sheet(BOOKS, {"ust10": one(ust10), "jgb10": one(jgb10)}, (one(usd), one(jpy)))
    held.hedge_usd = None if hedge is None else one(hedge)
    return set_opening_equity(held, quote())


def worth(held: BalanceSheet, now: Quote) -> float:
    """Net worth added up from the balance."""
    rate, price = now.usdjpy[0, 0], now.price[0]
    dollars = held.usd_cash[0, 0] + held.holdings["ust10"][0, 0] * price[1]
    yen = held.jpy_cash[0, 0] + held.holdings["jgb10"][0, 0] * price[2]
    return float(dollars + yen / rate)


def test_marking_a_yen_funded_position_to_market() -> None:
    # 100 $bn of Treasuries gain 2; a loan of 12,000 JPY bn costs 12,000/120 - 12,000/150 = 20 $bn more.
    held, after = sheet(ust10=100.0, usd=5.0, jpy=-12_000.0), quote(120.0, 1.02)
    mark_to_market(held, Repricing(quote(), after))
    assert held.equity_usd[0, 0] == pytest.approx(25.0 + 2.0 - 20.0, rel=1e-12)
    assert held.equity_usd[0, 0] == pytest.approx(worth(held, after), rel=1e-12)


def test_marking_yen_bonds_to_market() -> None:
    # 15,000 JPY bn of JGBs: 15,000 x .99 / 120 - 100.
    held, after = sheet(jgb10=15_000.0), quote(120.0, 1.0, 0.99)
    mark_to_market(held, Repricing(quote(), after))
    assert held.equity_usd[0, 0] == pytest.approx(123.75, rel=1e-12)


def test_a_rolled_swap_pays_its_change_in_value_in_yen() -> None:
    # 40 $bn sold forward at 150 and bought back at 120: 40 x 30 = 1,200 JPY bn received, 10 $bn at 120.
    held, after = sheet(ust10=100.0, hedge=40.0), quote(120.0)
    paid = mark_to_market(held, Repricing(quote(), after))
    assert held.jpy_cash[0, 0] == pytest.approx(1200.0, rel=1e-12)
    assert paid is not None
    assert paid[0, 0] == pytest.approx(-1200.0, rel=1e-12)
    assert held.equity_usd[0, 0] == pytest.approx(110.0, rel=1e-12)
    # In yen: 60 $bn exposed lose 30 yen each: 15,000 - 1,800 = 13,200.
    assert held.equity_usd[0, 0] * 120.0 == pytest.approx(13_200.0, rel=1e-12)


def test_a_fully_hedged_investor_has_no_currency_gain_in_yen() -> None:
    for rate in (100.0, 140.0, 200.0):
        held = sheet(ust10=100.0, hedge=100.0)
        mark_to_market(held, Repricing(quote(), quote(rate)))
        assert held.equity_usd[0, 0] * rate == pytest.approx(15_000.0, rel=1e-12)


def test_buying_dollar_bonds_with_yen() -> None:
    # 10 $bn of spot at 150 and 8 units of Treasuries at 1.25; costs: 5 bp of 10 and 10 bp of 10.
    held = sheet(jpy=3000.0)
    trade = Trade({"ust10": one(8.0)}, one(10.0), None, {})
    cost_usd, cost_jpy = settle_trade(held, trade, quote(150.0, 1.25), COSTS)
    assert held.holdings["ust10"][0, 0] == 8.0
    assert held.jpy_cash[0, 0] == pytest.approx(1500.0, rel=1e-12)
    assert held.usd_cash[0, 0] == pytest.approx(10.0 - 10.0 - 0.005 - 0.010, rel=1e-12)
    assert held.equity_usd[0, 0] == pytest.approx(20.0 - 0.015, rel=1e-12)
    assert (cost_usd[0, 0], cost_jpy[0, 0]) == (pytest.approx(0.015, rel=1e-12), 0.0)


def test_selling_yen_bonds_costs_yen() -> None:
    # 100 JPY bn at .9, less 20 bp of 90.
    held = sheet(jgb10=300.0)
    mark_to_market(held, Repricing(quote(), quote(150.0, 1.0, 0.9)))
    cost_usd, cost_jpy = settle_trade(
        held, Trade({"jgb10": one(-100.0)}, one(0.0), None, {}), quote(150.0, 1.0, 0.9), COSTS
    )
    assert held.jpy_cash[0, 0] == pytest.approx(90.0 - 0.18, rel=1e-12)
    assert (cost_usd[0, 0], cost_jpy[0, 0]) == (0.0, pytest.approx(0.18, rel=1e-12))
    assert held.equity_usd[0, 0] == pytest.approx(worth(held, quote(150.0, 1.0, 0.9)), rel=1e-12)


def test_a_hedge_changes_both_moneys_and_no_equity() -> None:
    held = sheet(ust10=100.0, hedge=40.0)
    settle_trade(held, Trade({}, one(0.0), one(-15.0), {}), quote(120.0), 0 * COSTS)
    assert held.hedge_usd is not None
    assert held.hedge_usd[0, 0] == 25.0
    assert (held.usd_cash[0, 0], held.jpy_cash[0, 0]) == (-15.0, 1800.0)
    assert held.equity_usd[0, 0] == 100.0


def test_a_price_change_between_order_and_trade_leaves_the_balance_explained() -> None:
    held, after = sheet(ust10=50.0, usd=3.0, jpy=-6000.0, hedge=10.0), quote(131.0, 0.97, 1.01)
    mark_to_market(held, Repricing(quote(), after))
    settle_trade(held, Trade({"ust10": one(-7.0), "jgb10": one(900.0)}, one(-6.0), one(-2.0), {}), after, COSTS)
    assert held.equity_usd[0, 0] == pytest.approx(worth(held, after), rel=1e-13)


def accrual(days: float = 3.0) -> Accrual:
    return Accrual(column(0.04, 1), column(0.01, 1), column(0.033, 1), np.array([[0.0, 0.042, 0.018]]), days / 365)


def test_income_by_hand() -> None:
    # For a year: coupons 100 x 1.02 x 4.2 %; deposits 5 x 4 %; loan 12,000 at 1 % + .4 %; hedge 40 x 3.3 % x 120 yen;
    # JGBs 600 x 1.8 %.
    held = sheet(ust10=100.0, jgb10=600.0, usd=5.0, jpy=-12_000.0, hedge=40.0)
    income, paid = accrue(held, accrual(365), 0.004, quote(120.0, 1.02))
    dollars, yen = 4.284 + 0.2, -12_000 * 0.014 - 40 * 0.033 * 120 + 10.8
    assert income[0, 0] == pytest.approx(dollars + yen / 120, rel=1e-12)
    assert paid.issuers_usd[0, 0] == pytest.approx(4.284, rel=1e-12)
    assert paid.issuers_jpy[0, 0] == pytest.approx(10.8, rel=1e-12)
    assert paid.lenders_usd[0, 0] == pytest.approx(0.2, rel=1e-12)
    assert paid.lenders_jpy[0, 0] == pytest.approx(-168.0 - 158.4, rel=1e-12)
    assert held.usd_cash[0, 0] == pytest.approx(5.0 + dollars, rel=1e-12)
    assert held.jpy_cash[0, 0] == pytest.approx(-12_000.0 + yen, rel=1e-12)


def test_income_accrues_by_calendar_days_and_the_spread_is_paid_on_loans_only() -> None:
    weekend, day = (accrue(sheet(usd=-50.0, jpy=3000.0), accrual(days), 0.004, quote())[0][0, 0] for days in (3.0, 1.0))
    assert weekend == pytest.approx(3 * day, rel=1e-12)
    assert day == pytest.approx((-50 * 0.044 + 3000 * 0.01 / 150) / 365, rel=1e-12)


def total(accounts: list[Account | BalanceSheet], money: str) -> float:
    return float(sum(getattr(account, money).sum() for account in accounts))


def test_income_is_paid_by_somebody() -> None:
    held, issuers, lenders = (
        sheet(ust10=100.0, jgb10=600.0, usd=5.0, jpy=-900.0),
        empty_account(1, 3),
        empty_account(1, 3),
    )
    before = [total([held, issuers, lenders], money) for money in ("usd_cash", "jpy_cash")]
    _, paid = accrue(held, accrual(), 0.004, quote())
    pay_income(issuers, lenders, paid)
    after = [total([held, issuers, lenders], money) for money in ("usd_cash", "jpy_cash")]
    assert after == pytest.approx(before, abs=1e-13)
    assert issuers.usd_cash[0, 0] < 0.0 < lenders.jpy_cash[0, 0]


def test_income_of_a_one_row_sector_is_paid_by_somebody() -> None:
    # Dealers short 30 of Treasuries pay the coupon on them.
    dealers, issuers, lenders = empty_account(1, 3), empty_account(1, 3), empty_account(1, 3)
    dealers.units[0, 1], dealers.usd_cash[:] = -30.0, 30.0
    accrue_account(dealers, (issuers, lenders), accrual(365), quote(), ROSTER)
    assert dealers.usd_cash[0, 0] == pytest.approx(30 - 30 * 0.042 + 30 * 0.04, rel=1e-12)
    assert issuers.usd_cash[0, 0] == pytest.approx(30 * 0.042, rel=1e-12)
    assert total([dealers, issuers, lenders], "usd_cash") == pytest.approx(30.0, rel=1e-12)


def test_payout_goes_to_the_owners() -> None:
    held, owners = sheet(usd=10.0), empty_account(1, 3)
    pay_owners(held, owners, one(0.4))
    assert (held.usd_cash[0, 0], held.equity_usd[0, 0], owners.usd_cash[0, 0]) == (9.6, 9.6, 0.4)


def test_a_closed_investors_debts_are_the_lenders_loss() -> None:
    # 3 $bn of deposits against 900 JPY bn of loans at 120: equity 3 - 7.5 = -4.5.
    held, lender = sheet(usd=3.0, jpy=-900.0), empty_account(1, 3)
    lender.jpy_cash[:] = 900.0
    lender.usd_cash[:] = -3.0
    mark_to_market(held, Repricing(quote(), quote(120.0)))
    loss, negative = write_off(held, lender, quote(120.0)) or (one(0.0), one(0.0))
    assert (loss[0, 0], negative[0, 0]) == (pytest.approx(4.5, rel=1e-12), pytest.approx(4.5, rel=1e-12))
    assert (held.usd_cash[0, 0], held.jpy_cash[0, 0], held.equity_usd[0, 0]) == (0.0, 0.0, 0.0)
    assert (lender.usd_cash[0, 0], lender.jpy_cash[0, 0]) == (0.0, 0.0)


@pytest.mark.parametrize("held", [sheet(ust10=1.0, jpy=-900.0), sheet(usd=8.0, jpy=-900.0)], ids=["open", "solvent"])
def test_other_investors_are_not_written_off(held: BalanceSheet) -> None:
    before = held.equity_usd.copy()
    assert write_off(held, empty_account(1, 3), quote()) is None
    np.testing.assert_array_equal(held.equity_usd, before)


def test_the_seller_delivers_and_takes_the_money() -> None:
    # Customers buy 4 $bn of spot at 120, 8 Treasuries at 1.25 and 300 JGBs at .9.
    seller, flow = empty_account(1, 3), NetFlow(np.array([[4.0, 8.0, 300.0]]), one(0.0))
    settle_delivery(seller, flow, quote(120.0, 1.25, 0.9), ROSTER)
    np.testing.assert_allclose(seller.units, [[0.0, -8.0, -300.0]])
    assert seller.usd_cash[0, 0] == pytest.approx(10.0 - 4.0, rel=1e-12)
    assert seller.jpy_cash[0, 0] == pytest.approx(270.0 + 480.0, rel=1e-12)


def test_new_swaps_have_two_sides() -> None:
    lender = empty_account(1, 3)
    settle_swap_loan(lender, NetFlow(np.zeros((1, 3)), one(5.0)), quote(120.0))
    assert (lender.usd_cash[0, 0], lender.jpy_cash[0, 0], lender.hedge_usd[0, 0]) == (-5.0, 600.0, -5.0)


def test_a_central_bank_pays_with_new_reserves() -> None:
    bank, seller, flow = empty_account(1, 3), empty_account(1, 3), NetFlow(np.array([[0.0, 0.0, 200.0]]), one(0.0))
    created_usd, created_jpy = settle_official_purchase(bank, seller, flow, quote(120.0, 1.0, 0.9), ROSTER)
    assert (created_usd[0, 0], created_jpy[0, 0]) == (0.0, pytest.approx(180.0, rel=1e-12))
    assert (bank.units[0, 2], bank.jpy_cash[0, 0]) == (200.0, pytest.approx(-180.0, rel=1e-12))
    assert (seller.units[0, 2], seller.jpy_cash[0, 0]) == (-200.0, pytest.approx(180.0, rel=1e-12))


def test_every_run_settles_alone() -> None:
    def pair(first: float, second: float) -> Array:
        return np.array([[first], [second]])

    before = Quote(np.zeros((2, 3)), np.ones((2, 3)), np.zeros((2, 3)), pair(150, 150))
    both = new_balance_sheet(BOOKS, {"ust10": pair(10, 20), "jgb10": pair(0, 0)}, (pair(1, 2), pair(-750, -1500)))
    alone, both = sheet(ust10=20.0, usd=2.0, jpy=-1500.0), set_opening_equity(both, before)
    price = np.array([[1.0, 1.1, 1.0], [0.8, 0.9, 1.0]])
    mark_to_market(both, Repricing(before, Quote(np.log(price), price, np.zeros((2, 3)), pair(150, 120))))
    mark_to_market(alone, Repricing(quote(), quote(120.0, 0.9)))
    assert both.equity_usd[1, 0] == alone.equity_usd[0, 0]
    assert both.equity_usd[0, 0] == pytest.approx(7.0, rel=1e-12)
