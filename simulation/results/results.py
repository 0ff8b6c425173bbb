"""Results of a batch of runs: tables, summary, figures, and the folder they are kept in."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.scenario.cloud import cloud_text
from simulation.scenario.config.posterior import hash_with_cloud
from simulation.results.store import check_target, content_address, versions, write_manifest, written_whole
from simulation.results.summary import Summary, failures, ledger_audit, summary_of
from simulation.results.tables import arrow_table, daily_table, flows_table

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    from matplotlib.figure import Figure

    from simulation.scenario.cloud import Cloud
    from simulation.results.explanation.day import DayExplanation
    from simulation.results.figures import Drawing
    from simulation.day.recorder import Record
    from simulation.scenario.scenario import Scenario

DAILY, FLOWS, FIGURES, PARAMETER_SETS = "daily.parquet", "flows.parquet", "figures", "parameter_sets.csv"
RUN_NUMBERS = "run_numbers"
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
    """

    def __init__(self, record: Record, command: str | None = None, cloud: Cloud | None = None) -> None:
        self.record = record
        self.cloud = cloud
        self.command = command

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
        return summary_of(self.record)

    @cached_property
    def drawings(self) -> dict[str, Drawing]:
        """The figures with the numbers they show."""
        from simulation.results.figures import draw

        return draw(self.record)

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
        from simulation.results.explanation.explaining import check_against, explain

        found = explain(self.scenario, day, run, asset, self.cloud)
        check_against(found, self.record)
        return found

    def plot(self) -> dict[str, Figure]:
        """Return the figures by name; a notebook shows them all."""
        from simulation.results.figures import Gallery

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
        with written_whole(target) as draft:
            self.write(draft, figures)
        return target

    def write(self, directory: Path, figures: bool = True) -> None:
        """Write everything into an existing empty folder."""
        self.write_tables(directory)
        if figures:
            from simulation.results.figures import write

            write(self.drawings, directory / FIGURES)
        write_manifest(directory, self.facts())

    def write_tables(self, directory: Path) -> None:
        """Write daily.parquet and flows.parquet, with the same bytes for the same config, seed and runs.

        The parameter sets of the runs, where there are any, are kept beside them, so that the folder can be run again.
        """
        import pyarrow.parquet as pq

        pq.write_table(arrow_table(self.daily), directory / DAILY, compression="zstd")
        pq.write_table(arrow_table(self.flows), directory / FLOWS, compression="zstd")
        if self.cloud is not None:
            (directory / PARAMETER_SETS).write_text(cloud_text(self.cloud), encoding="utf-8")

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
            "failures": [failure.to_dict() for failure in failures(self.record)],
            "ledger": ledger_audit(self.record),
            "command": self.command,
            "parameter_sets": None if self.cloud is None else self.cloud.name,
            "versions": versions(),
            "config": self.scenario.model_dump(mode="json"),
        }

    def _numbers(self) -> dict[str, list[int]]:
        """Numbers of the runs where they do not count from 0, as in a run of a sweep that was rebuilt."""
        numbers = [int(number) for number in self.record.runs]
        return {} if numbers == list(range(self.runs)) else {RUN_NUMBERS: numbers}

    def __repr__(self) -> str:
        """Name the scenario, the runs and where to look further."""
        return f"<Result {self.name}: {self.runs} runs; .summary() .daily .flows .plot() .save(folder)>"
