"""Load a config: layers, overrides, validation, and every mistake at once.

Tell a scenario from an event: shipped names by their folder, files by what they say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from pydantic import BaseModel, ValidationError

from simulation.scenario.config.catalog import find_file, is_path, shipped_and_base_files, shipped_files
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.field_schema import resolve_location
from simulation.scenario.config.layers import EXTENDS, LayeredConfig, apply_overrides, read_layers
from simulation.scenario.config.tree import KeyPath, Node, Source, descend, key_text, plain_values, walk, without_key
from simulation.scenario.config.validation_errors import sort_problems, type_problems, validation_problems
from simulation.scenario.config.yaml_reader import display_path

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class LoadedConfig(Generic[Model]):
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
def load(name: str | Path, overrides: Iterable[str] = ()) -> LoadedConfig[Scenario]: ...
@overload
def load(
    name: str | Path, overrides: Iterable[str] = (), *, root: type[Model], kind: str = ...
) -> LoadedConfig[Model]: ...
def load(
    name: str | Path, overrides: Iterable[str] = (), *, root: type[BaseModel] | None = None, kind: str = "scenarios"
) -> LoadedConfig[Any]:
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
    model = scenario_model() if root is None else root
    layers = read_with_overrides(name, overrides, kind)
    return validate_config(model, layers.tree, layers.sources, layers.problems)


def read_with_overrides(name: str | Path, overrides: Iterable[str], kind: str) -> LayeredConfig:
    """Return a config with its overrides, not yet validated, and the mistakes found so far."""
    layers = read_layers(find_file(kind, name), kind)
    tree, mistakes = apply_overrides(layers.tree, overrides)
    return LayeredConfig(tree, layers.sources, (*layers.problems, *mistakes))


def validate_config(
    model: type[Model], tree: Node, sources: tuple[Source, ...] = (), found: Iterable[ConfigProblem] = ()
) -> LoadedConfig[Model]:
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
    problems = [*found, *type_problems(model, tree)]
    try:
        valid, tree = validate_tree(model, tree)
    except ValidationError as error:
        problems += validation_problems(error, model, tree)
        raise ConfigError(sort_problems(problems, sources)) from None
    if problems:
        raise ConfigError(sort_problems(problems, sources))
    return LoadedConfig(valid, tree, sources)


def scenario_model() -> type[Scenario]:
    """Return the model of a scenario; imported when wanted, for it brings the whole engine."""
    from simulation.scenario.scenario import Scenario

    return Scenario


def canonical_json(model: BaseModel) -> str:
    """Return a validated config as JSON that does not depend on layout, comments or the order of keys."""
    dumped = model.model_dump(mode="json", by_alias=True)
    return json.dumps(dumped, sort_keys=True, separators=(",", ":"), allow_nan=False)


def config_hash(model: BaseModel) -> str:
    """Return the sha256, in hexadecimal, of the canonical resolved config."""
    return hashlib.sha256(canonical_json(model).encode()).hexdigest()


def validate_tree(root: type[Model], tree: Node) -> tuple[Model, Node]:
    """Return the model, and the tree without the inherited tables that a null took away.

    A null over an inherited mapping is handed on where the model takes it (an optional table, a market to be left out);
    where the model refuses it, the key goes.
    """
    try:
        return root.model_validate(plain_values(tree)), tree
    except ValidationError as error:
        taken_away = _rejected_nulls(error, root, tree)
        if not taken_away:
            raise
    for path in taken_away:
        tree = without_key(tree, path)
    return root.model_validate(plain_values(tree)), tree


def _rejected_nulls(error: ValidationError, root: type[BaseModel], tree: Node) -> list[KeyPath]:
    """Return the key paths of nulls over inherited mappings that the model refused."""
    paths = [resolve_location(root, tree, detail["loc"])[0] for detail in error.errors(include_url=False)]
    nodes = [(path, descend(tree, path)) for path in dict.fromkeys(paths)]
    return [path for path, node in nodes if node is not None and node.removes]


EVENT_KEYS = frozenset({"observed", "accept", "unwound_of"})
"""Keys that only an event has."""


def is_event(name: str) -> bool:
    """Whether a name or a file stands for an event; a file that cannot be read counts as a scenario."""
    if not is_path(name):
        return name in shipped_files("events") and name not in shipped_files("scenarios")
    try:
        found = read_layers(find_file("events", name), "events")
    except ConfigError:
        return False
    content = found.tree.content
    return extends_event(found) or (isinstance(content, dict) and bool(EVENT_KEYS & content.keys()))


def extends_event(found: LayeredConfig) -> bool:
    """Whether a file names, at first or second hand, a shipped event or a base of events as what it extends."""
    shipped = {display_path(path) for path in shipped_and_base_files("events").values()}
    named_one = not any(problem.key == EXTENDS for problem in found.problems)
    return named_one and any(source.name in shipped for source in found.sources)


def read_scenario_or_event(name: str, settings: Sequence[str]) -> tuple[type[Any], LayeredConfig]:
    """The model and the values of a scenario or an event, not yet validated."""
    if not is_event(name):
        return scenario_model(), read_with_overrides(name, settings, "scenarios")
    from simulation.scenario.event import Event

    return Event, read_with_overrides(name, settings, "events")


def load_scenario_or_event(name: str, settings: Sequence[str]) -> LoadedConfig[Any]:
    """A scenario or an event by name or path, checked as what it is."""
    if not is_event(name):
        return load(name, settings)
    from simulation.scenario.event import Event

    return load(name, settings, root=Event, kind="events")
