"""Stored facts: recomputed from the official series if these are available, and compared with CALIBRATION."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from simulation.scenario.config.catalog import shipped_files
from simulation.scenario.config.errors import ConfigError
from simulation.studies.facts.comparison import SHIPPED_FACTS, AcceptRange, StoredFacts, load_facts
from simulation.studies.facts.historical import facts_yaml, main, read_history, read_positions, recompute_facts
from tests.support.places import OFFICIAL_DATA

DATA = OFFICIAL_DATA
needs_series = pytest.mark.skipif(
    not DATA.is_dir(), reason="the official series are not shipped: put them into ../shared/data beside the project"
)

QUOTED = {
    "daily_sd_pct": (0.66, 0.005),
    "daily_skew": (-0.48, 0.005),
    "weekly_skew": (-0.92, 0.005),
    "monthly_skew": (-0.37, 0.005),
    "daily_kurtosis": (4.6, 0.05),
    "tail_index": (3.5, 0.05),
    "acf_1": (0.0, 0.02),
    "acf_size_1": (0.14, 0.005),
    "acf_size_20": (0.10, 0.005),
    "acf_size_100": (0.07, 0.005),
    "skew_slope": (-0.10, 0.005),
    "skew_on_contracts": (-0.38, 0.005),
    "spread_beta_2013_2019": (7.8, 0.05),
    "spread_beta_2020_2024": (6.0, 0.05),
    "spread_r2_2013_2019": (0.3, 0.05),
    "spread_r2_2020_2024": (0.3, 0.05),
    "carry_pct": (2.6, 0.05),
    "carry_sharpe": (0.24, 0.005),
}
"""Values of CALIBRATION section 3 with half of the last digit."""


@pytest.fixture(scope="module")
def stored() -> StoredFacts:
    return load_facts()


@pytest.fixture(scope="module")
def recomputed() -> StoredFacts:
    return recompute_facts(DATA)


@needs_series
def test_the_shipped_file_is_what_the_series_give(stored: StoredFacts, recomputed: StoredFacts) -> None:
    assert list(stored.facts) == list(recomputed.facts)
    for name, fact in recomputed.facts.items():
        kept = stored.facts[name]
        numbers = {"value": fact.value, "standard_error": fact.standard_error}
        assert fact.model_copy(update={key: getattr(kept, key) for key in numbers}) == kept, name
        for key, value in numbers.items():
            # Four digits are stored; the last may differ with the library that sums.
            assert getattr(kept, key) == (None if value is None else pytest.approx(value, rel=2e-3)), name


@pytest.mark.parametrize("name", QUOTED)
def test_values_are_those_of_calibration(stored: StoredFacts, name: str) -> None:
    value, half_digit = QUOTED[name]
    assert stored.facts[name].value == pytest.approx(value, abs=half_digit)


def test_errors_are_those_of_calibration(stored: StoredFacts) -> None:
    slope, position = stored.facts["skew_slope"], stored.facts["skew_on_contracts"]
    assert slope.standard_error == pytest.approx(0.03, abs=0.005)
    assert slope.observations == 140
    assert position.standard_error == pytest.approx(0.13, abs=0.005)


@pytest.mark.parametrize(("name", "days"), [("below_2", 77), ("above_2", 44), ("below_3", 16), ("above_3", 8)])
def test_counts_are_those_of_calibration(stored: StoredFacts, name: str, days: int) -> None:
    fact = stored.facts[f"days_{name}"]
    assert fact.value is not None
    assert fact.observations is not None
    assert fact.value * fact.observations / 252.0 == pytest.approx(days, abs=0.05)


def test_accept_ranges_are_those_of_calibration(stored: StoredFacts) -> None:
    ranges = {name: (fact.accept.low, fact.accept.high) for name, fact in stored.facts.items() if fact.accept}
    assert ranges == {
        "skew_slope": (-0.16, -0.04),
        "skew_large_gap": (-0.9, -0.3),
        "skew_no_gap": (-0.2, 0.2),
        "amplification_ratio": (1.7, None),
        "amplification_in_news": (1.7, None),
        "amplification_frozen": (0.98, 1.02),
    }


def test_every_value_has_a_source_and_an_error_or_a_remark(stored: StoredFacts) -> None:
    for name, fact in stored.facts.items():
        if fact.value is not None and fact.standard_error is None:
            assert "No error" in fact.remark, name
        if fact.first_day is not None and fact.last_day is not None:
            assert date(1990, 1, 1) < fact.first_day < fact.last_day <= date(2024, 12, 31), name


def test_the_file_is_written_by_the_program_alone(stored: StoredFacts) -> None:
    assert shipped_files("facts")[SHIPPED_FACTS].read_text(encoding="utf-8") == facts_yaml(stored)


@needs_series
def test_a_gap_in_a_series_takes_the_last_known_value() -> None:
    history = read_history(DATA)
    assert (history.runs, len(history.dates)) == (1, 8784)
    days = history.dates.astype(str).tolist()
    # The JGB market was shut on Marine Day; Treasuries and the exchange rate were not.
    holiday, before = days.index("2024-07-15"), days.index("2024-07-12")
    assert history.jgb10_pct[0, holiday] == history.jgb10_pct[0, before] == 1.055
    assert history.usdjpy[0, days.index("2024-07-10")] == 161.73
    assert history.jgb2_pct[0, 0] == history.jgb2_pct[0, 2] == 6.098


@needs_series
def test_positions_are_net_short_and_known_from_their_tuesday() -> None:
    history = read_positions(DATA)
    days = history.dates.astype(str).tolist()
    assert history.position is not None
    assert history.position[0, days.index("2024-07-02")] == pytest.approx(1.84223)
    assert history.position[0, days.index("2024-08-05")] == pytest.approx(0.73460)
    assert history.position[0, days.index("2024-08-06")] == pytest.approx(0.11354)
    assert np.isfinite(history.position).all()


@needs_series
def test_the_command_prints_the_file(capsys: pytest.CaptureFixture[str], recomputed: StoredFacts) -> None:
    assert main([str(DATA)]) == 0
    assert capsys.readouterr().out == facts_yaml(recomputed)


def test_the_command_asks_for_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "DATA_DIR is an existing folder" in capsys.readouterr().err


def test_errors_in_a_file_of_facts_have_a_position(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("title: Own\nmade_by: hand\nfacts:\n  skew:\n    label: Skew\n    source: me\n    valeu: 1\n")
    with pytest.raises(ConfigError, match=r"own\.yaml:7:5: facts\.skew\.valeu"):
        load_facts(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"value": 1.0, "standard_error": 0.1}, "give both or neither"),
        ({"value": 1.0, "error_method": "guess"}, "error_method must be given if and only if"),
        ({"standard_error": 0.1, "error_method": "guess"}, "standard_error is given without a value"),
        ({"accept": {"source": "me"}}, "give at least one end"),
        ({"accept": {"low": 2, "high": 1, "source": "me"}}, "low is 2 and high 1: low must not exceed high"),
    ],
)
def test_an_incomplete_fact_is_rejected(values: dict[str, object], message: str) -> None:
    fact = {"label": "Skew", "source": "me"} | values
    with pytest.raises(ValueError, match=message):
        StoredFacts.model_validate({"title": "Own", "made_by": "hand", "facts": {"skew": fact}})


def test_ranges_may_be_open_at_one_end() -> None:
    assert [AcceptRange(low=1.7, source="me").holds(value) for value in (1.69, 1.7, 1e9)] == [False, True, True]
    assert AcceptRange(low=-0.9, high=-0.3, source="me").distance(-0.35) == pytest.approx(0.05)
    assert AcceptRange(high=2.0, source="me").distance(3.0) == pytest.approx(1.0)
