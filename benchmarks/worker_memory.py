"""Peak memory of the workers of a sweep: each notes its own, for they hang below a server that they are forked from."""

import os
import resource
import sys
from pathlib import Path

from simulation.sweeps.kernel import SweepWork, simulate_batch
from simulation.sweeps.pending_runs import RunBatch
from simulation.sweeps.run_rows import RunRows

UNIT = 1024**2 if sys.platform == "darwin" else 1024
"""What a MB is in the unit of ``ru_maxrss``: bytes on macOS, kB elsewhere."""


def peak_mb() -> float:
    """Peak resident memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT


def simulated_and_noted(folder: Path, work: SweepWork, batch: RunBatch) -> RunRows:
    """Run a batch as a sweep does, then note this process's peak in a file of its own."""
    rows = simulate_batch(work, batch)
    (folder / f"{os.getpid()}.peak").write_text(str(peak_mb()))
    return rows


def noted_peaks(folder: Path) -> list[float]:
    """Peaks of all processes that noted one, MB, largest first."""
    return sorted((float(file.read_text()) for file in folder.glob("*.peak")), reverse=True)
