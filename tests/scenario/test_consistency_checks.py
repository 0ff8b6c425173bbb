"""Invalid combinations of valid values give an error with key and reason before anything runs."""

import pytest

from simulation.day.model import CapitalFlowModel
from tests.support.scenarios import COARSE, ONE_WEEK, Changes, official

REFUSED: dict[str, tuple[Changes, str]] = {
    "no leverage at all": ({"populations.crypto_traders.leverage_mix": {}}, "leverage_mix"),
    "leverage of zero": ({"populations.crypto_traders.leverage_mix": {0.0: 1.0}}, "leverage_mix"),
    "negative share": ({"populations.crypto_traders.leverage_mix": {3.0: -1.0, 5.0: 2.0}}, "leverage_mix"),
    "shares of nothing": ({"populations.crypto_traders.leverage_mix": {3.0: 0.0}}, "leverage_mix"),
    "link to nowhere": ({"markets.us_equity.links": {"gold": 1.0}}, "links.*gold"),
    "link to a missing market": ({"markets.us_equity": None, "populations.carry_funds.basket": {}}, "links.*us_equity"),
    "link to a later asset": ({"markets.us_equity.links": {"bitcoin": 1.0}}, "links.*bitcoin"),
    "old signal": ({"boj.meetings.0.signals": [{"date": "2025-11-20", "strength": 1}]}, "signal.*2025-11-20"),
    "signal on the start day": ({"boj.meetings.0.signals": [{"date": "2025-11-28", "strength": 1}]}, "signal.*2025-11-28"),
    "thin period backwards": ({"thin_periods": [{"first_day": "2026-01-05", "last_day": "2025-12-24"}]}, "last_day"),
    "purchases backwards": ({"fed.balance_sheet": [{"first_day": "2026-01-05", "last_day": "2025-12-24"}]}, "last_day"),
    "the Fed buys JGBs": (
        {"fed.balance_sheet": [{"first_day": "2025-12-05", "bought_jpy_bn_per_month": 10}]}, "bought_jpy_bn_per_month",
    ),
    "the Bank buys Treasuries": (
        {"boj.balance_sheet": [{"first_day": "2025-12-05", "bought_usd_bn_per_month": 10}]}, "bought_usd_bn_per_month",
    ),
    "more run off than held": (
        {"fed.bonds_held": 100, "fed.balance_sheet": [{"first_day": "2025-11-01", "bought_usd_bn_per_month": -500}]},
        # Five days of 500 x 12 / 252 = 23.81.
        "fed.balance_sheet.*19 bn more than the 100 bn.*fed.bonds_held",
    ),
    "spot dollars priced in yen": ({"markets.usdjpy.yen_priced": True}, "markets.usdjpy.yen_priced.*false"),
    "JGBs priced in dollars": ({"markets.jgb10.yen_priced": False}, "markets.jgb10.yen_priced.*true"),
    "no business day": ({"end": "2025-11-30"}, "business day"),
    "meeting on a Sunday": ({"boj.meetings.0.date": "2025-12-21"}, "2025-12-21 is not a business day"),
    "meeting before the start": ({"boj.meetings.0.date": "2025-11-27", "boj.meetings.0.signals": []}, "2025-11-27 is not after"),
    "unknown words": ({"boj.guidance": "mumbling"}, "mumbling"),
    "contradicting correlations": ({"noise.correlations": {"usdjpy": {"ust10": 1.5}}}, "correlations"),
    "name of another sector": ({"populations.dealers": {"kind": "carry_funds", "stock_usd_bn": 1}}, "dealers"),
    "name of value investors": ({"populations.real_money": {"kind": "carry_funds", "stock_usd_bn": 1}}, "real_money"),
    "basket of more than all": ({"populations.carry_funds.basket": {"ust10": 0.9, "bitcoin": 0.4}}, "carry_funds.basket"),
    "impossible correlations": (
        {"noise.correlations": {"us_equity": {"ust10": 0.99, "usdjpy": -0.99}, "usdjpy": {"ust10": 0.99}}}, "correlations",
    ),
    "no currency": ({"markets.usdjpy": None}, "usdjpy"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_combinations_give_a_reason(changes: Changes, reason: str) -> None:
    with pytest.raises(ValueError, match=rf"(?s){reason}"):
        CapitalFlowModel(official(COARSE, ONE_WEEK, changes))
