"""Results of a batch of runs, and the folder that stores them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.results.effects import Effects, effects_from_table
from simulation.results.output_folder import (
    MANIFEST,
    OutputError,
    atomic_folder,
    check_target,
    content_address,
    package_versions,
    read_manifest,
    write_manifest,
)
from simulation.results.summary import Summary, ledger_audit, run_failures, summarise_record
from simulation.results.tables import arrow_table, daily_table, flows_table
from simulation.scenario.counterfactual import NO_COUNTERFACTUAL, NO_POLICY
from simulation.scenario.config.parameter_sets import cloud_text, hash_with_cloud, read_cloud

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from simulation.day.recorder import Record, RunStop
    from simulation.results.explanation.day_explanation import DayExplanation
    from simulation.results.figures.style import Drawing
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.scenario.scenario import Scenario
    from simulation.values.conventions import Array

DAILY_FILE, FLOWS_FILE, EFFECTS_FILE = "daily.parquet", "flows.parquet", "effects.parquet"
FIGURES_FOLDER, PARAMETER_SETS_FILE = "figures", "parameter_sets.csv"
RUN_NUMBERS_KEY = "run_numbers"
"""Manifest key of the run numbers, present only if they are not 0 to runs - 1."""
KEY_COLUMNS = ("run", "date", "population")
TableIndex = tuple[Any, Any]
"""Row and day of each line of a table."""


def run_folder_name(scenario: str, config_hash: str, runs: int, against: str) -> str:
    """Return the name of a run's folder; a scenario as counterfactual gives a folder of its own."""
    if against not in (NO_POLICY, NO_COUNTERFACTUAL):
        config_hash = sha256(f"{config_hash} {against}".encode()).hexdigest()
    return content_address(scenario, config_hash, runs)


