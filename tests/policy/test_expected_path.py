"""The expected policy path: its mean by hand and by numerical integration."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.policy.central_banks import BankOfJapan
from simulation.policy.rate_paths import (
    ExpectedPath,
    after_decision,
    guidance_steps,
    initial_path,
    mean_rate,
    share_of_horizon,
)
from simulation.values.conventions import day_number

BP = 1e-4
TODAY = day_number(date(2025, 12, 19))
MONTH = 365.25 / 12


def path_of(bank: BankOfJapan, first_day: int = TODAY) -> ExpectedPath:
    days = tuple(day_number(meeting.date) for meeting in bank.meetings)
    return initial_path(bank, days, first_day, 1)


def bank_of(guidance: dict[str, Any], meetings: Sequence[dict[str, Any]] = (), rate_pct: float = 0.75) -> BankOfJapan:
    return BankOfJapan.model_validate(
        {"rate_pct": rate_pct, "guidance": "words", "guidance_regimes": {"words": guidance}, "meetings": list(meetings)}
    )


def meeting(day: str, probability: float, step: str = "25bp") -> dict[str, Any]:
    return {"date": day, "decision": step, "step": step, "priced_probability": probability}


def rate_on(day: float, bank: BankOfJapan) -> float:
    """The expected rate on one future day, step by step: the path itself, in bp."""
    level = bank.rate_pct * 100
    steps = [(day_number(held.date), held.priced_probability * held.step) for held in bank.meetings]
    level_after_meetings = level + sum(step for _, step in steps)
    words = bank.guidance_regimes[bank.guidance]
    size, anchor = words.step * words.step_probability, steps[0][0] if steps else TODAY
    room = max((words.terminal_pct * 100 - level_after_meetings) * np.sign(words.step), 0.0)
    taken = sum(anchor + k * words.months_between_steps * MONTH <= day for k in range(1, 41))
    guided = np.sign(words.step) * min(taken * abs(size), room)
    return float(level + sum(step for when, step in steps if when <= day) + guided)


def integrated_mean(bank: BankOfJapan, years: float) -> float:
    """Mean of the path over a horizon, decimal, from the middle of many short intervals."""
    days = TODAY + (np.arange(1_500) + 0.5) / 1_500 * years * 365.25
    return float(np.mean([rate_on(day, bank) for day in days])) * BP


@settings(max_examples=25)
@given(
    st.fixed_dictionaries(
        {
            "months_between_steps": st.floats(2.0, 24.0),
            "step": st.sampled_from(["25bp", "10bp", "-25bp"]),
            "step_probability": st.floats(0.05, 1.0),
            "terminal_pct": st.floats(-0.5, 4.0),
        }
    ),
    st.floats(0.0, 1.0),
    st.sampled_from([2.0, 10.0]),
)
def test_mean_rate_is_the_integral_of_the_path(guidance: dict[str, Any], probability: float, years: float) -> None:
    bank = bank_of(guidance, [meeting("2026-01-23", probability), meeting("2026-06-16", 0.3, "-25bp")])
    # Each step of 25 bp is misplaced by half of one of 1,500 intervals at most: .008 bp, for at most 22 steps.
    assert mean_rate(path_of(bank), TODAY, years)[0, 0] == pytest.approx(integrated_mean(bank, years), abs=0.18 * BP)


def test_one_meeting_by_hand() -> None:
    # 60 % of 25 bp in force for 731 - 182 = 548.5 of 730.5 days, and no guidance.
    bank = bank_of({"step_probability": 0}, [meeting("2026-06-19", 0.6)], rate_pct=0.5)
    expected = 50 * BP + 0.6 * 25 * BP * (730.5 - 182) / 730.5
    assert mean_rate(path_of(bank), TODAY, 2.0)[0, 0] == pytest.approx(expected, rel=1e-13)


def test_six_monthly_rhythm_by_hand() -> None:
    # From 0.75 %: 25 bp after 6, 12, 18 and 24 months weigh 3/4, 1/2, 1/4 and nothing in the 24-month mean.
    bank = bank_of({"months_between_steps": 6, "terminal_pct": 1.75})
    assert mean_rate(path_of(bank), TODAY, 2.0)[0, 0] == pytest.approx((75 + 25 * 1.5) * BP, rel=1e-13)


def test_vague_against_six_monthly_is_about_nine_basis_points() -> None:
    # A quarter of every expected step is doubted: .25 x 37.5 = 9.375 bp (MODEL section 2: about 9).
    bank = BankOfJapan(rate_pct=0.75, guidance="six_monthly")
    means = [
        mean_rate(path_of(bank.model_copy(update={"guidance": words})), TODAY, 2.0)[0, 0]
        for words in ("six_monthly", "vague")
    ]
    assert means[0] - means[1] == pytest.approx(9.375 * BP, rel=1e-10)


def test_regimes_are_ordered_from_hawkish_to_dovish() -> None:
    bank = BankOfJapan(rate_pct=0.75, guidance="six_monthly")
    mean = {
        words: mean_rate(path_of(bank.model_copy(update={"guidance": words})), TODAY, 2.0)[0, 0]
        for words in bank.guidance_regimes
    }
    assert mean["hawkish"] > mean["six_monthly"] > mean["vague"] > mean["dovish"] > mean["unchanged"]
    assert mean["six_monthly"] > mean["wage_dependent"] > mean["dovish"]


def test_a_vague_regime_leaves_most_to_later_meetings() -> None:
    regimes = BankOfJapan(rate_pct=0.75).guidance_regimes
    most = regimes["vague"].path_uncertainty_bp
    assert all(most > regime.path_uncertainty_bp for name, regime in regimes.items() if name != "vague")


@pytest.mark.parametrize(("rate_pct", "terminal_pct", "total_bp"), [(0.75, 1.6, 85), (1.9, 1.6, 0), (1.6, 1.6, 0)])
def test_steps_end_exactly_at_the_terminal_rate(rate_pct: float, terminal_pct: float, total_bp: float) -> None:
    bank = bank_of({"terminal_pct": terminal_pct}, rate_pct=rate_pct)
    assert guidance_steps(path_of(bank)).sum() == pytest.approx(total_bp * BP, abs=1e-12)


def test_cuts_mirror_hikes() -> None:
    up = bank_of({"step": "25bp", "terminal_pct": 3.0}, rate_pct=2.0)
    down = bank_of({"step": "-25bp", "terminal_pct": 1.0}, rate_pct=2.0)
    rise, fall = (mean_rate(path_of(bank), TODAY, 10.0)[0, 0] - 0.02 for bank in (up, down))
    assert rise == pytest.approx(-fall, rel=1e-12)
    assert rise > 0.0


def test_a_later_step_weighs_less_and_one_beyond_the_horizon_nothing() -> None:
    days = ("2025-12-22", "2026-12-18", "2027-12-20", "2028-06-16")
    means = [
        mean_rate(path_of(bank_of({"step_probability": 0}, [meeting(day, 1.0)])), TODAY, 2.0)[0, 0] - 75 * BP
        for day in days
    ]
    np.testing.assert_allclose(means[0] / BP, 25 * (1 - 3 / 730.5), rtol=1e-11)
    np.testing.assert_allclose(means[1] / BP, 25 * (1 - 364 / 730.5), rtol=1e-11)
    assert means[2:] == pytest.approx([0.0, 0.0], abs=1e-15)


def test_the_weight_of_a_step_is_the_share_of_the_horizon_after_it() -> None:
    days = np.array([[-400.0, 0.0, 365.25, 730.5, 2000.0]])
    np.testing.assert_allclose(share_of_horizon(days, 0.0, 2.0), [[1.0, 1.0, 0.5, 0.0, 0.0]], atol=1e-15)


def test_a_decision_replaces_the_expected_step() -> None:
    path = path_of(bank_of({"step_probability": 0}, [meeting("2025-12-19", 0.62), meeting("2026-06-19", 0.5)]))
    after = after_decision(path, np.array([[25 * BP]]))
    surprise = mean_rate(after, TODAY, 2.0) - mean_rate(path, TODAY, 2.0)
    assert surprise[0, 0] == pytest.approx(0.38 * 25 * BP, rel=1e-10)
    assert [held.meeting.date for held in after.pending] == [date(2026, 6, 19)]
