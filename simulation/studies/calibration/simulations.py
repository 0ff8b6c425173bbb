"""Finished batches on disk, so that an interrupted calibration goes on where it stopped.

Everything between the batches follows from the seed, so only simulated moments need to be kept.  A batch is taken over
only if it was simulated for exactly the parameter sets that are asked for now; the result has the bytes of a calibration
that was never interrupted.

Simulated parameter sets with their moments, stage by stage.

Simulating parameter sets batch by batch, here or on worker processes, each batch kept as soon as it is done.

Batches and their seeds follow from the calibration's seed and the batch's name alone, so the moments depend on neither
the number of workers nor on interruptions.
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
    """A folder of finished batches of one calibration."""

    folder: Path

    def load(self, name: str, theta: Array) -> Array | None:
        """Moments of the batch `name` if it is there and whole and was simulated for `theta`, ``(n, d)``."""
        try:
            held = np.load(self.folder / f"{name}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        width = theta.shape[1]
        if held.ndim != 2 or held.shape[0] != len(theta) or not np.array_equal(held[:, :width], theta):
            return None
        return np.asarray(held[:, width:])

    def save(self, name: str, theta: Array, moments: Array) -> None:
        """Keep a batch; a reader finds all of it or nothing."""
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
    """Return the checkpoints of a request, those of an interrupted calibration if `resume`.

    Parameters
    ----------
    folder, request
        Where they are, and what the result follows from.
    resume
        Whether batches that are there are taken over.
    engine, force
        Digest of the code that simulates now, and whether batches of other code are taken over.

    Raises
    ------
    OutputError
        If the folder holds another calibration's batches, or something else, or (unless `force`) batches that another version
        of the model's code simulated.
    """
    path = folder / REQUEST_FILE
    text = json.dumps(request, sort_keys=True, indent=2)
    if folder.exists():
        if not path.is_file():
            raise OutputError(f"{folder} is not a folder of an interrupted calibration; move it away")
        if resume and path.read_text(encoding="utf-8") != text:
            raise OutputError(
                f"{folder} holds a calibration of other priors, targets, sizes or another seed; start anew without --resume"
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
    """Refuse batches that another version of the model's code simulated.

    Raises
    ------
    OutputError
        With what to do about it.
    """
    path = folder / ENGINE_FILE
    held = path.read_text(encoding="utf-8") if path.is_file() else "unknown"
    if held != engine:
        raise OutputError(
            f"{folder} holds batches of another version of the model's code ({held[:SHORT_DIGEST_LENGTH]}, now {engine[:SHORT_DIGEST_LENGTH]}); start anew "
            "without --resume, or --force to take them over"
        )


@dataclass(frozen=True)
class SimulationTable:
    """Sets that one simulator was asked for.

    Attributes
    ----------
    unit
        Points of the unit cube, ``(n, d)``.
    moments
        Their moments, ``(n, moments)``; rejected rows are NaN throughout.
    stage
        Stage in which each was simulated, 0 the prior's, ``(n,)``.
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
        """Place of each row between the prior (0) and the last stage (1), ``(n,)``; 0 where there is no later stage."""
        return np.asarray(self.stage / max(float(self.stage.max()), 1.0))

    def joined(self, later: "SimulationTable") -> "SimulationTable":
        """The rows of both tables, those of the `later` one last."""
        return SimulationTable(
            np.concatenate([self.unit, later.unit]),
            np.concatenate([self.moments, later.moments]),
            np.concatenate([self.stage, later.stage]),
        )

    def only(self, rows: Flags | slice) -> "SimulationTable":
        """Some of the rows."""
        return SimulationTable(self.unit[rows], self.moments[rows], self.stage[rows])


SimulationTables = dict[str, SimulationTable]
"""A table for each group of moments."""


Progress = Callable[[int, int], None]
MAX_SEED = np.uint64(2**63 - 1)


@dataclass(frozen=True)
class ExecutionSettings:
    """How batches are simulated.

    Attributes
    ----------
    seed
        Seed of the calibration.
    workers
        Processes to use; 1 computes in this one.
    checkpoints
        Where finished batches are kept, if anywhere.
    counted
        Called with the number of parameter sets of each batch that is done.
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
    """Batches of so many parameter sets, each with a seed of its own."""
    batches = []
    for number, first in enumerate(range(0, sets, simulator.batch)):
        name = f"{stage}-{simulator.name}-{number:04d}"
        own = np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1, np.uint64)[0] & MAX_SEED
        batches.append(ParameterBatch(name, slice(first, min(first + simulator.batch, sets)), int(own)))
    return batches


def simulate_sets(simulator: Simulator, moments: int, theta: Array, stage: str, bench: ExecutionSettings) -> Array:
    """Moments of parameter sets ``(n, d)``, ``(n, moments)``; rejected rows are NaN throughout.

    Parameters
    ----------
    simulator
        What to call.
    moments
        Number of moments it gives.
    theta
        Parameter sets in the units of the priors.
    stage
        Name of this part of the calibration.
    bench
        Seed, workers and checkpoints.
    """
    found = np.full((len(theta), moments), np.nan)
    batches = parameter_batches(simulator, stage, len(theta), bench.seed)
    missing = []
    for batch in batches:
        held = None if bench.checkpoints is None else bench.checkpoints.load(batch.name, theta[batch.rows])
        if held is None:
            missing.append(batch)
        else:
            found[batch.rows] = held
            bench.counted(len(held))
    for batch, values in zip(missing, _simulate_batches(simulator, missing, theta, bench.workers), strict=True):
        found[batch.rows] = validate_moments(values, len(theta[batch.rows]), moments, simulator.name)
        if bench.checkpoints is not None:
            bench.checkpoints.save(batch.name, theta[batch.rows], found[batch.rows])
        bench.counted(len(values))
    return found


def _simulate_batches(
    simulator: Simulator, batches: list[ParameterBatch], theta: Array, workers: int
) -> Iterator[Array]:
    tasks = [(simulator.simulate, theta[batch.rows], simulator.runs, batch.seed) for batch in batches]
    if workers == 1 or len(tasks) <= 1:
        return (simulate_batch(*task) for task in tasks)
    return map_in_order(simulate_batch, tasks, workers)


def simulate_batch(simulate: Simulate, theta: Array, runs: int, seed: int) -> Array:
    """Moments of one batch; a name that worker processes find."""
    return simulate(theta, runs, seed)


def validate_moments(values: Array, sets: int, moments: int, name: str) -> Array:
    """Moments as a simulator gave them, a row with a number that is not finite rejected as a whole.

    Raises
    ------
    ValueError
        If the shape is not that of the parameter sets and targets.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (sets, moments):
        raise ValueError(f"simulator {name} gave moments of shape {found.shape}, expected {(sets, moments)}")
    return np.where(np.isfinite(found).all(axis=1, keepdims=True), found, np.nan)
