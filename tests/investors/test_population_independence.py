"""Draws of a population depend neither on the other populations and their order nor on missing assets."""

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.day.officials import Officials
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import AROUND_THE_HIKE, COARSE, GONE, ONE_WEEK, POPULATIONS, Changes, official
from tests.support.states import assert_same_record

SECOND_FUNDS: Changes = {
    "populations.other_funds": {"kind": "carry_funds", "stock_usd_bn": 40, "investors": 5, "leverage_x": {"median": 3}}
}


def traits(model: CapitalFlowModel) -> dict[tuple[str, str], np.ndarray]:
    return {
        (population.name, trait): values
        for population in model.populations
        for trait, values in population.traits.items()
    }


def assert_same_draws(some: CapitalFlowModel, others: CapitalFlowModel) -> None:
    ours, theirs = traits(some), traits(others)
    common = ours.keys() & theirs.keys()
    assert common
    for key in common:
        np.testing.assert_array_equal(ours[key], theirs[key], err_msg=str(key))
    assert isinstance(some.officials, Officials)
    assert isinstance(others.officials, Officials)
    for name, drawn in some.officials.draws.items():
        np.testing.assert_array_equal(drawn, others.officials.draws[name], err_msg=name)


def model_of(*changes: Changes) -> CapitalFlowModel:
    return CapitalFlowModel(official(COARSE, ONE_WEEK, *changes), range(3))


def test_a_new_population_changes_no_other_draw() -> None:
    base, more = model_of(), model_of(SECOND_FUNDS)
    assert_same_draws(base, more)
    np.testing.assert_array_equal(base.economy.news, more.economy.news)
    assert len(more.populations) == len(base.populations) + 1


@pytest.mark.parametrize("name", POPULATIONS)
def test_removing_a_population_changes_no_other_draw(name: str) -> None:
    base, less = model_of(), model_of({f"populations.{name}": GONE})
    assert_same_draws(base, less)
    np.testing.assert_array_equal(base.economy.news, less.economy.news)


@pytest.mark.parametrize("asset", ["bitcoin", "japan_equity"])
def test_removing_an_asset_changes_no_other_draw(asset: str) -> None:
    gone: Changes = {"populations.crypto_traders": GONE, f"markets.{asset}": None}
    base, less = model_of(), model_of(gone)
    assert_same_draws(base, less)
    kept = [base.economy.roster.columns[name] for name in less.economy.roster.names]
    np.testing.assert_array_equal(less.economy.news, base.economy.news[:, :, kept])


def test_two_populations_of_one_kind_draw_differently() -> None:
    twin: Changes = {"populations.twins": {"kind": "carry_funds", "stock_usd_bn": 250, "investors": 8}}
    drawn = traits(model_of(twin))
    assert not np.isclose(drawn["twins", "leverage"], drawn["carry_funds", "leverage"]).all()
    np.testing.assert_allclose(drawn["twins", "stock"].sum(axis=1), 250, rtol=1e-12)


def test_the_order_of_populations_in_a_config_changes_nothing() -> None:
    scenario = official(COARSE, AROUND_THE_HIKE, SECOND_FUNDS, {"boj.meetings.0.priced_probability": 0.0})
    backwards = dict(reversed(scenario.populations.items()))
    reordered = scenario.model_copy(update={"populations": backwards})
    assert list(reordered.populations) != list(scenario.populations)
    assert_same_record(simulate(reordered, range(3)), simulate(scenario, range(3)))


def test_a_population_without_stock_changes_nothing() -> None:
    # Holders without stock do not trade: all other columns are bit-identical.
    base = official(COARSE, ONE_WEEK)
    idle = {"kind": "real_money_japan", "stock_usd_bn": 0, "investors": 3}
    with_idle = official(COARSE, ONE_WEEK, {"populations.zeros": idle})
    result, expected = (simulate(scenario, range(2)) for scenario in (with_idle, base))
    assert not np.array(list(result.flows["zeros"].values())).any()
    for name in set(expected.market) - {"ledger_residual"}:
        np.testing.assert_array_equal(result.market[name], expected.market[name], err_msg=name)


def end_of(scenario: Scenario) -> np.ndarray:
    return simulate(scenario, range(12)).market["usdjpy"]


def test_splitting_a_population_in_two_is_the_same_up_to_sampling() -> None:
    # 250 $bn in one population or in two: the same model with different draws of leverage and stops.
    hike: Changes = {
        **AROUND_THE_HIKE,
        "noise.scale_x": 0,
        "boj.meetings.0.priced_probability": 0.0,
        "end": "2025-12-24",
    }
    half: Changes = {
        "populations.carry_funds.stock_usd_bn": 125,
        "populations.others": {"kind": "carry_funds", "stock_usd_bn": 125, "investors": 300},
    }
    counts: Changes = {"populations.carry_funds.investors": 300}
    one, two = (np.log(end_of(official(COARSE, hike, counts, *more))) for more in ((), (half,)))
    gap = np.abs(one.mean(axis=0) - two.mean(axis=0)).max()
    error = np.sqrt((one.var(axis=0, ddof=1) + two.var(axis=0, ddof=1)) / 12).max()
    assert gap < 4 * error
    assert error < 0.005