class Result:
    """Results of a batch of runs of one scenario.

    Parameters
    ----------
    record : Record
        The finished simulation.
    command : str, optional
        The command line that produced the results, stored in the manifest.
    cloud : Cloud, optional
        The parameter sets of the runs.
    effects : Effects, optional
        Differences from the counterfactual, run by run.
    no_effects : str, optional
        Why there are no effects although they were asked for.
    """

    def __init__(
        self,
        record: Record,
        command: str | None = None,
        cloud: Cloud | None = None,
        effects: Effects | None = None,
        no_effects: str | None = None,
    ) -> None:
        self.record = record
        self.cloud = cloud
        self.command = command
        self.effects = effects
        self.no_effects = no_effects

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run, seed included."""
        return self.record.scenario

    @property
    def runs(self) -> int:
        """Number of runs, stopped ones included."""
        return len(self.record.runs)

    @cached_property
    def config_hash(self) -> str:
        """SHA-256 of the resolved config with its seed, and of the parameter sets if any."""
        return hash_with_cloud(self.scenario, self.cloud)

    @property
    def name(self) -> str:
        """Default folder name: the scenario and a short hash of config, seed and number of runs."""
        against = NO_POLICY if self.effects is None else self.effects.against
        return run_folder_name(self.scenario.name, self.config_hash, self.runs, against)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Market variables of every run and day, sorted by run and date."""
        return daily_table(self.record)

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Flows of every run, day and population in USD bn, sorted by run, date and population."""
        return flows_table(self.record)

    def summary(self) -> Summary:
        """Return the 10, 50 and 90 % quantiles of every metric over the finished runs.

        Printing it gives a table; `to_dict()` gives JSON-ready values.
        """
        return self._summary

    @cached_property
    def _summary(self) -> Summary:
        return summarise_record(self.record, self.effects, self.no_effects)

    def effect(self) -> pd.DataFrame:
        """Return the effect of the scenario over its counterfactual, run by run with the same news.

        Returns
        -------
        DataFrame
            One row per metric and run that finished in both: run, metric, unit, level, counterfactual, effect.

        Raises
        ------
        OutputError
            If no counterfactual was simulated; the message says why.
        """
        if self.effects is None:
            raise OutputError(self.no_effects or "no counterfactual was simulated: run again with against='no_policy'")
        return self.effects.table()

    @cached_property
    def drawings(self) -> dict[str, Drawing]:
        """The figures by name, each with its plotted data."""
        from simulation.results.figures.charts import draw_figures

        return draw_figures(self.record)

    def explain(self, day: str | date | None = None, run: int = 0, asset: str = "usdjpy") -> DayExplanation:
        """Decompose the price move of an asset on one day into news, orders and their causes.

        Parameters
        ----------
        day : str or date, optional
            A business day such as ``"2025-12-19"``. Default: the day of the asset's largest move in the run.
        run : int
            Number of the run, which is simulated again.
        asset : str
            Asset to explain.

        Raises
        ------
        OutputError
            If there is nothing to explain, or the repeated run differs from these results.
        """
        from simulation.results.explanation.explain import check_matches_record, explain_price_move

        explanation = explain_price_move(self.scenario, day, run, asset, self.cloud)
        check_matches_record(explanation, self.record)
        return explanation

    def plot(self) -> dict[str, Figure]:
        """Return the figures by name; a notebook displays all of them."""
        from simulation.results.figures.charts import Gallery

        return Gallery({name: drawing.figure for name, drawing in self.drawings.items()})

    def save(self, directory: str | Path, force: bool = False, figures: bool = True) -> Path:
        """Write tables, figures and manifest into a folder and return its path.

        The folder is written completely or not at all.

        Parameters
        ----------
        directory : str or Path
            The folder itself, not its parent. Results of the same config are replaced.
        force : bool
            Also replace results of another config.
        figures : bool
            Whether to draw the figures, which take most of the time.

        Raises
        ------
        OutputError
            If the folder holds other files or, without `force`, results of another config.
        """
        target = Path(directory)
        check_target(target, self.config_hash, force)
        with atomic_folder(target) as draft:
            self.write(draft, figures)
        return target

    def write(self, directory: Path, figures: bool = True) -> None:
        """Write tables, figures and manifest into an existing empty folder."""
        self.write_tables(directory)
        if figures:
            from simulation.results.figures.charts import write_figures

            write_figures(self.drawings, directory / FIGURES_FOLDER)
        write_manifest(directory, self.facts())

    def write_tables(self, directory: Path) -> None:
        """Write daily.parquet and flows.parquet, and the parameter sets of the runs if any.

        The same config, seed and runs give the same bytes.
        """
        import pyarrow.parquet as pq

        pq.write_table(arrow_table(self.daily), directory / DAILY_FILE, compression="zstd")
        pq.write_table(arrow_table(self.flows), directory / FLOWS_FILE, compression="zstd")
        if self.effects is not None:
            pq.write_table(arrow_table(self.effects.table()), directory / EFFECTS_FILE, compression="zstd")
        if self.cloud is not None:
            (directory / PARAMETER_SETS_FILE).write_text(cloud_text(self.cloud), encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """Return the manifest entries of these results."""
        return {
            "kind": "run",
            "scenario": self.scenario.name,
            "config_hash": self.config_hash,
            "seed": self.scenario.seed,
            "runs": self.runs,
            **self._run_numbers(),
            "runs_failed": len(self.record.stopped),
            "failures": [failure.to_dict() for failure in run_failures(self.record)],
            "ledger": ledger_audit(self.record),
            "command": self.command,
            "parameter_sets": None if self.cloud is None else self.cloud.name,
            "against": None if self.effects is None else self.effects.against,
            "no_effects": self.no_effects,
            "versions": package_versions(),
            "config": self.scenario.model_dump(mode="json"),
        }

    def _run_numbers(self) -> dict[str, list[int]]:
        """Run numbers if they are not 0 to runs - 1, as for a run repeated from a sweep."""
        numbers = [int(number) for number in self.record.runs]
        return {} if numbers == list(range(self.runs)) else {RUN_NUMBERS_KEY: numbers}

    def __repr__(self) -> str:
        """Return the name, the number of runs and the main methods."""
        return f"<Result {self.name}: {self.runs} runs; .summary() .daily .flows .plot() .save(folder)>"


# Read a stored run


@dataclass(frozen=True)
class RunFolder:
    """A folder of results, as its manifest describes it.

    Attributes
    ----------
    path, manifest
        The folder and its manifest.
    scenario, cloud
        The scenario, and the parameter sets of its runs if any.
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
        """Run numbers; seed and run number determine the random draws. A run from a sweep keeps its number."""
        return [int(number) for number in self.manifest.get(RUN_NUMBERS_KEY, range(self.runs))]

    @property
    def from_zero(self) -> bool:
        """Whether the runs are numbered from 0, as in `carryflow run`."""
        return RUN_NUMBERS_KEY not in self.manifest


def open_run_folder(path: Path) -> RunFolder:
    """Read the manifest of a folder of results.

    Raises
    ------
    OutputError
        If the folder holds no run, its config was edited, or this version does not accept the config.
    """
    manifest = read_manifest(path)
    sets = path / PARAMETER_SETS_FILE
    cloud = replace(read_cloud(sets), name=str(manifest["parameter_sets"])) if sets.is_file() else None
    return RunFolder(path, manifest, scenario_from_manifest(manifest, path, cloud), cloud)


