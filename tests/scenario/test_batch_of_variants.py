"""Batches of runs with different parameters: each row equals the run alone, bit for bit."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.scenario.batch import (
    GIVEN_MAY_DIFFER,
    GIVEN_NAMES_MAY_DIFFER,
    MAY_DIFFER,
    build_batch,
    number_may_differ,
    parameter_may_differ,
)
from simulation.scenario.scenario import Scenario

SMALL = (
    "end=2025-12-23",
    *(f"populations.{name}.investors=12" for name in ("carry_funds", "yen_borrowers", "retail_fx", "life_insurers")),
    "populations.crypto_traders=null",
)
AROUND_THE_HIKE = (*SMALL, "start=2025-12-15", "fed.meetings=[]", "boj.meetings[0].signals=[]")
"""Six days with a decision of the Bank of Japan, where parameters have most effect."""
EXAMPLES = {
    "markets.*.release_pct_per_day": "markets.usdjpy.release_pct_per_day",
    "markets.*.decay_pct_per_day": "markets.ust10.decay_pct_per_day",
    "markets.*.lasting_share": "markets.usdjpy.lasting_share",
    "markets.*.stress_slope": "markets.usdjpy.stress_slope",
    "markets.*.stress_cap": "markets.usdjpy.stress_cap",
    "markets.*.thin_factor_x": "markets.usdjpy.thin_factor_x",
    "populations.*.stock_usd_bn": "populations.life_insurers.stock_usd_bn",
    "populations.*.position_scale_x": "populations.carry_funds.position_scale_x",
    "populations.*.leverage_x.*": "populations.carry_funds.leverage_x.median",
    "populations.*.leverage_cap_x": "populations.carry_funds.leverage_cap_x",
    "populations.*.volatility_target_cap_x": "populations.carry_funds.volatility_target_cap_x",
    "populations.*.incentive.*": "populations.carry_funds.incentive.momentum_weight",
    "populations.*.adjustment.*": "populations.carry_funds.adjustment.cut_pct_per_day",
    "populations.*.margin.*": "populations.carry_funds.margin.floor_pct",
    "populations.*.trailing_stop.*": "populations.carry_funds.trailing_stop.distance_pct.median",
}
KEYS = [EXAMPLES.get(pattern, pattern) for pattern in MAY_DIFFER]


def value_of(scenario: Scenario, key: str) -> float:
    part: Any = scenario
    for name in key.split("."):
        part = part[name] if isinstance(part, dict) else getattr(part, name)
    return float(part)


Settings = tuple[str, ...]


@cache
def scenario_of(settings: Settings) -> Scenario:
    return load_scenario("december_2025_official", settings)


@cache
def run_alone(settings: Settings, row: int) -> Record:
    return simulate(scenario_of(settings), (row,))


def variant(key: str, factor: float) -> Settings:
    value = value_of(scenario_of(AROUND_THE_HIKE), key)
    return AROUND_THE_HIKE if factor == 1.0 else (*AROUND_THE_HIKE, f"{key}={value * factor!r}")


GIVEN = {
    "fed.meetings*.decision": ("fed.meetings[0].decision=-25bp", "fed.meetings[0].decision=0bp"),
    "fed.meetings*.priced_probability": (
        "fed.meetings[0].priced_probability=0.8",
        "fed.meetings[0].priced_probability=0",
    ),
    "boj.meetings*.decision": ("boj.meetings[0].decision=50bp", "boj.meetings[0].decision=7.5bp"),
    "boj.meetings*.priced_probability": (
        "boj.meetings[0].priced_probability=1",
        "boj.meetings[0].priced_probability=0.1",
    ),
    "boj.meetings*.guidance": ("boj.meetings[0].guidance=hawkish", "boj.meetings[0].guidance=dovish"),
    "spread_path.target_pp": ("spread_path.target_pp=1.5", "spread_path.target_pp=2.6"),
}
PATH = ("spread_path.target_pp=2.21", "spread_path.over_days=9")
"""The first target is about the start of the spread, so its steps are almost zero."""


def assert_rows_equal_runs_alone(settings: list[Settings], about: str) -> None:
    variants = [scenario_of(each) for each in settings]
    batch = simulate(variants[0], range(len(variants)), variants)
    for row, each in enumerate(settings):
        alone = run_alone(each, row)
        for name, values in alone.market.items():
            np.testing.assert_array_equal(batch.market[name][row], values[0], err_msg=f"{name} with {about}")
        for population, columns in alone.flows.items():
            for name, values in columns.items():
                np.testing.assert_array_equal(batch.flows[population][name][row], values[0], err_msg=name)


@pytest.mark.parametrize("key", KEYS)
def test_each_row_equals_its_run_alone(key: str) -> None:
    assert_rows_equal_runs_alone([variant(key, factor) for factor in (1.0, 1.008)], key)


@pytest.mark.parametrize("key", GIVEN)
def test_each_row_with_its_own_policy_equals_its_run_alone(key: str) -> None:
    settings = [(), *((setting,) for setting in GIVEN[key])]
    assert_rows_equal_runs_alone([(*SMALL, *PATH, *more) for more in settings], key)


def test_every_policy_input_that_may_differ_is_tested() -> None:
    untried = {"fed.meetings*.guidance"}  # the same text as for the Bank of Japan
    assert {*GIVEN_MAY_DIFFER, *GIVEN_NAMES_MAY_DIFFER} - untried == set(GIVEN)


def test_rows_may_differ_in_several_keys_at_once() -> None:
    settings = [tuple(both[at] for both in GIVEN.values()) for at in (0, 1)]
    assert_rows_equal_runs_alone([(*SMALL, *PATH, *more) for more in settings], "all given keys")


CALENDARS = (
    (),
    ("fed.meetings[0].date=2025-12-19", "boj.meetings[0].decision=50bp"),
    ("spread_path.target_pp=1.5", "spread_path.over_days=9"),
    ("populations.carry_funds.stock_usd_bn=400",),
    ("fed.meetings[0].date=2025-12-19", "spread_path.target_pp=1.2", "spread_path.over_days=9"),
    ("spread_path.target_pp=2.6", "spread_path.over_days=9", "boj.meetings[0].guidance=hawkish"),
    ("boj.meetings=[]",),
    ("boj.meetings[0].date=2025-12-15", "boj.meetings[0].signals=[]"),
)
"""Meeting days, an omitted meeting and a path of the spread in some runs, in an order that separates the rows of a calendar."""
LIVELY = (
    "ministry_of_finance.level_yen=140",
    "ministry_of_finance.fast_rise_pct=0",
    "ministry_of_finance.probability=1",
)
"""Officials that react to markets."""


@pytest.mark.parametrize("more", [(), LIVELY], ids=["quiet", "ministry"])
def test_rows_may_differ_in_meeting_days_and_in_whether_a_spread_is_imposed(more: tuple[str, ...]) -> None:
    settings = [(*SMALL, *more, *calendar) for calendar in CALENDARS]
    variants = [scenario_of(each) for each in settings]
    assert [rows.tolist() for rows, _ in build_batch(variants[0], range(8), variants).calendars] == [
        [0, 2, 3, 5], [1, 4], [6], [7],
    ]  # fmt: skip
    assert_rows_equal_runs_alone(settings, "calendars")


def test_other_keys_must_be_equal_across_calendars() -> None:
    settings = ((), ("fed.meetings[0].date=2025-12-19", "boj.rate_pct=0.6"))
    variants = [load_scenario("december_2025_official", (*SMALL, *more)) for more in settings]
    with pytest.raises(ValueError, match=r"boj\.rate_pct may not differ"):
        build_batch(variants[0], (0, 1), variants)


def test_a_drawn_and_a_given_decision_need_separate_batches() -> None:
    given = load_scenario("december_2025_official", SMALL)
    first, *others = given.boj.meetings
    left_open = (first.model_copy(update={"decision": None}), *others)
    rule = given.model_copy(update={"boj": given.boj.model_copy(update={"meetings": left_open})})
    with pytest.raises(ValueError, match=r"boj\.meetings\[0\]\.decision may not differ"):
        build_batch(given, (0, 1), [given, rule])


def test_every_key_that_may_differ_changes_something() -> None:
    shocked = (*SMALL, "boj.meetings[0].decision=75bp")
    base = scenario_of(shocked)
    changed = [scenario_of((*shocked, f"{key}={1.008 * value_of(base, key)!r}")) for key in KEYS]
    record = simulate(base, [0] * (1 + len(KEYS)), [base, *changed])
    silent = [
        key
        for row, key in enumerate(KEYS, 1)
        if all(np.array_equal(values[row], values[0], equal_nan=True) for values in record.market.values())
    ]
    # Without effect in these four weeks: holidays, caps and floors that do not bind, decay of impact on bonds (fully lasting).
    assert set(silent) <= {
        "markets.usdjpy.thin_factor_x",
        "markets.ust10.decay_pct_per_day",
        "populations.carry_funds.leverage_cap_x",
        "populations.carry_funds.margin.floor_pct",
        "populations.carry_funds.volatility_target_cap_x",
    }


def test_other_keys_may_not_differ() -> None:
    variants = [load_scenario("december_2025_official", (*SMALL, f"boj.rate_pct={rate}")) for rate in (0.5, 0.6)]
    with pytest.raises(ValueError, match=r"boj\.rate_pct may not differ"):
        build_batch(variants[0], (0, 1), variants)


def test_one_variant_per_run() -> None:
    scenario = load_scenario("december_2025_official", SMALL)
    with pytest.raises(ValueError, match="1 variants for 2 runs"):
        build_batch(scenario, (0, 1), [scenario])


def test_equal_variants_need_no_columns() -> None:
    scenario = load_scenario("december_2025_official", SMALL)
    assert build_batch(scenario, (0, 1), [scenario, scenario.model_copy()]).scenario == scenario
    assert parameter_may_differ("populations.carry_funds.margin.quantile")
    assert not parameter_may_differ("populations.carry_funds.investors")
    assert number_may_differ("boj.meetings[0].decision")
    assert not parameter_may_differ("boj.meetings[0].decision")
    assert not number_may_differ("boj.meetings[0].guidance")
