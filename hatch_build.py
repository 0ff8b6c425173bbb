"""Build hook: the data that a wheel carries inside its one package."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("configs", "experiments")


class DataInsideThePackage(BuildHookInterface[Any]):
    """Copy configs/ and experiments/ to simulation/configs and simulation/experiments.

    An editable install has no copy: the catalogue of named files then looks into the checkout.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folders that are there; an empty one is in no clone and in no source archive."""
        if version == "editable":
            return
        for folder in FOLDERS:
            if (Path(self.root) / folder).is_dir():
                build_data["force_include"][folder] = f"simulation/{folder}"
