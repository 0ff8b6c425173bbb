"""Differences between two configs in words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulation.scenario.config.loading import LoadedConfig
from simulation.scenario.config.rendering import ConfigDifference, config_differences

Write = Callable[..., Path]
LoadSample = Callable[..., LoadedConfig[Any]]


@pytest.fixture
def differing(write: Write, load_sample: LoadSample) -> Callable[..., list[ConfigDifference]]:
    """The differences between the good config and the same with overrides."""

    def found(*overrides: str) -> list[ConfigDifference]:
        write()
        return config_differences(load_sample(), load_sample("./a.yaml", *overrides))

    return found


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("boj.meetings[0].decision=50bp", "boj.meetings[0] 19 Dec 2025: decision: +25 bp -> +50 bp"),
        ("boj.meetings[1].decision=-0.25%", "boj.meetings[1] 23 Jan 2026: decision: +0 bp -> -25 bp"),
        (
            "boj.meetings[0].priced_probability=0.8",
            "boj.meetings[0] 19 Dec 2025: priced_probability: 0.62 -> 0.8",
        ),
        ("populations.carry_funds.leverage_x=7.5", "populations.carry_funds.leverage_x: 5 -> 7.5 x"),
        ("populations.carry_funds.stops=false", "populations.carry_funds.stops: true -> false"),
        ("populations.lifers=null", "populations.lifers: removed: {kind: life_insurers, investors: 50, "),
        ("populations.more.kind=carry_funds", "populations.more: added: {kind: carry_funds, investors: 100, "),
        ("populations.lifers.shares.ust10=0.5", "populations.lifers.shares.ust10: added: 0.5"),
        ("spread_path.target_pp=1.5", "spread_path: nothing -> {target_pp: 1.5, over_days: 60}"),
        ("end=2026-04-01", "end: 31 Mar 2026 -> 1 Apr 2026"),
        ("title=''", 'title: A sample -> ""'),
        ("noise.weights=[1, 2]", "noise.weights[0]: added: 1"),
        ("noise.tails=[1, 2]", "noise.tails: 5 -> [1.0, 2.0]"),
    ],
)
def test_a_change_in_words(override: str, words: str, differing: Callable[..., list[ConfigDifference]]) -> None:
    assert str(differing(override)[0]).startswith(words)


def test_another_spelling_is_no_difference(differing: Callable[..., list[ConfigDifference]]) -> None:
    assert differing("boj.meetings[0].decision=0.25%", "seed=1", "noise.scale_x=1.0") == []


def test_meetings_are_matched_by_date(differing: Callable[..., list[ConfigDifference]]) -> None:
    meetings = "[{date: 2025-12-01, decision: 0bp}, {date: 2025-12-19, decision: 10bp, priced_probability: 0.62}]"
    assert [str(change)[:60] for change in differing(f"boj.meetings={meetings}")] == [
        "boj.meetings[0] 19 Dec 2025: decision: +25 bp -> +10 bp",
        "boj.meetings[1] 23 Jan 2026: removed: {date: 2026-01-23, dec",
        "boj.meetings[0] 1 Dec 2025: added: {date: 2025-12-01, decisi",
    ]


def test_long_values_are_cut(differing: Callable[..., list[ConfigDifference]]) -> None:
    shares = ", ".join(f"a{i}: 1" for i in range(40))
    (change,) = differing(f"populations.more={{kind: life_insurers, shares: {{{shares}}}}}")
    assert len(str(change)) < 140
    assert str(change).endswith("...")
    (title,) = differing(f"title={'x' * 200}")
    assert len(str(title)) < 120


def test_a_difference_as_json(differing: Callable[..., list[ConfigDifference]]) -> None:
    (change,) = differing("populations.carry_funds.leverage_x=7.5")
    assert json.loads(json.dumps(change.as_json())) == {
        "key": "populations.carry_funds.leverage_x",
        "change": "changed",
        "before": 5.0,
        "after": 7.5,
        "unit": "x",
        "words": "populations.carry_funds.leverage_x: 5 -> 7.5 x",
    }
