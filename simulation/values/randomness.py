"""Random streams by name, so that one more population or one more run redraws nothing else.

A stream is fixed by the scenario's seed, the run's number (from 0) and the stream's name.  Row i of a batch draws what
run i alone draws, and two scenarios with one seed meet the same news (common random numbers).

Source: numpy's SeedSequence entropy mixing (O'Neill 2015).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from simulation.values.conventions import Array


def named_generator(seed: int, run: int, name: str) -> np.random.Generator:
    """The stream called `name` of one run."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, run, crc32(name.encode())])))


@dataclass(frozen=True)
class Streams:
    """All random streams of a batch.

    Attributes
    ----------
    seed
        The scenario's seed.
    runs
        Run numbers of the batch, one per row.
    """

    seed: int
    runs: Sequence[int]

    def draw(self, name: str, sample: Callable[[np.random.Generator], Array]) -> Array:
        """Stack `sample(stream)` of every run: shape ``(runs, *sample shape)``."""
        return np.stack([sample(named_generator(self.seed, run, name)) for run in self.runs])

    def draw_each(self, name: str, samples: Sequence[Callable[[np.random.Generator], Array]]) -> Array:
        """As `draw`, with a sampler for each run: what a run draws may depend on its own parameters."""
        pairs = zip(self.runs, samples, strict=True)
        return np.stack([sample(named_generator(self.seed, run, name)) for run, sample in pairs])


def stratified_uniform(stream: np.random.Generator, count: int) -> Array:
    """`count` uniform numbers, exactly one in each of `count` equal strata, in random order.

    A population sampled this way has the quantiles of its distribution whatever its size, so that the number of
    investors is a resolution and not a source of noise.  Source: McKay, Beckman and Conover (1979).
    """
    return (stream.permutation(count) + stream.random(count)) / count
