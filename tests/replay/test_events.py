"""Event files: the shipped ones replay, broken ones say what is wrong and where."""

from pathlib import Path

import pytest

from simulation.config.catalog import named
from simulation.config.errors import ConfigError
from simulation.config.json_schema import schema_text
from simulation.config.loading import load
from simulation.event import ALWAYS, Event
from simulation.replay.inputs import inputs_of, is_input
from simulation.replay.replay import replay
from tests.replay.conftest import Make


@pytest.mark.parametrize("name", named("events"))
def test_every_shipped_event_replays(name: str, event: Make) -> None:
    found = replay(event(name), runs=2)
    assert found.stopped == 0
    assert set(ALWAYS) | {"rank"} <= set(found.scores)
    assert found.fitted is (name == "august_2024")
    assert found.event.accept or not found.fitted


def test_the_schema_of_events_is_committed() -> None:
    committed = named("events")["august_2024"].parents[1] / "event_schema.json"
    cure = "write it anew: carryflow config schema --event --out configs/event_schema.json"
    assert committed.read_text(encoding="utf-8") == schema_text(Event), cure


MISTAKES = {
    "observed[0].values={2024-07-13: 157.9}": "2024-07-13 is not a business day",
    "observed[0].values={2024-09-02: 146.0}": "outside the event",
    "accept=[{measure: retrace_share}]": "retrace_share needs the day of the low",
    "accept=[{measure: unwound}]": "unwound_share",
    "unwound_of=[carry_fund]": "no population 'carry_fund'",
    "news=[{date: 2024-07-11, ust2: 5}]": "a rate needs its unit",
    "news=[{date: 2024-07-11}, {date: 2024-07-11}]": "each day once",
    "news=[{date: 2024-07-13}]": "not a business day",
    "news=[{date: 2024-07-11, value_pct: {ust10: 1}}]": "has no value to give",
    "news=[{date: 2024-07-11, value_pct: {us_equity: -100}}]": "allowed: -99 to 1000 %",
    "observed[0].column=eurusd": "no column 'eurusd'",
    "observed[0].values={2024-07-12: -157.9}": "is no price of this event",
    "observed[0].values={2024-07-12: 15.79}": "15.79 on 2024-07-12 is no price of this event; allowed: 80.865 to 323.46 yen",
    "news=[{date: 2024-07-11, jgb2: -7.7pp}]": "allowed: -200 to 200",
    "start=1985-01-28": "allowed: 1990-01-01 or later",
    "accept=[{measure: trough_pct, at_least: -2, at_most: -8}]": "exchange them",
    "boj.statements=[{date: 2024-08-07}]": "needs either guidance or path_surprise",
    "boj.statements=[{date: 2024-09-07, guidance: dovish}]": "not between the start",
    "boj.meetings[0].guidance=dovish": "both guidance and path_surprise",
}


@pytest.mark.parametrize(("setting", "words"), MISTAKES.items())
def test_mistakes_are_explained(setting: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("august_2024", [setting], root=Event, kind="events")
    assert words in str(caught.value)


def test_an_event_of_the_nineties_needs_no_bitcoin(event: Make) -> None:
    assert "bitcoin" not in load("october_1998", root=Event, kind="events").scenario.markets


def test_what_is_given_is_no_answer(event: Make) -> None:
    august = event()
    assert is_input(august, "us_equity_trough_pct")
    assert not is_input(august, "trough_pct")
    score = replay(
        event("august_2024", "accept=[{measure: us_equity_trough_pct, at_least: -10, at_most: -6}]"), 2
    ).scores
    assert (score["us_equity_trough_pct"].role, score["us_equity_trough_pct"].inside) == ("input", None)
    names = [item.name for item in inputs_of(august)]
    assert {"interventions", "2-year Treasury yield", "value of us_equity", "start positions"} <= set(names)


def test_a_base_is_found_by_name_from_anywhere(tmp_path: Path) -> None:
    source = named("events")["march_2024"].read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(source, encoding="utf-8")
    shipped = load("march_2024", root=Event, kind="events")
    assert load(tmp_path / "mine.yaml", root=Event, kind="events").hash == shipped.hash


def test_a_move_without_an_observed_base_has_no_observed_value(event: Make) -> None:
    sparse = "observed[0].values={2024-07-31: 150.38, 2024-08-05: 143.95}"
    wanted = "accept=[{measure: move_pct, first_day: 2024-07-31, last_day: 2024-07-31}]"
    score = replay(event("august_2024", sparse, wanted), 2).scores["move_pct"]
    assert score.observed is None
    assert score.quantiles is not None
