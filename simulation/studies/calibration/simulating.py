"""Simulating parameter sets batch by batch, here or on worker processes, each batch kept as soon as it is done.

Batches and their seeds follow from the calibration's seed and the batch's name alone, so the moments depend on neither
the number of workers nor on interruptions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from simulation.compute.workers import in_order
from simulation.studies.calibration.checkpoints import Checkpoints
from simulation.studies.calibration.problem import Simulate, Simulator
from simulation.values.conventions import Array

Progress = Callable[[int, int], None]
LARGEST = np.uint64(2**63 - 1)


@dataclass(frozen=True)
class Bench:
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
class Batch:
    """Consecutive parameter sets that are simulated in one call."""

    name: str
    rows: slice
    seed: int


def batches_of(simulator: Simulator, stage: str, sets: int, seed: int) -> list[Batch]:
    """Batches of so many parameter sets, each with a seed of its own."""
    batches = []
    for number, first in enumerate(range(0, sets, simulator.batch)):
        name = f"{stage}-{simulator.name}-{number:04d}"
        own = np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1, np.uint64)[0] & LARGEST
        batches.append(Batch(name, slice(first, min(first + simulator.batch, sets)), int(own)))
    return batches


def simulated(simulator: Simulator, moments: int, theta: Array, stage: str, bench: Bench) -> Array:
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
    batches = batches_of(simulator, stage, len(theta), bench.seed)
    missing = []
    for batch in batches:
        held = None if bench.checkpoints is None else bench.checkpoints.load(batch.name, theta[batch.rows])
        if held is None:
            missing.append(batch)
        else:
            found[batch.rows] = held
            bench.counted(len(held))
    for batch, values in zip(missing, _computed(simulator, missing, theta, bench.workers), strict=True):
        found[batch.rows] = checked(values, len(theta[batch.rows]), moments, simulator.name)
        if bench.checkpoints is not None:
            bench.checkpoints.save(batch.name, theta[batch.rows], found[batch.rows])
        bench.counted(len(values))
    return found


def _computed(simulator: Simulator, batches: list[Batch], theta: Array, workers: int) -> Iterator[Array]:
    tasks = [(simulator.simulate, theta[batch.rows], simulator.runs, batch.seed) for batch in batches]
    if workers == 1 or len(tasks) <= 1:
        return (one_batch(*task) for task in tasks)
    return in_order(one_batch, tasks, workers)


def one_batch(simulate: Simulate, theta: Array, runs: int, seed: int) -> Array:
    """Moments of one batch; a name that worker processes find."""
    return simulate(theta, runs, seed)


def checked(values: Array, sets: int, moments: int, name: str) -> Array:
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
