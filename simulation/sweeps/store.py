"""The store of a sweep: a folder with a manifest, Parquet tables and shards. Reading it needs only pandas."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from simulation.results import output_folder as folder
from simulation.results.metrics import outcomes
from simulation.results.output_folder import MANIFEST, OutputError, package_versions
from simulation.scenario.config.parameter_sets import cloud_text
from simulation.sweeps.code_version import CODE_DIGESTS_KEY
from simulation.sweeps.pending_runs import point_precision, required_replications
from simulation.sweeps.run_rows import RunRows, concatenate_rows
from simulation.sweeps.run_table import PointColumns, write_runs
from simulation.sweeps.series_files import SeriesLocations, read_series_file, series_table, write_series
from simulation.sweeps.shards import StoredRuns, read_shards, shard_table, write_atomically, write_shard

if TYPE_CHECKING:
    import pandas as pd

    from simulation.sweeps.plan import SweepPlan

RUNS, POINTS, SERIES, SHARDS = "runs.parquet", "points.parquet", "series", "shards"
PARAMETER_SETS = "parameter_sets.csv"
ROW_SHARDS, DAY_SHARDS = "runs", "series"
"""Kinds of shards, as in the names of their files."""
RUNNING, INTERRUPTED, FINISHED, PARTIAL = "running", "interrupted", "finished", "partial"


def manifest_content(
    plan: SweepPlan, stored: StoredRuns, status: str, command: str | None, engines: tuple[str, ...]
) -> dict[str, Any]:
    """The manifest without the digests of the files."""
    sweep, base = plan.sweep, json.loads(plan.base.config)
    runs, failed = stored.counts(required_replications(sweep, stored))
    precision = point_precision(sweep, stored)
    return {
        "kind": "sweep",
        "name": sweep.name,
        "title": sweep.title,
        "status": status,
        "config_hash": plan.hash,
        "mixing": plan.mixing,
        "scenario": base.get("name", sweep.scenario),
        "seed": base["seed"],
        "replications": sweep.replications,
        "independent": sweep.independent,
        "parameter_sets": None if plan.cloud is None else plan.cloud.name,
        "design": sweep.design.model_dump(mode="json"),
        "axes": PointColumns(plan).axes(),
        "metrics": metric_descriptions(sweep.measured),
        "record": sweep.record,
        "series": list(sweep.kept_series),
        "until": None if sweep.until is None else sweep.until.model_dump(mode="json"),
        "points": len(plan.points),
        "runs": plan.most_runs,
        "runs_done": runs,
        "runs_failed": failed,
        "points_short": None if precision is None else precision.short,
        "versions": package_versions(),
        CODE_DIGESTS_KEY: list(engines),
        "command": command,
        "sweep": sweep.model_dump(mode="json"),
        "base": {"kind": plan.base.kind, "config": base},
    }


def metric_descriptions(names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Label and unit of each metric."""
    return {metric.name: {"label": metric.label, "unit": metric.unit} for metric in outcomes() if metric.name in names}


def read_manifest(store: str | Path) -> dict[str, Any]:
    """Return the manifest of the store of a sweep.

    Raises
    ------
    OutputError
        If the folder holds no sweep.
    """
    manifest = folder.read_manifest(Path(store))
    if manifest.get("kind") != "sweep":
        raise OutputError(f"{store} holds a {manifest.get('kind')}, not a sweep")
    return manifest


def read_runs(store: str | Path) -> pd.DataFrame:
    """Return one row per run, sorted by point and replication; docs/sweeps.md lists the columns.

    Raises
    ------
    OutputError
        If the folder holds no sweep, or a sweep stopped before its table was written.
    """
    import pandas as pd

    read_manifest(store)
    path = Path(store) / RUNS
    if not path.is_file():
        raise OutputError(f"{store} has no table of runs yet; run its sweep again, which continues where it stopped")
    return pd.read_parquet(path)


def read_series(store: str | Path) -> pd.DataFrame:
    """Return the daily series of a store, all parts concatenated.

    Raises
    ------
    OutputError
        If the folder holds no sweep or no series were kept.
    """
    import pandas as pd

    manifest = read_manifest(store)
    parts = sorted((Path(store) / SERIES).glob("part-*.parquet"))
    if not parts:
        raise OutputError(f"{store} has no daily series: its sweep was run with record: {manifest['record']}")
    return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)


