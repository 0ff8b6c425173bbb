"""Check a sweep before anything runs: its base scenario, its axes and its points.

Every problem is reported at the line of the sweep file, or at the row of the table, that causes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any

from simulation.results.metrics import EFFECT_PREFIX
from simulation.scenario.config.catalog import is_path
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.formatting import suggest_name
from simulation.scenario.config.loading import LoadedConfig, read_scenario_or_event, validate_config
from simulation.scenario.config.loading import load_scenario_or_event as load_scenario
from simulation.scenario.config.tree import KeyPath, Node, Source, descend, parse_key_path, plain_values
from simulation.scenario.config.validation_errors import sort_problems
from simulation.scenario.counterfactual import effect_obstacle
from simulation.scenario.scenario import SECTOR_NAMES, Scenario
from simulation.sweeps.points import (
    BaseScenario,
    PointValues,
    as_number,
    axis_values,
    canonical_json,
    jsonable,
    normalized_value,
    overlay_values,
    value_node,
    value_with_unit,
)
from simulation.sweeps.run_rows import series_population
from simulation.sweeps.schema import SAMPLED, SEED_IS_NO_AXIS, Range, Sweep

Remarks = tuple[str, ...]

SET_OPTION = "--set "
"""Prefix of the file name of a problem in a setting from the command line."""
MOST_CHECKED = 200
"""Points checked before the sweep starts, about 1 ms each. An invalid point beyond these becomes a failed run."""
NOT_WHOLE = "is not a whole number"


def load_base_scenario(loaded: LoadedConfig[Sweep], folder: Path) -> LoadedConfig[Any]:
    """Return the base scenario of a sweep, with the settings and the seed of the sweep.

    Parameters
    ----------
    loaded
        The sweep.
    folder
        Folder in which files named by the sweep are looked up first.

    Raises
    ------
    ConfigError
        With all problems; those caused by the sweep file carry its lines.
    """
    sweep = loaded.scenario
    try:
        return load_scenario(path_beside_sweep(sweep.scenario, folder), base_settings(sweep))
    except ConfigError as error:
        valid_alone = not base_settings(sweep) or is_valid_without_settings(path_beside_sweep(sweep.scenario, folder))
        raise ConfigError(_locate_in_sweep(problem, loaded, valid_alone) for problem in error.problems) from None


def base_settings(sweep: Sweep) -> tuple[str, ...]:
    """Settings that the sweep applies to the base scenario, including the seed."""
    return (*sweep.settings, *(() if sweep.seed is None else (f"seed={sweep.seed}",)))


def is_valid_without_settings(name: str) -> bool:
    """Whether a scenario is valid without the settings of the sweep."""
    try:
        load_scenario(name, ())
    except ConfigError:
        return False
    return True


def _locate_in_sweep(problem: ConfigProblem, loaded: LoadedConfig[Sweep], valid_alone: bool) -> ConfigProblem:
    """Move a problem of the base scenario to the line of the sweep file that causes it, if the sweep file does."""
    sweep = loaded.scenario
    if problem.line is None and not problem.key and problem.file == sweep.scenario:
        return _problem_at(problem, loaded, ("scenario",))
    if problem.file.startswith(SET_OPTION):
        text = problem.file.removeprefix(SET_OPTION)
        at = ("settings", sweep.settings.index(text)) if text in sweep.settings else ("seed",)
        return _problem_at(problem, loaded, at)
    if not (valid_alone and base_settings(sweep)):
        return problem
    message = f"with these settings {problem.message} (at {problem.place})"
    return _problem_at(replace(problem, message=message), loaded, ("settings",) if sweep.settings else ("seed",))


def _problem_at(problem: ConfigProblem, loaded: LoadedConfig[Sweep], path: KeyPath) -> ConfigProblem:
    """The same problem at a place in the sweep file."""
    node = descend(loaded.tree, path)
    if node is None:
        return problem
    place = node.origin.problem(path, problem.message, problem.hint)
    return replace(place, key=problem.key or place.key)


def serialized_base(loaded: LoadedConfig[Any], sweep: Sweep) -> BaseScenario:
    """Return the base scenario as text that any process can read."""
    from simulation.scenario.event import Event

    kind = "events" if isinstance(loaded.scenario, Event) else "scenarios"
    return BaseScenario(kind, canonical_json(_with_seed(loaded.tree, loaded.scenario.seed)))


def _with_seed(tree: Node, seed: int) -> Any:
    """The config as plain values, always with its seed."""
    content = jsonable(plain_values(tree))
    return {**content, "seed": seed}


def path_beside_sweep(name: str, folder: Path) -> str:
    """Path of a file named by a sweep: in the folder of the sweep if it exists there, otherwise as given."""
    return str(folder / name) if names_a_file(name) and (folder / name).exists() else name


def names_a_file(name: str) -> bool:
    """Whether a text names a file and not a shipped config."""
    return is_path(name) or name.endswith(".parquet")


def check_settings(texts: Iterable[str]) -> None:
    """Reject ``--set`` options meant for the base scenario; ``--set`` changes the sweep file.

    Raises
    ------
    ConfigError
        With the correct option for each of them.
    """
    problems = []
    for text in texts:
        first = text.partition("=")[0].split(".")[0].split("[")[0].strip()
        if first in Scenario.model_fields and first not in Sweep.model_fields:
            message = f"--set changes the sweep file, which has no key {first}"
            cure = f"to change the base scenario write --set 'settings=[\"{text}\"]', together with the settings of the file"
            problems.append(ConfigProblem(f"{SET_OPTION}{text}", None, 1, first, message, cure, text))
    if problems:
        raise ConfigError(problems)


def drop_repeated_values(sweep: Sweep) -> tuple[Sweep, Remarks]:
    """Return the sweep with each value of a list once, and a remark for each repeated value.

    Sampled designs keep repeated values: such a value has twice the weight.
    """
    if sweep.design.kind in SAMPLED:
        return sweep, ()
    axes, remarks = dict(sweep.axes), []
    for key, axis in sweep.axes.items():
        if not isinstance(axis, Range):
            axes[key], repeated = _unique_values(axis)
            remarks += [f"axes.{key}: {_format_value(value)} is listed twice; it is run once" for value in repeated]
    return sweep.model_copy(update={"axes": axes}), tuple(remarks)


def drop_base_points(points: Sequence[PointValues], base: Scenario) -> tuple[list[PointValues], Remarks]:
    """Return the points of a one-at-a-time design except those equal to the base scenario, and a remark for each dropped one.

    Only numbers are compared, because the table of points gives the base value of point 0 only for numeric axes.
    """
    kept, remarks = [], []
    for values in points:
        own = {key: as_number(value_with_unit(base, key)[0]) for key in values}
        if values and all(own[key] is not None and as_number(value) == own[key] for key, value in values.items()):
            remarks += [
                f"axes.{key}: {_format_value(value)} is the value of the base scenario, which point 0 runs"
                for key, value in values.items()
            ]
        else:
            kept.append(values)
    return kept, tuple(remarks)


def overlapping_keys(points: Sequence[PointValues]) -> Iterator[tuple[str, str]]:
    """Yield pairs (whole, part) of keys where `part` lies within `whole` and a point sets both."""
    keys = dict.fromkeys(key for point in points for key in point)
    paths = {key: parse_key_path(key) for key in keys}
    for whole, part in permutations(keys, 2):
        above = paths[whole]
        if paths[part][: len(above)] == above and any(whole in point and part in point for point in points):
            yield whole, part


def _unique_values(values: Sequence[Any]) -> tuple[tuple[Any, ...], list[Any]]:
    """Distinct values in order, and the values that were repeated."""
    seen: dict[str, Any] = {}
    repeated = []
    for value in values:
        name = _comparison_key(value)
        if name in seen:
            repeated.append(value)
        else:
            seen[name] = value
    return tuple(seen.values()), repeated


def _comparison_key(value: Any) -> str:
    number = as_number(value)
    kind = "bp" if isinstance(value, str) else ""
    return canonical_json(normalized_value(jsonable(value))) if number is None else f"{number!r}{kind}"


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(jsonable(value))


@dataclass(frozen=True)
class BaseConfig:
    """The config that point values are applied to, and the model that validates it."""

    root: type[Any]
    tree: Node
    sources: tuple[Source, ...]


def check_points(base: LoadedConfig[Any], loaded: LoadedConfig[Sweep], points: Sequence[PointValues]) -> None:
    """Check each value of each axis with the first value of the other axes, then a spread of points over the design.

    Raises
    ------
    ConfigError
        With all problems: those of an axis at the line of its value in the sweep file, those of a table at its row.
    """
    base_config = BaseConfig(type(base.scenario), base.tree, base.sources)
    problems = [*_overlap_problems(loaded, points), *_single_value_problems(base_config, loaded)]
    if not problems:
        step = -(-len(points) // MOST_CHECKED)
        chosen = [*range(0, len(points), step), len(points) - 1]
        problems = _point_problems(base_config, [point_nodes(loaded, at, points[at]) for at in chosen], loaded)
        problems = [_without_table_column(problem, loaded) for problem in problems]
    if problems:
        # Many rows of a table may have the same problem: only the first is reported.
        ordered = sort_problems(problems, loaded.sources)
        raise ConfigError({(each.line, each.key, each.message): each for each in reversed(ordered)}.values())


def axis_problems(loaded: LoadedConfig[Sweep], folder: Path) -> list[ConfigProblem]:
    """Problems of the axes alone, for a sweep whose base scenario is invalid."""
    try:
        root, layers = read_scenario_or_event(
            path_beside_sweep(loaded.scenario.scenario, folder), base_settings(loaded.scenario)
        )
    except ConfigError:
        return []
    here = {source.name for source in loaded.sources}
    problems = _single_value_problems(BaseConfig(root, layers.tree, layers.sources), loaded)
    return [problem for problem in problems if problem.file in here]


def check_series(base: LoadedConfig[Any], loaded: LoadedConfig[Sweep]) -> None:
    """Reject daily series of yen purchases by a population that the base scenario does not have.

    Raises
    ------
    ConfigError
        With each such series at its line in the sweep file.
    """
    known = [*base.scenario.populations, *SECTOR_NAMES]
    problems = []
    for at, name in enumerate(loaded.scenario.series):
        population = series_population(name)
        if population is not None and population not in known:
            path = ("series", at)
            node = descend(loaded.tree, path)
            assert node is not None, "read from this tree"
            hint = suggest_name(population, known, "populations")
            problems.append(node.origin.problem(path, f"the scenario has no population {population!r}", hint))
    if problems:
        raise ConfigError(problems)


def check_effects(base: LoadedConfig[Any], loaded: LoadedConfig[Sweep]) -> None:
    """Reject effects of policy where the base scenario's given yields contain policy.

    Raises
    ------
    ConfigError
        With each such metric at its line in the sweep file.
    """
    obstacle, problems = effect_obstacle(base.scenario), []
    for at, name in enumerate(loaded.scenario.metrics if obstacle else ()):
        if name.startswith(EFFECT_PREFIX):
            path = ("metrics", at)
            node = descend(loaded.tree, path)
            assert node is not None, "read from this tree"
            problems.append(node.origin.problem(path, f"{name} cannot be measured: {obstacle}"))
    if problems:
        raise ConfigError(problems)


def axis_nodes(loaded: LoadedConfig[Sweep]) -> Iterator[tuple[str, Node]]:
    """Yield each value of a list and both ends of each range, with their places in the sweep file."""
    sampled = loaded.scenario.design.samples is not None
    for key, axis in loaded.scenario.axes.items():
        if isinstance(axis, Range):
            ends = range_ends(axis, sampled)
            places = (("axes", key, "low"), ("axes", key, "high"))
            yield from ((key, _node_in_sweep(loaded, path, value)) for path, value in zip(places, ends, strict=True))
        else:
            yield from (
                (key, _node_in_sweep(loaded, ("axes", key, at), jsonable(value))) for at, value in enumerate(axis)
            )


def range_ends(axis: Range, sampled: bool) -> tuple[Any, Any]:
    """Both ends of a range as config values."""
    values = axis_values(axis if not sampled and axis.steps else axis.model_copy(update={"steps": 2}))
    return values[0], values[-1]


def point_nodes(loaded: LoadedConfig[Sweep], at: int, values: PointValues) -> dict[str, Node]:
    """Values of a point with their places: a row of the table, a value of a list, or a range."""
    sweep = loaded.scenario
    if sweep.design.file is not None:
        return {key: value_node(value, f"{sweep.design.file}: row {at + 1}") for key, value in values.items()}
    return {
        key: _node_in_sweep(loaded, _value_path(sweep.axes[key], key, value), value) for key, value in values.items()
    }


def _value_path(axis: tuple[Any, ...] | Range, key: str, value: Any) -> tuple[str | int, ...]:
    if isinstance(axis, Range):
        return ("axes", key)
    return ("axes", key, [jsonable(item) for item in axis].index(value))


def _node_in_sweep(loaded: LoadedConfig[Sweep], path: tuple[str | int, ...], value: Any) -> Node:
    """A value with its place in the sweep file."""
    node = descend(loaded.tree, path)
    value_alone = value_node(value, "the sweep")
    return value_alone if node is None else _with_origin(value_alone, node)


def _with_origin(value: Node, place: Node) -> Node:
    if isinstance(value.content, dict | list):
        return place
    return Node(value.content, place.origin, place.key_origin)


def _single_value_problems(base_config: BaseConfig, loaded: LoadedConfig[Sweep]) -> list[ConfigProblem]:
    """Problems of single values, each checked with the first value of the other axes."""
    nodes = list(axis_nodes(loaded))
    first = dict(reversed(nodes))
    alone = loaded.scenario.design.kind == "one_at_a_time"
    return _point_problems(base_config, [{**({} if alone else first), key: node} for key, node in nodes], loaded)


def _point_problems(
    base_config: BaseConfig, points: Sequence[Mapping[str, Node]], loaded: LoadedConfig[Sweep]
) -> list[ConfigProblem]:
    problems: list[ConfigProblem] = []
    for values in points:
        tree = base_config.tree
        path_problems: list[ConfigProblem] = []
        for key, node in values.items():
            try:
                tree = overlay_values(tree, {key: node})
            except ConfigError as error:
                # An invalid key path has no place in the base: report it where the key is written.
                path_problems += [
                    node.head.problem((key,), each.message, each.hint) if each.file == key else each
                    for each in error.problems
                ]
        try:
            validate_config(base_config.root, tree, (*base_config.sources, *loaded.sources), path_problems)
        except ConfigError as error:
            problems += [_with_cure(problem, loaded) for problem in error.problems]
    # The values of a range share one place: report a problem there once.
    first = {(problem.place, problem.key): problem for problem in reversed(problems)}
    ordered = sort_problems(first.values(), loaded.sources)
    return list({(problem.file, problem.line, problem.key, problem.message): problem for problem in ordered}.values())


def _with_cure(problem: ConfigProblem, loaded: LoadedConfig[Sweep]) -> ConfigProblem:
    """The problem with a cure if a range gives fractions to a key that takes whole numbers."""
    axis = loaded.scenario.axes.get(problem.key)
    if isinstance(axis, Range) and not axis.whole and NOT_WHOLE in problem.message:
        return replace(problem, hint="write whole: true in the range, which rounds its values")
    return problem


def _without_table_column(problem: ConfigProblem, loaded: LoadedConfig[Sweep]) -> ConfigProblem:
    """The problem without a column number if it lies in a row of a table."""
    file = loaded.scenario.design.file
    return replace(problem, column=None) if file is not None and problem.file.startswith(f"{file}: row ") else problem


def _overlap_problems(loaded: LoadedConfig[Sweep], points: Sequence[PointValues]) -> Iterator[ConfigProblem]:
    """Yield problems of overlapping axes, and of a seed column in a table."""
    file = loaded.scenario.design.file
    if file is not None and any("seed" in values for values in points):
        yield ConfigProblem(file, None, None, "seed", SEED_IS_NO_AXIS)
    for whole, part in overlapping_keys(points):
        message = f"it is a part of {whole}, which the same points also set: one of the two values would be lost"
        cure = f"include it in the values of {whole}, or remove {whole}"
        node = descend(loaded.tree, ("axes", part))
        if node is None:
            yield ConfigProblem(file or "the sweep", None, None, part, message, cure)
        else:
            yield replace(node.head.problem(("axes", part), message, cure), key=part)
