"""Batches: each row equals the run alone, bit for bit, for any batch size, order and process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from simulation.day.capital_flows import simulate
from simulation.day.model import CapitalFlowModel
from simulation.day.recorder import Record
from tests.support.places import ROOT
from tests.support.scenarios import AROUND_THE_HIKE, COARSE, POPULATIONS, SHIPPED, TWO_WEEKS, Changes, official, shipped
from tests.support.states import assert_same_record, columns, digest, state

SURPRISE: Changes = {**AROUND_THE_HIKE, "end": "2025-12-24", "boj.meetings.0.priced_probability": 0.0}
ODD_NUMBERS: Changes = {
    f"populations.{name}.investors": count for name, count in zip(POPULATIONS, (37, 5, 23, 11), strict=True)
}
"""A cascade in every run, with numbers of investors that do not fill a vector register."""
EXPLOSIVE: Changes = {
    "markets.usdjpy.fast_impact_pct_per_usd_bn": 0.6,
    "markets.usdjpy.slow_impact_pct_per_usd_bn": 0.2,
    "noise.scale_x": 3,
}
"""Price impact so strong that some runs, but not all, diverge within two weeks."""


def alone(record: Record, row: int) -> None:
    assert_same_record(simulate(record.scenario, [int(record.runs[row])]), record, slice(row, row + 1))


@pytest.fixture(scope="module")
def many() -> Record:
    """A batch of 64 runs with all populations, over both December meetings."""
    return simulate(shipped("december_2025_official", {"end": "2025-12-24"}), range(64))


@pytest.mark.parametrize("row", [0, 13, 63])
def test_a_row_of_64_equals_the_run_alone(many: Record, row: int) -> None:
    alone(many, row)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_row_of_a_cascade_equals_the_run_alone(name: str) -> None:
    record = simulate(shipped(name, SURPRISE, ODD_NUMBERS), range(6))
    assert record.market["cascade_rounds"].max(axis=1).min() >= 2
    for row in range(6):
        alone(record, row)


def test_state_of_every_population_is_the_same_in_a_batch() -> None:
    scenario = official(SURPRISE, ODD_NUMBERS)
    batch, single = CapitalFlowModel(scenario, range(5)), CapitalFlowModel(scenario, [3])
    while batch.running:
        batch.step()
        single.step()
    found, expected = state(batch), state(single)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name][3:4].tobytes() == values.tobytes(), name


@pytest.mark.parametrize("blocks", [[[0, 1, 2], [3, 4, 5, 6, 7]], [[7, 0], [3], [1, 6, 2, 5, 4]]])
def test_blocks_of_any_size_and_order_give_the_same_rows(blocks: Sequence[Sequence[int]]) -> None:
    scenario = official(SURPRISE, ODD_NUMBERS)
    whole = simulate(scenario, range(8))
    for block in blocks:
        part = columns(simulate(scenario, block))
        for name, values in columns(whole).items():
            assert part[name].tobytes() == np.ascontiguousarray(values[list(block)]).tobytes(), name


@cache
def explosive() -> Record:
    """Runs, of which some are stopped."""
    record = simulate(official(COARSE, TWO_WEEKS, EXPLOSIVE), range(12))
    assert 0 < len(record.stopped) < 12
    return record


def test_a_stopped_run_does_not_affect_the_others() -> None:
    record = explosive()
    for row in sorted(set(range(12)) - set(record.stopped))[:3]:
        alone(record, row)


def test_a_stopped_run_is_the_same_in_a_batch_and_alone() -> None:
    record = explosive()
    for row, stop in list(record.stopped.items())[:3]:
        assert simulate(record.scenario, [row]).stopped == {0: stop}
        alone(record, row)


def test_rows_that_share_a_run_number_keep_their_own_stops() -> None:
    wild, stops = explosive().scenario, explosive().stopped
    calm = official(COARSE, TWO_WEEKS, {"noise.scale_x": 3})
    run = next(iter(stops))
    for variants in ([calm, wild, calm], [wild, calm, wild]):
        record = simulate(calm, [run] * 3, variants)
        assert record.stopped == {row: stops[run] for row in range(3) if variants[row] is wild}
        for row, scenario in enumerate(variants):
            assert_same_record(simulate(scenario, [run]), record, slice(row, row + 1))


def test_a_longer_horizon_changes_no_earlier_day() -> None:
    short, long = (columns(simulate(official(COARSE, {"end": end}), range(2))) for end in ("2025-12-05", "2025-12-19"))
    for name, values in short.items():
        assert np.ascontiguousarray(long[name][:, : values.shape[1]]).tobytes() == values.tobytes(), name


def test_the_same_run_twice_is_the_same() -> None:
    scenario = official(COARSE, SURPRISE)
    assert_same_record(simulate(scenario, [4, 4]), simulate(scenario, [4, 4]))
    twice = simulate(scenario, [4, 4])
    for name, values in columns(twice).items():
        assert values[0].tobytes() == values[1].tobytes(), name


PROGRAM = f"""
from simulation.day.capital_flows import simulate
from tests.support.states import digest
from tests.support.scenarios import official
print(digest(simulate(official({SURPRISE!r}, {ODD_NUMBERS!r}), range(5))))
"""


def in_another_process(hash_seed: str) -> str:
    root = ROOT
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, cwd=root)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_two_processes_give_the_same_bytes() -> None:
    here = digest(simulate(official(SURPRISE, ODD_NUMBERS), range(5)))
    assert {in_another_process("1"), in_another_process("2")} == {here}
