"""Cautions about events: date, key and cure, without an error; and the cures work."""

import json
from pathlib import Path

import numpy as np
import pytest

from simulation.scenario.cautions import cautions
from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.loading import load
from simulation.scenario.event import Event
from simulation.scenario.scenario import Scenario
from simulation.studies.replay.measures import omitted_components
from simulation.studies.replay.replay import run_replay
from simulation.studies.replay.tables import replay_dict, replay_text
from tests.cli.conftest import Carryflow, carryflow
from tests.studies.replay.conftest import Make

__all__ = ["carryflow"]  # a fixture from the tests of the command line

HIKE = "boj.meetings=[{date: 2024-07-31, decision: 15bp, step: 15bp, priced_probability: 0.6, path_surprise: 1.6bp}]"
PRICED = "boj.meetings=[{date: 2024-07-31, decision: 15bp, step: 15bp, priced_probability: 1}]"
DAY = "2024-07-31"


def caution_messages(event: Event) -> dict[str, str]:
    return {item.key: item.message for item in cautions(event)}


def observed_yields(more: str = "") -> str:
    return f"news=[{{date: {DAY}, jgb2: 7.6bp, jgb10: 5.8bp{more}}}]"


@pytest.mark.parametrize("kind", ["events", "scenarios"])
def test_shipped_configs_have_no_cautions(kind: str) -> None:
    root = Event if kind == "events" else Scenario
    for name in shipped_files(kind):
        assert cautions(load(name, root=root, kind=kind).scenario) == (), name


def test_a_yield_change_counted_twice_gives_date_key_and_values(event: Make) -> None:
    message = caution_messages(event("august_2024", HIKE, observed_yields()))["news[0].jgb2"]
    assert message.startswith("2024-07-31 states jgb2 +7.6 bp and jgb10 +5.8 bp, and boj.meetings")
    assert "target surprise +6 bp, path surprise +1.6 bp" in message
    assert "remove jgb2 and jgb10 on this day" in message
    assert "net_of_policy: true" in message


def test_the_decision_counted_twice_moves_the_yen_further(event: Make) -> None:
    noiseless = ("end=2024-08-01", "boj.statements=[]", "observed=[]", "accept=[]")
    moves = []
    for news in ("news=[]", observed_yields()):
        path = run_replay(event("august_2024", HIKE, news, *noiseless), 2).central
        day = int(np.flatnonzero(path.dates == np.datetime64(DAY))[0])
        usdjpy = path.market["usdjpy"]
        moves.append(float(np.log(usdjpy[:, day] / usdjpy[:, day - 1]).mean()))
    # 7.6 bp at the spread beta on top of 7.6 bp at the announcement beta, before flows.
    assert moves[1] < moves[0] - 0.07 / 100 * 4.0


@pytest.mark.parametrize(
    "settings",
    [
        (HIKE, observed_yields(", net_of_policy: true")),
        (HIKE, f"news=[{{date: {DAY}, ust2: -6bp, ust10: -6bp}}]"),
        (HIKE, "news=[{date: 2024-08-01, jgb2: 1bp}]"),
        (PRICED, observed_yields()),
    ],
)
def test_values_counted_once_give_no_caution(event: Make, settings: tuple[str, ...]) -> None:
    assert caution_messages(event("august_2024", *settings)) == {}


def test_an_expected_decision_moves_the_policy_rate_and_leaves_the_yields_to_the_news(event: Make) -> None:
    quiet = ("end=2024-08-01", "boj.statements=[]", "observed=[]", "accept=[]")
    path = run_replay(event("august_2024", PRICED, observed_yields(), *quiet), 2).central
    day = int(np.flatnonzero(path.dates == np.datetime64(DAY))[0])
    change = {key: path.market[key][:, day] - path.market[key][:, day - 1] for key in ("boj_rate_pct", "jgb2_pct")}
    np.testing.assert_allclose(change["boj_rate_pct"], 0.15, rtol=1e-12)
    # The two-year window is one day closer to the expected step: 15 bp / 730.
    np.testing.assert_allclose(change["jgb2_pct"], 0.076 + 0.15 / 730.5, rtol=1e-3)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("boj.statements=[{date: 2024-07-31, path_surprise: -6.6bp}]", "boj.statements (path surprise -6.6 bp)"),
        ("boj.statements=[{date: 2024-07-31, guidance: dovish}]", "boj.statements (dovish)"),
        (HIKE.replace("path_surprise: 1.6bp", "guidance: hawkish"), "guidance hawkish"),
        (
            "boj.meetings=[{date: 2024-08-02, decision: 0bp, signals: [{date: 2024-07-31, strength: 1}]}]",
            "a signal about the meeting of 2024-08-02",
        ),
    ],
)
def test_guidance_and_signals_count_like_decisions(event: Make, setting: str, words: str) -> None:
    base = ("boj.meetings=[]", "boj.statements=[]")
    found = caution_messages(event("august_2024", *base, setting, observed_yields()))
    assert words in found["news[0].jgb2"]


