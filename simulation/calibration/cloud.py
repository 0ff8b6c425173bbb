"""The result of a calibration: weighted parameter sets, in a small versioned CSV file that says where it comes from."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simulation.calibration.sampler import effective_size, systematic
from simulation.conventions import Array, Rows

FORMAT = 1
DIGITS = 7
MARK = "# "
WEIGHT = "weight"


class CloudError(ValueError):
    """A file that is not a cloud that this version reads, with the reason."""


@dataclass(frozen=True)
class Cloud:
    """Weighted parameter sets.

    Attributes
    ----------
    names
        Short names of the parameters.
    keys
        Where each value goes in a config, in the same order.
    weights
        Weights that add to one, ``(sets,)``.
    values
        Parameter values in the units of the config, ``(sets, parameters)``.
    facts
        Where the sets come from: problem, version, seed, digests of priors and targets, command.
    """

    names: tuple[str, ...]
    keys: tuple[str, ...]
    weights: Array
    values: Array
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sets, width = self.values.shape
        if len(self.names) != width or len(self.keys) != width or self.weights.shape != (sets,):
            raise CloudError(
                f"{len(self.names)} names, {len(self.keys)} keys and {self.weights.shape} weights for {sets} x {width}"
            )
        if not (np.isfinite(self.values).all() and (self.weights >= 0).all() and self.weights.sum() > 0):
            raise CloudError("values must be finite and weights at least 0 with a positive sum")

    @property
    def effective_size(self) -> float:
        """Number of equally weighted sets that tell as much."""
        return effective_size(self.weights)

    def of(self, keys: Sequence[str]) -> Array:
        """Values of some parameters by name or by config key, ``(sets, keys)``."""
        return self.values[:, [self._column(key) for key in keys]]

    def quantiles(self, probabilities: Sequence[float]) -> Array:
        """Weighted quantiles of each parameter, ``(probabilities, parameters)``."""
        return np.stack([weighted_quantiles(column, self.weights, probabilities) for column in self.values.T], axis=1)

    def rows_for(self, runs: Sequence[int]) -> Rows:
        """Row of the set that each run uses: run i takes set i mod n of a systematic resample, ``(runs,)``.

        With equal weights that is row i mod n, so that any n consecutive runs use every set once, and the same run
        number has the same parameters in every scenario.
        """
        equal = systematic(self.weights, len(self.weights), 0.5)
        return np.asarray(equal[np.asarray(runs) % len(equal)])

    def for_runs(self, runs: Sequence[int]) -> dict[str, Array]:
        """Values per run by config key, each ``(runs, 1)``."""
        values = self.values[self.rows_for(runs)]
        return {key: values[:, [column]] for column, key in enumerate(self.keys)}

    def _column(self, key: str) -> int:
        names = self.names if key in self.names else self.keys
        if key not in names:
            raise KeyError(f"{key} is not one of the calibrated parameters: {', '.join(self.keys)}")
        return names.index(key)


def weighted_quantiles(values: Array, weights: Array, probabilities: Sequence[float]) -> Array:
    """Quantiles of weighted draws ``(n,)``, interpolated between the middles of their weights."""
    order = np.argsort(values, kind="stable")
    share = weights[order] / weights.sum()
    return np.asarray(np.interp(probabilities, np.cumsum(share) - 0.5 * share, values[order]))


def text_of(cloud: Cloud) -> str:
    """The cloud as CSV: comments with its facts, then one line per set; the same numbers give the same bytes."""
    facts = {"format": FORMAT, "keys": dict(zip(cloud.names, cloud.keys, strict=True)), **cloud.facts}
    lines = [f"{MARK}{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in facts.items()]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["set", WEIGHT, *cloud.names])
    for number, (weight, row) in enumerate(zip(cloud.weights, cloud.values, strict=True)):
        writer.writerow([number, *(f"{value:.{DIGITS}g}" for value in (weight, *row))])
    return "".join(lines) + file.getvalue()


def write(cloud: Cloud, path: Path) -> None:
    """Write a cloud as CSV."""
    path.write_text(text_of(cloud), encoding="utf-8")


def read(path: Path) -> Cloud:
    """Read a cloud.

    Raises
    ------
    CloudError
        If the file is not a cloud of this format.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        facts = dict(_fact(line) for line in lines if line.startswith(MARK))
        table = list(csv.reader(line for line in lines if not line.startswith(MARK)))
        numbers = np.array([[float(cell) for cell in row[1:]] for row in table[1:]])
        names, width = tuple(table[0][2:]), len(table[0]) - 1
    except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise CloudError(f"{path} is not a file of calibrated parameter sets: {error}") from error
    if facts.pop("format", None) != FORMAT or numbers.ndim != 2 or numbers.shape[1] != width:
        raise CloudError(f"{path} has another format than {FORMAT}, the one this version reads")
    keys = facts.pop("keys", {})
    if list(keys) != list(names):
        raise CloudError(f"{path}: its columns are not the parameters that its keys name")
    return Cloud(names, tuple(keys.values()), numbers[:, 0] / numbers[:, 0].sum(), numbers[:, 1:], facts)


def _fact(line: str) -> tuple[str, Any]:
    name, _, value = line.removeprefix(MARK).partition(": ")
    return name, json.loads(value)


def rounded(values: Array) -> Array:
    """Numbers as the file gives them back, so that a cloud just computed equals the one read later."""
    return np.array([float(f"{value:.{DIGITS}g}") for value in values.ravel()]).reshape(values.shape)
