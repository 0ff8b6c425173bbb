"""Pension funds: four equal weights, bands, a turnover limit, and spot trades for cross-border flows only."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.investors.pension_funds import (
    POLICY_MIX,
    PensionFundParameters,
    PensionFunds,
    is_rebalancing,
    largest_deviation,
    traded_share,
)
from simulation.values.assets import Quote
from simulation.values.conventions import column
from simulation.values.orders import SLOW_REPATRIATION, Information, Trade
from tests.support.outcomes import assert_flows_add_up
from tests.support.scenarios import CALM, GONE, NO_COSTS, NO_IMPACT, ONE_WEEK, START_USDJPY, Changes, official
from tests.support.states import assert_same_record

ONE_FUND: dict[str, Any] = {
    "investors": 1,
    "stock_usd_bn": 100,
    "acts_at_x": {"median": 1, "log_sd": 0},
    "turnover_pct_per_quarter": 66,
}
"""A fund with 50 $bn in each class that trades at the published bands, with a turnover limit of 1 % of assets a day."""


def fund(*changes: Changes, **own: Any) -> tuple[PensionFunds, Information]:
    """One fund and its information in a scenario without noise."""
    model = CapitalFlowModel(official(CALM, ONE_WEEK, {"populations": {"pension_funds": ONE_FUND | own}}, *changes))
    population = model.populations[0]
    assert isinstance(population, PensionFunds)
    return population, model.information()


def at_prices(now: Information, relative: Mapping[str, float]) -> Information:
    """The same day with some prices at a multiple of the start."""
    price = now.quote.price.copy()
    for name, multiple in relative.items():
        price[:, now.roster.columns[name]] = multiple
    return replace(now, quote=Quote(np.log(price), price, now.quote.level, START_USDJPY * price[:, :1]))


def orders(relative: Mapping[str, float], **own: Any) -> Trade | None:
    population, now = fund(**own)
    return population.orders(at_prices(now, relative))


def test_four_equal_weights_at_the_start() -> None:
    # 800 $bn abroad of 250 JPY tn.
    model = CapitalFlowModel(official(CALM, {"populations": {"pension_funds": {}}}))
    sheet, now = model.populations[0].sheet, model.information()
    values = {name: (units * sheet.value_usd(name, now.quote)).sum() for name, units in sheet.holdings.items()}
    assert values == pytest.approx(dict.fromkeys(POLICY_MIX, 400.0), rel=1e-12)
    assert sum(values.values()) * START_USDJPY == pytest.approx(250_000, rel=1e-3)
    assert model.populations[0].stock()[0, 0] == pytest.approx(800, rel=1e-12)
    assert sheet.hedge_usd is None


def test_an_equity_rally_by_hand() -> None:
    # Foreign equity is worth 75 of 225: 33.3 %, above 31.  To 56.25 each: 18.75 sold against three times 6.25 bought;
    # the limit is 2.25 a day, 12 % of it.
    trade = orders({"us_equity": 1.5})
    assert trade is not None
    assert trade.units["us_equity"][0, 0] == pytest.approx(-2.25 / 1.5, rel=1e-12)
    assert trade.units["ust10"][0, 0] == pytest.approx(0.75, rel=1e-12)
    assert trade.units["jgb10"][0, 0] == pytest.approx(0.75 * START_USDJPY, rel=1e-12)
    assert trade.units["japan_equity"][0, 0] == pytest.approx(0.75 * START_USDJPY, rel=1e-12)
    # Two thirds of the proceeds are repatriated; at start prices 1.5 units of equity are sold and .75 of bonds bought.
    assert trade.spot_usd[0, 0] == pytest.approx(-1.5, rel=1e-12)
    assert trade.repatriated is not None
    assert trade.repatriated[0, 0] == pytest.approx(1.5, rel=1e-12)
    assert trade.unwound[SLOW_REPATRIATION][0, 0] == pytest.approx(0.75, rel=1e-12)
    assert trade.announced
    assert trade.hedge_usd is None


def test_a_weak_yen_causes_repatriation() -> None:
    # If the dollar doubles, domestic classes are worth 25 each and foreign ones 50 of 150, 33.3 %; sell 12.5 of each, 1.5 a day.
    trade = orders({"usdjpy": 2.0})
    assert trade is not None
    assert trade.spot_usd[0, 0] == pytest.approx(-1.5, rel=1e-12)
    assert trade.units["ust10"][0, 0] == pytest.approx(-0.75, rel=1e-12)
    assert trade.units["jgb10"][0, 0] == pytest.approx(0.75 * 2 * START_USDJPY, rel=1e-12)


@pytest.mark.parametrize("name", POLICY_MIX)
@pytest.mark.parametrize("multiple", [0.5, 1.6])
def test_what_has_risen_is_sold_and_what_has_fallen_is_bought(name: str, multiple: float) -> None:
    trade = orders({name: multiple})
    assert trade is not None
    for other, units in trade.units.items():
        assert (units[0, 0] > 0.0) == ((multiple < 1.0) == (other == name))


def test_domestic_trades_do_not_go_through_spot() -> None:
    # 35 in JGBs, 65 in equities, 200 in all.
    trade = orders({"jgb10": 0.7, "japan_equity": 1.3})
    assert trade is not None
    assert trade.spot_usd[0, 0] == pytest.approx(0.0, abs=1e-12)
    assert trade.unwound[SLOW_REPATRIATION][0, 0] == pytest.approx(0.0, abs=1e-12)
    assert trade.units["jgb10"][0, 0] * 0.7 == pytest.approx(-trade.units["japan_equity"][0, 0] * 1.3, rel=1e-12)
    assert trade.units["jgb10"][0, 0] == pytest.approx(2.0 * START_USDJPY / 0.7, rel=1e-12)


@pytest.mark.parametrize(("multiple", "trades"), [(1.33, False), (1.36, True), (0.72, False), (0.68, True)])
def test_bands_of_six_points(multiple: float, trades: bool) -> None:
    # 31 % is reached at x / (x + 3) = .31: 1.348; 19 % at .7037.
    assert (orders({"us_equity": multiple}) is not None) == trades


@pytest.mark.parametrize(("multiple", "trades"), [(1.27, False), (1.3, True)])
def test_the_band_of_foreign_bonds_is_five_points(multiple: float, trades: bool) -> None:
    # 30 % is reached at 1.2857.
    assert (orders({"ust10": multiple}) is not None) == trades


def test_cautious_funds_act_inside_the_bands() -> None:
    assert orders({"us_equity": 1.2}) is None
    assert orders({"us_equity": 1.2}, acts_at_x={"median": 0.5, "log_sd": 0}) is not None


def test_largest_deviation_by_hand() -> None:
    weights = {"ust10": 0.29, "us_equity": 0.27, "jgb10": 0.22, "japan_equity": 0.22}
    result = largest_deviation({name: column(value, 1) for name, value in weights.items()}, POLICY_MIX, column(0.5, 1))
    assert result[0, 0] == pytest.approx(0.04 / 0.05 / 0.5, rel=1e-12)


def test_rebalancing_stops_inside_the_band() -> None:
    deviations = np.array([[0.9, 1.1, 0.9, 0.5, 0.6, 1.0]])
    assert is_rebalancing(np.zeros((1, 6)), deviations, 0.5).tolist() == [[0, 1, 0, 0, 0, 0]]
    assert is_rebalancing(np.ones((1, 6)), deviations, 0.5).tolist() == [[1, 1, 1, 0, 1, 1]]


def test_rebalancing_continues_inside_the_band_once_started() -> None:
    population, now = fund()
    assert population.orders(at_prices(now, {"us_equity": 1.5})) is not None
    assert population.orders(at_prices(now, {"us_equity": 1.25})) is not None
    assert population.orders(at_prices(now, {"us_equity": 1.1})) is None
    assert population.orders(at_prices(now, {"us_equity": 1.25})) is None


def test_small_gaps_are_closed_at_once() -> None:
    gaps = {"a": column(3.0, 1), "b": column(-3.0, 1)}
    assert traded_share(gaps, column(4.0, 1))[0, 0] == 1.0
    assert traded_share(gaps, column(1.5, 1))[0, 0] == pytest.approx(0.5, rel=1e-12)
    assert traded_share(gaps, column(0.0, 1))[0, 0] == 0.0


DEAR_DOLLAR: Changes = {
    "markets.usdjpy.announcement_beta_pct_per_bp": 5,
    "markets.usdjpy.credibility_beta_pct_per_bp": 0,
    "boj.meetings": [{"date": "2025-12-01", "decision": "-20bp", "step": "25bp", "priced_probability": 0.0}],
}
"""A surprise that multiplies the dollar by e."""


def test_at_most_one_per_cent_of_assets_a_quarter() -> None:
    own = {"populations": {"pension_funds": ONE_FUND | {"turnover_pct_per_quarter": 1}}}
    record = simulate(official(CALM, NO_IMPACT, NO_COSTS, own, DEAR_DOLLAR, {"end": "2026-04-30"}), [0])
    table = record.flows["pension_funds"]
    sold, assets = -table["spot_usd_bn"][0], table["equity_usd_bn"][0]
    assert not sold[:2].any()
    quarter = sold[2:68]
    assert (quarter > 0.0).all()
    assert 0.0095 * assets[2:68].min() < quarter.sum() <= 0.01 * assets[2:68].max()
    assert record.market["ledger_residual"].max() <= 1e-9


def test_rebalancing_ends_and_has_slow_impact_only() -> None:
    own = {"populations": {"pension_funds": ONE_FUND}}
    record = simulate(official(CALM, NO_COSTS, own, DEAR_DOLLAR, {"end": "2026-04-30"}), [0])
    spot = record.flows["pension_funds"]["spot_usd_bn"][0]
    assert spot[2] < 0.0
    assert not spot[-10:].any()
    assert not record.market["dealer_inventory_usd_bn"].any()
    free = simulate(official(CALM, NO_COSTS, NO_IMPACT, own, DEAR_DOLLAR, {"end": "2026-04-30"}), [0])
    assert record.market["usdjpy"][0, 10] < free.market["usdjpy"][0, 10]


def test_exits_sell_foreign_assets_and_convert_part_of_the_proceeds() -> None:
    # A fifth of 50 in each; Treasuries are worth 1.1, equity .9; half of 11 + 9 is converted.
    population, now = fund()
    trade = population.leave(column(0.2, 1), at_prices(now, {"ust10": 1.1, "us_equity": 0.9}), 0.5)
    assert {name: units[0, 0] for name, units in trade.units.items()} == pytest.approx({"ust10": -10, "us_equity": -10})
    assert trade.spot_usd[0, 0] == pytest.approx(-10, rel=1e-12)
    assert trade.unwound[SLOW_REPATRIATION][0, 0] == pytest.approx(20, rel=1e-12)


def test_exits_are_limited_to_the_holding() -> None:
    population, now = fund()
    population.sheet.holdings["ust10"] = np.array([[4.0]])
    trade = population.leave(column(1.0, 1), now, 1.0)
    assert trade.units["ust10"][0, 0] == -4.0
    assert trade.units["us_equity"][0, 0] == pytest.approx(-50, rel=1e-12)


def test_another_mix() -> None:
    # 30 % abroad: 100 $bn of 333.
    mix = {"us_equity": {"target_pct": 30}, "jgb10": {"target_pct": 70, "band_pp": 10}}
    population, now = fund({"markets.japan_equity": None}, mix=mix)
    assert population.sheet.holdings["us_equity"][0, 0] == pytest.approx(100, rel=1e-12)
    assert population.sheet.holdings["jgb10"][0, 0] == pytest.approx(100 * 70 / 30 * START_USDJPY, rel=1e-12)
    assert population.orders(now) is None


def test_a_mix_must_add_up() -> None:
    with pytest.raises(ValueError, match="add up to 110 %; they must add up to 100 %"):
        PensionFundParameters.model_validate({"mix": {"ust10": {"target_pct": 60}, "jgb10": {"target_pct": 50}}})


def test_an_asset_outside_the_scenario_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pension_funds\.mix: 'japan_equity' is not an asset of this scenario"):
        fund({"markets.japan_equity": None})


def test_a_mix_needs_a_foreign_asset() -> None:
    with pytest.raises(ValueError, match="at least one foreign asset must have a target_pct above 0"):
        fund(mix={"jgb10": {"target_pct": 100}})


def test_no_trades_without_news() -> None:
    record = simulate(official(CALM, {"populations": {"pension_funds": {}}, "end": "2026-01-30"}), [0])
    assert not record.flows["pension_funds"]["unwound_usd_bn"].any()
    for name in ("usdjpy", "ust10_pct", "jgb10_pct", "us_equity", "japan_equity"):
        assert np.ptp(record.market[name]) == 0.0


def test_ledger_holds_and_rows_are_independent_under_noise() -> None:
    own = {"acts_at_x": {"median": 0.2, "log_sd": 0.3}, "turnover_pct_per_quarter": 20}
    scenario = official({"populations.pension_funds": own, "populations.real_money_japan": GONE})
    batch = simulate(scenario, range(4))
    assert batch.market["ledger_residual"].max() <= 1e-9
    assert batch.flows["pension_funds"]["spot_usd_bn"].any()
    assert_flows_add_up(batch)
    assert_same_record(simulate(scenario, [2]), batch, slice(2, 3))
