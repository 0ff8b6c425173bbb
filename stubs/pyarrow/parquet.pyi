from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pyarrow import BufferOutputStream, BufferReader, Schema, Table

class ParquetWriter:
    def __init__(
        self, where: str | Path, schema: Schema, *, compression: str = ..., use_dictionary: bool | list[str] = ...
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def write_table(self, table: Table, row_group_size: int | None = None) -> None: ...

class FileMetaData:
    num_rows: int

class ParquetFile:
    metadata: FileMetaData
    def __init__(self, source: str | Path) -> None: ...
    def close(self) -> None: ...

def write_table(table: Table, where: str | Path | BufferOutputStream, *, compression: str = ...) -> None: ...
def read_table(
    source: str | Path | BufferReader,
    *,
    columns: Sequence[str] | None = None,
    filters: list[tuple[str, str, Any]] | None = None,
) -> Table: ...
