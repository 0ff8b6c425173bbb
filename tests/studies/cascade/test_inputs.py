"""An invalid input is rejected on construction, with position, value, unit, allowed range and remedy."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import simulation as cf

BANKS = cf.Banks([[60.0, 40.0]], [5.0])
# Wrong types on purpose.
PERCENT: Any = "percent"
HALF: Any = 1.5
RULE, DEPTH = cf.LeverageRule(limit=20.0), cf.MarketDepth(1e-3)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (lambda: cf.Banks([[60.0, -40.0]], [5.0]), r"holdings[0, 1] is -40 money; allowed are 0 to 1e+18 money: state"),
        (lambda: cf.Banks([[60.0, np.nan]], [5.0]), "holdings[0, 1] is nan money"),
        (lambda: cf.Banks([[60.0]], [np.inf]), "equity[0] is inf money"),
        (lambda: cf.Banks([[60.0, 40.0], [1.0]], [5.0]), "in equally long rows"),
        (lambda: cf.Banks([60.0, 40.0], [5.0]), "holdings have shape (2,) and equity (1,); allowed are (..., banks, assets)"),
        (lambda: cf.Banks([[60.0, 40.0]], [5.0, 5.0]), "give a row of holdings and a number of equity for each bank"),
        (lambda: cf.LeverageRule(limit=0.0), "limit is 0 x equity; allowed are 0.01 to 1e+06 x equity: state assets over"),
        (lambda: cf.LeverageRule(limit=[20.0, -1.0]), "limit[1] is -1 x equity"),
        (lambda: cf.LeverageRule(target=cf.Banks([[1.0]], [0.0]).leverage), "target[0] is inf x equity"),
        (lambda: cf.LeverageRule(limit=20.0, restore=1.1), "restore is 1.1 of the limit; allowed are 0.1 to 1 of the limit"),
        (lambda: cf.LeverageRule(target=20.0, speed=2.0), "speed is 2 of the gap a round; allowed are 0 to 1"),
        (lambda: cf.LeverageRule(target=20.0, mix=[[0.5, 0.4]]), "sum of mix[0] is 0.9 of a sale"),
        (lambda: cf.MarketDepth("deep"), "impact is 'deep', but must be numbers (per unit of money)"),
        (lambda: cf.MarketDepth(-1e-3), "impact is -0.001 per unit of money; allowed are 0 to 1e+06"),
        (lambda: cf.MarketDepth(1e-3, scale=0.0), "scale is 0 money; allowed are 1e-09 to inf money"),
        (lambda: cf.MarketDepth(1e-3, sellable=2), "sellable is 2 (1 yes, 0 no)"),
        (lambda: cf.MarketDepth(1e-3, returns=PERCENT), "returns is 'percent'; allowed are 'log' and 'simple'"),
        (lambda: cf.fire_sale(BANKS, RULE, DEPTH, -10.0), "shock is -10 as a return; allowed are -0.999999 to 10"),
        (lambda: cf.fire_sale(BANKS, RULE, DEPTH, [-0.1] * 3), "shock has shape (3,); its last axes may be (2,)"),
        (lambda: cf.fire_sale(BANKS, RULE, cf.MarketDepth([1.0] * 3)), "impact has shape (3,)"),
        (lambda: cf.fire_sale(BANKS, cf.LeverageRule(limit=[20.0] * 3), DEPTH), "limit has shape (3,)"),
        (lambda: cf.fire_sale(BANKS, RULE, DEPTH, most_rounds=0), "most_rounds is 0 rounds; allowed are 1 to 100000"),
        (lambda: cf.fire_sale(BANKS, RULE, DEPTH, most_rounds=HALF), "most_rounds is 1.5 rounds"),
    ],
)  # fmt: skip
def test_an_invalid_input_gives_value_unit_range_and_remedy(state: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        state()


def test_the_error_names_arguments_with_different_runs() -> None:
    rule = cf.LeverageRule(limit=np.full((2, 1), 20.0))
    with pytest.raises(ValueError, match=re.escape("leading axes (runs) are shock (3,), limit (2,)")):
        cf.fire_sale(BANKS, rule, DEPTH, np.full((3, 2), -0.1))


def test_a_price_of_zero_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"asset 0 \(counted from 0\) would be -\d.* times its initial price.*choose log returns"
    ):
        cf.fire_sale(BANKS, RULE, cf.MarketDepth(0.1, returns="simple"), -0.02)
    assert cf.fire_sale(BANKS, RULE, cf.MarketDepth(0.1), -0.02).prices.min() > 0.0


def test_inputs_are_not_changed() -> None:
    holdings, equity = np.array([[60.0, 40.0]]), np.array([5.0])
    cf.fire_sale(cf.Banks(holdings, equity), RULE, DEPTH, -0.02)
    assert holdings.tolist() == [[60.0, 40.0]]
    assert equity.tolist() == [5.0]
