"""Files and folders that several tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL_DATA = ROOT.parent / "shared" / "data"
SMALL_SCENARIO = ROOT / "tests" / "results" / "small.yaml"
GRID_SWEEP = ROOT / "tests" / "sweeps" / "grid.yaml"
