"""Dated news, statements and surprises at ten years, with values computed by hand and without other news."""

import numpy as np
import pytest

from simulation.accounts.ledger import TOLERANCE
from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.studies.experiment.design import NO_POLICY_SETTINGS

ALONE = (
    *NO_POLICY_SETTINGS,
    "end=2025-12-05",
    "noise.scale_x=0",
    "credibility_bp_per_bp=0",
    *(f"populations.{name}=null" for name in (
        "life_insurers", "pension_funds", "banks", "investment_trusts", "retail_fx", "crypto_traders",
        "bitcoin_etf_holders", "foreigners_in_japan", "yen_borrowers",
    )),
    "populations.carry_funds={stock_usd_bn: 0.001, investors: 5}",
)  # fmt: skip


def run_alone(*settings: str) -> Record:
    return simulate(load_scenario("december_2025_official", (*ALONE, *settings)), (0,))


def change(record: Record, column: str, day: int = 1) -> float:
    values = record.market[column][0]
    return float(values[day] - values[day - 1])


def log_change(record: Record, column: str = "usdjpy", day: int = 1) -> float:
    return float(np.diff(np.log(record.market[column][0]))[day - 1])


def test_yields_move_as_given_and_usdjpy_with_the_two_year_gap() -> None:
    record = run_alone("news=[{date: 2025-12-01, ust2: -10bp, ust10: -4bp, jgb2: 2bp, jgb10: 5bp}]")
    moved = [100 * change(record, name) for name in ("ust2_pct", "ust10_pct", "jgb2_pct", "jgb10_pct")]
    assert moved == pytest.approx([-10, -4, 2, 5], abs=1e-3)
    beta = load_scenario("december_2025_official").markets["usdjpy"].spread_beta_pct_per_pp  # type: ignore[attr-defined]
    assert log_change(record) == pytest.approx(-beta / 100 * 0.12, rel=1e-3)


def test_one_maturity_brings_the_other_in_its_usual_ratio() -> None:
    record = run_alone("news=[{date: 2025-12-01, ust2: 10bp, jgb10: 10bp}]")
    moved = [100 * change(record, name) for name in ("ust2_pct", "ust10_pct", "jgb2_pct", "jgb10_pct")]
    assert moved == pytest.approx([10, 7, 5, 10], abs=1e-3)


def test_given_news_replace_drawn_news() -> None:
    noisy = run_alone("noise.scale_x=1", "news=[{date: 2025-12-01, ust2: 3bp, ust10: 3bp, value_pct: {us_equity: -2}}]")
    assert 100 * change(noisy, "ust2_pct") == pytest.approx(3, abs=1e-3)
    assert noisy.market["us_equity"][0, 1] == pytest.approx(98, rel=1e-5)
    assert abs(change(noisy, "ust2_pct", day=2)) > 0.0


def test_a_given_value_is_the_total_change() -> None:
    # Yields fall by 10 bp, which alone would raise equities by 3 x .10 = .3 %; the given 2 % include it.
    record = run_alone("news=[{date: 2025-12-01, ust2: -10bp, ust10: -10bp, value_pct: {us_equity: -2, bitcoin: 5}}]")
    assert record.market["us_equity"][0, 1] == pytest.approx(98, rel=1e-5)
    assert record.market["bitcoin_usd"][0, 1] / record.market["bitcoin_usd"][0, 0] == pytest.approx(1.05, rel=1e-5)


def test_a_given_value_of_usdjpy_replaces_the_effect_of_rates() -> None:
    record = run_alone("news=[{date: 2025-12-01, ust2: -10bp, value_pct: {usdjpy: -4}}]")
    assert record.market["usdjpy"][0, 1] / record.market["usdjpy"][0, 0] == pytest.approx(0.96, rel=1e-5)


