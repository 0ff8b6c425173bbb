"""Finished batches on disk, so that an interrupted calibration goes on where it stopped.

Everything between the batches follows from the seed, so only simulated moments need to be kept.  A batch is taken over
only if it was simulated for exactly the parameter sets that are asked for now; the result has the bytes of a calibration
that was never interrupted.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulation.results.fingerprint import SHORT
from simulation.results.store import OutputError
from simulation.values.conventions import Array

REQUEST, ENGINE = "request.json", "engine.txt"


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


def opened(
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
    path = folder / REQUEST
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
    (folder / ENGINE).write_text(engine, encoding="utf-8")
    return Checkpoints(folder)


def check_engine(folder: Path, engine: str) -> None:
    """Refuse batches that another version of the model's code simulated.

    Raises
    ------
    OutputError
        With what to do about it.
    """
    path = folder / ENGINE
    held = path.read_text(encoding="utf-8") if path.is_file() else "unknown"
    if held != engine:
        raise OutputError(
            f"{folder} holds batches of another version of the model's code ({held[:SHORT]}, now {engine[:SHORT]}); start anew "
            "without --resume, or --force to take them over"
        )