def test_odds_of_a_step_that_was_not_stated(event: Make) -> None:
    cut = "fed.meetings=[{date: 2024-07-31, decision: -25bp, priced_probability: 0.8}]"
    message = caution_messages(event("august_2024", "news=[]", cut))["fed.meetings[0].priced_probability"]
    assert "is the probability of the default step, +25 bp" in message
    assert "step: -25bp" in message
    stated = cut.replace("priced", "step: -25bp, priced")
    larger = cut.replace("-25bp", "50bp")
    assert all(caution_messages(event("august_2024", "news=[]", setting)) == {} for setting in (stated, larger))


def test_dovish_guidance_after_no_guidance_raises_the_path(event: Make) -> None:
    soft = "boj.statements=[{date: 2024-08-07, guidance: dovish}]"
    message = caution_messages(event("august_2024", soft))["boj.statements[0].guidance"]
    assert "dovish on 2024-08-07 follows unchanged" in message
    assert "path_surprise" in message
    expecting = event("august_2024", soft, "boj.guidance=vague")
    assert caution_messages(expecting) == {}
    # The cure works: relative to expected hikes, dovish guidance lowers the two-year yield.
    moved = []
    for case in (event("august_2024", soft), expecting):
        path = run_replay(case, 2).central
        day = int(np.flatnonzero(path.dates == np.datetime64("2024-08-07"))[0])
        moved.append(float((path.market["jgb2_pct"][:, day] - path.market["jgb2_pct"][:, day - 1]).mean()))
    assert moved[0] > 0.01
    assert moved[1] < -0.01


CLOSES = "{2024-07-11: 158.58, 2024-07-29: 153.96, 2024-07-31: 150.38, 2024-08-16: 148.0}"
HOLE = f"observed=[{{column: usdjpy, source: H.10, values: {CLOSES}}}]"
DAY_ALONE = "accept=[{measure: move_pct, first_day: 2024-07-31, last_day: 2024-07-31, at_least: -4, at_most: -1"


def test_a_measure_without_observed_value_names_the_missing_day(event: Make) -> None:
    found = event("august_2024", HOLE, f"{DAY_ALONE}}}]")
    message = caution_messages(found)["observed"]
    assert message.startswith("no value for 2024-07-30, so move_pct has no observed value; add the close")
    assert run_replay(found, 2).scores["move_pct"].observed is None
    # Each cure works: the close, a stated value, a window that the series covers.
    whole = HOLE.replace("2024-07-31", "2024-07-30: 153.72, 2024-07-31")
    cured = (
        event("august_2024", whole, f"{DAY_ALONE}}}]"),
        event("august_2024", HOLE, f"{DAY_ALONE}, observed: -2.2}}]"),
        event("august_2024", HOLE, f"{DAY_ALONE}}}]".replace("first_day: 2024-07-31", "first_day: 2024-07-30")),
    )
    for mended in cured:
        assert caution_messages(mended) == {}
    observed = [run_replay(mended, 2).scores["move_pct"].observed for mended in cured]
    assert observed == pytest.approx([100 * (150.38 / 153.72 - 1), -2.2, 100 * (150.38 / 153.96 - 1)])


