"""The part of numba that the benchmarks use; a compiled function keeps its type."""

from collections.abc import Callable
from typing import Any, TypeVar

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

def njit(*, fastmath: bool | set[str] = False) -> Callable[[Compiled], Compiled]: ...
