"""The store of a sweep: a folder of plain files; reading it needs nothing but pandas."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from simulation.results import store as folder
from simulation.results.store import MANIFEST, OutputError
from simulation.scenario.cloud import cloud_text
from simulation.sweeps.columns import Columns
from simulation.sweeps.compact import write_runs
from simulation.sweeps.facts import FINISHED, RUNNING, facts_of
from simulation.sweeps.have import Have, table_of
from simulation.sweeps.precision import precision
from simulation.sweeps.rows import Rows, joined
from simulation.sweeps.series import Places, read_any, write_series
from simulation.sweeps.series import table_of as days_of
from simulation.sweeps.shards import shards, write_shard, write_whole

if TYPE_CHECKING:
    import pandas as pd

    from simulation.sweeps.plan import Plan

RUNS, POINTS, SERIES, SHARDS = "runs.parquet", "points.parquet", "series", "shards"
PARAMETER_SETS = "parameter_sets.csv"
ROWS, DAYS = "runs", "series"
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
class Store:
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
    plan: Plan
    have: Have
    command: str | None = None
    engines: tuple[str, ...] = ()
    finished: bool = False
    places: Places | None = None
    _buffer: list[Rows] = field(default_factory=list)

    @classmethod
    def opened(cls, path: Path, plan: Plan, command: str | None, engines: tuple[str, ...]) -> Self:
        """Read what a folder has of a plan; torn files count as missing."""
        store = cls(path, plan, Have.nothing(plan), command, engines)
        if plan.sweep.record != "none":
            store.places = Places((len(plan.points), plan.sweep.most_replications))
        for file, table in shards(path / SHARDS, ROWS):
            store.have.add_shard(file, table, store.watched)
        if store.places is not None:
            store.read_series_of(store.places)
        return store

    def read_series_of(self, places: Places) -> None:
        """Note which runs have their daily series: in parts of an earlier compaction, then in shards."""
        parts = sorted((self.path / SERIES).glob("part-*.parquet")) if self.plan.sweep.record == "all" else []
        for part in parts:
            table = read_any(part)
            if table is not None:
                places.add(self.have, part, table)
        for file, table in shards(self.path / SHARDS, DAYS):
            places.add(self.have, file, table)

    @property
    def watched(self) -> str | None:
        """The metric that decides when a point has enough runs."""
        until = self.plan.sweep.until
        return None if until is None else until.metric

    def add(self, rows: Rows) -> None:
        """Take rows; they are safe after the next `flush`."""
        column = None if self.watched is None else self.plan.sweep.measured.index(self.watched)
        self.have.note(rows, column)
        self._buffer.append(rows)

    def flush(self) -> None:
        """Write what came since the last time as one shard."""
        if not self._buffer:
            return
        rows, self._buffer = joined(self._buffer), []
        if self.places is not None and rows.series:
            # Series first: a run whose row is there has its days too.
            days = days_of(rows, self.plan.sweep.kept_series)
            self.places.add(self.have, write_shard(self.path / SHARDS, DAYS, days), days)
        table = table_of(rows, self.plan.sweep.measured)
        path = write_shard(self.path / SHARDS, ROWS, table)
        self.have.add_shard(path, table, self.watched)

    def begin(self) -> None:
        """Write what the store is to hold, before anything is in it."""
        (self.path / SHARDS).mkdir(parents=True, exist_ok=True)
        self.write_points()
        if self.plan.cloud is not None:
            write_whole(self.path / PARAMETER_SETS, cloud_text(self.plan.cloud).encode())
        self.write_manifest(RUNNING)

    def write_points(self) -> None:
        """Write the table of points, with how precise each is where they stop by precision."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        known, more = precision(self.plan.sweep, self.have), {}
        if known is not None:
            error = [None if np.isnan(value) else value for value in known.error.tolist()]
            more = {"standard_error": pa.array(error, pa.float64()), "precise": pa.array(known.reached)}
        table = Columns(self.plan).table(more)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        write_whole(self.path / POINTS, sink.getvalue().to_pybytes())

    def close(self, status: str) -> None:
        """Write the tables and say in the manifest how the sweep ended."""
        self.flush()
        self.write_points()
        write_runs(self.path / RUNS, Columns(self.plan), self.have)
        if self.places is not None:
            write_series(self.path, self.plan, self.have, self.places)
        self.write_manifest(status)
        if status == FINISHED:
            # What they held stands in the parts now.
            for path in (self.path / SHARDS).glob(f"{DAYS}-*.parquet"):
                path.unlink()

    def write_manifest(self, status: str) -> None:
        """Write the manifest; the digests of the tables are in it once the sweep has ended."""
        facts = facts_of(self.plan, self.have, status, self.command, self.engines)
        tables = [RUNS, POINTS, *(f"{SERIES}/{part.name}" for part in sorted((self.path / SERIES).glob("part-*")))]
        there = [name for name in tables if (self.path / name).is_file()] if status != RUNNING else []
        facts["files"] = {name: folder.digest(self.path / name) for name in there}
        text = json.dumps({"format": folder.FORMAT, **facts}, indent=2, allow_nan=False, ensure_ascii=False)
        write_whole(self.path / MANIFEST, (text + "\n").encode())
