"""What a calibration is asked: priors, targets and the plain functions that simulate moments.

This is the seam between the method and the model.  Any module can state a `Problem`; any calibration library can call
its ``simulate(theta, runs, seed) -> moments`` instead of the sampler here.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Self

import numpy as np

from simulation.studies.calibration.priors import Priors, digest_of
from simulation.values.conventions import Array

Simulate = Callable[[Array, int, int], Array]
"""``simulate(theta, runs, seed) -> moments``: parameter sets ``(n, d)`` in the units of the priors, simulated runs per
set, and a seed; gives ``(n, moments)``, the columns in the order of the targets.  A set whose runs stopped is NaN.  A row
may depend on its set, its place and the seed only.  A module-level function, so that worker processes find it."""


@dataclass(frozen=True)
class Target:
    """A moment as observed, and how well the model is expected to meet it.

    Attributes
    ----------
    name, unit, source, label
        Short name for columns, unit of the value, where the observation comes from, words of a figure.
    observed
        Value in the data.
    sd
        Standard deviation of what the model does not try to explain: measurement and model discrepancy, in `unit`.
        The observation is taken as the moment of one simulation plus a normal error of this size.
        Source: Kennedy and O'Hagan (2001); Wilkinson (2013).
    group
        Name of the simulator that gives the moment.
    accept
        Range that the brief accepts, for the figure; plays no part in the fit.
    """

    name: str
    observed: float
    sd: float
    unit: str
    source: str
    label: str
    group: str
    accept: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not (self.sd > 0 and np.isfinite(self.observed)):
            raise ValueError(
                f"target {self.name}: observed must be finite and sd above 0, got {self.observed}, {self.sd}"
            )


@dataclass(frozen=True)
class Simulator:
    """A simulator of some of the moments and how often it may be called.

    Attributes
    ----------
    name
        The group whose targets it gives, in their order.
    simulate
        The plain function.
    sets
        Parameter sets that may be simulated in all, the final check left out.
    batch
        Parameter sets in one call.
    runs
        Simulated runs per parameter set.
    checks
        Sets of the result that are simulated once more to check it.
    """

    name: str
    simulate: Simulate
    sets: int
    batch: int = 128
    runs: int = 1
    checks: int = 256


@dataclass(frozen=True)
class Problem:
    """Everything that a calibration follows from, the seed left out.

    Attributes
    ----------
    name, version
        Name of the result and the version of the model that it belongs to.
    priors, targets
        What is believed before, and what is to be met.
    simulators
        One for each group of targets.  A set is simulated with the first one first: it should be the cheap one.
    products
        Pairs of names of priors of which only the product should be identified.
    events
        Names of the events whose data are among the targets; results on them are fitted, all others out of sample.
    """

    name: str
    version: str
    priors: Priors
    targets: tuple[Target, ...]
    simulators: tuple[Simulator, ...]
    products: tuple[tuple[str, str], ...] = ()
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = [simulator.name for simulator in self.simulators]
        wanted = {target.group for target in self.targets}
        if len(set(named)) != len(named) or set(named) != wanted:
            raise ValueError(f"problem {self.name}: simulators {named} must be one for each group {sorted(wanted)}")
        sets = [simulator.sets for simulator in self.simulators]
        if sets != sorted(sets, reverse=True):
            raise ValueError(f"problem {self.name}: simulators must come with the most sets first, got {sets}")
        for names in ([prior.name for prior in self.priors], [target.name for target in self.targets]):
            if len(set(names)) != len(names):
                raise ValueError(f"problem {self.name}: a name occurs twice in {names}")

    def targets_of(self, group: str) -> tuple[Target, ...]:
        """Targets that one simulator gives, in the order of its columns."""
        return tuple(target for target in self.targets if target.group == group)

    @property
    def hashes(self) -> dict[str, str]:
        """Digests of the priors, of the targets and of the size of the simulations."""
        sizes = ("name", "sets", "batch", "runs", "checks")
        return {
            "priors": digest_of([asdict(prior) for prior in self.priors]),
            "targets": digest_of([asdict(target) for target in self.targets]),
            "simulators": digest_of([{size: getattr(one, size) for size in sizes} for one in self.simulators]),
        }

    def resized(self, sets: Sequence[int | None]) -> Self:
        """The same problem with other numbers of sets per simulator; None leaves one as it is."""
        pairs = zip(self.simulators, sets, strict=True)
        changed = tuple(one if count is None else replace(one, sets=count) for one, count in pairs)
        return replace(self, simulators=changed)


def problem_at(place: str) -> Problem:
    """Return the problem that a function without arguments gives; `place` is ``module:function``.

    Raises
    ------
    ValueError
        If there is no such module or function, or it gives something else.
    """
    module, _, function = place.partition(":")
    try:
        found = getattr(import_module(module), function)()
    except (ImportError, AttributeError, TypeError) as error:
        raise ValueError(f"{place!r} is not a calibration problem: {error}") from error
    if not isinstance(found, Problem):
        raise ValueError(f"{place!r} gives {type(found).__name__}, not a Problem")
    return found
