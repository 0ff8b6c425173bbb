"""The part of bamengine that a benchmark uses."""

from typing import Any, Self

class Simulation:
    @classmethod
    def init(cls, *, seed: int, log_level: str, **parameters: Any) -> Self: ...
    def run(self, n_periods: int) -> None: ...
