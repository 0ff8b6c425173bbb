"""Load a config: layers, overrides, validation, and every mistake at once."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from pydantic import BaseModel, ValidationError

from simulation.scenario.config.catalog import path_of
from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.explain import explained, in_order, loose_values
from simulation.scenario.config.layers import Layered, layered
from simulation.scenario.config.overrides import overridden
from simulation.scenario.config.shape import resolve
from simulation.scenario.config.tree import KeyPath, Node, Source, descend, key_text, plain, walk, without

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Loaded(Generic[Model]):
    """A valid config and where each of its values comes from.

    Parameters
    ----------
    scenario : BaseModel
        The validated model.
    tree : Node
        What the files and overrides say, defaults not filled in.
    sources : tuple of Source
        The files, lowest layer first; overrides are not among them.
    """

    scenario: Model
    tree: Node
    sources: tuple[Source, ...]

    @property
    def origins(self) -> dict[str, str]:
        """The place that set each value, ``file:line`` or ``--set`` with its text, by key path."""
        leaves = ((path, node) for path, node in walk(self.tree) if not isinstance(node.content, dict))
        return {key_text(path): str(node.head) for path, node in leaves}

    @property
    def hash(self) -> str:
        """The hash of the resolved config."""
        return config_hash(self.scenario)


@overload
def load(name: str | Path, overrides: Iterable[str] = ()) -> "Loaded[Scenario]": ...
@overload
def load(name: str | Path, overrides: Iterable[str] = (), *, root: type[Model], kind: str = ...) -> Loaded[Model]: ...
def load(
    name: str | Path, overrides: Iterable[str] = (), *, root: type[BaseModel] | None = None, kind: str = "scenarios"
) -> Loaded[Any]:
    """Return a config by name or path, validated.

    Parameters
    ----------
    name : str or Path
        Name of a shipped config, or a path (ends in ``.yaml`` or contains a slash).
    overrides : iterable of str
        Texts such as ``boj.meetings[0].decision=50bp``, laid over the file in turn.
    root : type, optional
        Model to validate with; a scenario by default.
    kind : str
        Folder in which names are looked up.

    Raises
    ------
    ConfigError
        With every mistake that was found, in the order of the files.
    """
    model = default_root() if root is None else root
    layers = overlaid(name, overrides, kind)
    return checked(model, layers.tree, layers.sources, layers.problems)


def overlaid(name: str | Path, overrides: Iterable[str], kind: str) -> Layered:
    """Return a config with its overrides, not yet validated, and the mistakes found so far."""
    layers = layered(path_of(kind, name), kind)
    tree, mistakes = overridden(layers.tree, overrides)
    return Layered(tree, layers.sources, (*layers.problems, *mistakes))


def checked(
    model: type[Model], tree: Node, sources: tuple[Source, ...] = (), found: Iterable[Problem] = ()
) -> Loaded[Model]:
    """Return a tree of values as a validated model.

    Parameters
    ----------
    model : type
        Model to validate with.
    tree : Node
        The values.
    sources : tuple of Source
        The files they come from, lowest layer first.
    found : iterable of Problem
        Mistakes found before, to be told with the others.

    Raises
    ------
    ConfigError
        With every mistake, in the order of the files.
    """
    problems = [*found, *loose_values(model, tree)]
    try:
        valid, tree = validated(model, tree)
    except ValidationError as error:
        problems += explained(error, model, tree)
        raise ConfigError(in_order(problems, sources)) from None
    if problems:
        raise ConfigError(in_order(problems, sources))
    return Loaded(valid, tree, sources)


def default_root() -> "type[Scenario]":
    """Return the model of a scenario; imported when wanted, for it brings the whole engine."""
    from simulation.scenario.scenario import Scenario

    return Scenario


def canonical(model: BaseModel) -> str:
    """Return a validated config as JSON that does not depend on layout, comments or the order of keys."""
    dumped = model.model_dump(mode="json", by_alias=True)
    return json.dumps(dumped, sort_keys=True, separators=(",", ":"), allow_nan=False)


def config_hash(model: BaseModel) -> str:
    """Return the sha256, in hexadecimal, of the canonical resolved config."""
    return hashlib.sha256(canonical(model).encode()).hexdigest()


def validated(root: type[Model], tree: Node) -> tuple[Model, Node]:
    """Return the model, and the tree without the inherited tables that a null took away.

    A null over an inherited mapping is handed on where the model takes it (an optional table, a market to be left out);
    where the model refuses it, the key goes.
    """
    try:
        return root.model_validate(plain(tree)), tree
    except ValidationError as error:
        taken_away = _taken_away(error, root, tree)
        if not taken_away:
            raise
    for path in taken_away:
        tree = without(tree, path)
    return root.model_validate(plain(tree)), tree


def _taken_away(error: ValidationError, root: type[BaseModel], tree: Node) -> list[KeyPath]:
    """Return the key paths of nulls over inherited mappings that the model refused."""
    paths = [resolve(root, tree, detail["loc"])[0] for detail in error.errors(include_url=False)]
    nodes = [(path, descend(tree, path)) for path in dict.fromkeys(paths)]
    return [path for path, node in nodes if node is not None and node.removes]
