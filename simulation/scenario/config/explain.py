"""Turn pydantic's findings into mistakes at a place in a file, all of them at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulation.scenario.config.blame import blamed
from simulation.scenario.config.errors import Problem
from simulation.scenario.config.messages import Mistake, Words, not_a_date, not_a_number, words
from simulation.scenario.config.shape import Shape, discriminator_key, leaves, resolve
from simulation.scenario.config.tree import KeyPath, Node, Origin, Source, descend, nearest_node
from simulation.scenario.config.wording import nearest, suggestion


@dataclass(frozen=True)
class _Finding:
    """A mistake with its key path; `wanted` is the required key that an unknown one probably stands for."""

    path: KeyPath
    problem: Problem
    wanted: KeyPath = ()


def explained(error: ValidationError, root: type[BaseModel], tree: Node) -> list[Problem]:
    """Return pydantic's findings as mistakes of the config, without those that follow from a value already reported."""
    details = error.errors(include_url=False)
    missing = {resolve(root, tree, detail["loc"])[0] for detail in details if detail["type"] == "missing"}
    findings = [_finding(detail, root, tree, missing) for detail in details]
    replaced = {finding.wanted for finding in findings if finding is not None and finding.wanted}
    return [item.problem for item in findings if item is not None and item.path not in replaced & missing]


def loose_values(root: type[BaseModel], tree: Node) -> list[Problem]:
    """Return the values that pydantic would convert although they cannot be meant: true as 1, 0 as a date."""
    problems = []
    for path, node, shape in leaves(Shape(root), tree):
        said = _loose(node, shape)
        if said is not None:
            problems.append(node.origin.problem(path, *said))
    return problems


def in_order(problems: Iterable[Problem], sources: Sequence[Source]) -> list[Problem]:
    """Return mistakes by file, line and column, one for each place and key; overrides come last."""
    joined: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        key = (problem.place, problem.key)
        joined[key] = _either(joined[key], problem) if key in joined else problem
    rank = {source.name: index for index, source in enumerate(reversed(sources))}
    last = len(rank)
    return sorted(joined.values(), key=lambda p: (rank.get(p.file, last), p.line or 0, p.column or 0))


def _either(first: Problem, second: Problem) -> Problem:
    """Return one mistake for two findings about the same value, such as the members of a union."""
    if second.message in first.message:
        return first
    return replace(first, message=f"{first.message}; or {second.message}", hint=first.hint or second.hint)


def _finding(detail: ErrorDetails, root: type[BaseModel], tree: Node, missing: set[KeyPath]) -> _Finding | None:
    """Return one of pydantic's findings in place, None where the reader has reported the cause."""
    path, shape = resolve(root, tree, detail["loc"])
    near = nearest_node(tree, path)
    if near.broken or _kind_broken(near, shape):
        return None
    if detail["type"] == "extra_forbidden":
        return _unknown_key(path, resolve(root, tree, detail["loc"][:-1])[1], near, missing)
    mistake = _mistake(detail, descend(tree, path), shape)
    message, hint = words(mistake)
    if detail["loc"][-1:] == ("[key]",):
        return _Finding(path, near.head.problem(path, message, hint))
    if mistake.is_own and isinstance(near.content, dict | list):
        path, message = blamed(tree, path, message)
    if mistake.type == "union_tag_invalid" and near.child(discriminator_key(shape)) is not None:
        path = (*path, discriminator_key(shape))
    return _Finding(path, _place(nearest_node(tree, path), mistake).problem(path, message, hint))


def _mistake(detail: ErrorDetails, node: Node | None, shape: Shape) -> Mistake:
    """Return what the wording of a finding needs; for a finding about a key, the key is the value."""
    if detail["loc"][-1:] == ("[key]",) and node is not None:
        node = replace(node, content=str(detail["loc"][-2]))
    return Mistake(detail["type"], detail["msg"], detail.get("ctx", {}), detail["input"], node, shape)


def _place(node: Node, mistake: Mistake) -> Origin:
    """Return where to point: at the key for what a mapping lacks or holds together, else at the value."""
    container = isinstance(node.content, dict | list) and not mistake.type.endswith("_type")
    return node.head if container else node.origin


def _unknown_key(path: KeyPath, parent: Shape, node: Node, missing: set[KeyPath]) -> _Finding:
    """Return the mistake of a key that the model does not know, with the nearest that it knows."""
    name, known = str(path[-1]), parent.keys
    free = [key for key in known if (*path[:-1], key) in missing] or list(known)
    close = nearest(name, free) or nearest(name, known)
    hint = f"did you mean {close}?" if close else suggestion(name, known)
    wanted = (*path[:-1], close) if close else ()
    return _Finding(path, node.head.problem(path, "unknown key", hint), wanted)


def _kind_broken(node: Node, shape: Shape) -> bool:
    """Return whether the kind of a tagged union could not be read."""
    chosen = node.child(discriminator_key(shape)) if shape.members() else None
    return chosen is not None and chosen.broken


def _loose(node: Node, shape: Shape) -> Words | None:
    """Return what is wrong with a value that pydantic would convert, None where nothing is."""
    value, kind = node.content, shape.kind
    if node.broken or shape.prepares or not isinstance(kind, type):
        return None
    if issubclass(kind, int | float) and kind is not bool and (isinstance(value, bool) or _is_numeric_text(value)):
        return not_a_number(_loosely("int_type" if issubclass(kind, int) else "float_type", node, shape))
    if issubclass(kind, date) and isinstance(value, int | float):
        return not_a_date(_loosely("date_type", node, shape))
    return None


def _loosely(kind: str, node: Node, shape: Shape) -> Mistake:
    """Return a finding that pydantic does not make."""
    return Mistake(kind, "", {}, node.content, node, shape)


def _is_numeric_text(value: object) -> bool:
    """Return whether a value is text that pydantic would read as a number."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True
