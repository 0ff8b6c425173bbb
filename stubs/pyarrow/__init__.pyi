"""The part of pyarrow's interface that this project uses; pyarrow itself ships without types."""

from typing import Self

import pandas as pd

class ArrowInvalid(ValueError): ...  # noqa: N818

class Table:
    @classmethod
    def from_pandas(cls, df: pd.DataFrame, *, preserve_index: bool | None = None) -> Self: ...
    def replace_schema_metadata(self, metadata: dict[str, str] | None = None) -> Self: ...
    @property
    def column_names(self) -> list[str]: ...
