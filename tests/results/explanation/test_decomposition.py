"""The parts of a day sum to the recorded change, and each follows from the model's rules."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.results.explanation.decomposition import (
    NEWS,
    ORDERS,
    ROUNDING,
    Part,
    day_parts,
    price_scale,
    split_by_cause,
)
from simulation.results.explanation.explain import build_explanation
from simulation.results.explanation.trace import TracedModel, trace_run
from tests.support.scenarios import (
    AROUND_THE_HIKE,
    BETA_PER_BP,
    CALM,
    COARSE,
    HIKE,
    NO_IMPACT,
    ONE_WEEK,
    SMALL_CAST,
    TWO_WEEKS,
    official,
    shipped,
    shocks,
)

EVERYBODY: dict[str, Any] = {
    f"populations.{name}.investors": 6
    for name in (
        "banks", "bitcoin_etf_holders", "carry_funds", "crypto_traders", "foreigners_in_japan", "investment_trusts",
        "life_insurers", "pension_funds", "retail_fx", "yen_borrowers",
    )
}  # fmt: skip
CRASH = shocks({"2025-12-03": 0.09})
STORM = {"noise.scale_x": 3, "end": "2025-12-31"}
SALE = {
    "ministry_of_finance": {"interventions": [{"date": "2025-12-04", "bought_jpy_bn": 3000}]},
}
GIVEN = {
    "news": [
        {"date": "2025-12-03", "value_pct": {"usdjpy": -2.0}, "label": "a given move"},
        {"date": "2025-12-04", "dollars_bought_usd_bn": 12, "label": "a funding shock"},
    ]
}
CASES = {
    "storm": lambda: shipped("december_2025_official", EVERYBODY, STORM),
    "crash": lambda: official(COARSE, CRASH, TWO_WEEKS),
    "threshold": lambda: official(
        COARSE, TWO_WEEKS, {"unwind.rule": "threshold", "spread_path": {"target_pp": 1.2, "over_days": 3}}
    ),
    "sale": lambda: official(COARSE, TWO_WEEKS, SALE),
    "given": lambda: official(COARSE, TWO_WEEKS, GIVEN),
    "thin": lambda: official(COARSE, {"end": "2026-01-06"}),
}


@cache
def traced(case: str) -> TracedModel:
    return trace_run(CASES[case](), 1)


def every_day(model: TracedModel) -> list[tuple[str, list[Part], float]]:
    """Return asset, parts, and the recorded value in the unit of the parts."""
    found = []
    for asset in model.economy.roster.names:
        for day in model.days:
            parts, scale = day_parts(model, day, asset)
            found.append((asset, parts, 100.0 if scale.in_bp else scale.before))
    return found


@pytest.mark.parametrize("case", CASES)
def test_parts_add_up_to_the_recorded_change(case: str) -> None:
    model = traced(case)
    assert len(model.days) == len(model.dates) - 1
    for asset, parts, size in every_day(model):
        rounding = [part.change for part in parts if part.group == ROUNDING]
        assert len(rounding) == 1
        assert abs(rounding[0]) < 1e-12 * size, asset


@pytest.mark.parametrize("case", CASES)
def test_tracing_changes_nothing(case: str) -> None:
    scenario = CASES[case]()
    plain = simulate(scenario, [0, 1, 2])
    for name, values in traced(case).recorder.market.items():
        np.testing.assert_array_equal(values[0], plain.market[name][1], err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_flows_of_the_parts_are_the_recorded_flows(case: str) -> None:
    model = traced(case)
    for day in model.days:
        for population in model.populations:
            bought = sum(
                sum(split_by_cause(execution, 0).values()) + execution.expected[0]
                for execution in day.session.executions
                if execution.population == population.name
            )
            recorded = model.recorder.flows[population.name]["spot_usd_bn"][0, day.step]
            assert bought == pytest.approx(recorded, abs=1e-9)


def test_the_crash_is_forced_by_stops_and_the_storm_by_more_than_one_cause() -> None:
    crash = [part for _, parts, _ in every_day(traced("crash")) for part in parts if part.forced]
    assert "carry_funds:stop" in {part.key for part in crash}
    assert all((part.flow_usd or 0.0) <= 0.0 for part in crash)
    storm = {part.key for _, parts, _ in every_day(traced("storm")) for part in parts if part.flow_usd}
    assert {"carry_funds:incentive", "carry_funds:volatility_target", "retail_fx:incentive"} <= storm


def test_sales_lower_the_price() -> None:
    days = [parts for asset, parts, _ in every_day(traced("crash")) if asset == "usdjpy"]
    flows = [(part.flow_usd, part.change) for parts in days for part in parts if part.group == ORDERS and part.flow_usd]
    assert {np.sign(flow) for flow, _ in flows} == {-1.0, 1.0}
    assert all(np.sign(flow) == np.sign(change) for flow, change in flows)


def test_a_yield_falls_when_bonds_are_bought() -> None:
    model = traced("threshold")
    bonds = [
        part
        for day in model.days
        for part in day_parts(model, day, "ust10")[0]
        if part.group == ORDERS and part.flow_usd
    ]
    assert bonds
    assert all(np.sign(part.flow_usd or 0.0) == -np.sign(part.change) for part in bonds)


def test_a_population_in_parts_is_explained_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.investors.population.PART_INVESTORS", 3)
    cut = trace_run(CASES["crash"](), 1)
    assert len(cut.economy.parts) > len(cut.populations)
    for asset, parts, size in every_day(cut):
        assert abs(parts[-1].change) < 1e-12 * size, asset
    day = next(day for day in cut.days if str(day.date) == "2025-12-03")
    whole = next(day for day in traced("crash").days if str(day.date) == "2025-12-03")
    forced = [
        {part.key: part.flow_usd for part in day_parts(model, one, "usdjpy")[0] if part.forced}
        for model, one in ((cut, day), (traced("crash"), whole))
    ]
    assert forced[0] == pytest.approx(forced[1])
    assert (
        build_explanation(cut, day, 1, "usdjpy").reasons
        == build_explanation(traced("crash"), whole, 1, "usdjpy").reasons
    )


def test_a_surprise_is_the_announcement_beta_times_its_size() -> None:
    hike = {"date": "2025-12-19", "decision": "25bp", "priced_probability": 0.2, "guidance": None}
    scenario = official(COARSE, AROUND_THE_HIKE, CALM, NO_IMPACT, {"boj.meetings": [hike]})
    model = trace_run(scenario, 0)
    day = model.days[HIKE - 1]
    parts, scale = day_parts(model, day, "usdjpy")
    decision = next(part.change for part in parts if part.key == "boj:target_surprise")
    # 20 of the 25 bp were not priced; one basis point lowers the log price by BETA_PER_BP.
    assert decision == pytest.approx(-20.0 * BETA_PER_BP * scale.per_level)
    assert scale.before > scale.per_level > scale.after


def test_a_calm_day_has_no_parts() -> None:
    model = trace_run(official(COARSE, CALM, ONE_WEEK), 0)
    for _, parts, _ in every_day(model):
        assert all(abs(part.change) < 1e-12 for part in parts)


def test_an_intervention_and_a_funding_shock_are_parts_of_their_own() -> None:
    sale = next(day for day in traced("sale").days if str(day.date) == "2025-12-04")
    sold = next(
        part for part in day_parts(traced("sale"), sale, "usdjpy")[0] if part.key.startswith("ministry_of_finance")
    )
    yen = traced("sale").recorder.market["usdjpy"][0, sale.step - 1]
    assert sold.flow_usd == pytest.approx(-3000.0 / yen, rel=0.02)
    assert sold.change < 0.0
    shock = next(day for day in traced("given").days if str(day.date) == "2025-12-04")
    bought = next(part for part in day_parts(traced("given"), shock, "usdjpy")[0] if part.key.startswith("abroad"))
    assert bought.flow_usd == pytest.approx(12.0)


def test_given_news_take_the_place_of_drawn_ones() -> None:
    model = traced("given")
    day = next(day for day in model.days if str(day.date) == "2025-12-03")
    parts, scale = day_parts(model, day, "usdjpy")
    news = sum(part.change for part in parts if part.group == NEWS)
    assert news == pytest.approx(np.log(0.98) * price_scale(model, day, "usdjpy").per_level)
    assert scale.column == "usdjpy"
    assert "own_news" not in {part.key for part in parts}


def test_the_small_cast_is_the_one_of_the_cases() -> None:
    assert set(traced("crash").economy.books.sheets) == set(SMALL_CAST)
