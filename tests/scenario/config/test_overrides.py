"""Overrides: paths, values, places of errors."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.loading import LoadedConfig

Write = Callable[..., Path]
LoadSample = Callable[..., LoadedConfig[Any]]
Failure = Callable[..., ConfigError]


def test_values_are_yaml_and_the_last_override_wins(write: Write, load_sample: LoadSample) -> None:
    write()
    scenario = load_sample(
        "./a.yaml",
        "boj.meetings[0].decision=50bp",
        "boj.meetings[1].date=2026-01-22",
        "noise={scale_x: 2, weights: [1, 2]}",
        "title=no",
        "seed=4",
        "seed = 5",
        "populations.lifers.shares.ust10=1e-3",
    ).scenario
    assert scenario.boj.meetings[0].decision == 50
    assert scenario.boj.meetings[1].date == date(2026, 1, 22)
    assert (scenario.noise.scale_x, scenario.noise.weights) == (2, (1, 2))
    assert (scenario.title, scenario.seed) == ("no", 5)
    assert scenario.populations["lifers"].shares == {"ust10": 0.001}


def test_a_path_creates_what_is_not_there(write: Write, load_sample: LoadSample) -> None:
    write()
    scenario = load_sample("./a.yaml", "spread_path.target_pp=1.5", "populations.more.kind=carry_funds").scenario
    assert scenario.spread_path.target_pp == 1.5
    assert scenario.populations["more"].kind == "carry_funds"


def test_null_removes_a_table(write: Write, load_sample: LoadSample) -> None:
    write()
    assert set(load_sample("./a.yaml", "populations.lifers=null").scenario.populations) == {"carry_funds"}


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("seed", "5: seed: no value is given", ["path.to.key=value"]),
        ("seed=", "5: seed: no value is given", ["null"]),
        ("seed=# five", "5: seed: no value is given", []),
        ("=3", "1: this is not a path of keys", []),
        ("a..b=1", "2: this is not a path of keys", []),
        ("boj.meetings[0]date=1", "16: this is not a path of keys", []),
        ("boj.meetings[-1].date=1", "13: this is not a path of keys", []),
        ("[0]=1", "1: [0]: there is no list", []),
        ("boj.meetings[5].date=2026-01-01", "13: boj.meetings[5]: index 5 is out of range", ["2 items", "[1]"]),
        ("noise.weights[0]=1", "14: noise.weights[0]: there is no list", ["not set in the file"]),
        ("boj[0]=1", "4: boj[0]: there is no list: boj is a mapping", []),
        ("boj.meetings.date=1", "14: boj.meetings.date: boj.meetings is a list of 2", ["meetings[0].date="]),
        ("name.first=1", "6: name.first: name is the text 'sample'", []),
        ("extends=b", "8: extends: extends cannot be overridden", []),
        ("boj.meetings[0].decison=50bp", "17: boj.meetings[0].decison: unknown key", ["did you mean decision?"]),
        ("populations.carry_funds.leverage_x=400", "36: populations.carry_funds.leverage_x: 400 x", ["4 x?"]),
        ("boj.meetings[0].date=2025-13-01", "22: boj.meetings[0].date: 2025-13-01 is not a date", []),
        ("noise={scale_x: 100}", "17: noise.scale_x: 100 x is too large", []),
        ("noise={scale_x: 2025-13-01}", "17: noise.scale_x: 2025-13-01 is not a date", []),
        ("noise={scale_x: 1, scale_x: 2}", "20: noise.scale_x: duplicate key", []),
        ("noise={weights: [1, 2", "17: a bracket is not closed", []),
        ("boj.meetings[0]=null", "17: boj.meetings[0]: expected keys and values, got nothing", []),
        ("seed=99e99", "6: seed: 9.9e+100 is not a whole number", ["at least 0"]),
        ("populations.lifer=null", "19: populations.lifer: expected keys and values", []),
    ],
)
def test_an_error_has_the_text_and_the_column(
    text: str, start: str, words: list[str], good: str, failure: Failure
) -> None:
    error = failure(good, text)
    first = str(error).splitlines()[0]
    assert len(error.problems) == 1, str(error)
    assert first.startswith(f"--set {text}:{start}"), first
    assert [word for word in words if word not in first] == [], first
    assert str(error).splitlines()[1].strip() == text


def test_errors_in_file_and_overrides_are_reported_together(good: str, failure: Failure) -> None:
    error = failure(good.replace("leverage_x: 5", "leverage_x: 500"), "seed=x", "boj.meetings[7]=1")
    assert [problem.place for problem in error.problems] == [
        "a.yaml:16:17",
        "--set seed=x:6",
        "--set boj.meetings[7]=1:13",
    ]
