"""Event files: shipped events replay, invalid ones give errors with place and reason."""

from datetime import date
from pathlib import Path

import pytest

from simulation.scenario.config.catalog import shipped_and_base_files, shipped_files
from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.layers import DECADE_BASES
from simulation.scenario.config.loading import load
from simulation.scenario.config.reference import json_schema_text
from simulation.scenario.config.rendering import render_yaml
from simulation.scenario.event import DEFAULT_MEASURES, Event
from simulation.studies.replay.measures import event_inputs, is_given_price
from simulation.studies.replay.replay import run_replay
from tests.studies.replay.conftest import Make
from tests.studies.replay.test_replay import GUIDE


@pytest.mark.parametrize("name", shipped_files("events"))
def test_every_shipped_event_replays(name: str, event: Make) -> None:
    found = run_replay(event(name), runs=2)
    assert found.stopped == 0
    assert set(DEFAULT_MEASURES) | {"rank"} <= set(found.scores)
    assert found.fitted is (name == "august_2024")
    assert found.event.accept or not found.fitted


def test_the_schema_of_events_is_committed() -> None:
    committed = shipped_files("events")["august_2024"].parents[1] / "event_schema.json"
    cure = "write it anew: carryflow config schema --event --out configs/event_schema.json"
    assert committed.read_text(encoding="utf-8") == json_schema_text(Event), cure


MISTAKES = {
    "observed[0].values={2024-07-13: 157.9}": "2024-07-13 is not a business day",
    "observed[0].values={2024-09-02: 146.0}": "outside the event; allowed: 2024-07-10 to 2024-08-16",
    "accept=[{measure: retrace_share}]": "turning_day is required for retrace_share",
    "accept=[{measure: unwound}]": "unwound_share",
    "unwound_of=[carry_fund]": "unknown population 'carry_fund'",
    "news=[{date: 2024-07-11, ust2: 5}]": "a rate needs its unit",
    "news=[{date: 2024-07-11}, {date: 2024-07-11}]": "one entry per day",
    "news=[{date: 2024-07-13}]": "not a business day",
    "news=[{date: 2024-07-11, value_pct: {ust10: 1}}]": "has no value that news can change",
    "news=[{date: 2024-07-11, value_pct: {us_equity: -100}}]": "allowed: -99 to 1000 %",
    "observed[0].column=eurusd": "unknown column 'eurusd'",
    "observed[0].values={2024-07-12: -157.9}": "is out of range",
    "observed[0].values={2024-07-12: 15.79}": "15.79 on 2024-07-12 is out of range; allowed: 80.865 to 323.46 yen",
    "news=[{date: 2024-07-11, jgb2: -7.7pp}]": "allowed: -200 to 200",
    "start=1985-01-28": "allowed: 1990-01-01 or later",
    "start=2024-07-07": "start: 2024-07-07 is not a business day (Sunday) and has no closing prices",
    "start=2024-01-01": "start on the business day before, 2023-12-29, with its prices",
    "accept=[{measure: trough_pct, first_day: 2024-08-05, last_day: 2024-07-31}]": "2024-08-05 is after last_day 2024-07-31",
    "accept=[{measure: retrace_share, turning_day: 2024-08-16}]": "allowed: 2024-07-10 to the day before 2024-08-16",
    "accept=[{measure: retrace_share, turning_day: 2024-07-30, first_day: 2024-07-31}]": "must lie in the window",
    "accept=[{measure: trough_pct, at_least: -2, at_most: -8}]": "swap them",
    "boj.statements=[{date: 2024-08-07}]": "needs either guidance or path_surprise",
    "boj.statements=[{date: 2024-09-07, guidance: dovish}]": "outside the scenario; allowed: after the start, 2024-07-10",
    "boj.meetings[0].guidance=dovish": "both guidance and path_surprise",
}


