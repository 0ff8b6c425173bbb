"""Weighted parameter sets from a calibration: reading, validation and scenarios with the values of one set per run."""

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

from simulation.scenario.batch import MAY_DIFFER, parameter_may_differ
from simulation.scenario.config.catalog import find_file
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.loading import config_hash, load

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

FloatArray = NDArray[np.float64]
WEIGHT_COLUMN = "weight"
NOTE_PREFIX = "#"
"""Prefix of lines that describe the origin of the file."""


class CloudError(ValueError):
    """A file without valid parameter sets."""


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
        One row per set, in the units of the keys, ``(sets, keys)``.
    weights
        Weights of the sets, which sum to one, ``(sets,)``.
    notes
        Notes in the file.
    """

    name: str
    keys: tuple[str, ...]
    values: FloatArray
    weights: FloatArray
    notes: Mapping[str, str]

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Index of the set of each run, by systematic resampling; further runs repeat the sequence.

        Source: Kitagawa (1996).  The golden-ratio stride distributes similar sets over the runs, so that the first runs of
        any number are a sample.
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
        """The scenario of each run, with the values of its set."""
        positions = dict.fromkeys(run % len(self.order) for run in runs)
        by_set = {at: with_values(scenario, self.for_run(at)) for at in positions}
        return [by_set[run % len(self.order)] for run in runs]

    def median(self) -> dict[str, float]:
        """Weighted median of each key."""
        rows = self.values[self.order]
        return dict(zip(self.keys, (float(value) for value in np.median(rows, axis=0)), strict=True))


def with_values(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """A scenario with some values replaced; keys of populations and markets that it omits are ignored."""
    for key, value in values.items():
        replaced = _replace_at(scenario, key.split("."), value)
        scenario = scenario if replaced is None else replaced
    return scenario


def _replace_at(part: Any, path: list[str], value: float) -> Any:
    """A part of a scenario with the value at a path replaced; None if the path does not exist."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(part, BaseModel) and name in type(part).model_fields:
        below = _replace_at(getattr(part, name), rest, value)
        return None if below is None else part.model_copy(update={name: below})
    if isinstance(part, Mapping) and name in part:
        below = _replace_at(part[name], rest, value)
        return None if below is None else {**part, name: below}
    return None


def cloud_text(cloud: Cloud) -> str:
    """Parameter sets as the text of a CSV file that loads as the same sets."""
    notes = [f"{NOTE_PREFIX} {key}: {text}" for key, text in cloud.notes.items()]
    rows = [
        ",".join([*(repr(float(value)) for value in row), repr(float(weight))])
        for row, weight in zip(cloud.values, cloud.weights, strict=True)
    ]
    return "\n".join([*notes, ",".join([*cloud.keys, WEIGHT_COLUMN]), *rows]) + "\n"


def read_cloud(path: Path) -> Cloud:
    """Read parameter sets from a CSV file: notes ``# key: value``, a header of keys and ``weight``, one row per set.

    Raises
    ------
    CloudError
        If the file has another format.
    """
    return parse_cloud(path.stem, path.read_text(encoding="utf-8"), str(path))


def parse_cloud(name: str, text: str, place: str = "the text") -> Cloud:
    """Parameter sets from the text of a file; see `read_cloud`."""
    lines = text.splitlines()
    notes = dict(line[1:].split(":", 1) for line in lines if line.startswith(NOTE_PREFIX) and ":" in line)
    rows = list(csv.reader(io.StringIO("\n".join(line for line in lines if not line.startswith(NOTE_PREFIX)))))
    try:
        numbers = np.array([[float(cell) for cell in row] for row in rows[1:]])
        header = rows[0]
        at = header.index(WEIGHT_COLUMN)
        weights, values = numbers[:, at], np.delete(numbers, at, axis=1)
    except (ValueError, IndexError) as error:
        raise CloudError(f"{place} has no parameter sets: {error}; create a file with carryflow calibrate") from error
    if len(values) == 0 or not np.isfinite(numbers).all() or weights.min() < 0.0 or weights.sum() <= 0.0:
        raise CloudError(
            f"{place}: every set needs finite values and a weight of 0 or more, and one weight must be above 0"
        )
    keys = tuple(name for name in header if name != WEIGHT_COLUMN)
    clean = {key.strip(): text.strip() for key, text in notes.items()}
    return Cloud(name, keys, values, weights / weights.sum(), clean)


SHIPPED_PARAMETER_SETS = "august_2024"
"""Name of the shipped parameter sets."""
FULL_SCENARIO = "december_2025_official"
"""A scenario with all populations and markets, so that it has the key of every column."""


def load_cloud(name: str | Path) -> Cloud:
    """Load and validate parameter sets by name or path.

    Raises
    ------
    ConfigError
        If there is no such file, or it is invalid.
    """
    path = find_file("calibration", name)
    try:
        cloud = read_cloud(path)
    except CloudError as error:
        message = str(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")
        raise ConfigError([ConfigProblem(str(path), None, None, "", message, "")]) from error
    unknown = [
        ConfigProblem(str(path), None, None, key, *_unknown_column_message(key))
        for key in cloud.keys
        if not parameter_may_differ(key)
    ]
    problems = unknown or _out_of_range(cloud, str(path))
    if problems:
        raise ConfigError(problems)
    return cloud


def _out_of_range(cloud: Cloud, place: str) -> list[ConfigProblem]:
    """Problems of columns whose smallest or largest value is not valid for its key."""
    found: dict[str, ConfigProblem] = {}
    for ends in (cloud.values.min(axis=0), cloud.values.max(axis=0)):
        settings = [f"{key}={float(value)!r}" for key, value in zip(cloud.keys, ends, strict=True)]
        try:
            load(FULL_SCENARIO, settings)
        except ConfigError as error:
            wrong = [problem for problem in error.problems if problem.key in cloud.keys]
            found |= {each.key: ConfigProblem(place, None, None, each.key, each.message, each.hint) for each in wrong}
    return list(found.values())


def _unknown_column_message(key: str) -> tuple[str, str]:
    """Message and cure for a column whose key may not differ between runs."""
    message = f"the column {key} is not a key that may differ between the runs of a batch"
    return message, f"known keys: {', '.join(MAY_DIFFER)}"


def hash_with_cloud(scenario: BaseModel, cloud: Cloud | None) -> str:
    """SHA-256, in hexadecimal, of a config and of the parameter sets of its runs, if any."""
    own = config_hash(scenario)
    return own if cloud is None else hashlib.sha256(f"{own} {cloud.digest}".encode()).hexdigest()
