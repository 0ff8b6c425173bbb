"""Peak memory of the workers of a sweep; each worker writes its own, because workers are forked from a server process."""

import os
import resource
import sys
from pathlib import Path

from simulation.sweeps.kernel import SweepWork, simulate_batch
from simulation.sweeps.pending_runs import RunBatch
from simulation.sweeps.run_rows import RunRows

UNIT = 1024**2 if sys.platform == "darwin" else 1024
"""Units of ``ru_maxrss`` per MB: bytes on macOS, kB elsewhere."""


def peak_mb() -> float:
    """Peak resident memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT


def simulate_and_record_peak(folder: Path, work: SweepWork, batch: RunBatch) -> RunRows:
    """Simulate a batch as a sweep does, then write the peak memory of this process to a file."""
    rows = simulate_batch(work, batch)
    (folder / f"{os.getpid()}.peak").write_text(str(peak_mb()))
    return rows


def recorded_peaks(folder: Path) -> list[float]:
    """Recorded peaks of all processes, MB, largest first."""
    return sorted((float(file.read_text()) for file in folder.glob("*.peak")), reverse=True)