@pytest.mark.parametrize(("setting", "words"), MISTAKES.items())
def test_errors_have_a_clear_message(setting: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("august_2024", [setting], root=Event, kind="events")
    assert words in str(caught.value)


def test_an_event_of_the_nineties_needs_no_bitcoin(event: Make) -> None:
    assert "bitcoin" not in load("october_1998", root=Event, kind="events").scenario.markets


def test_given_prices_are_inputs_and_not_scored(event: Make) -> None:
    august = event()
    assert is_given_price(august, "us_equity_trough_pct")
    assert not is_given_price(august, "trough_pct")
    score = run_replay(
        event("august_2024", "accept=[{measure: us_equity_trough_pct, at_least: -10, at_most: -6}]"), 2
    ).scores
    assert (score["us_equity_trough_pct"].role, score["us_equity_trough_pct"].inside) == ("input", None)
    names = [item.name for item in event_inputs(august)]
    assert {"interventions", "2-year Treasury yield", "value of us_equity", "start positions"} <= set(names)


def test_a_base_is_found_by_name_from_anywhere(tmp_path: Path) -> None:
    source = shipped_files("events")["march_2024"].read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(source, encoding="utf-8")
    shipped = load("march_2024", root=Event, kind="events")
    assert load(tmp_path / "mine.yaml", root=Event, kind="events").hash == shipped.hash


def test_a_move_without_an_observed_base_has_no_observed_value(event: Make) -> None:
    sparse = "observed[0].values={2024-07-31: 150.38, 2024-08-05: 143.95}"
    wanted = "accept=[{measure: move_pct, first_day: 2024-07-31, last_day: 2024-07-31}]"
    score = run_replay(event("august_2024", sparse, wanted), 2).scores["move_pct"]
    assert score.observed is None
    assert score.quantiles is not None


WITHOUT_BASE = """\
name: mine
start: {start}
end: {end}
start_values: {{usdjpy: 100, ust2_pct: 1, ust10_pct: 3, jgb2_pct: 0.2, jgb10_pct: 1, jgb30_pct: 2}}
fed: {{rate_pct: 0.25}}
boj: {{rate_pct: 0.1}}
populations: {{carry_funds: {{stock_usd_bn: 100}}}}
observed: [{{column: usdjpy, source: H.10, values: {{{end}: 99}}}}]
"""
"""Complete except for `extends`: its markets would have the sizes of November 2025."""


@pytest.mark.parametrize(
    ("start", "end", "base"),
    [
        ("1998-12-30", "1999-01-08", "_base_1990s"),
        ("2008-12-30", "2009-01-08", "_base_2000s"),
        ("2009-01-05", "2009-01-15", "_base_2010s"),
        ("2019-12-30", "2020-01-08", "_base_2010s"),
        ("2020-01-02", "2020-01-10", "_base_2020s"),
    ],
)
def test_an_event_without_a_base_names_the_base_to_extend(tmp_path: Path, start: str, end: str, base: str) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(WITHOUT_BASE.format(start=start, end=end), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(mine, root=Event, kind="events")
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (1, "extends")
    assert all(name in problem.message for name, _, _ in DECADE_BASES)
    assert problem.hint == f"write `extends: {base}`, because it starts on {start}"
    # The cure works.
    mine.write_text(f"extends: {base}\n{mine.read_text(encoding='utf-8')}", encoding="utf-8")
    assert load(mine, root=Event, kind="events").scenario.start == date.fromisoformat(start)


def test_other_errors_are_reported_with_a_missing_base(tmp_path: Path) -> None:
    text = WITHOUT_BASE.format(start="2009-01-05", end="2009-01-15").replace("jgb30_pct", "jgb_30_pct")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "mine.yaml", root=Event, kind="events")
    assert {"extends", "start_values.jgb_30_pct"} <= {problem.key for problem in caught.value.problems}


def test_a_resolved_event_needs_no_base(tmp_path: Path) -> None:
    shipped = load("october_2008", root=Event, kind="events")
    (tmp_path / "mine.yaml").write_text(render_yaml(shipped), encoding="utf-8")
    assert load(tmp_path / "mine.yaml", root=Event, kind="events").hash == shipped.hash


def test_every_base_of_a_decade_is_shipped_and_documented() -> None:
    guide = " ".join(GUIDE.read_text(encoding="utf-8").split())
    assert {name for name, _, _ in DECADE_BASES} == {
        name for name in shipped_and_base_files("events") if name.startswith("_")
    }
    for name, _, words in DECADE_BASES:
        assert f"`{name}` ({words})" in guide


def test_one_observed_day_gives_no_path_score(event: Make) -> None:
    scores = run_replay(event("august_2024", "observed[0].values={2024-07-10: 161.73}"), 2).scores
    assert scores["path_rmse_pp"].quantiles is None
    assert scores["rank"].quantiles is None
