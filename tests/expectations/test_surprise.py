"""Priced decisions move USDJPY little, surprises much: the day of the hike and the fifteen days after it."""

from functools import cache

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.values.conventions import Array
from tests.support.scenarios import (
    AROUND_THE_HIKE,
    CALM,
    HIKE,
    NO_IMPACT,
    ONE_WEEK,
    Changes,
    official,
    shipped,
    shocks,
    switched,
)

RUNS = 16


@cache
def hike(priced: float, guidance: str = "six_monthly") -> Record:
    """The hike of 19 December, priced so far, with the words that are said, over the default cast."""
    words: Changes = {"boj.meetings.0.priced_probability": priced, "boj.meetings.0.guidance": guidance}
    return simulate(official(AROUND_THE_HIKE, words), range(RUNS))


def day_move_pct(record: Record) -> Array:
    """Change of USDJPY on the day of the decision, %."""
    usdjpy = record.market["usdjpy"]
    return np.asarray(100 * (usdjpy[:, HIKE] / usdjpy[:, HIKE - 1] - 1))


def unwound_share(record: Record, days: int = 15) -> Array:
    """Share of the levered stock that is gone so many days after the decision."""
    stock = record.flows["carry_funds"]["stock_usd_bn"]
    return np.asarray(1 - stock[:, HIKE + days] / stock[:, HIKE - 1])


def surprises(record: Record) -> tuple[float, float]:
    """Z1 and Z2 of the decision, bp."""
    target, path = (record.market[f"{name}_surprise_bp"][:, HIKE] for name in ("target", "path"))
    assert np.ptp(target) < 1e-9
    assert np.ptp(path) < 1e-9
    return float(target[0]), float(path[0])


def test_a_fully_priced_hike_with_the_expected_words_is_no_surprise() -> None:
    assert surprises(hike(1.0)) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_a_fully_priced_hike_moves_usdjpy_by_less_than_one_percent() -> None:
    move = day_move_pct(hike(1.0))
    assert abs(np.median(move)) < 1.0
    # What is left is the noise of any day: .6 %, a median of 32 days scatters by .13 %.
    assert abs(np.median(move)) < 0.5


def test_a_complete_surprise_moves_usdjpy_by_more_than_three_percent() -> None:
    assert sum(surprises(hike(0.0))) == pytest.approx(25.0, abs=1e-9)
    move = day_move_pct(hike(0.0))
    assert np.median(move) < -3.0
    # 25 bp at .2 % per bp are 5 % before amplification.
    assert np.median(move) < -5.0
    assert np.median(move) > -15.0


def test_a_complete_surprise_unwinds_more_than_a_fifth_of_levered_carry_in_fifteen_days() -> None:
    assert np.median(unwound_share(hike(0.0))) > 0.20
    assert np.median(unwound_share(hike(1.0))) < 0.10


def test_the_response_grows_with_the_surprise() -> None:
    odds = (1.0, 0.85, 0.5, 0.0)
    moves = [np.median(day_move_pct(hike(priced))) for priced in odds]
    unwound = [np.median(unwound_share(hike(priced))) for priced in odds]
    assert moves == sorted(moves, reverse=True)
    assert unwound == sorted(unwound)
    assert [surprises(hike(priced))[0] for priced in odds] == pytest.approx([0.0, 3.75, 12.5, 25.0])


@pytest.mark.parametrize("priced", [1.0, 0.62])
def test_vague_words_are_worth_nine_basis_points(priced: float) -> None:
    assert surprises(hike(priced, "vague"))[1] - surprises(hike(priced))[1] == pytest.approx(-9.375, abs=1e-6)


def test_soft_words_at_a_priced_hike_weaken_the_yen() -> None:
    # Common news: the difference is the words.  .2 % x 9.375 bp, and the term premium adds a little.
    difference = day_move_pct(hike(1.0, "vague")) - day_move_pct(hike(1.0))
    assert (difference > 1.5).all()
    assert np.median(difference) < 4.0
    assert np.median(day_move_pct(hike(1.0, "vague"))) > 0.5


def test_words_order_the_yen() -> None:
    moves = [np.median(day_move_pct(hike(1.0, words))) for words in ("hawkish", "six_monthly", "vague", "dovish")]
    assert moves == sorted(moves)


def test_soft_words_raise_the_term_premium_of_jgbs() -> None:
    yields = {words: hike(1.0, words).market for words in ("vague", "six_monthly")}
    two_year = yields["vague"]["jgb2_pct"][:, HIKE] - yields["six_monthly"]["jgb2_pct"][:, HIKE]
    np.testing.assert_allclose(100 * two_year, -9.375, atol=1e-9)
    curve = {words: market["jgb10_pct"] - market["jgb2_pct"] for words, market in yields.items()}
    assert (curve["vague"][:, HIKE] > curve["six_monthly"][:, HIKE]).all()


def test_expected_parts_have_no_slope_and_surprises_have_one() -> None:
    # Regress the day's move on the expected and the surprising part over odds: CALIBRATION section 2 in small.
    odds = (0.15, 0.5, 0.85, 1.0)
    moves = np.concatenate([day_move_pct(hike(priced)) for priced in odds])
    surprise = np.repeat([25 * (1 - priced) for priced in odds], RUNS)
    design = np.stack([np.ones_like(surprise), surprise], axis=1)
    (constant, slope), residual = np.linalg.lstsq(design, moves, rcond=None)[:2]
    error = np.sqrt(residual[0] / (moves.size - 2) * np.linalg.inv(design.T @ design).diagonal())
    assert slope / error[1] < -3.0
    assert -0.6 < slope < -0.1
    # 25 bp that are expected in every run move nothing: the constant is what a priced hike does.
    assert abs(constant) < 1.0


