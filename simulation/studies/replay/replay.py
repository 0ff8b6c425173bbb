"""Replay an event: simulate a historical episode from its dated inputs and compare it with observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulation.compute.ensemble import Progress, run_ensemble
from simulation.scenario.event import Event
from simulation.studies.replay.scores import ReplayRuns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.scenario.config.parameter_sets import Cloud

MOST_CENTRAL_RUNS = 64
"""Largest number of central runs without parameter sets: they differ only in the drawn traits of investors."""


@dataclass(frozen=True)
class Replay(ReplayRuns):
    """A replayed event; see `ReplayRuns` for its attributes."""

    def summary(self) -> str:
        """Return inputs and scores as a printable table."""
        from simulation.studies.replay.tables import replay_text

        return replay_text(self)

    def plot(self) -> Figure:
        """Return a figure with USDJPY simulated and observed, positions and inputs."""
        from simulation.studies.replay.figure import draw_replay

        return draw_replay(self).figure


def run_replay(
    event: Event, runs: int, cloud: Cloud | None = None, workers: int | None = 1, progress: Progress | None = None
) -> Replay:
    """Run an event and return its replay.

    Parameters
    ----------
    event
        The event, including its seed.
    runs
        Runs with drawn news. There are as many central runs with parameter sets, and at most `MOST_CENTRAL_RUNS` without.
    cloud
        Parameter sets: run i of both batches uses set i. None: the event's own parameters in all runs.
    workers
        Processes to use; None chooses by the amount of work.
    progress
        Called with (done, total) runs.
    """
    quiet = event.model_copy(update={"noise": event.noise.model_copy(update={"scale_x": 0.0})})
    count = runs if cloud is not None else min(runs, MOST_CENTRAL_RUNS)
    central = run_ensemble(quiet, count, workers, None, cloud)
    return Replay(event, central, run_ensemble(event, runs, workers, progress, cloud), cloud)


def load_event(name: str | Path, settings: Sequence[str] = (), seed: int | None = None) -> Event:
    """Return an event by name or file, with overrides and an optional new seed.

    Raises
    ------
    ConfigError
        With every error in the file or the overrides.
    """
    from simulation.scenario.config.loading import load

    event = load(name, settings, root=Event, kind="events").scenario
    return event if seed is None else event.model_copy(update={"seed": seed})


def replay_event(
    event: str | Path,
    *,
    runs: int = 100,
    seed: int | None = None,
    settings: Sequence[str] = (),
    posterior: str | Path | Cloud | None = None,
) -> Replay:
    """Replay a historical episode and compare it with observations.

    Parameters
    ----------
    event : str or Path
        Name of a shipped event or a YAML file (docs/events.md).
    runs : int
        Runs with drawn news.
    seed : int, optional
        Replaces the event's seed.
    settings : sequence of str
        Overrides such as ``"populations.carry_funds.stock_usd_bn=125"``, as after ``--set``.
    posterior : str, Path or Cloud, optional
        Calibrated parameter sets by name or file; the bands then include parameter uncertainty.

    Returns
    -------
    Replay
        ``summary()``, ``scores``, ``bands()`` and ``plot()``.

    Examples
    --------
    >>> import simulation as cf
    >>> print(cf.replay_event("august_2024", runs=40).summary())  # doctest: +SKIP
    """
    from simulation.scenario.config.parameter_sets import load_cloud

    cloud = load_cloud(posterior) if isinstance(posterior, str | Path) else posterior
    return run_replay(load_event(event, settings, seed), runs, cloud)
