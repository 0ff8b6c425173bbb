"""Replay an event that is asked for by name or file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulation.scenario.event import Event
from simulation.studies.replay.replay import Replay, replay

if TYPE_CHECKING:
    from simulation.scenario.cloud import Cloud


def load_event(name: str | Path, settings: Sequence[str] = (), seed: int | None = None) -> Event:
    """Return an event by name or file, with changes and, where one is given, another seed.

    Raises
    ------
    ConfigError
        With every mistake that was found.
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
    """Replay an episode of history and hold it against what was observed.

    Parameters
    ----------
    event : str or Path
        A shipped event's name or a YAML file (docs/events.md).
    runs : int
        Runs with drawn news.
    seed : int, optional
        Replaces the event's seed.
    settings : sequence of str
        Overrides such as ``"populations.carry_funds.stock_usd_bn=125"``, as after ``--set``.
    posterior : str, Path or Cloud, optional
        Calibrated parameter sets by name or file; the bands then carry their uncertainty.

    Returns
    -------
    Replay
        ``summary()``, ``scores``, ``bands()`` and ``plot()``.

    Examples
    --------
    >>> import simulation as cf
    >>> print(cf.replay_event("august_2024", runs=40).summary())  # doctest: +SKIP
    """
    from simulation.scenario.config.posterior import load_cloud

    cloud = load_cloud(posterior) if isinstance(posterior, str | Path) else posterior
    return replay(load_event(event, settings, seed), runs, cloud)
