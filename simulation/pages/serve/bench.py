"""The workers: each computes one pass at a time and is ended when it takes too long over it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from typing import Final

from simulation.compute.workers import ENGINE, Lanes
from simulation.pages.serve.study import Study
from simulation.pages.serve.work import Made, Order, made

PRELOAD: Final = (*ENGINE, "simulation.pages.serve.work")
START_SECONDS: Final = 60.0
"""What a worker is given beyond the limit for its first pass, to start and to import the engine."""


class EndedError(RuntimeError):
    """A pass that gave nothing, with the reason in words."""


class Places:
    """Who of so many workers has nothing to do."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._free = list(range(workers))

    @property
    def free(self) -> int:
        """Number of workers that have nothing to do."""
        return len(self._free)

    def take(self) -> int:
        """Take a free worker; returns its place."""
        return self._free.pop(0)

    def give_back(self, place: int) -> None:
        """Say that a worker has nothing to do."""
        self._free.append(place)


class Bench(Places):
    """So many worker processes with one pass each.

    Parameters
    ----------
    study
        What is computed.
    workers
        Number of processes.
    """

    def __init__(self, study: Study, workers: int) -> None:
        super().__init__(workers)
        self.study = study
        self._lanes = [Lanes(1, PRELOAD) for _ in range(workers)]
        self._new = set(self._free)

    async def made(self, place: int, orders: Sequence[Order], seconds: float) -> list[Made]:
        """States as a worker makes them.

        Raises
        ------
        EndedError
            If it dies over them or takes longer than so many seconds; another worker takes its place.
        """
        future = self._lanes[place].submit(made, self.study.work, self.study.columns, orders)
        start = START_SECONDS if place in self._new else 0.0
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(future), seconds + start)
        except TimeoutError:
            await asyncio.to_thread(self._lanes[place].kill)
            self._lanes[place] = Lanes(1, PRELOAD)
            self._new.add(place)
            raise EndedError(
                f"the runs took longer than {seconds:g} s, which is the limit; a less extreme state is faster, or "
                "start `carryflow serve` with a larger --seconds"
            ) from None
        except BrokenExecutor:
            raise EndedError("a worker process died over these runs, most often for lack of memory") from None
        except Exception as error:
            raise EndedError(f"internal error: {type(error).__name__}: {error}") from error
        self._new.discard(place)
        return found

    def kill(self) -> None:
        """End all workers at once."""
        for lane in self._lanes:
            lane.kill()