def test_a_volatility_shock_raises_stress_and_decays() -> None:
    record = run_alone("news=[{date: 2025-12-01, volatility_x: 2}]")
    stress = record.market["stress"][0]
    # At the close 6 % of the excess variance has decayed: sqrt(1 + 3 x .94), sqrt(1 + 3 x .94^2), ...
    assert stress[1:4] == pytest.approx(np.sqrt(1 + 3 * 0.94 ** np.arange(1, 4)), rel=1e-4)


def test_a_wider_basis_raises_hedging_costs_permanently() -> None:
    record = run_alone("news=[{date: 2025-12-01, basis: -40bp}]")
    cost = record.market["hedging_cost_pct"][0]
    assert cost[1] - cost[0] == pytest.approx(0.40, abs=1e-9)
    assert cost[3] == pytest.approx(cost[1], abs=1e-9)


def test_dollars_bought_from_outside_raise_usdjpy_and_the_ledger_balances() -> None:
    record = run_alone("news=[{date: 2025-12-01, dollars_bought_usd_bn: 10}]")
    market = load_scenario("december_2025_official").markets["usdjpy"]
    slope, scale = market.impact().fast, market.impact().fast_scale
    assert log_change(record) == pytest.approx(slope * 20 / (np.sqrt(1 + 10 / scale) + 1), rel=1e-4)
    assert record.flows["abroad"]["spot_usd_bn"][0, 1] == pytest.approx(10)
    assert record.roles["abroad"] == "other"
    assert float(record.market["ledger_residual"].max()) <= TOLERANCE
    assert "abroad" not in run_alone().flows


def test_a_statement_moves_the_path_and_the_yen() -> None:
    record = run_alone("boj.statements=[{date: 2025-12-01, path_surprise: -5bp}]")
    assert 100 * change(record, "jgb2_pct") == pytest.approx(-5, abs=1e-3)
    assert 100 * change(record, "jgb10_pct") == pytest.approx(-3.5, abs=1e-3)
    beta = load_scenario("december_2025_official").markets["usdjpy"].announcement_beta_pct_per_bp  # type: ignore[attr-defined]
    assert log_change(record) == pytest.approx(beta / 100 * 5, rel=1e-3)
    assert record.market["path_surprise_bp"][0, 1] == pytest.approx(-5, rel=1e-9)


def test_a_statement_may_announce_a_regime() -> None:
    record = run_alone("boj.statements=[{date: 2025-12-01, guidance: hawkish}]")
    assert change(record, "jgb2_pct") > 0.0
    assert log_change(record) < 0.0


def test_dovish_guidance_between_meetings_raises_the_term_premium() -> None:
    record = run_alone("credibility_bp_per_bp=0.3", "boj.statements=[{date: 2025-12-01, path_surprise: -10bp}]")
    assert 100 * change(record, "jgb10_pct") == pytest.approx(-7 + 3, abs=1e-3)


def test_a_stated_path_surprise_replaces_guidance() -> None:
    record = run_alone("boj.meetings=[{date: 2025-12-01, decision: 25bp, priced_probability: 0.6, path_surprise: 3bp}]")
    assert record.market["target_surprise_bp"][0, 1] == pytest.approx(10, rel=1e-9)
    assert record.market["path_surprise_bp"][0, 1] == pytest.approx(3, abs=1e-6)


def test_a_band_change_counts_at_ten_years_and_changes_no_credibility() -> None:
    band = "boj.meetings=[{date: 2025-12-01, decision: 0bp, ten_year_surprise: 15bp}]"
    record = run_alone("credibility_bp_per_bp=0.3", "noise.scale_x=0", band)
    assert 100 * change(record, "jgb10_pct") == pytest.approx(15, abs=1e-3)
    assert 100 * change(record, "jgb2_pct") == pytest.approx(0, abs=1e-3)
    beta = load_scenario("december_2025_official").markets["usdjpy"].announcement_beta_pct_per_bp  # type: ignore[attr-defined]
    assert log_change(record) == pytest.approx(-beta / 100 * 15, rel=1e-3)
