"""A row depends on its point and replication alone, not on the batch, and equals the result of `carryflow run`."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.compute.ensemble import run_ensemble
from simulation.results.metrics import metric_values
from simulation.scenario.config import ConfigError
from simulation.scenario.counterfactual import without_policy
from simulation.sweeps.execution import sweep_work
from simulation.sweeps.kernel import SweepWork, simulate_batch, split_into_passes
from simulation.sweeps.pending_runs import batch_size, missing_runs, runs_in_batches
from simulation.sweeps.plan import SweepPlan
from simulation.sweeps.points import canonical_json, scenario_at
from simulation.sweeps.run_rows import PointRuns
from simulation.sweeps.shards import StoredRuns
from tests.sweeps.conftest import grid, piece


def pieces_of(plan: SweepPlan, values: list[dict[str, float]]) -> list[PointRuns]:
    return [PointRuns(at, at, canonical_json(value), (0, 1)) for at, value in enumerate(values)]


def test_points_that_differ_in_numbers_share_a_batch() -> None:
    plan = grid("axes={populations.carry_funds.investors: [2, 3], markets.usdjpy.stress_slope: [0.1, 1, 2]}")
    made = list(runs_in_batches(plan, missing_runs(plan, StoredRuns.empty(plan)), 128))
    assert [sorted({each.point for each in batch}) for batch in made] == [[0, 1, 2], [3, 4, 5]]


def test_a_mixed_batch_equals_its_runs_computed_alone() -> None:
    plan = grid("metrics=[]", "record=all")
    work = sweep_work(plan)
    batch = [piece(plan, point, (0, 3)) for point in range(6)]
    together = simulate_batch(work, batch)
    for row, (point, replication) in enumerate(zip(together.point, together.replication, strict=True)):
        alone = simulate_batch(work, [piece(plan, int(point), (int(replication),))])
        assert alone.metrics.tobytes() == together.metrics[row].tobytes()
        assert alone.series[0][1].values.tobytes() == together.series[0][1].values[row].tobytes()


def test_a_row_equals_the_run_of_an_ensemble() -> None:
    plan = grid("metrics=[]")
    rows = simulate_batch(sweep_work(plan), [piece(plan, 2, (0, 1, 2))])
    found = metric_values(run_ensemble(scenario_at(plan.base, plan.points[2]), 3))
    for column, name in enumerate(plan.sweep.measured):
        expected = found[name] if found[name] is not None else np.full(3, np.nan)
        np.testing.assert_array_equal(rows.metrics[:, column], expected, err_msg=name)


def test_a_runaway_ends_only_its_own_run() -> None:
    key = "markets.usdjpy.fast_impact_pct_per_usd_bn"
    work, values = sweep_work(grid()), [{key: 0.02}, {key: 100.0}, {key: 0.03}, {key: 60.0}]
    pieces = pieces_of(grid(), values)
    rows = simulate_batch(work, pieces)
    alone = [simulate_batch(work, [replace(each, replications=(run,))]) for each in pieces for run in (0, 1)]
    assert rows.reason == tuple(row.reason[0] for row in alone)
    assert rows.metrics.tobytes() == b"".join(row.metrics.tobytes() for row in alone)
    failed = [reason.startswith("price_runaway") for reason in rows.reason]
    assert any(failed)
    assert not any(failed[:2] + failed[4:6])
    assert np.isnan(rows.metrics).all(axis=1).tolist() == failed


def test_a_point_without_a_stock_does_not_affect_the_share_of_other_points() -> None:
    key = "populations.carry_funds.stock_usd_bn"
    work = SweepWork(grid().base, False, ("levered_unwind_share",))
    rows = simulate_batch(work, pieces_of(grid(), [{key: 0.0}, {key: 250.0}]))
    assert np.isnan(rows.metrics[:2]).all()
    assert np.isfinite(rows.metrics[2:]).all()


def test_an_invalid_point_fails_with_a_reason_and_its_batch_continues() -> None:
    key = "populations.carry_funds.stock_usd_bn"
    rows = simulate_batch(sweep_work(grid()), pieces_of(grid(), [{key: 250.0}, {key: -1.0}]))
    assert rows.reason[:2] == ("", "")
    assert all("too small" in reason for reason in rows.reason[2:])


def test_independent_points_have_separate_noise_that_is_equal_in_every_design() -> None:
    both = {
        plan.sweep.independent: plan
        for plan in (
            grid("axes={markets.usdjpy.stress_slope: [1, 2]}"),
            grid("axes={markets.usdjpy.stress_slope: [1, 2, 3]}", "independent=true"),
        )
    }
    flat = simulate_batch(sweep_work(both[False]), [piece(both[False], at, (0,)) for at in (0, 1)]).metrics[:, 1]
    free = simulate_batch(sweep_work(both[True]), [piece(both[True], at, (0,)) for at in (0, 1)]).metrics[:, 1]
    assert abs(free[0] - free[1]) > 10 * abs(flat[0] - flat[1])
    smaller = grid("axes={markets.usdjpy.stress_slope: [2]}", "independent=true")
    assert simulate_batch(sweep_work(smaller), [piece(smaller, 0, (0,))]).metrics[0, 1] == free[1]


def test_passes_divide_points_at_their_size_limit() -> None:
    plan = grid()
    blocks = split_into_passes([piece(plan, 0, (0, 1, 2)), piece(plan, 1, (0, 1, 2))], 4)
    assert [[(each.point, each.replications) for each in block] for block in blocks] == [
        [(0, (0, 1, 2)), (1, (0,))],
        [(1, (1, 2))],
    ]


def test_the_batch_size_occupies_every_worker_and_grows_with_their_number() -> None:
    """100 runs on 4 workers are 25 each; a pass has 128; 6,400 cores need batches of a fifth of their number."""
    assert [batch_size(100, 4), batch_size(10_000, 4), batch_size(10**9, 6400), batch_size(1, 8)] == [25, 128, 1280, 1]


def test_an_effect_is_the_metric_less_that_of_the_same_run_without_policy() -> None:
    name = "usdjpy_change_pct"
    plan = grid(f"metrics=[{name}, effect.{name}]")
    assert plan.sweep.measured == (name, f"effect.{name}")
    scenario = scenario_at(plan.base, plan.points[2])
    given, rest = (metric_values(run_ensemble(one, 3))[name] for one in (scenario, without_policy(scenario)))
    assert given is not None
    assert rest is not None
    rows = simulate_batch(sweep_work(plan), [piece(plan, 2, (0, 1, 2))])
    np.testing.assert_array_equal(rows.metrics, np.stack([given, given - rest], axis=1))
    assert np.abs(given - rest).max() > 0.0


def test_an_effect_that_cannot_be_measured_is_refused_at_its_line() -> None:
    with pytest.raises(
        ConfigError, match=r"effect\.usdjpy_change_pct cannot be measured: the yields given for 2025-12-03"
    ):
        grid("metrics=[effect.usdjpy_change_pct]", 'settings=["news=[{date: 2025-12-03, jgb2: 5bp}]"]')
