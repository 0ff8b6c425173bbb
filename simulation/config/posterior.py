"""Find calibrated parameter sets by name or path, and tell results with them from results without."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from simulation.batch import MAY_DIFFER, may_differ
from simulation.cloud import Cloud, CloudError, read_cloud
from simulation.config.catalog import path_of
from simulation.config.errors import ConfigError, Problem
from simulation.config.loading import config_hash

if TYPE_CHECKING:
    from pydantic import BaseModel

SHIPPED = "august_2024"
"""Name of the parameter sets that travel with the package."""


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
    if unknown:
        raise ConfigError(unknown)
    return cloud


def _wrong(key: str) -> tuple[str, str]:
    """What is wrong with a column of parameter sets, and the cure."""
    message = f"the column {key} is no key that may differ between the runs of a batch"
    return message, f"known keys: {', '.join(MAY_DIFFER)}"


def hash_with_cloud(scenario: BaseModel, cloud: Cloud | None) -> str:
    """Hash of a config, and of the parameter sets of its runs if there are any."""
    own = config_hash(scenario)
    return own if cloud is None else hashlib.sha256(f"{own} {cloud.digest}".encode()).hexdigest()