@dataclass
class StoreWriter:
    """A store that is open for writing.

    Attributes
    ----------
    path
        The folder.
    plan
        The plan of the sweep.
    stored_runs
        Index of the runs in the store.
    command
        Command line for the manifest.
    engines
        Digests of the versions of the model code that computed its runs.
    finished
        Whether all runs are complete.
    locations
        Location of the daily series; None if none are kept.
    """

    path: Path
    plan: SweepPlan
    stored_runs: StoredRuns
    command: str | None = None
    engines: tuple[str, ...] = ()
    finished: bool = False
    locations: SeriesLocations | None = None
    _buffer: list[RunRows] = field(default_factory=list)

    @classmethod
    def opened(cls, path: Path, plan: SweepPlan, command: str | None, engines: tuple[str, ...]) -> Self:
        """Read the runs of a plan from a folder; damaged files are ignored."""
        store = cls(path, plan, StoredRuns.empty(plan), command, engines)
        if plan.sweep.record != "none":
            store.locations = SeriesLocations((len(plan.points), plan.sweep.most_replications))
        for file, table in read_shards(path / SHARDS, ROW_SHARDS):
            store.stored_runs.add_shard(file, table, store.watched)
        if store.locations is not None:
            store.index_series(store.locations)
        return store

    def index_series(self, locations: SeriesLocations) -> None:
        """Index the daily series of runs: in earlier parts, then in shards."""
        parts = sorted((self.path / SERIES).glob("part-*.parquet")) if self.plan.sweep.record == "all" else []
        for part in parts:
            table = read_series_file(part)
            if table is not None:
                locations.add(self.stored_runs, part, table)
        for file, table in read_shards(self.path / SHARDS, DAY_SHARDS):
            locations.add(self.stored_runs, file, table)

    @property
    def watched(self) -> str | None:
        """The metric of the stopping rule; None without a rule."""
        until = self.plan.sweep.until
        return None if until is None else until.metric

    def add(self, rows: RunRows) -> None:
        """Add rows; they are on the disk after the next `flush`."""
        column = None if self.watched is None else self.plan.sweep.measured.index(self.watched)
        self.stored_runs.record(rows, column)
        self._buffer.append(rows)

    def flush(self) -> None:
        """Write the rows added since the last flush as one shard."""
        if not self._buffer:
            return
        rows, self._buffer = concatenate_rows(self._buffer), []
        if self.locations is not None and rows.series:
            # Series first: a run with a row then always has its days too.
            days = series_table(rows, self.plan.sweep.kept_series)
            self.locations.add(self.stored_runs, write_shard(self.path / SHARDS, DAY_SHARDS, days), days)
        table = shard_table(rows, self.plan.sweep.measured)
        path = write_shard(self.path / SHARDS, ROW_SHARDS, table)
        self.stored_runs.add_shard(path, table, self.watched)

    def begin(self) -> None:
        """Write the table of points and a first manifest."""
        (self.path / SHARDS).mkdir(parents=True, exist_ok=True)
        self.write_points()
        if self.plan.cloud is not None:
            write_atomically(self.path / PARAMETER_SETS, cloud_text(self.plan.cloud).encode())
        self.write_manifest(RUNNING)

    def write_points(self) -> None:
        """Write the table of points, with the precision of each point if points stop by precision."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        precision, columns = point_precision(self.plan.sweep, self.stored_runs), {}
        if precision is not None:
            error = [None if np.isnan(value) else value for value in precision.error.tolist()]
            columns = {"standard_error": pa.array(error, pa.float64()), "precise": pa.array(precision.reached)}
        table = PointColumns(self.plan).table(columns)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        write_atomically(self.path / POINTS, sink.getvalue().to_pybytes())

    def close(self, status: str) -> None:
        """Write the tables and the manifest with its final status."""
        self.flush()
        self.write_points()
        write_runs(self.path / RUNS, PointColumns(self.plan), self.stored_runs)
        if self.locations is not None:
            write_series(self.path, self.plan, self.stored_runs, self.locations)
        self.write_manifest(status)
        if status == FINISHED:
            # The parts now hold the content of these shards.
            for path in (self.path / SHARDS).glob(f"{DAY_SHARDS}-*.parquet"):
                path.unlink()

    def write_manifest(self, status: str) -> None:
        """Write the manifest; it includes digests of the tables unless the sweep is running."""
        content = manifest_content(self.plan, self.stored_runs, status, self.command, self.engines)
        tables = [RUNS, POINTS, *(f"{SERIES}/{part.name}" for part in sorted((self.path / SERIES).glob("part-*")))]
        written = [name for name in tables if (self.path / name).is_file()] if status != RUNNING else []
        content["files"] = {name: folder.file_digest(self.path / name) for name in written}
        text = json.dumps({"format": folder.FORMAT, **content}, indent=2, allow_nan=False, ensure_ascii=False)
        write_atomically(self.path / MANIFEST, (text + "\n").encode())
