"""Named random streams; adding a population or a run does not change other draws.

A stream is determined by the scenario's seed, the run number (from 0) and the stream name.  Draws of a run do not depend on its
batch, and two scenarios with one seed have the same news (common random numbers).

Source: NumPy's SeedSequence entropy mixing (O'Neill 2015).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from simulation.values.conventions import Array


def named_generator(seed: int, run: int, name: str) -> np.random.Generator:
    """Random generator of stream `name` in one run."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, run, crc32(name.encode())])))


@dataclass(frozen=True)
class Streams:
    """Random streams of a batch of runs.

    Attributes
    ----------
    seed
        The scenario's seed.
    runs
        Run numbers, one per row.
    """

    seed: int
    runs: Sequence[int]

    def draw(self, name: str, sample: Callable[[np.random.Generator], Array]) -> Array:
        """Stack ``sample(stream)`` of every run, shape ``(runs, *sample shape)``."""
        return np.stack([sample(named_generator(self.seed, run, name)) for run in self.runs])

    def draw_each(self, name: str, samples: Sequence[Callable[[np.random.Generator], Array]]) -> Array:
        """As `draw`, with one sampler per run."""
        pairs = zip(self.runs, samples, strict=True)
        return np.stack([sample(named_generator(self.seed, run, name)) for run, sample in pairs])


def stratified_uniform(stream: np.random.Generator, count: int) -> Array:
    """`count` uniform numbers, one in each of `count` equal strata, in random order.

    A population of any size then has the quantiles of its distribution, so the number of investors adds no sampling noise.
    Source: McKay, Beckman and Conover (1979).
    """
    return (stream.permutation(count) + stream.random(count)) / count
