"""The base scenario of a sweep, with its mistakes told at the lines of the sweep file that cause them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulation.scenario.config.catalog import is_path
from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.kinds import loaded as load_scenario
from simulation.scenario.config.loading import Loaded
from simulation.scenario.config.tree import KeyPath, Node, descend, plain
from simulation.sweeps.design import jsonable
from simulation.sweeps.points import Base, text_of
from simulation.sweeps.schema import Sweep

GIVEN = "--set "
"""How the place of a setting begins in a mistake."""


def based(loaded: Loaded[Sweep], folder: Path) -> Loaded[Any]:
    """The base scenario as loaded, with its settings and the seed of the sweep.

    Parameters
    ----------
    loaded
        The sweep.
    folder
        Where files that it names are looked up first.

    Raises
    ------
    ConfigError
        With every mistake, those that the sweep file causes at its lines.
    """
    sweep = loaded.scenario
    try:
        return load_scenario(beside(sweep.scenario, folder), settings_of(sweep))
    except ConfigError as error:
        sound = not settings_of(sweep) or stands_alone(beside(sweep.scenario, folder))
        raise ConfigError(_in_sweep(problem, loaded, sound) for problem in error.problems) from None


def settings_of(sweep: Sweep) -> tuple[str, ...]:
    """What is laid over the base scenario."""
    return (*sweep.settings, *(() if sweep.seed is None else (f"seed={sweep.seed}",)))


def stands_alone(name: str) -> bool:
    """Whether a scenario is valid without the settings of the sweep."""
    try:
        load_scenario(name, ())
    except ConfigError:
        return False
    return True


def _in_sweep(problem: Problem, loaded: Loaded[Sweep], sound: bool) -> Problem:
    """A mistake of the base scenario where the sweep file causes it; as it is where the scenario's own file does."""
    sweep = loaded.scenario
    if problem.line is None and not problem.key and problem.file == sweep.scenario:
        return _moved(problem, loaded, ("scenario",))
    if problem.file.startswith(GIVEN):
        text = problem.file.removeprefix(GIVEN)
        at = ("settings", sweep.settings.index(text)) if text in sweep.settings else ("seed",)
        return _moved(problem, loaded, at)
    if not (sound and settings_of(sweep)):
        return problem
    message = f"with these settings {problem.message} (it stands at {problem.place})"
    return _moved(replace(problem, message=message), loaded, ("settings",) if sweep.settings else ("seed",))


def _moved(problem: Problem, loaded: Loaded[Sweep], path: KeyPath) -> Problem:
    """A mistake at a place in the sweep file."""
    node = descend(loaded.tree, path)
    if node is None:
        return problem
    place = node.origin.problem(path, problem.message, problem.hint)
    return replace(place, key=problem.key or place.key)


def base_of(loaded: Loaded[Any], sweep: Sweep) -> Base:
    """The base as text that any process can read."""
    from simulation.scenario.event import Event

    kind = "events" if isinstance(loaded.scenario, Event) else "scenarios"
    return Base(kind, text_of(_with_seed(loaded.tree, loaded.scenario.seed)))


def _with_seed(tree: Node, seed: int) -> Any:
    """The config as plain values; the seed stands in it even where it is the default."""
    content = jsonable(plain(tree))
    return {**content, "seed": seed}


def beside(name: str, folder: Path) -> str:
    """A file that a sweep names: beside the sweep where there is one, else as given."""
    return str(folder / name) if is_named_file(name) and (folder / name).exists() else name


def is_named_file(name: str) -> bool:
    """Whether a text names a file and no shipped config."""
    return is_path(name) or name.endswith(".parquet")


def check_settings(texts: Iterable[str]) -> None:
    """Refuse settings after --set that are meant for the base scenario: they change the sweep file.

    Raises
    ------
    ConfigError
        With how to write each of them.
    """
    from simulation.scenario.scenario import Scenario

    problems = []
    for text in texts:
        first = text.partition("=")[0].split(".")[0].split("[")[0].strip()
        if first in Scenario.model_fields and first not in Sweep.model_fields:
            message = f"--set changes the sweep file, which has no key {first}"
            cure = f"for its base scenario write --set 'settings=[\"{text}\"]', with the settings of the file if it has any"
            problems.append(Problem(f"{GIVEN}{text}", None, 1, first, message, cure, text))
    if problems:
        raise ConfigError(problems)
