"""The shipped ledger is complete and states its sources; errors in a ledger are reported with their line."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from simulation.scenario.config.errors import ConfigError
from simulation.studies.claims.assessment import ledger_path, load_ledger
from tests.studies.claims.conftest import case_of, claim_of, counterpart, ledger_of

SHIPPED = load_ledger()
UNTESTED = {1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 24, 25, 27, 31, 32, 35, 40, 41, 43, 44}


def test_all_claims_are_there() -> None:
    assert [claim.id for claim in SHIPPED.claims] == list(range(1, 48))
    assert len({claim.claim for claim in SHIPPED.claims}) == 47


def test_the_model_answers_where_it_can() -> None:
    assert {claim.id for claim in SHIPPED.claims if not claim.model} == UNTESTED


@pytest.mark.parametrize(
    ("verdict", "claims"),
    [
        ("correct", {2, 3, 6, 7, 14, 16, 34, 38, 40, 41}),
        ("roughly", {4, 9, 10, 12, 21, 33, 39}),
        ("inconsistent", {1, 29, 44}),
        ("unverifiable", {15, 20, 28, 35, 37, 47}),
    ],
)
def test_official_verdicts(verdict: str, claims: set[int]) -> None:
    assert {claim.id for claim in SHIPPED.claims if claim.verdict == verdict} == claims


def test_what_is_known_from_memory_only_says_so() -> None:
    unverified = {claim.id for claim in SHIPPED.claims if claim.official.basis == "unverified"}
    assert unverified == {4, 10, 15, 16, 31, 35, 40, 43, 47}


def test_every_official_figure_has_words_or_a_value() -> None:
    assert all(claim.official.text or claim.official.value is not None for claim in SHIPPED.claims)
    assert all(claim.article.text or claim.article.value is not None for claim in SHIPPED.claims)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": []}, "either a `model` counterpart or a reason"),
        ({"untested": "no reason"}, "either a `model` counterpart or a reason"),
        ({"official": {"value": 4.02, "source": "H.15", "basis": "official"}}, "has no year"),
        ({"official": {"value": 4.02, "basis": "none"}}, "there is no official figure"),
        ({"article": {"text": "four"}}, "needs a `value`"),
        ({"model": [counterpart(judge={"rule": "in_range"})]}, "needs `upper`"),
        ({"model": [counterpart(case="bass")]}, "there is no case 'bass'"),
        ({"model": [counterpart(against="bass")]}, "there is no case 'bass'"),
        ({"id": 2}, "must be 1; number the claims in order"),
        ({"verdict": "right"}, "verdict"),
        ({"colour": "red"}, "colour"),
        ({"official": {"basis": "none"}, "model": [counterpart(checks_official=True)]}, "`checks_official` needs a `value`"),
    ],
)  # fmt: skip
def test_mistakes_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ledger_of(claim_of(1, **changes))


def test_a_sign_needs_no_stated_value() -> None:
    kept = ledger_of(claim_of(1, article={"text": "up"}, model=[counterpart(judge={"rule": "above", "limit": 0})]))
    assert kept.claims[0].article.text == "up"


def test_a_case_is_used_and_run_once() -> None:
    with pytest.raises(ValidationError, match="no claim uses this case"):
        ledger_of(claim_of(1), idle=case_of("seed=3"))
    with pytest.raises(ValidationError, match="same scenario and settings as the case base"):
        ledger_of(claim_of(1, model=[counterpart(), counterpart(case="again")]), again=case_of())


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("case: hike_surprise", "case: hike_suprise"),
        ("verdict: inconsistent", "verdict: incoherent"),
        ("{rule: in_range}", "{rule: in_the_range}"),
        ("day: 2025-12-31", "day: 2025-12-32"),
        ("sold_usd_bn: 12.7", "sold_usd_bn: -12.7"),
    ],
)
def test_a_mistake_in_the_file_is_shown_where_it_stands(tmp_path: Path, old: str, new: str) -> None:
    text = ledger_path().read_text(encoding="utf-8").replace(old, new, 1)
    copy = tmp_path / "claims.yaml"
    copy.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_ledger(copy)
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [(str(copy), line_of(text, new))]
