"""A cloud of calibrated parameter sets, and scenarios with one of them: run i takes set i, so that bands carry the cloud."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]
WEIGHT = "weight"
NOTE = "#"
"""Lines that begin with this say where the file comes from."""


class CloudError(ValueError):
    """A file that holds no cloud of parameter sets, or one that does not fit."""


@dataclass(frozen=True)
class Cloud:
    """Weighted parameter sets.

    Attributes
    ----------
    name
        Name of the file.
    keys
        Keys of a scenario, such as ``markets.usdjpy.stress_slope``.
    values
        A row for each set, in the units of the keys, ``(sets, keys)``.
    weights
        Weight of each set, adding to one, ``(sets,)``.
    notes
        What the file says of itself.
    """

    name: str
    keys: tuple[str, ...]
    values: FloatArray
    weights: FloatArray
    notes: Mapping[str, str]

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Set of each run, repeated beyond its end: systematic resampling, so that the sets come in their weights.

        Source: Kitagawa (1996); the golden-ratio stride spreads similar sets over the runs, so that any first runs are a sample.
        """
        count = len(self.values)
        middle = (np.arange(count) + 0.5) / count
        drawn = np.searchsorted(np.cumsum(self.weights), middle * self.weights.sum())
        ranks = np.argsort(np.modf(np.arange(count) * (np.sqrt(5.0) - 1.0) / 2.0)[0], kind="stable")
        return np.asarray(np.minimum(drawn, count - 1)[ranks])

    @property
    def digest(self) -> str:
        """SHA-256 of keys, values and weights."""
        content = ",".join(self.keys).encode() + self.values.tobytes() + self.weights.tobytes()
        return hashlib.sha256(content).hexdigest()

    def for_run(self, run: int) -> dict[str, float]:
        """Values of a run by key."""
        row = self.values[self.order[run % len(self.order)]]
        return dict(zip(self.keys, (float(value) for value in row), strict=True))

    def variants(self, scenario: Scenario, runs: Sequence[int]) -> list[Scenario]:
        """The scenario of each run: as given, with the values of the run's set."""
        made = {run % len(self.order): run for run in runs}
        by_set = {at: with_values(scenario, self.for_run(at)) for at in made}
        return [by_set[run % len(self.order)] for run in runs]

    def median(self) -> dict[str, float]:
        """Weighted median of each key."""
        rows = self.values[self.order]
        return dict(zip(self.keys, (float(value) for value in np.median(rows, axis=0)), strict=True))


def with_values(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """A scenario with some numbers replaced; keys of parts that it leaves out (a population, a market) are passed over."""
    for key, value in values.items():
        replaced = _replaced(scenario, key.split("."), value)
        scenario = scenario if replaced is None else replaced
    return scenario


def _replaced(part: Any, path: list[str], value: float) -> Any:
    """The part with the number at the end of the path replaced; none where the path leads nowhere."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(part, BaseModel) and name in type(part).model_fields:
        below = _replaced(getattr(part, name), rest, value)
        return None if below is None else part.model_copy(update={name: below})
    if isinstance(part, Mapping) and name in part:
        below = _replaced(part[name], rest, value)
        return None if below is None else {**part, name: below}
    return None


def cloud_text(cloud: Cloud) -> str:
    """A cloud as the text of a CSV file that reads back as the same cloud."""
    notes = [f"{NOTE} {key}: {text}" for key, text in cloud.notes.items()]
    rows = [
        ",".join([*(repr(float(value)) for value in row), repr(float(weight))])
        for row, weight in zip(cloud.values, cloud.weights, strict=True)
    ]
    return "\n".join([*notes, ",".join([*cloud.keys, WEIGHT]), *rows]) + "\n"


def read_cloud(path: Path) -> Cloud:
    """A cloud from a CSV file: notes ``# key: value``, a header of keys and ``weight``, a row for each set.

    Raises
    ------
    CloudError
        If the file is not of this form.
    """
    return parsed_cloud(path.stem, path.read_text(encoding="utf-8"), str(path))


def parsed_cloud(name: str, text: str, place: str = "the text") -> Cloud:
    """A cloud from the text of its file, as `read_cloud` reads it."""
    lines = text.splitlines()
    notes = dict(line[1:].split(":", 1) for line in lines if line.startswith(NOTE) and ":" in line)
    rows = list(csv.reader(io.StringIO("\n".join(line for line in lines if not line.startswith(NOTE)))))
    try:
        numbers = np.array([[float(cell) for cell in row] for row in rows[1:]])
        header = rows[0]
        at = header.index(WEIGHT)
        weights, values = numbers[:, at], np.delete(numbers, at, axis=1)
    except (ValueError, IndexError) as error:
        raise CloudError(f"{place} holds no parameter sets: {error}; write one with carryflow calibrate") from error
    if len(values) == 0 or not np.isfinite(numbers).all() or weights.min() < 0.0 or weights.sum() <= 0.0:
        raise CloudError(f"{place}: every set needs finite numbers and a weight of 0 or more, and one above 0")
    keys = tuple(name for name in header if name != WEIGHT)
    clean = {key.strip(): text.strip() for key, text in notes.items()}
    return Cloud(name, keys, values, weights / weights.sum(), clean)
