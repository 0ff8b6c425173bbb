"""Check the points of a sweep before anything runs, and put each mistake at its place in the sweep file or the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.explain import in_order
from simulation.scenario.config.kinds import as_read
from simulation.scenario.config.loading import Loaded, checked
from simulation.scenario.config.tree import Node, Source, descend
from simulation.scenario.config.wording import suggestion
from simulation.scenario.consistency import SECTOR_NAMES
from simulation.sweeps.basing import beside, settings_of
from simulation.sweeps.daily import population_of
from simulation.sweeps.design import Values, jsonable, values_of
from simulation.sweeps.points import laid_over, node_of
from simulation.sweeps.schema import SEED_IS_NO_AXIS, Range, Sweep
from simulation.sweeps.tidying import overlapping

MOST_CHECKED = 200
"""Points that are checked beforehand, about a millisecond each; a point beyond that does not fit becomes a failed run."""
NOT_WHOLE = "is not a whole number"


@dataclass(frozen=True)
class Ground:
    """What the values of points are laid over: a config and the model that it is held against."""

    root: type[Any]
    tree: Node
    sources: tuple[Source, ...]


def check_points(base: Loaded[Any], loaded: Loaded[Sweep], points: Sequence[Values]) -> None:
    """Check each value of each axis with the first value of the others, then points spread over the design.

    Raises
    ------
    ConfigError
        With every mistake, those of an axis at the line of its value in the sweep file, those of a table at its row.
    """
    ground = Ground(type(base.scenario), base.tree, base.sources)
    problems = [*_whole_and_part(loaded, points), *_of_axes(ground, loaded)]
    if not problems:
        step = -(-len(points) // MOST_CHECKED)
        chosen = [*range(0, len(points), step), len(points) - 1]
        problems = _problems(ground, [placed(loaded, at, points[at]) for at in chosen], loaded)
        problems = [_from_table(problem, loaded) for problem in problems]
    if problems:
        # Many rows of a table may have one and the same mistake: the first of them tells it.
        ordered = in_order(problems, loaded.sources)
        raise ConfigError({(each.line, each.key, each.message): each for each in reversed(ordered)}.values())


def problems_of_axes(loaded: Loaded[Sweep], folder: Path) -> list[Problem]:
    """Mistakes that stand in the axes themselves, told although the base scenario cannot be used."""
    try:
        root, layers = as_read(beside(loaded.scenario.scenario, folder), settings_of(loaded.scenario))
    except ConfigError:
        return []
    here = {source.name for source in loaded.sources}
    found = _of_axes(Ground(root, layers.tree, layers.sources), loaded)
    return [problem for problem in found if problem.file in here]


def check_series(base: Loaded[Any], loaded: Loaded[Sweep]) -> None:
    """Refuse a daily series that counts the yen of a population which the base scenario does not have.

    Raises
    ------
    ConfigError
        With every such series, at its line in the sweep file.
    """
    known = [*base.scenario.populations, *SECTOR_NAMES]
    problems = []
    for at, name in enumerate(loaded.scenario.series):
        population = population_of(name)
        if population is not None and population not in known:
            path = ("series", at)
            node = descend(loaded.tree, path)
            assert node is not None, "read from this tree"
            hint = suggestion(population, known, "populations")
            problems.append(node.origin.problem(path, f"the scenario has no population {population!r}", hint))
    if problems:
        raise ConfigError(problems)


def axis_nodes(loaded: Loaded[Sweep]) -> Iterator[tuple[str, Node]]:
    """Every value of a list and both ends of a range, with their places in the sweep file."""
    sampled = loaded.scenario.design.samples is not None
    for key, axis in loaded.scenario.axes.items():
        if isinstance(axis, Range):
            written = ends(axis, sampled)
            places = (("axes", key, "low"), ("axes", key, "high"))
            yield from ((key, _placed(loaded, path, value)) for path, value in zip(places, written, strict=True))
        else:
            yield from ((key, _placed(loaded, ("axes", key, at), jsonable(value))) for at, value in enumerate(axis))


def ends(axis: Range, sampled: bool) -> tuple[Any, Any]:
    """Both ends of a range as values of a config."""
    whole = axis if not sampled and axis.steps else axis.model_copy(update={"steps": 2})
    values = values_of(whole)
    return values[0], values[-1]


def placed(loaded: Loaded[Sweep], at: int, values: Values) -> dict[str, Node]:
    """The values of a point with their places: a row of the table, a value of a list, or the range that made it."""
    sweep = loaded.scenario
    if sweep.design.file is not None:
        return {key: node_of(value, f"{sweep.design.file}: row {at + 1}") for key, value in values.items()}
    return {key: _placed(loaded, _where(sweep.axes[key], key, value), value) for key, value in values.items()}


def _where(axis: tuple[Any, ...] | Range, key: str, value: Any) -> tuple[str | int, ...]:
    if isinstance(axis, Range):
        return ("axes", key)
    return ("axes", key, [jsonable(item) for item in axis].index(value))


def _placed(loaded: Loaded[Sweep], path: tuple[str | int, ...], value: Any) -> Node:
    """A value with its place in the sweep file."""
    node = descend(loaded.tree, path)
    made = node_of(value, "the sweep")
    return made if node is None else _moved(made, node)


def _moved(made: Node, place: Node) -> Node:
    if isinstance(made.content, dict | list):
        return place
    return Node(made.content, place.origin, place.key_origin)


def _of_axes(ground: Ground, loaded: Loaded[Sweep]) -> list[Problem]:
    """Mistakes of single values, each with the first value of the other axes."""
    nodes = list(axis_nodes(loaded))
    first = dict(reversed(nodes))
    alone = loaded.scenario.design.kind == "one_at_a_time"
    return _problems(ground, [{**({} if alone else first), key: node} for key, node in nodes], loaded)


def _problems(ground: Ground, points: Sequence[Mapping[str, Node]], loaded: Loaded[Sweep]) -> list[Problem]:
    found: list[Problem] = []
    for values in points:
        tree = ground.tree
        astray: list[Problem] = []
        for key, node in values.items():
            try:
                tree = laid_over(tree, {key: node})
            except ConfigError as error:
                # A key that is no path has no place but the one where it is written.
                astray += [
                    node.head.problem((key,), each.message, each.hint) if each.file == key else each
                    for each in error.problems
                ]
        try:
            checked(ground.root, tree, (*ground.sources, *loaded.sources), astray)
        except ConfigError as error:
            found += [_with_cure(problem, loaded) for problem in error.problems]
    # A range makes many values in one place: what is wrong there is told once.
    first = {(problem.place, problem.key): problem for problem in reversed(found)}
    ordered = in_order(first.values(), loaded.sources)
    return list({(problem.file, problem.line, problem.key, problem.message): problem for problem in ordered}.values())


def _with_cure(problem: Problem, loaded: Loaded[Sweep]) -> Problem:
    """A mistake with what to write where a range gives fractions to a key that counts."""
    axis = loaded.scenario.axes.get(problem.key)
    if isinstance(axis, Range) and not axis.whole and NOT_WHOLE in problem.message:
        return replace(problem, hint="write whole: true in the range, which rounds its values")
    return problem


def _from_table(problem: Problem, loaded: Loaded[Sweep]) -> Problem:
    """A mistake in a row of a table, which has no columns to count."""
    file = loaded.scenario.design.file
    return replace(problem, column=None) if file is not None and problem.file.startswith(f"{file}: row ") else problem


def _whole_and_part(loaded: Loaded[Sweep], points: Sequence[Values]) -> Iterator[Problem]:
    """Axes of which one is a part of another, and the seed in a table."""
    file = loaded.scenario.design.file
    if file is not None and any("seed" in values for values in points):
        yield Problem(file, None, None, "seed", SEED_IS_NO_AXIS)
    for whole, part in overlapping(points):
        message = f"it is a part of {whole}, which the same points set as a whole: one of the two would be lost"
        cure = f"write it into the values of {whole}, or leave {whole} out"
        node = descend(loaded.tree, ("axes", part))
        if node is None:
            yield Problem(file or "the sweep", None, None, part, message, cure)
        else:
            yield replace(node.head.problem(("axes", part), message, cure), key=part)
