"""The summary as JSON and as a table."""

import json

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario
from simulation.day.capital_flows import simulate
from simulation.day.recorder import Record
from simulation.results.metrics import METRICS, PCT, SHARE, USD_BN
from simulation.results.summary import (
    CALIBRATED_IMPACT_PCT,
    comparison_table,
    format_metric,
    plain_text,
    summarise_record,
)
from simulation.scenario.config.parameter_sets import load_cloud, with_values
from tests.results.conftest import MakeRecord


def test_json_has_the_promised_keys(make_record: MakeRecord) -> None:
    found = summarise_record(make_record()).to_dict()
    assert list(found)[:4] == ["scenario", "runs", "seed", "metrics"]
    assert {"ledger_max_residual", "runs_failed", "failures", "yen_bought_by_population", "notes"} < set(found)
    assert (found["scenario"], found["runs"], found["seed"]) == ("small", 5, 7)
    assert list(found["metrics"]) == [metric.name for metric in METRICS]
    assert all(set(one) == {"p10", "p50", "p90", "mean", "unit", "effect"} for one in found["metrics"].values())
    assert found["ledger_max_residual"] == pytest.approx(2.1e-13)


def test_json_survives_the_strict_reader_even_when_all_runs_stopped(make_record: MakeRecord) -> None:
    found = summarise_record(make_record(stopped=(0, 1, 2, 3, 4))).to_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again["runs_failed"] == 5
    assert again["metrics"]["usdjpy_change_pct"]["p50"] is None


def test_failures_name_run_day_and_reason(make_record: MakeRecord) -> None:
    found = summarise_record(make_record(stopped=(3, 1)))
    assert [failure.to_dict() for failure in found.failures] == [
        {"run": run, "date": "2025-12-03", "reason": "price_not_finite", "message": "USDJPY is not a number"}
        for run in (1, 3)
    ]
    assert "2 of 5 runs stopped early" in found.notes[0]
    assert "price_not_finite (2)" in str(found)


def test_loop_gain_above_one_at_the_start_is_noted(make_record: MakeRecord) -> None:
    record = make_record()
    assert summarise_record(record).notes == ()
    record.market["loop_gain"][2, 0] = 1.25
    assert "1.25" in summarise_record(record).notes[0]


@pytest.mark.parametrize(("product", "noted"), [(0.0, False), (4.9, True), (5.0, False), (14.0, False), (14.1, True)])
def test_a_price_impact_outside_the_expected_range_is_noted(
    make_record: MakeRecord, product: float, noted: bool
) -> None:
    record = make_record()
    record.market["depth_weighted_stock_pct"] = np.full_like(record.market["loop_gain"], product)
    notes = summarise_record(record).notes
    assert (len(notes) == 1) is noted
    assert all(
        f"is {product:.3g} % at the start; the expected range after August 2024 is 5 to 14 %" in note for note in notes
    )


def test_the_stated_range_is_that_of_the_calibrated_sets() -> None:
    scenario, cloud = load_scenario("december_2025_official", ("end=2025-12-01",)), load_cloud("august_2024")
    variants = [with_values(scenario, dict(zip(cloud.keys, map(float, row), strict=True))) for row in cloud.values]
    columns = frozenset({"depth_weighted_stock_pct"})
    found = simulate(scenario, range(len(variants)), variants, columns).market["depth_weighted_stock_pct"][:, 0]
    assert (found.min(), found.max()) == pytest.approx(CALIBRATED_IMPACT_PCT, abs=0.05)


def test_a_ledger_that_does_not_balance_is_noted(make_record: MakeRecord) -> None:
    record = make_record()
    record.market["ledger_residual"][1, 3] = -2e-6
    found = summarise_record(record)
    assert found.ledger_max_residual == 2e-6
    assert "2.0e-06" in found.notes[0]


def test_table_shows_every_metric_and_population(make_record: MakeRecord) -> None:
    text = str(summarise_record(make_record()))
    assert all(metric.label in text for metric in METRICS)
    assert "Life insurers" in text
    assert "nan" not in text.lower()
    share = next(line for line in text.splitlines() if "Levered unwind, % of stock" in line)
    assert share.split()[-1] == "16.0"


def test_table_without_a_number_shows_a_dash(make_record: MakeRecord) -> None:
    lines = str(summarise_record(make_record(without=("bitcoin_usd",)))).splitlines()
    bitcoin = next(line for line in lines if "Bitcoin" in line)
    assert bitcoin.split() == ["Bitcoin,", "%", "-", "-", "-"]


def test_one_run_shows_one_value(make_record: MakeRecord) -> None:
    text = str(summarise_record(make_record(runs=1)))
    assert "1 run," in text
    assert "median" not in text


def test_brackets_in_a_title_are_text_not_style(make_record: MakeRecord) -> None:
    record = make_record()
    scenario = record.scenario.model_copy(update={"title": "spread [bold] 1.5 pp"})
    text = str(summarise_record(Record(scenario, *(getattr(record, name) for name in list(record.__dict__)[1:]))))
    assert "[bold]" in text


def test_comparison_puts_scenarios_side_by_side(make_record: MakeRecord) -> None:
    other = make_record()
    other.flows["carry_funds"]["unwound_usd_bn"][:] *= 2.0
    text = plain_text(
        comparison_table([summarise_record(make_record()), summarise_record(other)], ["article", "official"])
    )
    levered = next(line for line in text.splitlines() if line.strip().startswith("Levered unwind, USD"))
    assert max(map(len, text.splitlines())) <= 80
    assert levered.split() == ["Levered", "unwind,", "USD", "bn", *["40.0"] * 3, *["80.0"] * 3]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.56, USD_BN, "1,235"),
        (-0.001, USD_BN, "0.0"),
        (0.123, SHARE, "12.3"),
        (2.0, PCT, "+2.00"),
        (-0.001, PCT, "0.00"),
        (None, PCT, "-"),
    ],
)
def test_number_text(value: float | None, unit: str, text: str) -> None:
    assert format_metric(value, unit) == text


def test_real_record_gives_finite_numbers(small_record: Record) -> None:
    found = summarise_record(small_record)
    assert found.metrics.pop("retail_unwind_usd_bn").p50 is None  # the small scenario has no retail traders
    numbers = [value for one in found.metrics.values() for value in (one.p10, one.p50, one.p90)]
    assert all(value is not None and np.isfinite(value) for value in numbers)
    assert found.ledger_max_residual is not None
    assert found.ledger_max_residual <= 1e-9