def test_a_series_that_ends_before_the_event_gives_a_caution(event: Make) -> None:
    found = event("august_2024", HOLE.replace(", 2024-08-16: 148.0", ""), "accept=[]")
    assert "no value for 2024-08-16, so trough_pct, end_pct has no" in caution_messages(found)["observed"]
    assert caution_messages(event("august_2024", "observed=[]", "accept=[]")) == {}


NAIVE = """
extends: _base_2020s
name: naive
start: 1998-09-30
end: 1998-10-09
start_values: {usdjpy: 136.59, ust2_pct: 4.3, ust10_pct: 4.44, jgb2_pct: 0.379, jgb10_pct: 0.827, jgb30_pct: 1.346}
fed: {rate_pct: 5.25}
boj: {rate_pct: 0.25}
observed: [{column: usdjpy, source: H.10, values: {1998-10-09: 117}}]
"""


def test_components_that_did_not_exist_give_a_caution(carryflow: Carryflow, tmp_path: Path) -> None:
    (tmp_path / "naive.yaml").write_text(NAIVE, encoding="utf-8")
    checked = carryflow("config", "check", "naive.yaml")
    assert checked.code == 0
    keys = {line.split(": ")[-2] for line in checked.err.splitlines()}
    assert all("did not exist on 1998-09-30" in line for line in checked.err.splitlines())
    found = json.loads(carryflow("config", "check", "naive.yaml", "--json").out)["files"][0]["cautions"]
    assert len(found) == len(checked.err.splitlines()) == 3, keys
    assert any(line.startswith("populations.bitcoin_etf_holders: ") and "since 2024-01-11" in line for line in found)


def test_a_caution_names_its_line(carryflow: Carryflow, tmp_path: Path) -> None:
    source = shipped_files("events")["august_2024"].read_text(encoding="utf-8")
    line = "  - {date: 2024-07-31, ust2: -6bp, ust10: -6bp,"
    assert line in source
    (tmp_path / "mine.yaml").write_text(source.replace(line, f"{line} jgb2: 7.6bp,"), encoding="utf-8")
    number = source[: source.index(line)].count("\n") + 1
    checked = carryflow("config", "check", "mine.yaml")
    assert (checked.code, checked.err.count("\n")) == (0, 1)
    assert checked.err.startswith(
        f"caution: mine.yaml:{number}: news[14].jgb2: 2024-07-31 states jgb2 +7.6 bp, and boj"
    )


def test_an_event_of_1998_runs_without_bitcoin_and_lists_the_omission(event: Make) -> None:
    found = run_replay(event("october_1998", "end=1998-10-09", "observed=[]", "news=[]"), 2)
    assert found.stopped == 0
    assert not any("bitcoin" in column for column in found.central.market)
    assert not any("crypto" in name or "bitcoin" in name or "retail" in name for name in found.central.roles)
    gone = [
        "bitcoin (since 2010-07-18)",
        "crypto_traders (since 2013-01-01)",
        "bitcoin_etf_holders (since 2024-01-11)",
    ]
    assert [name for name in omitted_components(found.event) if "life" not in name] == gone
    assert f"left out: {', '.join(gone)}" in replay_text(found)
    assert replay_dict(found)["left_out"] == gone


def test_retail_margin_traders_before_1998_and_funds_before_2024(event: Make) -> None:
    early = event("october_1998", "start=1997-10-01", "end=1997-10-31", "observed=[]", "news=[]")
    assert "retail_fx (since 1998-04-01)" in omitted_components(early)
    assert omitted_components(event("october_2022")) == ["bitcoin_etf_holders (since 2024-01-11)"]
    with_funds = event("october_2022", "populations.bitcoin_etf_holders={stock_usd_bn: 50}")
    assert list(caution_messages(with_funds)) == ["populations.bitcoin_etf_holders"]


def test_an_outdated_bitcoin_price_gives_a_caution(tmp_path: Path) -> None:
    lines = shipped_files("events")["october_2022"].read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "mine.yaml").write_text("".join(line for line in lines if "bitcoin_usd:" not in line), encoding="utf-8")
    found = caution_messages(load(tmp_path / "mine.yaml", root=Event, kind="events").scenario)
    assert list(found) == ["start_values.bitcoin_usd"]
    assert "91,000 dollars, the price of 2025-11-28; state the price of 2022-09-15" in found["start_values.bitcoin_usd"]
