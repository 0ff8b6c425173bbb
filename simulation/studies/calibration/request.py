"""What is to be calibrated and how, and the digest that names its result."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

from simulation.results.fingerprint import fingerprint
from simulation.results.store import content_address
from simulation.studies.calibration.emulator import least_rows
from simulation.studies.calibration.fitting import FIRST_SHARE, Method, checks_of, simulations_of, stage_sizes
from simulation.studies.calibration.problem import Problem
from simulation.studies.calibration.sampler import Effort

QUICK_PART, QUICK_LEAST, QUICK_CHECKS = 8, 192, 32
QUICK_METHOD = Method(effort=Effort(particles=1024, rounds=3))
CASES = 256
"""Synthetic data sets of each check."""


@dataclass(frozen=True)
class Request:
    """What is to be calibrated and how.

    Attributes
    ----------
    problem, method, seed
        What the result follows from.
    cases
        Synthetic data sets of each check, at most.

    Raises
    ------
    ValueError
        If a simulator may be called for fewer sets than its emulator needs.
    """

    problem: Problem
    method: Method
    seed: int
    cases: int = CASES

    def __post_init__(self) -> None:
        least = least_rows(len(self.problem.priors))
        for one in self.problem.simulators:
            first = stage_sizes(one, len(self.method.powers))[0]
            if first < least:
                raise ValueError(
                    f"{one.sets} parameter sets for simulator {one.name!r} leave {first} to the first stage; an emulator of "
                    f"{len(self.problem.priors)} parameters needs {least}: allow {ceil(least / FIRST_SHARE)} or more"
                )

    @property
    def content(self) -> dict[str, Any]:
        """Everything that the bytes of the result follow from, as plain values."""
        own = {"problem": self.problem.name, "version": self.problem.version, "seed": self.seed, "cases": self.cases}
        return own | {"hashes": self.problem.hashes, "method": asdict(self.method)}

    @property
    def engine(self) -> str:
        """Digest of the code that simulates, which no version tells."""
        modules = {simulator.simulate.__module__ for simulator in self.problem.simulators}
        return fingerprint("simulation.day.capital_flows", *sorted(modules))

    @property
    def hash(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> str:
        """Name of the folder that the same request always gives."""
        return content_address(f"calibration_{self.problem.name}", self.hash, self.seed)

    @property
    def command(self) -> str:
        """The command that gives the result, where and how fast left out."""
        sizes = " ".join(f"{one.name} {one.sets}" for one in self.problem.simulators)
        return f"carryflow calibrate --seed {self.seed} ({sizes} parameter sets)"

    @property
    def steps(self) -> int:
        """Parameter sets to simulate and synthetic data sets to judge."""
        rows = min(simulator.checks for simulator in self.problem.simulators)
        sets = simulations_of(self.problem, self.method) + checks_of(self.problem, self.method)
        return sets + 2 * min(self.cases, rows)


def quick(request: Request) -> Request:
    """The same calibration in a small version that shows that everything works, not what the data say."""
    smaller = tuple(
        replace(one, sets=min(one.sets, max(one.sets // QUICK_PART, QUICK_LEAST)), checks=min(one.checks, QUICK_CHECKS))
        for one in request.problem.simulators
    )
    return replace(
        request, problem=replace(request.problem, simulators=smaller), method=QUICK_METHOD, cases=QUICK_CHECKS
    )
