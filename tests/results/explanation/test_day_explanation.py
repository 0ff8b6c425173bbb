"""A day explained as text, JSON and a waterfall chart; requests that cannot be explained are rejected."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import simulation as cf
from simulation.results.explanation.day_explanation import DayExplanation
from simulation.results.explanation.explain import check_matches_record, explain_price_move
from simulation.results.output_folder import OutputError
from simulation.results.run_results import Result
from tests.support.scenarios import COARSE, ONE_WEEK, TWO_WEEKS, official, shipped, shocks

CRASH_DAY = "2025-12-03"
FEW = {
    f"populations.{name}.investors": 6 for name in ("carry_funds", "crypto_traders", "life_insurers", "yen_borrowers")
}


@cache
def crashed() -> Result:
    return cf.run(official(COARSE, shocks({CRASH_DAY: 0.09}), TWO_WEEKS), runs=3)


@cache
def crash() -> DayExplanation:
    return crashed().explain(CRASH_DAY, run=1)


def test_the_text_names_sellers_rules_and_effects() -> None:
    text = crash().text()
    recorded = crashed().daily.query("run == 1").set_index("date")["usdjpy"]
    before, after = recorded["2025-12-02"], recorded[CRASH_DAY]
    assert f"USDJPY fell {before - after:.2f} yen on 3 December 2025, from {before:.2f} to {after:.2f}" in text
    assert "Japan: policy decision -" in text
    assert "Forced orders: -" in text
    assert "Carry funds (" in text
    assert "below its 120-day high" in text
    assert "Counterparties" in text


def test_the_shares_of_dealers_and_value_investors_are_those_recorded() -> None:
    flows = crashed().flows
    day = flows[(flows["run"] == 1) & (flows["date"] == CRASH_DAY)].set_index("population")
    assert crash().other_side == {name: day.loc[name, "spot_usd_bn"] for name in ("dealers", "real_money")}


@pytest.mark.parametrize("asset", ["usdjpy", "jgb10", "us_equity", "japan_equity", "bitcoin"])
def test_every_dollar_bought_was_sold_by_somebody(asset: str) -> None:
    day = explain_price_move(shipped("december_2025_official", FEW, TWO_WEEKS), "2025-12-10", asset=asset)
    bought = sum(part.flow_usd or 0.0 for part in day.parts) + sum(day.other_side.values()) + day.planned
    assert bought == pytest.approx(0.0, abs=1e-9)
    assert (day.planned > 0.0) == (asset in ("usdjpy", "us_equity"))
    assert ("Planned purchases by residents" in day.text()) == (day.planned > 0.005)


def test_json_holds_every_part_and_adds_up() -> None:
    content = json.loads(json.dumps(crash().to_dict(), allow_nan=False))
    assert sum(part["change"] for part in content["parts"]) == pytest.approx(
        content["after"] - content["before"], abs=1e-12
    )
    assert sum(content["totals"].values()) == pytest.approx(content["change"], abs=1e-12)
    stop = next(part for part in content["parts"] if part["key"] == "carry_funds:stop")
    assert stop["forced"]
    assert 0 < stop["investors_traded"] <= stop["investors"] == 8
    assert stop["flow_usd_bn"] < 0


def test_the_bars_of_the_waterfall_lead_from_close_to_close() -> None:
    numbers = crash().drawing.numbers
    assert numbers["from"][0] == crash().before
    assert numbers["to"][-1] == pytest.approx(crash().after, abs=1e-9)
    np.testing.assert_allclose(numbers["to"], numbers["from"] + numbers["change_yen"])
    assert "falls" in crash().plot().texts[0].get_text()


def test_without_a_date_the_largest_move_is_explained() -> None:
    found = crashed().explain(run=1)
    moves = np.abs(np.diff(np.log(crashed().record.market["usdjpy"][1])))
    assert found.date == crashed().record.dates[1 + int(moves.argmax())].item()


@pytest.mark.parametrize("asset", ["ust10", "us_equity", "bitcoin"])
def test_other_assets_are_explained_in_their_units(asset: str) -> None:
    found = crashed().explain(CRASH_DAY, asset=asset)
    assert found.unit == {"ust10": "bp", "us_equity": "points", "bitcoin": "$"}[asset]
    assert sum(part.change for part in found.parts) == pytest.approx(found.change, abs=1e-9)
    assert found.text().count("\n") > 5


def test_the_same_day_gives_the_same_text_and_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    folders = [tmp_path_factory.mktemp("day") for _ in range(2)]
    for folder in folders:
        crashed().explain(CRASH_DAY, run=1).write(folder)
    first, second = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders)
    assert first == second
    assert set(first) == {"waterfall.png", "waterfall.csv", "explanation.txt", "explanation.json"}


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2025-12-06", "2025-12-06 is not a business day; the next one is 2025-12-08"),
        ("2026-07-01", "its trading days are 2025-12-01 to 2025-12-12"),
        ("2025-11-28", "is not a trading day of"),
        ("19 December", "write it as 2025-12-19"),
    ],
)
def test_days_without_trading_are_refused(day: str, message: str) -> None:
    with pytest.raises(OutputError, match=message):
        crashed().explain(day)


def test_unknown_assets_and_runs_are_refused() -> None:
    with pytest.raises(OutputError, match=r"asset 'gold' is not in .*; it has usdjpy"):
        crashed().explain(CRASH_DAY, asset="gold")
    with pytest.raises(OutputError, match="run 7: the results hold runs 0 to 2"):
        crashed().explain(CRASH_DAY, run=7)
    with pytest.raises(OutputError, match="counted from 0"):
        crashed().explain(CRASH_DAY, run=-1)


def test_a_record_of_other_numbers_is_refused() -> None:
    record = crashed().record
    other = replace(record, market=record.market | {"usdjpy": record.market["usdjpy"] + 1e-9})
    with pytest.raises(OutputError, match="another version or machine"):
        check_matches_record(crash(), other)


def test_a_stopped_run_says_why_there_is_nothing_to_explain() -> None:
    scenario = official(COARSE, ONE_WEEK, {"markets.usdjpy.own_volatility_pct": 0, "noise.scale_x": 0})
    forced = official(COARSE, ONE_WEEK, {"populations.carry_funds.margin.floor_pct": 90})
    assert explain_price_move(scenario, "2025-12-02").run == 0
    with pytest.raises(OutputError, match=r"run 0 stopped on 2025-12-01 \(forced_at_start"):
        explain_price_move(forced, "2025-12-02")
