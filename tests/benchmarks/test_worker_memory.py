"""Peak memory of workers, which are grandchildren of the measuring process."""

import os
from functools import partial
from pathlib import Path

from benchmarks.worker_memory import peak_mb, recorded_peaks, simulate_and_record_peak
from simulation.sweeps.execution import SweepOptions
from simulation.sweeps.store_folders import StoreTarget
from simulation.sweeps.sweep_runner import local_pool, run_sweep
from tests.sweeps.conftest import grid, run_into, table


def test_every_worker_notes_a_peak_of_its_own_and_the_rows_are_the_same(tmp_path: Path) -> None:
    plan = grid("replications=8")
    with local_pool(2) as pool:
        options = SweepOptions(batch=2, function=partial(simulate_and_record_peak, tmp_path))
        run_sweep(plan, StoreTarget(tmp_path / "noted"), pool, options)
    run_into(tmp_path / "plain", plan)
    assert table(tmp_path / "noted") == table(tmp_path / "plain")
    peaks = recorded_peaks(tmp_path)
    assert 1 <= len(peaks) <= 2  # one worker may have done all before the other was there
    assert not (tmp_path / f"{os.getpid()}.peak").exists()
    # Python with NumPy and SciPy's functions takes tens of MB, and nothing here a GB.
    assert all(30 < peak < 1000 for peak in (*peaks, peak_mb()))
