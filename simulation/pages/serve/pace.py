"""How long a pass takes on this machine, learned from the passes that were made, and what may be asked of the next one."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

FIXED_RUNS: Final = 20.0
"""What a pass costs before its first run, in runs: 63 days take some 0.5 s with no run and 0.025 s more for each (processor
seconds of passes of 1 to 12 states that a class asks for, 2 to 32 runs, in turn; ratios 19 to 21, with twins of one state 26).
Between 10 and 20 it hardly matters (`benchmarks.serve_desk`)."""
USUAL_SECONDS: Final = 0.025
"""What a run costs until a pass has shown it, s (the same measurement)."""
LEAST_ROOM: Final = 12
"""Runs that a pass takes in any case: fewer would waste the machine on what a pass costs without them, more would let those
wait too long who ask meanwhile.  Chosen with `benchmarks.serve_desk` among 8 to 20: it matters where a pass costs 0.9 s
before its runs or more."""
LEAST_SECONDS: Final = 1e-4
"""Less is no run, s: a coarse clock may say zero."""
REMEMBERED: Final = 16
"""Passes that are remembered: as many as a class asks for in some five seconds."""


class Pace:
    """Seconds of a pass, ``a run's seconds * (FIXED_RUNS + runs)``: the machine sets the first factor, the engine the second.

    A run's seconds are the median over the last passes: a machine that has other work to do is soon known for slower, and a
    worker that had to start first changes nothing.
    """

    def __init__(self) -> None:
        self._seconds: deque[float] = deque([USUAL_SECONDS], maxlen=REMEMBERED)

    @property
    def run_seconds(self) -> float:
        """What a run adds to a pass, s."""
        return median(self._seconds)

    def learn(self, runs: int, seconds: float) -> None:
        """Take in that a pass of so many runs took so long."""
        self._seconds.append(max(seconds / (FIXED_RUNS + runs), LEAST_SECONDS))

    def seconds(self, runs: int) -> float:
        """Seconds that a pass of so many runs will take."""
        return self.run_seconds * (FIXED_RUNS + runs)

    def room(self, seconds: float) -> int:
        """Runs of a pass that shall not take longer, or `LEAST_ROOM`."""
        return int(max(seconds / self.run_seconds - FIXED_RUNS, LEAST_ROOM))
