"""A sweep from Python: run it, and read its store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.sweeps.execute import Options
from simulation.sweeps.opening import Target
from simulation.sweeps.plan import Plan, plan_of
from simulation.sweeps.running import folder_of, local_pool, run_sweep, worthwhile
from simulation.sweeps.store import read_manifest, read_runs, read_series

if TYPE_CHECKING:
    import pandas as pd

RESULTS = Path("results")


@dataclass(frozen=True)
class SweepStore:
    """The store of a sweep, opened for reading.

    Attributes
    ----------
    folder
        Where it is.
    """

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run, and how far it is."""
        return read_manifest(self.folder)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run, sorted by point and replication; docs/sweeps.md lists the columns."""
        return read_runs(self.folder)

    @cached_property
    def series(self) -> pd.DataFrame:
        """The daily series that were kept."""
        return read_series(self.folder)


def sweep(  # noqa: PLR0913 - the one call that most users make
    plan: str | Path | Plan,
    out: str | Path | None = None,
    *,
    settings: Sequence[str] = (),
    workers: int | None = 1,
    extend: bool = False,
    force: bool = False,
) -> SweepStore:
    """Run a sweep by name, by file or as a plan, and open its store; what the store has is not computed again.

    Parameters
    ----------
    plan : str, Path or Plan
        A shipped sweep's name, a YAML file, or what `plan_of` gives.
    out : str or Path, optional
        Folder of the store; none: the one under ``results/`` that ``carryflow sweep`` uses for the same sweep.
    settings : sequence of str
        Changes to the sweep file such as ``"replications=10"``, as after ``--set``.
    workers : int, optional
        Processes to use; 1 computes in this process, None chooses by the size of the work.  More than one needs the usual
        ``if __name__ == "__main__":`` in a script.
    extend : bool
        Add replications or points to the store in `out`.
    force : bool
        Take over runs of another version of the model's code.

    Returns
    -------
    SweepStore
        Its table of runs, daily series and manifest.

    Raises
    ------
    ConfigError
        With every mistake in the sweep or in the scenarios of its points.
    OutputError
        If the folder holds something else.

    Examples
    --------
    >>> import simulation as cf
    >>> store = cf.sweep("spread_grid", settings=["replications=20"])  # doctest: +SKIP
    >>> store.runs.groupby("point")["unwound_share"].mean()  # doctest: +SKIP
    """
    if isinstance(plan, Plan) and settings:
        raise TypeError("settings apply to a sweep given by name or file; give them to plan_of for a plan")
    wanted = plan if isinstance(plan, Plan) else plan_of(plan, settings)
    folder = RESULTS / folder_of(wanted) if out is None else Path(out)
    count = worthwhile(wanted) if workers is None else workers
    with local_pool(0 if count == 1 else count) as pool:
        run_sweep(wanted, Target(folder, extend, force=force), pool, Options())
    return SweepStore(folder)
