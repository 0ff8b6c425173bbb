"""Daily series of a sweep: from shards to parts in the order of the design, or to quantiles of each point."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from simulation.results.metrics import QUANTILES
from simulation.sweeps.pending_runs import required_replications
from simulation.sweeps.points import run_id
from simulation.sweeps.run_rows import RunRows
from simulation.sweeps.shards import KEY, REPLICATION, chunks, read_shard

if TYPE_CHECKING:
    from simulation.sweeps.plan import SweepPlan
    from simulation.sweeps.shards import StoredRuns

DATE, POINT = "date", "point"
PART_RUNS, PART_POINTS = 2048, 512
"""Runs, or points, per part."""
OPEN_FILES = 16
NEW, OLD = ".series-new", ".series-old"


def series_table(rows: RunRows, names: Sequence[str]) -> pa.Table:
    """Daily series as a table, one row per run and day that the run reached."""
    parts = []
    for first, series in rows.series:
        kept = series.reached
        at = first + np.repeat(np.arange(len(kept)), kept.sum(axis=1))
        days = np.broadcast_to(series.days, kept.shape)[kept]
        columns = {
            KEY: pa.array(rows.key[at]),
            REPLICATION: pa.array(rows.replication[at]),
            DATE: pa.array(days, pa.int32()).cast(pa.date32()),
        }
        values = series.values[kept]
        parts.append(pa.table(columns | {name: pa.array(values[:, column]) for column, name in enumerate(names)}))
    return pa.concat_tables(parts)


@dataclass
class SeriesLocations:
    """Location of the daily series of each run.

    Attributes
    ----------
    shape
        ``(points, replications)``.
    files
        Shards and parts.
    """

    shape: tuple[int, int]
    files: list[Path] = field(default_factory=list)
    _blocks: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, stored: StoredRuns, path: Path, table: pa.Table) -> None:
        """Add the runs of a file; the rows of a run are consecutive."""
        key, replication = table.column(KEY).to_numpy(), table.column(REPLICATION).to_numpy()
        if len(key):
            first = np.flatnonzero(
                np.diff(key, prepend=~key[:1]).astype(bool) | (np.diff(replication, prepend=-1) != 0)
            )
            length = np.diff(first, append=len(key))
            point = stored.point_numbers(key[first])
            kept = (point >= 0) & (replication[first] < self.shape[1])
            at = (point[kept], replication[first][kept])
            stored.series[at] = True
            place = np.ravel_multi_index(at, self.shape)
            self._blocks.append(
                np.column_stack([place, np.full(len(place), len(self.files)), first[kept], length[kept]])
            )
        self.files.append(path)

    def in_order(self) -> NDArray[np.int64]:
        """Location of every run: index in ``(points, replications)``, file, first row and number of rows, ``(runs, 4)``."""
        if not self._blocks:
            return np.zeros((0, 4), dtype=np.int64)
        runs = np.concatenate(self._blocks)
        _, first = np.unique(runs[:, 0], return_index=True)
        return np.asarray(runs[first])


def write_series(folder: Path, plan: SweepPlan, stored: StoredRuns, locations: SeriesLocations) -> None:
    """Write all parts in the order of the design, then replace the old parts by them."""
    runs = locations.in_order()
    most = stored.done.shape[1]
    runs = runs[runs[:, 0] % most < required_replications(plan.sweep, stored)[runs[:, 0] // most]]
    new = folder / NEW
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    tables = (
        _quantile_parts(plan, stored, (runs, locations))
        if plan.sweep.record == "quantiles"
        else _run_parts(plan, (runs, locations))
    )
    for number, table in enumerate(tables):
        pq.write_table(table, new / f"part-{number:05d}.parquet", compression="zstd")
    replace_parts(folder)


def replace_parts(folder: Path) -> None:
    """Replace the old parts by the new ones; `recover_parts` repairs an interrupted replacement."""
    if (folder / "series").exists():
        (folder / "series").rename(folder / OLD)
    (folder / NEW).rename(folder / "series")
    shutil.rmtree(folder / OLD, ignore_errors=True)


def recover_parts(folder: Path) -> None:
    """Restore the old parts if their replacement was interrupted."""
    if (folder / OLD).exists() and not (folder / "series").exists():
        (folder / OLD).rename(folder / "series")
    for name in (OLD, NEW):
        shutil.rmtree(folder / name, ignore_errors=True)


SeriesRuns = tuple[NDArray[np.int64], SeriesLocations]


def _run_parts(plan: SweepPlan, series: SeriesRuns) -> Iterator[pa.Table]:
    runs, locations = series
    reader = SeriesReader(locations)
    for part in chunks(len(runs), PART_RUNS):
        table = reader(runs[part])
        point, replication = np.unravel_index(np.repeat(runs[part, 0], runs[part, 3]), locations.shape)
        names = [run_id(*pair) for pair in zip(plan.point_keys[point].tolist(), replication.tolist(), strict=True)]
        kept = table.drop_columns([KEY, REPLICATION])
        labels = {"run_id": pa.array(names), POINT: pa.array(point), REPLICATION: pa.array(replication)}
        yield pa.table(labels | {name: kept.column(name) for name in kept.column_names}).combine_chunks()


class SeriesReader:
    """Reads the rows of runs from files and keeps a few files open."""

    def __init__(self, locations: SeriesLocations) -> None:
        self.files = locations.files
        self.file = lru_cache(maxsize=OPEN_FILES)(self._file)

    def _file(self, number: int) -> pa.Table:
        table = read_series_file(self.files[number])
        if table is None:
            raise OSError(f"{self.files[number]} was damaged or removed while it was in use; repeat the command")
        return table

    def __call__(self, runs: NDArray[np.int64]) -> pa.Table:
        """Return the rows of some runs, in the order of the runs."""
        return pa.concat_tables([self.file(int(file)).slice(int(first), int(rows)) for _, file, first, rows in runs])


def read_series_file(path: Path) -> pa.Table | None:
    """The table of a shard, or of an earlier part in the form of a shard; None if it is damaged."""
    if not path.name.startswith("part-"):
        return read_shard(path)
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid):
        return None
    keys = [int(name.partition("-")[0], 16) for name in table.column("run_id").to_pylist()]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {KEY: pa.array(keys, pa.uint64())}
    kept = (name for name in table.column_names if name not in ("run_id", POINT))
    return pa.table(columns | {name: table.column(name) for name in kept})


def _quantile_parts(plan: SweepPlan, stored: StoredRuns, series: SeriesRuns) -> Iterator[pa.Table]:
    """Yield quantiles over the finished runs of each point, a group of points at a time."""
    runs, locations = series
    reader, most = SeriesReader(locations), locations.shape[1]
    finished = ~stored.failed.ravel()[runs[:, 0]]
    runs = runs[finished]
    starts = np.searchsorted(runs[:, 0] // most, np.arange(locations.shape[0] + 1))
    for part in chunks(locations.shape[0], PART_POINTS):
        points = [point for point in range(part.start, part.stop) if starts[point + 1] > starts[point]]
        rows = [
            row for point in points for row in point_quantiles(point, reader(runs[starts[point] : starts[point + 1]]))
        ]
        if rows:
            yield pa.table(_quantile_table(rows))


def _quantile_table(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    types = {POINT: pa.int64(), DATE: pa.date32(), "series": pa.string(), "runs": pa.int64()}
    return {name: pa.array([row[name] for row in rows], types.get(name, pa.float64())) for name in rows[0]}


def point_quantiles(point: int, table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the quantiles of each series on each day, days in order."""
    days, first, count = np.unique(
        table.column(DATE).cast(pa.int32()).to_numpy(), return_inverse=True, return_counts=True
    )
    order = np.argsort(first, kind="stable")
    for name in (name for name in table.column_names if name not in (KEY, REPLICATION, DATE)):
        values = np.split(table.column(name).to_numpy()[order], np.cumsum(count)[:-1])
        for day, of_day in zip(days.tolist(), values, strict=True):
            if not np.isnan(of_day).any():
                low, middle, high = (float(value) for value in np.quantile(of_day, QUANTILES))
                quantiles = {"p10": low, "p50": middle, "p90": high, "runs": len(of_day)}
                yield {POINT: point, DATE: day, "series": name} | quantiles
