"""Find calibrated parameter sets by name or path, and tell results with them from results without."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from simulation.scenario.batch import MAY_DIFFER, may_differ
from simulation.scenario.cloud import Cloud, CloudError, read_cloud
from simulation.scenario.config.catalog import path_of
from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.loading import config_hash, load

if TYPE_CHECKING:
    from pydantic import BaseModel

SHIPPED = "august_2024"
"""Name of the parameter sets that travel with the package."""
FULL_CAST = "december_2025_official"
"""A scenario with every population and market, so that every column meets its key."""


def load_cloud(name: str | Path) -> Cloud:
    """Parameter sets by name or by file.

    Raises
    ------
    ConfigError
        If there are none, or the file cannot be used.
    """
    path = path_of("calibration", name)
    try:
        cloud = read_cloud(path)
    except CloudError as error:
        message = str(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")
        raise ConfigError([Problem(str(path), None, None, "", message, "")]) from error
    unknown = [Problem(str(path), None, None, key, *_wrong(key)) for key in cloud.keys if not may_differ(key)]
    problems = unknown or _out_of_range(cloud, str(path))
    if problems:
        raise ConfigError(problems)
    return cloud


def _out_of_range(cloud: Cloud, place: str) -> list[Problem]:
    """Columns whose smallest or largest value its key does not take, each in the words of a config's mistakes."""
    found: dict[str, Problem] = {}
    for ends in (cloud.values.min(axis=0), cloud.values.max(axis=0)):
        settings = [f"{key}={float(value)!r}" for key, value in zip(cloud.keys, ends, strict=True)]
        try:
            load(FULL_CAST, settings)
        except ConfigError as error:
            wrong = [problem for problem in error.problems if problem.key in cloud.keys]
            found |= {each.key: Problem(place, None, None, each.key, each.message, each.hint) for each in wrong}
    return list(found.values())


def _wrong(key: str) -> tuple[str, str]:
    """What is wrong with a column of parameter sets, and the cure."""
    message = f"the column {key} is no key that may differ between the runs of a batch"
    return message, f"known keys: {', '.join(MAY_DIFFER)}"


def hash_with_cloud(scenario: BaseModel, cloud: Cloud | None) -> str:
    """Hash of a config, and of the parameter sets of its runs if there are any."""
    own = config_hash(scenario)
    return own if cloud is None else hashlib.sha256(f"{own} {cloud.digest}".encode()).hexdigest()
