"""The market state over days: purchases, transfer to value investors, decay, volatility."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.market.parameters import CurrencyMarket, JgbMarket, Market, TreasuryMarket
from simulation.market.prices import MarketState, slow_impact
from simulation.values.assets import Roster
from simulation.values.conventions import Array
from tests.support.scenarios import ROUND_FX

NAMES = ("usdjpy", "ust10", "jgb10")
ROSTER = Roster(NAMES, (False, False, True))
START = np.array([[0.0, 0.0402, 0.0181]])


def market_of(fx: CurrencyMarket | None = None) -> MarketState:
    markets: dict[str, Market] = {
        "usdjpy": fx or CurrencyMarket(**ROUND_FX),
        "ust10": TreasuryMarket(),
        "jgb10": JgbMarket(),
    }
    return MarketState(ROSTER, markets, START, 156.2)


def dollars(amount: float) -> Array:
    return np.array([[amount, 0.0, 0.0]])


def g(amount: float, slope: float = 1.2e-4) -> float:
    return float(slow_impact(np.array(amount), np.array(slope), np.array(50.0)))


def test_the_start_is_the_start() -> None:
    quote = market_of().last
    np.testing.assert_array_equal(quote.price, [[1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(quote.level, START)
    assert quote.usdjpy[0, 0] == 156.2


def test_what_customers_buy_becomes_dearer() -> None:
    # 150 $bn from dealers: F = 100 slopes = 3.5 %; bonds: the yield falls, the price rises.
    market = market_of()
    quote = market.quote(np.array([[150.0, 1500.0, 300_000.0]]))
    assert quote.log_price[0, 0] == pytest.approx(0.035, rel=1e-12)
    assert quote.usdjpy[0, 0] == pytest.approx(156.2 * np.exp(0.035), rel=1e-12)
    # 7 bp per 100 $bn with q1 = 500; 2 bp per 10 JPY tn with q1 = 100 JPY tn: both bought three scales, F = 2 scales.
    np.testing.assert_allclose(quote.level[0, 1:] - START[0, 1:], [-0.0070, -0.0040], rtol=1e-10)
    assert (quote.price[0, 1:] > 1.0).all()


def test_release_by_hand() -> None:
    # Dealers hold 100 and pass on 12: .57 of g(12) lasts, .43 fades by 3.7 % a day.
    market = market_of()
    market.inventory = dollars(100.0)
    assert market.release()[0, 0] == pytest.approx(12.0, rel=1e-13)
    assert market.inventory[0, 0] == pytest.approx(88.0, rel=1e-13)
    assert market.supplied[0, 0] == pytest.approx(12.0, rel=1e-13)
    assert market.lasting[0, 0] == pytest.approx(0.57 * g(12.0), rel=1e-12)
    assert market.fading[0, 0] == pytest.approx(0.43 * g(12.0), rel=1e-12)
    assert market.release()[0, 0] == pytest.approx(10.56, rel=1e-12)
    change = g(22.56) - g(12.0)
    assert market.lasting[0, 0] == pytest.approx(0.57 * g(22.56), rel=1e-12)
    assert market.fading[0, 0] == pytest.approx(0.43 * g(12.0) * 0.963 + 0.43 * change, rel=1e-12)


def test_in_the_long_run_only_the_lasting_share_stays() -> None:
    market = market_of()
    market.inventory = dollars(-100.0)
    for _ in range(600):
        market.release()
    assert market.inventory[0, 0] == pytest.approx(0.0, abs=1e-12)
    assert market.quote(market.inventory).log_price[0, 0] == pytest.approx(0.57 * g(-100.0), rel=1e-6)


def test_a_flow_that_is_reversed_leaves_no_lasting_trace() -> None:
    market = market_of()
    market.supply(dollars(40.0))
    market.supply(dollars(-40.0))
    assert market.lasting[0, 0] == pytest.approx(0.0, abs=1e-18)
    assert market.fading[0, 0] == pytest.approx(0.0, abs=1e-18)


def test_an_announced_flow_skips_the_fast_impact() -> None:
    announced, dealt = market_of(), market_of()
    announced.supply(dollars(20.0))
    move = announced.quote(announced.inventory).log_price[0, 0]
    assert move == pytest.approx(g(20.0), rel=1e-12)
    assert move < dealt.quote(dollars(20.0)).log_price[0, 0]


@given(st.lists(st.floats(-200.0, 200.0), min_size=1, max_size=12))
def test_nothing_is_lost_between_dealers_and_value_investors(purchases: list[float]) -> None:
    market, released = market_of(), 0.0
    for bought in purchases:
        market.inventory = market.inventory + dollars(bought)
        released += market.release()[0, 0]
    assert market.supplied[0, 0] == pytest.approx(released, rel=1e-12, abs=1e-9)
    assert market.inventory[0, 0] + released == pytest.approx(sum(purchases), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize(("lasting", "share_left"), [(1.0, 1.0), (0.0, 0.0)])
def test_limits_of_the_lasting_share(lasting: float, share_left: float) -> None:
    market = market_of(CurrencyMarket(**(ROUND_FX | {"lasting_share": lasting, "release_pct_per_day": 100})))
    market.inventory = dollars(30.0)
    for _ in range(800):
        market.release()
    assert market.quote(market.inventory).log_price[0, 0] == pytest.approx(share_left * g(30.0), abs=1e-12)


def test_thin_markets_and_stress_multiply() -> None:
    market = market_of()
    market.set_slopes(np.array([[1.5, 1.0, 0.2]]), thin=True)
    np.testing.assert_allclose(market.slope, [[3.5e-4 * 1.4 * 1.3, 7e-6 * 1.3, 2e-8 * 1.3]], rtol=1e-12)
    market.set_slopes(np.array([[1.0, 1.0, 1.0]]), thin=False)
    np.testing.assert_allclose(market.slope, [[3.5e-4, 7e-6, 2e-8]], rtol=1e-12)


def test_volatility_remembers_only_what_noise_does_not_explain() -> None:
    # u' = .94 u + .06 (r^2 - noise variance) and v = sigma_bar^2 + u.
    market, long_run = market_of(), np.array([4e-5, 2e-5, 1e-5])
    market.remember(market.quote(dollars(150.0)), long_run)
    first = 0.06 * (0.035**2 - 4e-5)
    assert market.variance(long_run)[0, 0] == pytest.approx(4e-5 + first, rel=1e-10)
    market.remember(market.last, long_run)
    assert market.log_return[0, 0] == 0.0
    assert market.variance(long_run)[0, 0] == pytest.approx(4e-5 + 0.94 * first - 0.06 * 4e-5, rel=1e-10)


def test_the_volatility_estimate_has_a_floor_at_half_its_long_run_value() -> None:
    market, long_run = market_of(), np.array([4e-5, 2e-5, 1e-5])
    for _ in range(500):
        market.remember(market.last, long_run)
    np.testing.assert_allclose(np.sqrt(market.variance(long_run)), [0.5 * np.sqrt(long_run)], rtol=1e-12)


def test_quiet_days_after_a_shock_bring_volatility_back() -> None:
    market, long_run = market_of(), np.array([4e-5, 2e-5, 1e-5])
    market.remember(market.quote(dollars(400.0)), 0 * long_run)
    half_life = int(np.ceil(np.log(0.5) / np.log(0.94)))
    excess = market.variance(long_run)[0, 0] - 4e-5
    for _ in range(half_life):
        market.remember(market.last, 0 * long_run)
    assert 0.45 * excess < market.variance(long_run)[0, 0] - 4e-5 <= 0.5 * excess


@pytest.mark.parametrize(("stress", "thin"), [(1.0, True), (2.0, False), (2.0, True)])
def test_a_change_of_the_slope_alone_moves_no_price(stress: float, thin: bool) -> None:
    # What dealers carry was priced when it was bought: stress or a holiday reprices nothing without a trade.
    market, twin = market_of(), market_of()
    for one in (market, twin):
        one.inventory = dollars(-80.0)
        one.release()
    market.set_slopes(np.full((1, 3), stress), thin)
    np.testing.assert_allclose(market.quote(market.inventory).level, twin.quote(twin.inventory).level, rtol=1e-12)
    more = market.quote(market.inventory + dollars(-1.0)).level[0, 0] - market.quote(market.inventory).level[0, 0]
    usual = twin.quote(twin.inventory + dollars(-1.0)).level[0, 0] - twin.quote(twin.inventory).level[0, 0]
    assert more / usual == pytest.approx((1.0 + 0.8 * (stress - 1.0)) * (1.3 if thin else 1.0), rel=1e-9)


def test_what_stress_added_fades_with_the_inventory() -> None:
    market = market_of()
    market.set_slopes(np.full((1, 3), 2.0), False)
    market.inventory = dollars(50.0)
    extra = market.quote(market.inventory).level[0, 0] * (1.0 - 1.0 / 1.8)
    market.release()
    market.set_slopes(np.ones((1, 3)), False)
    calm = market_of()
    calm.inventory = dollars(50.0)
    calm.release()
    left = market.quote(market.inventory).level[0, 0] - calm.quote(calm.inventory).level[0, 0]
    assert left == pytest.approx(0.88 * extra, rel=1e-9)
