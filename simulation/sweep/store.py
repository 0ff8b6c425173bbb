"""The store of a sweep: a folder of plain files; reading it needs nothing but pandas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation import store as folder

if TYPE_CHECKING:
    import pandas as pd

RUNS, POINTS, SERIES, SHARDS = "runs.parquet", "points.parquet", "series", "shards"
PARAM = "param:"


def read_manifest(store: str | Path) -> dict[str, Any]:
    """Return the manifest of a sweep's store.

    Raises
    ------
    OutputError
        If the folder holds no sweep.
    """
    manifest = folder.read_manifest(Path(store))
    if manifest.get("kind") != "sweep":
        raise folder.OutputError(f"{store} holds a {manifest.get('kind')}, not a sweep")
    return manifest


def read_runs(store: str | Path) -> pd.DataFrame:
    """Return one row a run, sorted by point and replication; docs/sweeps.md lists the columns."""
    import pandas as pd

    read_manifest(store)
    return pd.read_parquet(Path(store) / RUNS)
