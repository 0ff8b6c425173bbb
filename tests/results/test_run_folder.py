"""A folder that was written is read back as the results that wrote it."""

import json
from pathlib import Path

import numpy as np
import pytest

import simulation as cf
from simulation.results.output_folder import OutputError
from simulation.results.run_results import Result
from simulation.results.summary import ledger_audit
from simulation.scenario.scenario import Scenario
from tests.support.scenarios import COARSE, ONE_WEEK, official

RUNAWAY = {"noise.scale_x": 10, "end": "2026-02-27"}


@pytest.fixture(scope="module")
def stormy() -> Result:
    """Runs of which some stop on their way."""
    result = cf.run(official(COARSE, RUNAWAY), runs=6)
    assert 0 < len(result.record.stopped) < 6
    return result


def same(first: Result, second: Result) -> None:
    for name, values in first.record.market.items():
        np.testing.assert_array_equal(values, second.record.market[name], err_msg=name)
    for population, table in first.record.flows.items():
        for name, values in table.items():
            np.testing.assert_array_equal(values, second.record.flows[population][name], err_msg=f"{population} {name}")
    assert first.record.roles == second.record.roles
    assert first.record.stopped == second.record.stopped
    assert first.summary().to_dict() == second.summary().to_dict()
    assert first.config_hash == second.config_hash


def test_results_come_back(small_scenario: Scenario, tmp_path: Path) -> None:
    result = cf.run(small_scenario, runs=3)
    same(result, cf.read_run(result.save(tmp_path / "run", figures=False)))


def test_stopped_runs_come_back_with_their_reasons(stormy: Result, tmp_path: Path) -> None:
    again = cf.read_run(stormy.save(tmp_path / "run", figures=False))
    assert again.record.stopped == stormy.record.stopped
    assert again.summary().to_dict()["metrics"] == stormy.summary().to_dict()["metrics"]
    assert again.daily.equals(stormy.daily)


def test_the_ledger_is_audited_by_identity(small_scenario: Scenario, tmp_path: Path) -> None:
    result = cf.run(small_scenario, runs=3)
    audit = ledger_audit(result.record)
    assert len(audit) == 7
    largest = max(value for value in audit.values() if value is not None)
    assert largest == result.summary().ledger_max_residual
    assert ledger_audit(cf.read_run(result.save(tmp_path / "run", figures=False)).record) == audit


def test_blocks_keep_the_residuals_of_their_runs(small_scenario: Scenario) -> None:
    from simulation.compute.ensemble import concatenate_records
    from simulation.day.capital_flows import simulate

    whole = simulate(small_scenario, range(4))
    parts = concatenate_records([simulate(small_scenario, range(2)), simulate(small_scenario, range(2, 4))])
    assert {values.shape[0] for values in whole.residuals.values()} == {4}
    assert all(np.array_equal(whole.residuals[name], parts.residuals[name]) for name in whole.residuals)


def test_torn_and_old_folders_are_refused(stormy: Result, tmp_path: Path) -> None:
    folder = stormy.save(tmp_path / "run", figures=False)
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["failures"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(OutputError, match="without the reasons of its"):
        cf.read_run(folder)
    (folder / "daily.parquet").write_bytes(b"torn")
    with pytest.raises(OutputError, match="is missing or not a valid Parquet file"):
        cf.read_run(folder)


def test_parameter_sets_come_back(tmp_path: Path) -> None:
    result = cf.run(official(COARSE, ONE_WEEK), runs=2, posterior="august_2024")
    again = cf.read_run(result.save(tmp_path / "run", figures=False))
    assert again.cloud is not None
    assert result.cloud is not None
    assert (again.cloud.name, again.cloud.digest) == (result.cloud.name, result.cloud.digest)
    assert again.explain("2025-12-02", run=1).after == result.record.market["usdjpy"][1, 2]
