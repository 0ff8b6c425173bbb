"""Files that are either whole or not there: what came from the workers, named after its own checksum.

A shard is written under a temporary name, forced to the disk and renamed, so that an end of the process, of the machine or
of the power leaves a whole shard or none.  A file whose content does not fit its name is torn and counts as missing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TEMPORARY = ".writing-"
DIGITS = 32


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; it is on the disk when this returns."""
    temporary = temporary_of(path)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(temporary, path)


def temporary_of(path: Path) -> Path:
    """Name under which a file is written before it gets its own."""
    return path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a finished file, already forced to the disk, its name, and force the name to the disk too."""
    os.replace(temporary, path)
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_shard(folder: Path, kind: str, table: pa.Table) -> Path:
    """Write a table as a shard and return its path; the same rows written twice are one file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    path = folder / f"{kind}-{checksum(data)}.parquet"
    write_whole(path, data)
    return path


def checksum(data: bytes) -> str:
    """SHA-256 of a shard as its name has it."""
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def shards(folder: Path, kind: str) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the whole shards of a kind with their tables, by name; torn ones are passed over."""
    for path in sorted(folder.glob(f"{kind}-*.parquet")):
        table = read_shard(path)
        if table is not None:
            yield path, table


def read_shard(path: Path) -> pa.Table | None:
    """The table of a shard, none if it is torn or gone."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if path.stem.rpartition("-")[2] != checksum(data):
        return None
    return pq.read_table(pa.BufferReader(data))


def clear_temporary(folder: Path) -> None:
    """Remove what a process that was killed had begun to write."""
    for path in folder.glob(f"{TEMPORARY}*"):
        path.unlink(missing_ok=True)
