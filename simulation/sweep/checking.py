"""Check the points of a sweep before anything runs, and put each mistake at its place in the sweep file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simulation.config.errors import ConfigError, Problem
from simulation.config.explain import in_order
from simulation.config.loading import Loaded, checked
from simulation.config.tree import Node, descend
from simulation.config.wording import suggestion
from simulation.consistency import SECTOR_NAMES
from simulation.sweep.daily import population_of
from simulation.sweep.design import Values, jsonable, values_of
from simulation.sweep.points import laid_over, node_of
from simulation.sweep.schema import Range, Sweep

MOST_CHECKED = 200
"""Points that are checked beforehand, about a millisecond each; a point beyond that does not fit becomes a failed run."""


def check_points(base: Loaded[Any], loaded: Loaded[Sweep], points: Sequence[Values]) -> None:
    """Check each value of each axis with the first value of the others, then points spread over the design.

    Raises
    ------
    ConfigError
        With every mistake, those of an axis at the line of its value in the sweep file.
    """
    nodes = list(axis_nodes(loaded))
    first = dict(reversed(nodes))
    alone = loaded.scenario.design.kind == "one_at_a_time"
    problems = _problems(base, [{**({} if alone else first), key: node} for key, node in nodes], loaded)
    if not problems:
        step = -(-len(points) // MOST_CHECKED)
        problems = _problems(base, [*points[::step], points[-1]], loaded)
    if problems:
        raise ConfigError(problems)


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


def _placed(loaded: Loaded[Sweep], path: tuple[str | int, ...], value: Any) -> Node:
    """A value with its place in the sweep file."""
    node = descend(loaded.tree, path)
    made = node_of(value, "the sweep")
    return made if node is None else _moved(made, node)


def _moved(made: Node, place: Node) -> Node:
    if isinstance(made.content, dict | list):
        return place
    return Node(made.content, place.origin, place.key_origin)


def _problems(base: Loaded[Any], points: Sequence[Values], loaded: Loaded[Sweep]) -> list[Problem]:
    found: list[Problem] = []
    for values in points:
        tree = base.tree
        astray: list[Problem] = []
        for key, value in values.items():
            try:
                tree = laid_over(tree, {key: value})
            except ConfigError as error:
                astray += error.problems
        try:
            checked(type(base.scenario), tree, (*base.sources, *loaded.sources), astray)
        except ConfigError as error:
            found += error.problems
    # Both ends of a range stand in one line: a key that is wrong is told once.
    ordered = in_order(found, loaded.sources)
    return list({(problem.file, problem.line, problem.key, problem.message): problem for problem in ordered}.values())
