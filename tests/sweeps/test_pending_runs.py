"""Points stop by precision, with a number of runs that does not depend on the order of the work."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation.sweeps.pending_runs import point_replications
from simulation.sweeps.schema import Until
from simulation.sweeps.store import read_manifest, read_runs
from tests.sweeps.conftest import Interrupted, grid, run_into, table

RULE = "until={metric: usdjpy_change_pct, standard_error: 0.2, max_replications: 30}"
AXES = "axes={markets.usdjpy.own_volatility_pct: [2, 4, 9]}"


def until(error: float, most: int = 1000) -> Until:
    return Until(metric="usdjpy_change_pct", standard_error=error, max_replications=most)


def asked(error: float, known: int, most: int = 1000) -> int:
    values = np.random.default_rng(1).normal(size=most)
    return point_replications(until(error, most), 10, np.arange(most) < known, values)


def test_the_square_root_law_gives_the_number_of_further_runs() -> None:
    """Ten values of plus and minus one: standard deviation sqrt(10/9), error 1/3, so 0.25 needs 10 (4/3)^2 = 17.8 runs."""
    values, done = np.array([1.0, -1.0] * 500), np.arange(1000) < 10
    assert point_replications(until(0.25), 10, done, values) == 18
    assert point_replications(until(0.34), 10, done, values) == 10
    # The number at most doubles at each checkpoint.
    assert point_replications(until(0.01), 10, done, values) == 20


def test_the_rule_stops_at_the_precision_and_at_the_maximum() -> None:
    count = asked(0.1, known=1000)
    values = np.random.default_rng(1).normal(size=1000)[:count]
    assert values.std(ddof=1) / np.sqrt(count) <= 0.1
    assert 60 <= count <= 200
    assert asked(0.001, known=1000) == 1000


def test_failed_runs_are_excluded() -> None:
    values = np.full(40, np.nan)
    assert point_replications(until(0.1, 40), 10, np.ones(40, dtype=bool), values) == 40


def test_each_point_gets_the_runs_it_needs(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid(AXES, RULE))
    groups = read_runs(tmp_path / "a").groupby("point").usdjpy_change_pct
    counts, errors = groups.count().tolist(), groups.sem().tolist()
    assert counts[0] < counts[1] < counts[2] == 30
    assert max(errors[:2]) <= 0.2 < errors[2]


def test_an_interruption_changes_no_point(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid(AXES, RULE))
    with pytest.raises(KeyboardInterrupt):
        run_into(tmp_path / "b", grid(AXES, RULE), batch=3, function=Interrupted(9))
    run_into(tmp_path / "b", grid(AXES, RULE), batch=4)
    assert table(tmp_path / "a") == table(tmp_path / "b")


def test_points_that_stop_at_the_maximum_are_marked(tmp_path: Path) -> None:
    run_into(tmp_path / "a", grid(AXES, RULE))
    points = pd.read_parquet(tmp_path / "a" / "points.parquet")
    errors = read_runs(tmp_path / "a").groupby("point").usdjpy_change_pct.sem()
    assert points.precise.tolist() == [True, True, False]
    np.testing.assert_allclose(points.standard_error, errors)
    assert read_manifest(tmp_path / "a")["points_short"] == 1
    run_into(tmp_path / "b", grid(AXES))
    assert "precise" not in pd.read_parquet(tmp_path / "b" / "points.parquet")
    assert read_manifest(tmp_path / "b")["points_short"] is None
