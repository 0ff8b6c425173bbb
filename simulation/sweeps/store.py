"""What the manifest of a sweep says.

The store of a sweep: a folder of plain files; reading it needs nothing but pandas.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from simulation.results import output_folder as folder
from simulation.results.metrics import METRICS
from simulation.results.output_folder import MANIFEST, OutputError, package_versions
from simulation.scenario.config.parameter_sets import cloud_text
from simulation.sweeps.code_version import CODE_DIGESTS_KEY
from simulation.sweeps.pending_runs import point_precision, required_replications
from simulation.sweeps.run_rows import RunRows, concatenate_rows
from simulation.sweeps.run_table import PointColumns, write_runs
from simulation.sweeps.series_files import SeriesLocations, read_series_file, write_series
from simulation.sweeps.series_files import series_table as days_of
from simulation.sweeps.shards import StoredRuns, read_shards, shard_table, write_atomically, write_shard

if TYPE_CHECKING:
    import pandas as pd

    from simulation.sweeps.plan import SweepPlan

RUNNING, INTERRUPTED, FINISHED, PARTIAL = "running", "interrupted", "finished", "partial"


def manifest_content(
    plan: SweepPlan, have: StoredRuns, status: str, command: str | None, engines: tuple[str, ...]
) -> dict[str, Any]:
    """Everything but the digests of the files."""
    sweep, base = plan.sweep, json.loads(plan.base.config)
    runs, failed = have.counts(required_replications(sweep, have))
    known = point_precision(sweep, have)
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
        "points_short": None if known is None else known.short,
        "versions": package_versions(),
        CODE_DIGESTS_KEY: list(engines),
        "command": command,
        "sweep": sweep.model_dump(mode="json"),
        "base": {"kind": plan.base.kind, "config": base},
    }


def metric_descriptions(names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Label and unit of each metric."""
    return {metric.name: {"label": metric.label, "unit": metric.unit} for metric in METRICS if metric.name in names}


RUNS, POINTS, SERIES, SHARDS = "runs.parquet", "points.parquet", "series", "shards"
PARAMETER_SETS = "parameter_sets.csv"
ROW_SHARDS, DAY_SHARDS = "runs", "series"
"""Kinds of shards."""


def read_manifest(store: str | Path) -> dict[str, Any]:
    """Return the manifest of a sweep's store.

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
    """Return one row a run, sorted by point and replication; docs/sweeps.md lists the columns.

    Raises
    ------
    OutputError
        If the folder holds no sweep, or one that was killed before its table was written.
    """
    import pandas as pd

    read_manifest(store)
    path = Path(store) / RUNS
    if not path.is_file():
        raise OutputError(f"{store} has no table of runs yet; run its sweep again, which goes on where it was")
    return pd.read_parquet(path)


def read_series(store: str | Path) -> pd.DataFrame:
    """Return the daily series that were kept, all parts one below the other.

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
    """A store that is being filled.

    Attributes
    ----------
    path
        The folder.
    plan
        What it is to hold.
    have
        What it holds.
    command
        Command line for the manifest.
    engines
        Digests of the versions of the model's code that its runs were computed with.
    finished
        Whether there is nothing left to do.
    places
        Where the daily series stand, none where none are kept.
    """

    path: Path
    plan: SweepPlan
    have: StoredRuns
    command: str | None = None
    engines: tuple[str, ...] = ()
    finished: bool = False
    places: SeriesLocations | None = None
    _buffer: list[RunRows] = field(default_factory=list)

    @classmethod
    def opened(cls, path: Path, plan: SweepPlan, command: str | None, engines: tuple[str, ...]) -> Self:
        """Read what a folder has of a plan; torn files count as missing."""
        store = cls(path, plan, StoredRuns.nothing(plan), command, engines)
        if plan.sweep.record != "none":
            store.places = SeriesLocations((len(plan.points), plan.sweep.most_replications))
        for file, table in read_shards(path / SHARDS, ROW_SHARDS):
            store.have.add_shard(file, table, store.watched)
        if store.places is not None:
            store.read_series_of(store.places)
        return store

    def read_series_of(self, places: SeriesLocations) -> None:
        """Note which runs have their daily series: in parts of an earlier compaction, then in shards."""
        parts = sorted((self.path / SERIES).glob("part-*.parquet")) if self.plan.sweep.record == "all" else []
        for part in parts:
            table = read_series_file(part)
            if table is not None:
                places.add(self.have, part, table)
        for file, table in read_shards(self.path / SHARDS, DAY_SHARDS):
            places.add(self.have, file, table)

    @property
    def watched(self) -> str | None:
        """The metric that decides when a point has enough runs."""
        until = self.plan.sweep.until
        return None if until is None else until.metric

    def add(self, rows: RunRows) -> None:
        """Take rows; they are safe after the next `flush`."""
        column = None if self.watched is None else self.plan.sweep.measured.index(self.watched)
        self.have.note(rows, column)
        self._buffer.append(rows)

    def flush(self) -> None:
        """Write what came since the last time as one shard."""
        if not self._buffer:
            return
        rows, self._buffer = concatenate_rows(self._buffer), []
        if self.places is not None and rows.series:
            # Series first: a run whose row is there has its days too.
            days = days_of(rows, self.plan.sweep.kept_series)
            self.places.add(self.have, write_shard(self.path / SHARDS, DAY_SHARDS, days), days)
        table = shard_table(rows, self.plan.sweep.measured)
        path = write_shard(self.path / SHARDS, ROW_SHARDS, table)
        self.have.add_shard(path, table, self.watched)

    def begin(self) -> None:
        """Write what the store is to hold, before anything is in it."""
        (self.path / SHARDS).mkdir(parents=True, exist_ok=True)
        self.write_points()
        if self.plan.cloud is not None:
            write_atomically(self.path / PARAMETER_SETS, cloud_text(self.plan.cloud).encode())
        self.write_manifest(RUNNING)

    def write_points(self) -> None:
        """Write the table of points, with how precise each is where they stop by precision."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        known, more = point_precision(self.plan.sweep, self.have), {}
        if known is not None:
            error = [None if np.isnan(value) else value for value in known.error.tolist()]
            more = {"standard_error": pa.array(error, pa.float64()), "precise": pa.array(known.reached)}
        table = PointColumns(self.plan).table(more)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        write_atomically(self.path / POINTS, sink.getvalue().to_pybytes())

    def close(self, status: str) -> None:
        """Write the tables and say in the manifest how the sweep ended."""
        self.flush()
        self.write_points()
        write_runs(self.path / RUNS, PointColumns(self.plan), self.have)
        if self.places is not None:
            write_series(self.path, self.plan, self.have, self.places)
        self.write_manifest(status)
        if status == FINISHED:
            # What they held stands in the parts now.
            for path in (self.path / SHARDS).glob(f"{DAY_SHARDS}-*.parquet"):
                path.unlink()

    def write_manifest(self, status: str) -> None:
        """Write the manifest; the digests of the tables are in it once the sweep has ended."""
        facts = manifest_content(self.plan, self.have, status, self.command, self.engines)
        tables = [RUNS, POINTS, *(f"{SERIES}/{part.name}" for part in sorted((self.path / SERIES).glob("part-*")))]
        there = [name for name in tables if (self.path / name).is_file()] if status != RUNNING else []
        facts["files"] = {name: folder.file_digest(self.path / name) for name in there}
        text = json.dumps({"format": folder.FORMAT, **facts}, indent=2, allow_nan=False, ensure_ascii=False)
        write_atomically(self.path / MANIFEST, (text + "\n").encode())
