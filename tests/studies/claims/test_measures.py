"""Measures on a small simulation, compared with the columns of the record; pairs share the same news."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from simulation.compute.ensemble import load_scenario, run_ensemble
from simulation.day.recorder import Record, RunStop
from simulation.studies.claims.comparison import (
    ChangeMeasure,
    FlowMeasure,
    InterestBillMeasure,
    LevelMeasure,
    MeasureError,
    ReturnMeasure,
    TreasurySaleMeasure,
    measured_values,
)
from tests.studies.claims.conftest import SMALL

RUNS = 4


def record_of(*settings: str) -> Record:
    return run_ensemble(load_scenario(SMALL, settings), RUNS)


@pytest.fixture(scope="module")
def record() -> Record:
    return record_of()


def test_level_change_and_return(record: Record) -> None:
    row = int(np.flatnonzero(record.dates == np.datetime64("2025-12-19"))[0])
    usdjpy, ust10 = record.market["usdjpy"], record.market["ust10_pct"]
    start, day = date(2025, 12, 1), date(2025, 12, 19)
    assert measured_values(LevelMeasure(column="usdjpy", day=day), record, None) == pytest.approx(usdjpy[:, row])
    change = measured_values(ChangeMeasure(column="ust10_pct", since=start, until=day), record, None)
    assert change == pytest.approx(ust10[:, row] - 4.02)
    fall = measured_values(ReturnMeasure(column="usdjpy", since=start, until=day), record, None)
    assert fall == pytest.approx(100 * usdjpy[:, row] / 156 - 100)
    assert np.ptp(usdjpy[:, row]) > 0.1


def test_flow_adds_populations_and_days(record: Record) -> None:
    bought = record.flows["carry_funds"]["spot_usd_bn"]
    by_role = measured_values(FlowMeasure(column="spot_usd_bn", roles=("levered",)), record, None)
    assert by_role == pytest.approx(bought.sum(axis=1))
    assert by_role == pytest.approx(
        measured_values(FlowMeasure(column="spot_usd_bn", populations=("carry_funds",)), record, None)
    )
    early = measured_values(
        FlowMeasure(column="spot_usd_bn", roles=("levered",), until=date(2025, 12, 5)), record, None
    )
    assert early == pytest.approx(bought[:, :5].sum(axis=1))
    both = measured_values(
        FlowMeasure(column="stock_usd_bn", roles=("levered", "resident"), until=date(2025, 12, 1)), record, None
    )
    assert both == pytest.approx(np.full(RUNS, 4250.0))


def test_nobody_to_measure_is_no_value(record: Record) -> None:
    assert measured_values(FlowMeasure(column="spot_usd_bn", roles=("retail",)), record, None) is None
    assert (
        measured_values(FlowMeasure(column="spot_usd_bn", populations=("bitcoin_etf_holders",)), record, None) is None
    )
    without = record_of("markets.bitcoin=null", "populations.carry_funds.basket={ust10: 0.5}")
    assert measured_values(LevelMeasure(column="bitcoin_usd", day=date(2025, 12, 1)), without, None) is None


def test_mistakes_are_named(record: Record) -> None:
    with pytest.raises(MeasureError, match=r"'dollaryen'.*usdjpy"):
        measured_values(LevelMeasure(column="dollaryen", day=date(2025, 12, 1)), record, None)
    with pytest.raises(MeasureError, match="2025-12-06 is not a day of small"):
        measured_values(LevelMeasure(column="usdjpy", day=date(2025, 12, 6)), record, None)
    with pytest.raises(MeasureError, match="no flow 'spot'"):
        measured_values(FlowMeasure(column="spot", roles=("levered",)), record, None)
    with pytest.raises(ValueError, match="either `roles` or `populations`"):
        FlowMeasure(column="spot_usd_bn", roles=("levered",), populations=("carry_funds",))


def test_a_pair_shows_the_effect_alone(record: Record) -> None:
    move = ReturnMeasure(column="usdjpy", since=date(2025, 12, 18), until=date(2025, 12, 19))
    hike = record_of("boj.meetings[0].priced_probability=1")
    effect, alone = measured_values(move, record, hike), measured_values(move, record, None)
    assert effect is not None
    assert alone is not None
    # What was not priced makes the yen stronger, alike in every run; the news of the day are common to both.
    assert effect.max() < -1
    assert np.std(effect) < 0.5 * np.std(alone)
    assert measured_values(move, record, record) == pytest.approx(np.zeros(RUNS))


def test_a_pair_that_met_other_news_is_refused(record: Record) -> None:
    level = LevelMeasure(column="usdjpy", day=date(2025, 12, 19))
    for other in (record_of("end=2025-12-29"), record_of("seed=8")):
        with pytest.raises(MeasureError, match="differ in days, seed or runs"):
            measured_values(level, record, other)


def test_stopped_runs_are_left_out_of_both(record: Record) -> None:
    stopped = replace(record, stopped={1: RunStop(date(2025, 12, 3), "price_runaway", "")})
    level = LevelMeasure(column="usdjpy", day=date(2025, 12, 30))
    last = record.market["usdjpy"][:, -1]
    assert measured_values(level, stopped, None) == pytest.approx(last[[0, 2, 3]])
    assert measured_values(level, record, stopped) == pytest.approx(np.zeros(3))


def test_interest_bill_passes_through_slowly(record: Record) -> None:
    soon = measured_values(InterestBillMeasure.model_validate({"rate_change": "75bp", "years": 1}), record, None)
    late = measured_values(InterestBillMeasure.model_validate({"rate_change": "75bp", "years": 50}), record, None)
    # 1,100 JPY tn x 0.75 % = 8,250 JPY bn in the end, a ninth of it (less a little) in the first year.
    assert soon == pytest.approx(np.full(RUNS, 8250 * (1 - np.exp(-1 / 9))))
    assert late == pytest.approx(np.full(RUNS, 8250), rel=0.01)


def test_a_sale_of_treasuries_moves_the_yield_by_its_impact(record: Record) -> None:
    moved = measured_values(TreasurySaleMeasure(sold_usd_bn=12.7), record, None)
    # 7 bp per 100 $bn at zero, a little less where the demand curve bends.
    assert moved == pytest.approx(np.full(RUNS, 12.7 * 0.07), rel=0.01)
