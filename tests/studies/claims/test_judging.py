"""Rules, bands and outcomes for values computed by hand."""

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from simulation.studies.claims.comparison import JudgementRule, StatedFigure, judge_values

JUDGE: TypeAdapter[Any] = TypeAdapter(JudgementRule)
TEN = np.arange(1.0, 11.0)  # p10 = 1.9, p50 = 5.5, p90 = 9.1
STATED = StatedFigure(value=5.0, upper=8.0)


def judged(rule: dict[str, Any], values: Any = TEN, stated: StatedFigure = STATED) -> tuple[str, float | None]:
    found = judge_values(values, "%", JUDGE.validate_python(rule), stated)
    return found.outcome, found.share_supporting


def test_the_band_is_the_tenth_to_the_ninetieth_percentile() -> None:
    found = judge_values(TEN, "%", JUDGE.validate_python({"rule": "in_band"}), STATED).band
    assert (found.p10, found.p50, found.p90, found.unit) == pytest.approx((1.9, 5.5, 9.1, "%"))


@pytest.mark.parametrize(
    ("rule", "outcome", "share"),
    [
        ({"rule": "in_range"}, "undecided", 0.4),
        ({"rule": "near", "tolerance": 2}, "undecided", 0.5),
        ({"rule": "near", "tolerance": 0.9}, "disagrees", 0.1),
        ({"rule": "same_order", "factor": 2}, "agrees", 0.8),
        ({"rule": "same_order", "factor": 1.1}, "disagrees", 0.1),
        ({"rule": "at_least"}, "undecided", 0.6),
        ({"rule": "at_most"}, "undecided", 0.5),
        ({"rule": "above", "limit": 2}, "agrees", 0.8),
        ({"rule": "below", "limit": 3}, "disagrees", 0.2),
        ({"rule": "above", "limit": 0}, "agrees", 1.0),
    ],
)
def test_rules(rule: dict[str, Any], outcome: str, share: float) -> None:
    found, supporting = judged(rule)
    assert found == outcome
    assert supporting == pytest.approx(share)


@pytest.mark.parametrize(
    ("value", "outcome"), [(1.9, "compatible"), (9.1, "compatible"), (1.8, "disagrees"), (9.2, "disagrees")]
)
def test_a_value_in_the_band_is_compatible_and_no_more(value: float, outcome: str) -> None:
    assert judged({"rule": "in_band"}, stated=StatedFigure(value=value)) == (outcome, None)


def test_no_effect_has_no_sign() -> None:
    nothing = np.zeros(10)
    assert judged({"rule": "below", "limit": 0}, nothing)[0] == "disagrees"
    assert judged({"rule": "above", "limit": 0}, nothing)[0] == "disagrees"


def test_the_other_sign_is_not_of_the_same_order() -> None:
    assert judged({"rule": "same_order"}, -TEN)[0] == "disagrees"
    assert judged({"rule": "same_order"}, -TEN, StatedFigure(value=-5))[0] == "agrees"


def test_a_value_on_the_limit_counts_despite_rounding() -> None:
    hikes = np.full(10, 0.75 + 0.25 + 0.25 - 0.75)
    assert judged({"rule": "in_range"}, hikes + 1e-15, StatedFigure(value=0.25, upper=0.5))[0] == "agrees"
    assert judged({"rule": "in_range"}, hikes + 1e-6, StatedFigure(value=0.25, upper=0.5))[0] == "disagrees"


@pytest.mark.parametrize(("values", "reason"), [(None, "no such population"), (np.array([]), "no run")])
def test_nothing_measured_is_not_tested(values: Any, reason: str) -> None:
    found = judge_values(values, "%", JUDGE.validate_python({"rule": "at_least"}), STATED)
    assert (found.outcome, found.band.p50) == ("not tested", None)
    assert reason in found.reason
