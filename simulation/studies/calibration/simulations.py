"""Simulation of parameter sets in batches, tables of their moments, and checkpoints of finished batches.

Batches and their seeds follow from the calibration seed and the name of the batch, so the moments do not depend on the number
of workers or on interruptions.  Everything else also follows from the seed, so only simulated moments are saved.  A saved batch
is used only if it was simulated for exactly the requested parameter sets; a resumed calibration gives the same bytes as an
uninterrupted one.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from simulation.compute.workers import map_in_order
from simulation.results.fingerprint import SHORT_DIGEST_LENGTH
from simulation.results.output_folder import OutputError
from simulation.studies.calibration.problem import Simulate, Simulator
from simulation.values.conventions import Array, Flags

REQUEST_FILE, ENGINE_FILE = "request.json", "engine.txt"


@dataclass(frozen=True)
class Checkpoints:
    """Folder with the finished batches of one calibration."""

    folder: Path

    def load(self, name: str, theta: Array) -> Array | None:
        """Moments of the batch `name` if it is complete and was simulated for `theta`, ``(n, d)``; otherwise None."""
        try:
            saved = np.load(self.folder / f"{name}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        width = theta.shape[1]
        if saved.ndim != 2 or saved.shape[0] != len(theta) or not np.array_equal(saved[:, :width], theta):
            return None
        return np.asarray(saved[:, width:])

    def save(self, name: str, theta: Array, moments: Array) -> None:
        """Save a batch atomically."""
        draft = self.folder / f".{name}.draft"
        with draft.open("wb") as file:
            np.save(file, np.concatenate([theta, moments], axis=1), allow_pickle=False)
        os.replace(draft, self.folder / f"{name}.npy")

    def discard(self) -> None:
        """Remove the folder at the end of the calibration."""
        shutil.rmtree(self.folder)


def open_checkpoints(
    folder: Path, request: dict[str, object], resume: bool, engine: str = "", force: bool = False
) -> Checkpoints:
    """Return the checkpoints of a request, with `resume` those of an interrupted calibration.

    Parameters
    ----------
    folder, request
        Location, and inputs of the result.
    resume
        Whether to use existing batches.
    engine, force
        Digest of the current simulation code, and whether to use batches of other code.

    Raises
    ------
    OutputError
        If the folder has other content or batches of another calibration, or (without `force`) batches of another version of
        the model code.
    """
    path = folder / REQUEST_FILE
    text = json.dumps(request, sort_keys=True, indent=2)
    if folder.exists():
        if not path.is_file():
            raise OutputError(
                f"{folder} is not a folder of an interrupted calibration; move or remove it, or choose another --out"
            )
        if resume and path.read_text(encoding="utf-8") != text:
            raise OutputError(
                f"{folder} contains a calibration with other priors, targets, sizes or another seed; restart without --resume"
            )
        if resume and not force:
            check_engine(folder, engine)
        if not resume:
            shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    (folder / ENGINE_FILE).write_text(engine, encoding="utf-8")
    return Checkpoints(folder)


def check_engine(folder: Path, engine: str) -> None:
    """Raise an error if the batches were simulated by another version of the model code.

    Raises
    ------
    OutputError
        If the digests differ.
    """
    path = folder / ENGINE_FILE
    saved = path.read_text(encoding="utf-8") if path.is_file() else "unknown"
    if saved != engine:
        raise OutputError(
            f"{folder} contains batches of another version of the model's code "
            f"({saved[:SHORT_DIGEST_LENGTH]}, now {engine[:SHORT_DIGEST_LENGTH]}); restart "
            "without --resume, or use them with --force"
        )


@dataclass(frozen=True)
class SimulationTable:
    """Parameter sets simulated by one simulator.

    Attributes
    ----------
    unit
        Points of the unit cube, ``(n, d)``.
    moments
        Their moments, ``(n, moments)``; rejected rows are NaN in all columns.
    stage
        Stage of each simulation, 0 for the prior, ``(n,)``.
    """

    unit: Array
    moments: Array
    stage: Array

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def finished(self) -> Flags:
        """Rows that were not rejected, ``(n,)``."""
        return np.asarray(np.isfinite(self.moments).all(axis=1))

    @property
    def nearness(self) -> Array:
        """Position of each row between the prior (0) and the last stage (1), ``(n,)``; 0 without later stages."""
        return np.asarray(self.stage / max(float(self.stage.max()), 1.0))

    def append(self, later: "SimulationTable") -> "SimulationTable":
        """Table with the rows of `later` appended."""
        return SimulationTable(
            np.concatenate([self.unit, later.unit]),
            np.concatenate([self.moments, later.moments]),
            np.concatenate([self.stage, later.stage]),
        )

    def select(self, rows: Flags | slice) -> "SimulationTable":
        """Table with the selected rows."""
        return SimulationTable(self.unit[rows], self.moments[rows], self.stage[rows])


SimulationTables = dict[str, SimulationTable]
"""Table for each group of moments."""


MAX_SEED = np.uint64(2**63 - 1)


@dataclass(frozen=True)
class ExecutionSettings:
    """Settings for the simulation of batches.

    Attributes
    ----------
    seed
        Seed of the calibration.
    workers
        Number of processes; 1 uses the current process.
    checkpoints
        Location of finished batches, if they are saved.
    counted
        Called with the number of parameter sets of each finished batch.
    """

    seed: int
    workers: int = 1
    checkpoints: Checkpoints | None = None
    counted: Callable[[int], None] = lambda _sets: None


@dataclass(frozen=True)
class ParameterBatch:
    """Consecutive parameter sets that are simulated in one call."""

    name: str
    rows: slice
    seed: int


def parameter_batches(simulator: Simulator, stage: str, sets: int, seed: int) -> list[ParameterBatch]:
    """Batches of consecutive parameter sets, each with its own seed."""
    batches = []
    for number, first in enumerate(range(0, sets, simulator.batch)):
        name = f"{stage}-{simulator.name}-{number:04d}"
        batch_seed = np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1, np.uint64)[0] & MAX_SEED
        batches.append(ParameterBatch(name, slice(first, min(first + simulator.batch, sets)), int(batch_seed)))
    return batches


def simulate_sets(simulator: Simulator, moments: int, theta: Array, stage: str, settings: ExecutionSettings) -> Array:
    """Moments of parameter sets ``(n, d)``, ``(n, moments)``; rejected rows are NaN in all columns.

    Parameters
    ----------
    simulator
        Simulator to call.
    moments
        Number of its moments.
    theta
        Parameter sets in the units of the priors.
    stage
        Name of this part of the calibration.
    settings
        Seed, workers and checkpoints.
    """
    result = np.full((len(theta), moments), np.nan)
    batches = parameter_batches(simulator, stage, len(theta), settings.seed)
    missing = []
    for batch in batches:
        saved = None if settings.checkpoints is None else settings.checkpoints.load(batch.name, theta[batch.rows])
        if saved is None:
            missing.append(batch)
        else:
            result[batch.rows] = saved
            settings.counted(len(saved))
    for batch, values in zip(missing, _simulate_batches(simulator, missing, theta, settings.workers), strict=True):
        result[batch.rows] = validate_moments(values, len(theta[batch.rows]), moments, simulator.name)
        if settings.checkpoints is not None:
            settings.checkpoints.save(batch.name, theta[batch.rows], result[batch.rows])
        settings.counted(len(values))
    return result


def _simulate_batches(
    simulator: Simulator, batches: list[ParameterBatch], theta: Array, workers: int
) -> Iterator[Array]:
    tasks = [(simulator.simulate, theta[batch.rows], simulator.runs, batch.seed) for batch in batches]
    if workers == 1 or len(tasks) <= 1:
        return (simulate_batch(*task) for task in tasks)
    return map_in_order(simulate_batch, tasks, workers)


def simulate_batch(simulate: Simulate, theta: Array, runs: int, seed: int) -> Array:
    """Moments of one batch; a module-level function for worker processes."""
    return simulate(theta, runs, seed)


def validate_moments(values: Array, sets: int, moments: int, name: str) -> Array:
    """Moments of a batch; a row with a value that is not finite is rejected as a whole.

    Raises
    ------
    ValueError
        If the shape does not match the parameter sets and targets.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (sets, moments):
        raise ValueError(f"simulator {name} gave moments of shape {array.shape}, expected {(sets, moments)}")
    return np.where(np.isfinite(array).all(axis=1, keepdims=True), array, np.nan)
