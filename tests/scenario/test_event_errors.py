"""Common errors in event files: message with place and cure, and no output files."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Carryflow, carryflow
from tests.studies.replay.test_replay import EXAMPLES

__all__ = ["carryflow"]  # a fixture from the tests of the command line

GOOD = EXAMPLES[0]
ERRORS = {
    "a misspelt key": ("usdjpy_high:", "usdjpy_hihg:", "start_values.usdjpy_hihg: unknown key; did you mean usdjpy_high?"),
    "a percent for a basis point": (
        "decision: 15bp", "decision: 15%",
        "boj.meetings[0].decision: +1500 bp in a day is too large; allowed: -300 to 300 bp; did you mean 15bp?",
    ),
    "a rate without a unit": (
        "ust2: -13bp", "ust2: -13", "news[0].ust2: -13: a rate needs its unit: write 25bp, 0.25% or 0.25pp",
    ),
    "a unit beside the number": (
        "stock_usd_bn: 165", "stock_usd_bn: 165bn",
        "populations.carry_funds.stock_usd_bn: '165bn' is not a number; allowed: 0 to 100,000 $bn; write 165 (the unit",
    ),
    "a decimal comma": ("usdjpy: 153.72", "usdjpy: 153,72", "allowed: 20 to 1,000 yen per dollar; write 153.72"),
    "no observed values": (
        re.search(r"    values: .*\n", GOOD)[0], "",  # type: ignore[index]
        "observed[0].values: this required key is missing; add it: closes by date, such as {2024-07-31: 150.38}",
    ),
    "empty observed values": (
        re.search(r"values: ({.*})\n", GOOD)[1], "{}",  # type: ignore[index]
        "observed[0].values: a mapping has too few entries; allowed: 1 or more; add: closes by date",
    ),
    "no source": (
        "    source: Federal Reserve H.10, noon New York\n", "",
        "observed[0].source: this required key is missing; add it: source of the series",
    ),
    "days out of order": (
        "{date: 2024-08-01, ust2", "{date: 2024-08-06, ust2",
        "news[1].date: 2024-08-02 follows 2024-08-06; dates must increase, with one entry per day; combine",
    ),
    "an end before the start": ("end: 2024-08-09", "end: 2024-07-09", "after start 2024-07-30; choose a later day"),
    "a meeting before the start": (
        "date: 2024-07-31\n", "date: 2024-07-29\n",
        "boj.meetings[0].date: the meeting of 2024-07-29 is not after the start, 2024-07-30; start earlier or remove it",
    ),
    "an unknown asset": (
        "value_pct: {us_equity: -1.37}", "value_pct: {euro_equity: -1.37}",
        "news[0].value_pct.euro_equity: 'euro_equity' on 2024-08-01 has no value that news can change; allowed: usdjpy, us",
    ),
    "an unknown market": (
        "  bitcoin: {size_usd_bn: 1_300}", "  gold: {size_usd_bn: 1_300}",
        "markets.gold: unknown market; standard markets: usdjpy, ust10, jgb10, us_equity, japan_equity, bitcoin; for",
    ),
    "an unknown column": ("column: usdjpy", "column: usd_jpy", "unknown column 'usd_jpy'; known: usdjpy"),
    "a day that there is not": ("date: 2024-08-07", "date: 2024-08-32", "out of range for month); write an existing date as"),
    "an intervention on a Saturday": (
        "interventions: []", "interventions: [{date: 2024-08-03, bought_jpy_bn: 3167.8}]",
        "ministry_of_finance.interventions[0].date: 2024-08-03 is not a business day (Saturday); choose a business day",
    ),
    "an intervention after the end": (
        "interventions: []", "interventions: [{date: 2024-09-03, bought_jpy_bn: 3167.8}]",
        "2024-09-03 is outside the scenario; allowed: after the start, 2024-07-30, up to the end, 2024-08-09; remove it",
    ),
    "a series given twice": (
        "accept:", "  - {column: usdjpy, source: other, values: {2024-08-01: 149}}\naccept:",
        "observed[1].column: 'usdjpy' is given twice; combine its values into one series",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "words"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_its_place_and_nothing_is_written(
    carryflow: Carryflow, tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    assert right in GOOD
    (tmp_path / "mine.yaml").write_text(GOOD.replace(right, wrong, 1), encoding="utf-8")
    for command in (("config", "check", "mine.yaml"), ("replay", "mine.yaml", "--runs", "2", "--out", "out")):
        outcome = carryflow(*command)
        assert (outcome.code, outcome.out) == (2, "")
        first = outcome.err.splitlines()[0]
        assert re.match(r"mine\.yaml:\d+:\d+: ", first), first
        assert words in first
        assert "Traceback" not in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_the_reported_line_is_the_line_of_the_error(carryflow: Carryflow, tmp_path: Path) -> None:
    for name in ("a misspelt key", "an unknown asset", "a percent for a basis point", "an intervention on a Saturday"):
        right, wrong, _ = ERRORS[name]
        text = GOOD.replace(right, wrong, 1)
        (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
        line = text[: text.index(wrong)].count("\n") + 1
        assert carryflow("config", "check", "mine.yaml").err.startswith(f"mine.yaml:{line}:"), name


def test_a_file_that_extends_a_base_of_events_is_an_event_without_observations(
    carryflow: Carryflow, tmp_path: Path
) -> None:
    bare = GOOD[: GOOD.index("observed:")]
    (tmp_path / "mine.yaml").write_text(bare, encoding="utf-8")
    assert carryflow("config", "check", "mine.yaml").code == 0
    (tmp_path / "mine.yaml").write_text(bare.replace("start: 2024-07-30", "start: 2024-07-28"), encoding="utf-8")
    checked = carryflow("config", "check", "mine.yaml")
    assert checked.code == 2
    assert "start: 2024-07-28 is not a business day (Sunday)" in checked.err
