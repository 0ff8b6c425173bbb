"""Malformed configs: each error has a place, a key and a helpful message."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulation.scenario.config.errors import ConfigError
from simulation.scenario.config.loading import load
from simulation.values.parameters import Parameters

Failure = Callable[..., ConfigError]

# Text to replace in the valid config, its replacement, the exact start of the message, and words it must contain.
FUNDS, FIRST = "populations.carry_funds", "boj.meetings[0]"
MALFORMED = [
    # keys
    ("leverage_x: 5", "leverage: 5", f"a.yaml:16:5: {FUNDS}.leverage: unknown key", ["leverage_x?"]),
    ("leverage_x: 5", "levrage_x: 5", f"a.yaml:16:5: {FUNDS}.levrage_x: ", ["mean leverage_x?"]),
    ("rate_pct: 0.5", "rate_pct: 0.5\n  zzz: 1", "a.yaml:8:3: boj.zzz: unknown key", ["keys: rate_pct, meetings"]),
    ("start: 2025", "strat: 2025", "a.yaml:4:1: strat: unknown key", ["did you mean start?"]),
    ("end: 2026-03-31\n", "", "a.yaml:2:1: end: this required key is missing", ["1971-01-01 to 2100-01-01"]),
    ("  rate_pct: 0.5\n", "", "a.yaml:6:1: boj.rate_pct: this required key is missing", ["-2 to 25 %"]),
    ("      decision: 25bp\n", "", f"a.yaml:9:7: {FIRST}.decision: this required key is missing", []),
    ("leverage_x: 5", "leverage_x: 5\n    leverage_x: 6", f"a.yaml:17:5: {FUNDS}.leverage_x: ", ["first used in line 16"]),
    ("boj:", "2025: x\nboj:", "a.yaml:6:1: 2025: a key must be a name", ["quotes"]),
    ("boj:", "true: x\nboj:", "a.yaml:6:1: true: a key must be a name", ["quotes"]),
    ("boj:", "? [a, b]\n: x\nboj:", "a.yaml:6:3: a list or mapping: a key must be a name", []),
    # numbers
    ("leverage_x: 5", "leverage_x: 400", f"a.yaml:16:17: {FUNDS}.leverage_x: 400 x", ["1 to 50 x", "4 x?"]),
    ("leverage_x: 5", "leverage_x: 0.5", f"a.yaml:16:17: {FUNDS}.leverage_x: 0.5 x is too small", ["50 x?"]),
    ("rate_pct: 0.5", "rate_pct: 400", "a.yaml:7:13: boj.rate_pct: 400 % is too large", ["-2 to 25 %", "4.00 %?"]),
    ("0.62", "85", f"a.yaml:11:27: {FIRST}.priced_probability: 85 is too large", ["0 to 1 (probability)", "0.85?"]),
    ("0.62", "-0.62", f"a.yaml:11:27: {FIRST}.priced_probability: -0.62 is too small", ["did you mean 0.62?"]),
    ("investors: 400", "investors: 2.5", f"a.yaml:15:16: {FUNDS}.investors: 2.5", ["not a whole number"]),
    ("investors: 400", "investors: 5,000", f"a.yaml:15:16: {FUNDS}.investors: '5,000'", ["write 5000"]),
    ("rate_pct: 0.5", "rate_pct: 0.5%", "a.yaml:7:13: boj.rate_pct: '0.5%' is not a number", ["write 0.5 (the"]),
    ("rate_pct: 0.5", "rate_pct: '0.5'", "a.yaml:7:13: boj.rate_pct: '0.5' is not a number", ["without quotes"]),
    ("rate_pct: 0.5", "rate_pct: true", "a.yaml:7:13: boj.rate_pct: true is not a number", ["-2 to 25 %"]),
    ("rate_pct: 0.5", "rate_pct: yes", "a.yaml:7:13: boj.rate_pct: 'yes' is not a number", ["-2 to 25 %"]),
    ("rate_pct: 0.5", "rate_pct: .nan", "a.yaml:7:13: boj.rate_pct: .nan is not a finite number", []),
    ("rate_pct: 0.5", "rate_pct: 1e999", "a.yaml:7:13: boj.rate_pct: 1e999 is not a finite number", []),
    ("rate_pct: 0.5", "rate_pct: !!float x", "a.yaml:7:13: boj.rate_pct: x is not a number", []),
    ("rate_pct: 0.5", "rate_pct:", "a.yaml:7:3: boj.rate_pct: nothing is not a number", ["-2 to 25 %"]),
    ("rate_pct: 0.5", "rate_pct: [1]", "a.yaml:7:13: boj.rate_pct: a list of 1 is not a number", []),
    ("decision: 25bp", "decision: 25", f"a.yaml:10:17: {FIRST}.decision: ", ["write 25bp, 0.25% or 0.25pp"]),
    ("boj:", "other_outcomes: {a: 1}\nboj:", "a.yaml:6:18: other_outcomes.a: 'a': ", ["write 25bp"]),
    ("boj:", "noise: {weights: [1, x]}\nboj:", "a.yaml:6:22: noise.weights[1]: 'x' is not a number", []),
    ("boj:", "noise: {tails: x}\nboj:", "a.yaml:6:16: noise.tails: 'x' is not a number; or expected a list", []),
    # dates
    ("2025-12-19", "2025-13-19", f"a.yaml:9:13: {FIRST}.date: 2025-13-19 is not a date", ["month must be in 1..12"]),
    ("2026-01-23", "2026-02-30", "a.yaml:12:14: boj.meetings[1].date: 2026-02-30 is not a date", ["day"]),
    ("2025-12-19", "2025-1-5", f"a.yaml:9:13: {FIRST}.date: '2025-1-5' is not a date", ["write 2025-01-05"]),
    ("2025-12-19", "19 Dec", f"a.yaml:9:13: {FIRST}.date: '19 Dec' is not a date", ["YYYY-MM-DD"]),
    ("2025-12-19", "20251219", f"a.yaml:9:13: {FIRST}.date: 20251219 is not a date", ["YYYY-MM-DD"]),
    ("start: 2025-11-28", "start: 0", "a.yaml:4:8: start: 0 is not a date", ["YYYY-MM-DD"]),
    ("end: 2026-03-31", "end: 1926-03-31", "a.yaml:5:6: end: 1926-03-31 is too small", ["1971-01-01 to 2100-01-01"]),
    ("end: 2026-03-31", "end: 2025-03-31", "a.yaml:5:6: end: end 2025-03-31 must come after start 2025-11-28", []),
    ("2025-12-19", "2025-12-20", f"a.yaml:9:13: {FIRST}.date: 2025-12-20 is not a business day", []),
    # choices, kinds, containers, text
    ("priced_probability: 0.62", "guidance: hawk", f"a.yaml:11:17: {FIRST}.guidance: 'hawk' is not", ["hawkish?"]),
    ("life_insurers", "life_insurer", "a.yaml:18:11: populations.lifers.kind: unknown kind", ["life_insurers?"]),
    ("  carry_funds:", "  carry_fund:", "a.yaml:14:3: populations.carry_fund: unknown kind", ["carry_funds?"]),
    ("leverage_x: 5", "stops: maybe", f"a.yaml:16:12: {FUNDS}.stops: 'maybe'", ["write true or false"]),
    ("boj:", "noise: 5\nboj:", "a.yaml:6:8: noise: expected keys and values, got 5", ["scale_x, weights, tails"]),
    ("boj:", "noise: {weights: 3}\nboj:", "a.yaml:6:18: noise.weights: expected a list, got 3", []),
    ("name: sample", "name: 5", "a.yaml:2:7: name: expected text, got 5", ["quotes"]),
    ("name: sample", "name: ''", "a.yaml:2:7: name: '': the text must have at least 1 character", []),
    ("title: A sample", "title: 2025-12-19", "a.yaml:3:8: title: expected text, got 2025-12-19", ["quotes"]),
    # YAML that is not supported
    ("title: A sample", "title: A: sample", "a.yaml:3:9: a colon is not allowed here", ["quotes"]),
    ("name: sample", "name: 'sample", "a.yaml:2:7: a quote is not closed", []),
    ("{date: 2026-01-23, decision: 0bp}", "{date: 2026-01-23", "a.yaml:12:7: a bracket is not closed", []),
    ("decision: 25bp", "decision: [25bp", "a.yaml:10:17: a bracket is not closed", []),
    ("  rate_pct", "\trate_pct", "a.yaml:7:1: a tab stands where only spaces are allowed", ["indent with spaces"]),
    ("boj:", "boj: &b", "a.yaml:6:6: boj: anchors (&) and aliases (*) are not supported", ["extends"]),
    ("name: sample", "name: *b", "a.yaml:2:7: anchors (&) and aliases (*) are not supported", []),
    ("boj:", "<<: {seed: 1}\nboj:", "a.yaml:6:1: <<: merge keys (<<) are not supported", ["extends"]),
    ("name: sample", "name: !secret sample", "a.yaml:2:7: name: the tag !secret is not supported", []),
    ("name: sample", "name: @sample", "a.yaml:2:7: a word cannot start with this character", ["quotes"]),
    ("name: sample", "name: a\x07b", "a.yaml:2:8: a control character is not allowed", []),
    ("boj:", "---\nboj:", "a.yaml:6:1: a second document starts here", []),
    ("name: sample", "name\nseed: 1", "a.yaml:3:5: a colon is not allowed here", []),
    ("boj:", "foo\nboj:", "a.yaml:6:1: a key without a colon", []),
    ("# yaml", "%YAML 1.1\n---\n# yaml", "a.yaml:1:1: YAML directives are not supported", []),
    ("boj:", f"noise: {'[' * 600}\nboj:", "a.yaml:", ["nested too deeply"]),
    ("boj:", "noise: [\nboj:", "a.yaml:6:8: a bracket is not closed", []),
    # extends
    ("boj:", "extends: [a, b]\nboj:", "a.yaml:6:10: extends: expected the name of one file, got a list of 2", []),
    ("boj:", "extends: 2025-13-01\nboj:", "a.yaml:6:10: extends: 2025-13-01 is not a date", []),
    ("boj:", "extends: bass.yaml\nboj:", "a.yaml:6:10: extends: there is no file bass.yaml", []),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "start", "words"), MALFORMED, ids=[case[2][:60] for case in MALFORMED])
def test_one_error_gives_one_clear_message(
    old: str, new: str, start: str, words: list[str], good: str, failure: Failure
) -> None:
    assert old in good
    error = failure(good.replace(old, new, 1))
    text = str(error).splitlines()[0]
    assert len(error.problems) == 1, str(error)
    assert text.startswith(start), text
    assert [word for word in words if word not in text] == [], text
    assert "Traceback" not in str(error)


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"", "a.yaml:1:1: the file is empty"),
        (b"# only words\n", "a.yaml:1:1: the file is empty"),
        (b"- a\n- b\n", "a.yaml:1:1: expected keys and values, got a list of 2"),
        (b"# x\nhello\n", "a.yaml:2:1: expected keys and values, got the text 'hello'"),
        (b"&a {b: 1}\n", "a.yaml:1:1: anchors"),
        (b"name: ok\ntitle: caf\xe9\n", "a.yaml:2:11: the file is not UTF-8 text"),
        ("name: x\n".encode("utf-16"), "a.yaml:1:1: the file is not UTF-8 text"),
        (b"# " + b"x" * 300_000, "a.yaml: the file has 300,002 bytes; at most 256,000"),
    ],
)
def test_a_file_that_is_not_a_config(data: bytes, start: str, write: Callable[..., Path]) -> None:
    write().write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load("./a.yaml", root=Parameters)
    assert str(caught.value).startswith(start)


def test_all_problems_are_reported_in_the_order_of_the_file(good: str, failure: Failure) -> None:
    text = good.replace("2025-12-19", "2025-12-32").replace("leverage_x: 5", "leverage_x: 500")
    error = failure(text.replace("start:", "strat:").replace("rate_pct: 0.5", "rate_pct: x\n  rate_pct: 1"))
    assert [(problem.line, problem.key) for problem in error.problems] == [
        (4, "strat"),
        (7, "boj.rate_pct"),
        (8, "boj.rate_pct"),
        (10, "boj.meetings[0].date"),
        (17, "populations.carry_funds.leverage_x"),
    ]


def test_the_source_line_and_a_caret_follow(good: str, failure: Failure) -> None:
    error = failure(good.replace("leverage_x: 5", "leverage_x: 500"))
    assert str(error).splitlines()[1:] == ["        leverage_x: 500", "                    ^"]


def test_a_long_line_is_cut_around_the_caret(good: str, failure: Failure) -> None:
    error = failure(good.replace("{date: 2026-01-23,", "{" + " " * 300 + "dote: 2026-01-23,"))
    shown, caret = str(error).splitlines()[1:3]
    assert len(shown) < 130
    assert shown[caret.index("^") :].startswith("dote")


def test_an_error_in_the_base_is_placed_in_the_base(good: str, failure: Failure) -> None:
    base = good.replace("leverage_x: 5", "leverage_x: 500")
    error = failure("extends: base.yaml\nboj: {rate_pct: 99}\n", base=base)
    assert [problem.place for problem in error.problems] == ["a.yaml:2:17", "base.yaml:16:17"]


def test_errors_in_two_layers_are_reported_together(good: str, failure: Failure) -> None:
    error = failure("extends: base\nend: 2026-02-31\n", base=good.replace("2025-12-19", "2025-02-31"))
    assert [problem.place for problem in error.problems] == ["a.yaml:2:6", "base.yaml:9:13"]


def test_a_syntax_error_of_the_base_is_reported_with_errors_of_the_file(failure: Failure) -> None:
    error = failure("extends: base\nend: 2026-02-31\n", base="a: [1\n")
    assert [problem.place for problem in error.problems] == ["a.yaml:2:6", "base.yaml:1:4"]


def test_an_unreadable_date_gives_one_problem(good: str, failure: Failure) -> None:
    error = failure(good.replace("start: 2025-11-28", "start: 2025-11-31"))
    assert [problem.key for problem in error.problems] == ["start"]


def test_excessive_nesting_is_an_error(good: str, failure: Failure) -> None:
    error = failure(good.replace("boj:", f"other_outcomes: {'{a: ' * 60}1{'}' * 60}\nboj:", 1))
    assert any(problem.message == "the values are nested too deeply" for problem in error.problems)


def test_missing_key_is_kept_beside_a_distant_unknown_one(good: str, failure: Failure) -> None:
    error = failure(good.replace("start: 2025-11-28", "seeed: 3"))
    assert sorted(problem.key for problem in error.problems) == ["seeed", "start"]