@cache
def with_the_whole_cast(priced: float) -> Record:
    """The hike over everybody in the shipped scenario, with the words that were expected."""
    words: Changes = {"boj.meetings.0.priced_probability": priced, "boj.meetings.0.guidance": "six_monthly"}
    return simulate(shipped("december_2025_official", AROUND_THE_HIKE, words), range(16))


def test_the_whole_cast_takes_a_priced_hike_calmly() -> None:
    record = with_the_whole_cast(1.0)
    assert surprises(record) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert abs(np.median(day_move_pct(record))) < 1.0


def test_the_whole_cast_is_shaken_by_a_complete_surprise() -> None:
    record = with_the_whole_cast(0.0)
    assert sum(surprises(record)) == pytest.approx(25.0, abs=1e-9)
    assert -15.0 < np.median(day_move_pct(record)) < -3.0
    assert np.median(unwound_share(record)) > 0.20


def amplification(fall: float, *changes: Changes) -> float:
    """Log fall of USDJPY on the day of an announcement over the log fall that the announcement is worth."""
    scenario = official(CALM, ONE_WEEK, shocks({"2025-12-01": fall}), *changes)
    usdjpy = simulate(scenario, range(4)).market["usdjpy"]
    return float(np.log(usdjpy[:, 1] / usdjpy[:, 0]).mean() / np.log1p(-fall))


ONLY_FUNDS: Changes = {"populations": {"carry_funds": {"investors": 300}}}


def test_losses_are_amplified() -> None:
    assert amplification(0.04, ONLY_FUNDS) > 1.05


def test_gains_are_not_amplified() -> None:
    # A rise of 4 % makes nobody a forced buyer; less carry at most.
    assert amplification(-0.04, ONLY_FUNDS) == pytest.approx(1.0, abs=0.02)
    assert amplification(0.04, ONLY_FUNDS) > amplification(-0.04, ONLY_FUNDS) + 0.04


def test_larger_shocks_are_amplified_more() -> None:
    small, middle, large = (amplification(fall, ONLY_FUNDS) for fall in (0.01, 0.04, 0.08))
    assert 1.0 <= small < middle < large


@pytest.mark.parametrize("fall", [0.01, 0.04, 0.08, -0.05])
def test_no_mechanism_no_amplification(fall: float) -> None:
    assert amplification(fall, ONLY_FUNDS, switched()) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("fall", [0.01, 0.08])
def test_no_impact_no_amplification(fall: float) -> None:
    assert amplification(fall, NO_IMPACT) == pytest.approx(1.0, abs=1e-9)


def test_amplification_grows_with_the_stock() -> None:
    factors = [
        amplification(0.05, ONLY_FUNDS, {"populations.carry_funds.stock_usd_bn": stock}) for stock in (50, 250, 500)
    ]
    assert 1.0 < factors[0] < factors[1] < factors[2]


def test_amplification_grows_with_impact() -> None:
    factors = [
        amplification(0.05, ONLY_FUNDS, {"markets.usdjpy.fast_impact_pct_per_usd_bn": impact})
        for impact in (0.02, 0.035, 0.08)
    ]
    assert 1.0 < factors[0] < factors[1] < factors[2]


def test_amplification_grows_with_leverage() -> None:
    factors = [
        amplification(
            0.05, ONLY_FUNDS, {"populations.carry_funds.leverage_x": {"median": median, "log_sd": 0.35, "highest": 14}}
        )
        for median in (1, 4, 10)
    ]
    assert factors[0] < factors[1] < factors[2]


def test_little_leverage_and_no_stops_is_no_amplification() -> None:
    unlevered: Changes = {"populations.carry_funds.leverage_x": {"median": 0.5, "log_sd": 0}}
    assert amplification(0.08, ONLY_FUNDS, unlevered, switched(margin=True)) == pytest.approx(1.0, abs=1e-9)


def test_stress_and_thin_markets_make_a_fall_larger() -> None:
    thin: Changes = {"thin_periods": [{"first_day": "2025-12-01", "last_day": "2025-12-01"}]}
    assert amplification(0.05, ONLY_FUNDS, thin) > amplification(0.05, ONLY_FUNDS)


def test_dealers_who_release_slowly_delay_the_rebound() -> None:
    def retrace(kappa: float) -> float:
        scenario = official(
            CALM, ONLY_FUNDS, {"end": "2025-12-12"}, shocks({"2025-12-01": 0.08}),
            {"markets.usdjpy.release_pct_per_day": kappa},
        )  # fmt: skip
        path = np.log(simulate(scenario, range(2)).market["usdjpy"]).mean(axis=0)
        return float((path[-1] - path.min()) / (path[0] - path.min()))

    assert retrace(40) > retrace(5) > -0.01


def test_a_wider_gap_is_a_weaker_yen() -> None:
    ends = []
    for decision in ("-50bp", "0bp", "50bp"):
        meeting = {"date": "2025-12-03", "decision": decision, "step": "25bp", "priced_probability": 0.0}
        ends.append(simulate(official(CALM, ONE_WEEK, {"fed.meetings": [meeting]}), [0]).market["usdjpy"][0, -1])
    assert ends[0] < ends[1] < ends[2]
