"""Amplification: records with known results, and limiting cases of the model."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario
from simulation.day.recorder import Record
from simulation.studies.experiment.design import NO_POLICY_SETTINGS, with_investors
from simulation.studies.facts.simulated import (
    LARGE_SHOCK_PCT,
    SMALL_SHOCK_PCT,
    ScenarioInputs,
    amplification_estimates,
    frozen_settings,
    mean_ratio,
    peak_amplification,
    shock_amplifications,
    shock_settings,
)
from tests.support.scenarios import COARSE, TWO_WEEKS, official

OFFICIAL = "december_2025_official"
BASE = ScenarioInputs(OFFICIAL, (*NO_POLICY_SETTINGS, *with_investors(OFFICIAL, 20, carry_alone=True)), 3)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three weeks after the shock instead of eight: stops and margin calls come in the first days."""
    monkeypatch.setattr("simulation.studies.facts.simulated.DAYS_AFTER", 15)


def record(*runs: list[float]) -> Record:
    """A record of which only USDJPY is known."""
    usdjpy = np.array(runs)
    days = np.arange(np.datetime64("2025-12-01"), np.datetime64("2025-12-01") + np.timedelta64(usdjpy.shape[1], "D"))
    return Record(official(COARSE, TWO_WEEKS), np.arange(len(runs)), days, {"usdjpy": usdjpy}, {}, {}, {})


def test_hand_worked_peak() -> None:
    twin = record([100.0, 100.0, 110.0, 110.0], [100.0, 100.0, 100.0, 100.0])
    # The first run falls by 4 % and then by twice as much in logs, with the market's rise taken out; the second by 4 %.
    shocked = record([100.0, 96.0, 110.0 * 0.96**2, 110.0 * 0.97], [100.0, 96.0, 98.0, 99.0])
    assert peak_amplification(shocked, twin, 4.0) == pytest.approx([2.0, 1.0])


def test_a_run_that_stopped_in_either_record_is_excluded() -> None:
    twin, shocked = (record([100.0, 99.0], [100.0, 98.0], [100.0, 97.0]) for _ in range(2))
    stop = official(COARSE, TWO_WEEKS).start
    stopped = replace(shocked, stopped={1: (stop, "x", "y")})  # type: ignore[dict-item]
    assert peak_amplification(stopped, twin, 1.0).shape == (2,)


def test_ratio_and_its_error() -> None:
    small, large = np.array([1.0, 1.0, 1.0, 1.0]), np.array([2.0, 2.2, 1.8, 2.0])
    found = mean_ratio(large, small)
    assert found.value == pytest.approx(2.0)
    assert found.error == pytest.approx(large.std(ddof=1) / 2.0)
    # Runs in which both shocks are amplified alike say nothing against the ratio.
    alike = np.array([1.0, 1.5, 2.0, 4.0])
    assert mean_ratio(2.0 * alike, alike).error == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("size", [0.0, -4.0, 100.0, float("nan")])
def test_the_size_of_a_shock_is_validated(size: float) -> None:
    with pytest.raises(ValueError, match=r"shock_pct is .* %; allowed is above 0 and below 100"):
        peak_amplification(record([100.0, 96.0]), record([100.0, 100.0]), size)


def test_records_must_have_the_same_runs_and_days() -> None:
    with pytest.raises(ValueError, match="different runs or days"):
        peak_amplification(record([100.0, 96.0], [100.0, 96.0]), record([100.0, 100.0]), 4.0)
    with pytest.raises(ValueError, match="the same runs of both shocks"):
        mean_ratio(np.ones(3), np.ones(2))


def test_the_shock_is_the_only_difference_in_a_pair() -> None:
    scenario = BASE.resolved()
    shocked, twin = (BASE.resolved(shock_settings(scenario, size)) for size in (4.0, 0.0))
    assert shocked.end == twin.end < scenario.end
    assert [item.value_pct for item in (*shocked.news, *twin.news)] == [{"usdjpy": -4.0}, {"usdjpy": 0.0}]
    assert shocked.news[0].date == twin.news[0].date > scenario.start


def test_a_short_scenario_is_shocked_on_its_last_day() -> None:
    short = ScenarioInputs(OFFICIAL, (*BASE.settings, "end=2025-12-05"))
    found = short.resolved(shock_settings(short.resolved(), 1.0))
    assert found.news[0].date == found.end


def test_without_reactions_nothing_is_amplified() -> None:
    """The limit of CALIBRATION section 3: 1.00, whatever the size of the shock and among daily news."""
    frozen = BASE.with_settings(*frozen_settings(BASE.resolved()))
    assert set(frozen.resolved().populations) == {"carry_funds", "yen_borrowers"}
    for amplification in shock_amplifications(frozen, 4).values():
        assert amplification == pytest.approx(1.0, abs=1e-9)


def test_a_large_shock_is_amplified_more_than_a_small_one() -> None:
    found = amplification_estimates(BASE, 6)
    assert found["amplification_ratio"].value > 1.7
    assert found["amplification_frozen"].value == pytest.approx(1.0, abs=0.02)
    assert set(found) == {"amplification_ratio", "amplification_in_news", "amplification_frozen"}


def test_without_impact_nothing_is_amplified() -> None:
    names = ("fast_impact_pct_per_usd_bn", "slow_impact_pct_per_usd_bn")
    silent = BASE.with_settings(*(f"markets.usdjpy.{name}=0" for name in names))
    found = shock_amplifications(silent, 3)
    assert set(found) == {SMALL_SHOCK_PCT, LARGE_SHOCK_PCT}
    assert found[LARGE_SHOCK_PCT] == pytest.approx(1.0, abs=1e-9)


def test_frozen_settings_find_all_switches() -> None:
    settings = frozen_settings(load_scenario(OFFICIAL))
    assert "populations.yen_borrowers.switches.covenant=false" in settings
    assert "populations.retail_fx=null" in settings
