"""A folder that `carryflow run` wrote, read back: its scenario, and its results as if just simulated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulation.day.capital_flows import CapitalFlows
from simulation.scenario.cloud import read_cloud
from simulation.scenario.config.posterior import hash_with_cloud
from simulation.day.recorder import Record, Stop
from simulation.results.results import DAILY, FLOWS, PARAMETER_SETS, RUN_NUMBERS, Result
from simulation.results.store import OutputError, read_manifest

if TYPE_CHECKING:
    from simulation.scenario.cloud import Cloud
    from simulation.values.conventions import Array
    from simulation.scenario.scenario import Scenario

KEYS = ("run", "date", "population")


@dataclass(frozen=True)
class RunFolder:
    """What a folder's manifest says was run.

    Attributes
    ----------
    path, manifest
        The folder and its manifest.
    scenario, cloud
        The scenario and, where there are any, the parameter sets of its runs.
    """

    path: Path
    manifest: dict[str, Any]
    scenario: Scenario
    cloud: Cloud | None

    @property
    def runs(self) -> int:
        """Number of runs."""
        return int(self.manifest["runs"])

    @property
    def numbers(self) -> list[int]:
        """Number of each run, which with the seed fixes its news; a run of a sweep keeps the number it has there."""
        return [int(number) for number in self.manifest.get(RUN_NUMBERS, range(self.runs))]

    @property
    def from_zero(self) -> bool:
        """Whether its runs are numbered from 0, as those of `carryflow run` are."""
        return RUN_NUMBERS not in self.manifest


def open_folder(path: Path) -> RunFolder:
    """Read what a folder's manifest says was run.

    Raises
    ------
    OutputError
        If the folder holds no run, or its config was edited after the run or is refused by this version.
    """
    manifest = read_manifest(path)
    kept = path / PARAMETER_SETS
    cloud = replace(read_cloud(kept), name=str(manifest["parameter_sets"])) if kept.is_file() else None
    return RunFolder(path, manifest, scenario_of(manifest, path, cloud), cloud)


def scenario_of(manifest: dict[str, Any], folder: Path, cloud: Cloud | None) -> Scenario:
    """Return the scenario of a manifest; refuse one whose config was edited after the run."""
    from pydantic import ValidationError

    from simulation.scenario.scenario import Scenario

    if "config" not in manifest:
        raise OutputError(
            f"{folder}: it holds no run, so there is nothing to run again; give a folder that `run` wrote, or one of `demo`'s"
        )
    try:
        scenario = Scenario.model_validate(manifest["config"])
    except ValidationError as error:
        raise OutputError(f"{folder}: this version refuses the config of the manifest: {error}") from error
    found = hash_with_cloud(scenario, cloud)
    if found != manifest["config_hash"]:
        raise OutputError(
            f"{folder}: the config in the manifest has the hash {found[:12]}, "
            f"the manifest says {str(manifest['config_hash'])[:12]}: it was edited, or written by another version"
        )
    return scenario


def read_run(path: Path) -> Result:
    """Return the results in a folder.

    Raises
    ------
    OutputError
        If the folder holds no run, or its tables are missing or torn.
    """
    folder = open_folder(path)
    daily, flows = (_table(path / name) for name in (DAILY, FLOWS))
    blank = CapitalFlows(folder.scenario).result()
    places = _places(daily, blank, folder.numbers), (folder.runs, len(blank.dates))
    market = {name: _filled(daily[name], places, np.nan) for name in daily if name not in KEYS}
    by_population = {str(name): part for name, part in flows.groupby("population", sort=True)}
    record = Record(
        folder.scenario, np.array(folder.numbers), blank.dates,
        {name: market.get(name, np.full(places[1], np.nan)) for name in blank.market},
        {name: _flows(part, blank, folder.numbers) for name, part in by_population.items()},
        blank.roles, _stops(folder), str(folder.manifest.get("parameter_sets") or ""), _audit(folder),
    )  # fmt: skip
    return Result(record, folder.manifest.get("command"), folder.cloud)


def _table(path: Path) -> pd.DataFrame:
    from pyarrow import ArrowInvalid

    try:
        return pd.read_parquet(path)
    except (OSError, ArrowInvalid) as error:
        raise OutputError(f"{path} is missing or is not a Parquet file: run the scenario again") from error


Places = tuple[Any, Any]


def _places(table: pd.DataFrame, blank: Record, numbers: list[int]) -> Places:
    """Row and day of every line of a table; run numbers rise with the rows."""
    days = np.searchsorted(blank.dates, table["date"].to_numpy().astype("datetime64[D]"))
    return np.searchsorted(np.array(numbers), table["run"].to_numpy()), days


def _filled(values: pd.Series[float], where: tuple[Places, tuple[int, int]], missing: float) -> Array:
    """A column as ``(runs, days)``."""
    whole = np.full(where[1], missing)
    whole[where[0]] = values.to_numpy()
    return whole


def _flows(part: pd.DataFrame, blank: Record, numbers: list[int]) -> dict[str, Array]:
    """The flows of one population; nothing flows in a stopped run."""
    where = _places(part, blank, numbers), (len(numbers), len(blank.dates))
    return {str(name): _filled(part[name], where, 0.0) for name in part if name not in KEYS}


def _stops(folder: RunFolder) -> dict[int, Stop]:
    """Stopped runs by row."""
    stopped = folder.manifest.get("failures", [])
    if len(stopped) != folder.manifest["runs_failed"]:
        raise OutputError(
            f"{folder.path}: an earlier version wrote it, without the reasons of its {folder.manifest['runs_failed']} "
            "stopped runs; run the scenario again"
        )
    row_of = {number: row for row, number in enumerate(folder.numbers)}
    return {row_of[one["run"]]: Stop(date.fromisoformat(one["date"]), one["reason"], one["message"]) for one in stopped}


def _audit(folder: RunFolder) -> dict[str, Array]:
    """Largest residual of each ledger identity, the same number for every run: the folder holds the largest of all."""
    kept = folder.manifest.get("ledger", {})
    return {name: np.full(folder.runs, np.nan if value is None else value) for name, value in kept.items()}