def scenario_from_manifest(manifest: dict[str, Any], folder: Path, cloud: Cloud | None) -> Scenario:
    """Return the scenario of a manifest after checking it against the config hash.

    Raises
    ------
    OutputError
        If the manifest has no config, the config is invalid, or its hash differs.
    """
    from pydantic import ValidationError

    from simulation.scenario.scenario import Scenario

    if "config" not in manifest:
        raise OutputError(
            f"{folder} holds no run: its {MANIFEST} has no key 'config'; "
            "give a folder written by `carryflow run` or `carryflow demo`"
        )
    try:
        scenario = Scenario.model_validate(manifest["config"])
    except ValidationError as error:
        raise OutputError(f"{folder}: this version does not accept the config in {MANIFEST}: {error}") from error
    actual = hash_with_cloud(scenario, cloud)
    if actual != manifest["config_hash"]:
        raise OutputError(
            f"{folder}: the config in {MANIFEST} has the hash {actual[:12]}, but config_hash is "
            f"{str(manifest['config_hash'])[:12]}: the config was edited after the run, or another version wrote it"
        )
    return scenario


def read_run(path: Path) -> Result:
    """Return the results in a folder.

    Raises
    ------
    OutputError
        If the folder holds no run, or its tables are missing or damaged.
    """
    from simulation.day.capital_flows import CapitalFlows
    from simulation.day.recorder import Record

    folder = open_run_folder(path)
    daily, flows = (_table(path / name) for name in (DAILY_FILE, FLOWS_FILE))
    blank = CapitalFlows(folder.scenario).result()
    index = _table_index(daily, blank, folder.numbers), (folder.runs, len(blank.dates))
    market = {name: _filled(daily[name], index, np.nan) for name in daily if name not in KEY_COLUMNS}
    by_population = {str(name): part for name, part in flows.groupby("population", sort=True)}
    record = Record(
        folder.scenario, np.array(folder.numbers), blank.dates,
        {name: market.get(name, np.full(index[1], np.nan)) for name in blank.market},
        {name: _flows(part, blank, folder.numbers) for name, part in by_population.items()},
        blank.roles, _stops(folder), str(folder.manifest.get("parameter_sets") or ""), _audit(folder),
    )  # fmt: skip
    return Result(
        record, folder.manifest.get("command"), folder.cloud, _effects(folder), folder.manifest.get("no_effects")
    )


def _effects(folder: RunFolder) -> Effects | None:
    """The effects that a folder holds; None where no counterfactual was simulated."""
    against = folder.manifest.get("against")
    return None if against is None else effects_from_table(_table(folder.path / EFFECTS_FILE), str(against))


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import ArrowInvalid

    try:
        return pd.read_parquet(path)
    except (OSError, ArrowInvalid) as error:
        raise OutputError(f"{path} is missing or not a valid Parquet file; run the scenario again") from error


def _table_index(table: pd.DataFrame, blank: Record, numbers: list[int]) -> TableIndex:
    """Row and day of every line of a table; run numbers increase with the rows."""
    days = np.searchsorted(blank.dates, table["date"].to_numpy().astype("datetime64[D]"))
    return np.searchsorted(np.array(numbers), table["run"].to_numpy()), days


def _filled(values: pd.Series[float], where: tuple[TableIndex, tuple[int, int]], missing: float) -> Array:
    """A table column as an array, ``(runs, days)``."""
    array = np.full(where[1], missing)
    array[where[0]] = values.to_numpy()
    return array


def _flows(part: pd.DataFrame, blank: Record, numbers: list[int]) -> dict[str, Array]:
    """Flows of one population; zero after a run stopped."""
    where = _table_index(part, blank, numbers), (len(numbers), len(blank.dates))
    return {str(name): _filled(part[name], where, 0.0) for name in part if name not in KEY_COLUMNS}


def _stops(folder: RunFolder) -> dict[int, RunStop]:
    """Stopped runs by row."""
    from simulation.day.recorder import RunStop

    stopped = folder.manifest.get("failures", [])
    if len(stopped) != folder.manifest["runs_failed"]:
        raise OutputError(
            f"{folder.path}: an earlier version wrote this folder without the reasons of its "
            f"{folder.manifest['runs_failed']} stopped runs; run the scenario again"
        )
    row_by_number = {number: row for row, number in enumerate(folder.numbers)}
    return {
        row_by_number[one["run"]]: RunStop(date.fromisoformat(one["date"]), one["reason"], one["message"])
        for one in stopped
    }


def _audit(folder: RunFolder) -> dict[str, Array]:
    """Residuals of each ledger identity; the manifest stores the maximum over runs, so all runs have this value."""
    audit = folder.manifest.get("ledger", {})
    return {name: np.full(folder.runs, np.nan if value is None else value) for name, value in audit.items()}
