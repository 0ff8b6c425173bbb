"""Results of a batch of runs: tables, summary, figures, and the folder they are kept in.

A folder that `carryflow run` wrote, read back: its scenario, and its results as if just simulated.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from simulation.scenario.config.parameter_sets import cloud_text
from simulation.scenario.config.parameter_sets import hash_with_cloud
from simulation.results.output_folder import check_target, content_address, package_versions, write_manifest, atomic_folder
from simulation.results.summary import Summary, run_failures, ledger_audit, summarise_record
from simulation.results.tables import arrow_table, daily_table, flows_table
from dataclasses import dataclass, replace
from datetime import date
import numpy as np
import pandas as pd
from simulation.day.capital_flows import CapitalFlows
from simulation.scenario.config.parameter_sets import read_cloud
from simulation.day.recorder import Record, RunStop
from simulation.results.output_folder import OutputError, read_manifest

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from simulation.scenario.config.parameter_sets import Cloud
    from simulation.results.explanation.day_explanation import DayExplanation
    from simulation.results.figures.style import Drawing
    from simulation.scenario.scenario import Scenario
    from simulation.values.conventions import Array

DAILY_FILE, FLOWS_FILE, FIGURES_FOLDER, PARAMETER_SETS_FILE = "daily.parquet", "flows.parquet", "figures", "parameter_sets.csv"
RUN_NUMBERS_KEY = "run_numbers"
"""Key of a manifest whose runs are not numbered from 0."""


class Result:
    """What a batch of runs of one scenario gave.

    Parameters
    ----------
    record : Record
        The finished simulation.
    command : str, optional
        The command line that made it, kept in the manifest.
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
        """Hash of the resolved config, seed included, and of the parameter sets if there are any."""
        return hash_with_cloud(self.scenario, self.cloud)

    @property
    def name(self) -> str:
        """Name of the folder these results belong in: scenario and a short hash of config, seed and runs."""
        return content_address(self.scenario.name, self.config_hash, self.runs)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """The market of every run and day, sorted by run and date."""
        return daily_table(self.record)

    @cached_property
    def flows(self) -> pd.DataFrame:
        """The flows of every run, day and population in $bn, sorted by run, date and population."""
        return flows_table(self.record)

    def summary(self) -> Summary:
        """Bands of every metric over the finished runs; print it for a table, `to_dict()` for JSON."""
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
        """The figures with the numbers they show."""
        from simulation.results.figures.charts import draw_figures

        return draw_figures(self.record)

    def explain(self, day: str | date | None = None, run: int = 0, asset: str = "usdjpy") -> DayExplanation:
        """Say who sold on a day of a run, by which rule, and what it did to a price.

        Parameters
        ----------
        day : str or date, optional
            A business day such as ``"2025-12-19"``; the day of the asset's largest move in the run if none is given.
        run : int
            Number of the run; it is simulated again, bit for bit.
        asset : str
            Asset whose move is taken apart.

        Raises
        ------
        OutputError
            If there is nothing to explain, or the run comes out otherwise than it is recorded here.
        """
        from simulation.results.explanation.explain import check_matches_record, explain_price_move

        found = explain_price_move(self.scenario, day, run, asset, self.cloud)
        check_matches_record(found, self.record)
        return found

    def plot(self) -> dict[str, Figure]:
        """Return the figures by name; a notebook shows them all."""
        from simulation.results.figures.charts import Gallery

        return Gallery({name: drawing.figure for name, drawing in self.drawings.items()})

    def save(self, directory: str | Path, force: bool = False, figures: bool = True) -> Path:
        """Write tables, figures and manifest into a folder, whole or not at all, and return it.

        Parameters
        ----------
        directory : str or Path
            The folder itself, not its parent. Results of the same config in it are replaced.
        force : bool
            Replace results of another config too.
        figures : bool
            Whether to draw the figures, the slowest part.

        Raises
        ------
        OutputError
            If the folder holds something that would be lost.
        """
        target = Path(directory)
        check_target(target, self.config_hash, force)
        with atomic_folder(target) as draft:
            self.write(draft, figures)
        return target

    def write(self, directory: Path, figures: bool = True) -> None:
        """Write everything into an existing empty folder."""
        self.write_tables(directory)
        if figures:
            from simulation.results.figures.charts import write_figures

            write_figures(self.drawings, directory / FIGURES_FOLDER)
        write_manifest(directory, self.facts())

    def write_tables(self, directory: Path) -> None:
        """Write daily.parquet and flows.parquet, with the same bytes for the same config, seed and runs.

        The parameter sets of the runs, where there are any, are kept beside them, so that the folder can be run again.
        """
        import pyarrow.parquet as pq

        pq.write_table(arrow_table(self.daily), directory / DAILY_FILE, compression="zstd")
        pq.write_table(arrow_table(self.flows), directory / FLOWS_FILE, compression="zstd")
        if self.cloud is not None:
            (directory / PARAMETER_SETS_FILE).write_text(cloud_text(self.cloud), encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """What a manifest says of these results."""
        return {
            "kind": "run",
            "scenario": self.scenario.name,
            "config_hash": self.config_hash,
            "seed": self.scenario.seed,
            "runs": self.runs,
            **self._numbers(),
            "runs_failed": len(self.record.stopped),
            "failures": [failure.to_dict() for failure in run_failures(self.record)],
            "ledger": ledger_audit(self.record),
            "command": self.command,
            "parameter_sets": None if self.cloud is None else self.cloud.name,
            "versions": package_versions(),
            "config": self.scenario.model_dump(mode="json"),
        }

    def _numbers(self) -> dict[str, list[int]]:
        """Numbers of the runs where they do not count from 0, as in a run of a sweep that was rebuilt."""
        numbers = [int(number) for number in self.record.runs]
        return {} if numbers == list(range(self.runs)) else {RUN_NUMBERS_KEY: numbers}

    def __repr__(self) -> str:
        """Name the scenario, the runs and where to look further."""
        return f"<Result {self.name}: {self.runs} runs; .summary() .daily .flows .plot() .save(folder)>"


KEY_COLUMNS = ("run", "date", "population")


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
        return [int(number) for number in self.manifest.get(RUN_NUMBERS_KEY, range(self.runs))]

    @property
    def from_zero(self) -> bool:
        """Whether its runs are numbered from 0, as those of `carryflow run` are."""
        return RUN_NUMBERS_KEY not in self.manifest


def open_run_folder(path: Path) -> RunFolder:
    """Read what a folder's manifest says was run.

    Raises
    ------
    OutputError
        If the folder holds no run, or its config was edited after the run or is refused by this version.
    """
    manifest = read_manifest(path)
    kept = path / PARAMETER_SETS_FILE
    cloud = replace(read_cloud(kept), name=str(manifest["parameter_sets"])) if kept.is_file() else None
    return RunFolder(path, manifest, scenario_from_manifest(manifest, path, cloud), cloud)


def scenario_from_manifest(manifest: dict[str, Any], folder: Path, cloud: Cloud | None) -> Scenario:
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
    folder = open_run_folder(path)
    daily, flows = (_table(path / name) for name in (DAILY_FILE, FLOWS_FILE))
    blank = CapitalFlows(folder.scenario).result()
    places = _table_index(daily, blank, folder.numbers), (folder.runs, len(blank.dates))
    market = {name: _filled(daily[name], places, np.nan) for name in daily if name not in KEY_COLUMNS}
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


TableIndex = tuple[Any, Any]


def _table_index(table: pd.DataFrame, blank: Record, numbers: list[int]) -> TableIndex:
    """Row and day of every line of a table; run numbers rise with the rows."""
    days = np.searchsorted(blank.dates, table["date"].to_numpy().astype("datetime64[D]"))
    return np.searchsorted(np.array(numbers), table["run"].to_numpy()), days


def _filled(values: pd.Series[float], where: tuple[TableIndex, tuple[int, int]], missing: float) -> Array:
    """A column as ``(runs, days)``."""
    whole = np.full(where[1], missing)
    whole[where[0]] = values.to_numpy()
    return whole


def _flows(part: pd.DataFrame, blank: Record, numbers: list[int]) -> dict[str, Array]:
    """The flows of one population; nothing flows in a stopped run."""
    where = _table_index(part, blank, numbers), (len(numbers), len(blank.dates))
    return {str(name): _filled(part[name], where, 0.0) for name in part if name not in KEY_COLUMNS}


def _stops(folder: RunFolder) -> dict[int, RunStop]:
    """Stopped runs by row."""
    stopped = folder.manifest.get("failures", [])
    if len(stopped) != folder.manifest["runs_failed"]:
        raise OutputError(
            f"{folder.path}: an earlier version wrote it, without the reasons of its {folder.manifest['runs_failed']} "
            "stopped runs; run the scenario again"
        )
    row_of = {number: row for row, number in enumerate(folder.numbers)}
    return {row_of[one["run"]]: RunStop(date.fromisoformat(one["date"]), one["reason"], one["message"]) for one in stopped}


def _audit(folder: RunFolder) -> dict[str, Array]:
    """Largest residual of each ledger identity, the same number for every run: the folder holds the largest of all."""
    kept = folder.manifest.get("ledger", {})
    return {name: np.full(folder.runs, np.nan if value is None else value) for name, value in kept.items()}
