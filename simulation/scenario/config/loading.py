"""Loading of a scenario or an event: layers, overrides and validation, with all problems reported together."""

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
    """A valid config and the origin of each value.

    Parameters
    ----------
    scenario : BaseModel
        The validated model.
    tree : Node
        Values of files and overrides, without defaults.
    sources : tuple of Source
        The files, lowest layer first, without overrides.
    """

    scenario: Model
    tree: Node
    sources: tuple[Source, ...]

    @property
    def origins(self) -> dict[str, str]:
        """Origin of each value by key path: ``file:line`` or the ``--set`` text."""
        leaves = ((path, node) for path, node in walk(self.tree) if not isinstance(node.content, dict))
        return {key_text(path): str(node.head) for path, node in leaves}

    @property
    def hash(self) -> str:
        """SHA-256 of the resolved config, in hexadecimal."""
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
    """Load and validate a config given by name or path.

    Parameters
    ----------
    name : str or Path
        Name of a shipped config, or a path (it ends in ``.yaml`` or contains a slash).
    overrides : iterable of str
        Texts such as ``boj.meetings[0].decision=50bp``, applied in order.
    root : type, optional
        Model of the config; default: a scenario.
    kind : str
        Kind of shipped file that names refer to.

    Raises
    ------
    ConfigError
        With all problems, in the order of the files.
    """
    model = scenario_model() if root is None else root
    layers = read_with_overrides(name, overrides, kind)
    return validate_config(model, layers.tree, layers.sources, layers.problems)


def read_with_overrides(name: str | Path, overrides: Iterable[str], kind: str) -> LayeredConfig:
    """Read a config with its overrides, without validation, and the problems found so far."""
    layers = read_layers(find_file(kind, name), kind)
    tree, problems = apply_overrides(layers.tree, overrides)
    return LayeredConfig(tree, layers.sources, (*layers.problems, *problems))


def validate_config(
    model: type[Model], tree: Node, sources: tuple[Source, ...] = (), found: Iterable[ConfigProblem] = ()
) -> LoadedConfig[Model]:
    """Validate a tree of values.

    Parameters
    ----------
    model : type
        Model of the config.
    tree : Node
        The values.
    sources : tuple of Source
        Files of the values, lowest layer first.
    found : iterable of ConfigProblem
        Problems found before, reported together with the new ones.

    Raises
    ------
    ConfigError
        With all problems, in the order of the files.
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
    """Return the model of a scenario; imported on first use because it imports the whole engine."""
    from simulation.scenario.scenario import Scenario

    return Scenario


def canonical_json(model: BaseModel) -> str:
    """Return a validated config as JSON, independent of layout, comments and the order of keys."""
    dumped = model.model_dump(mode="json", by_alias=True)
    return json.dumps(dumped, sort_keys=True, separators=(",", ":"), allow_nan=False)


def config_hash(model: BaseModel) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of a config."""
    return hashlib.sha256(canonical_json(model).encode()).hexdigest()


def validate_tree(root: type[Model], tree: Node) -> tuple[Model, Node]:
    """Return the validated model, and the tree without keys that a null removes.

    A null over an inherited mapping is kept if the model accepts it (an optional table, an omitted market); otherwise the
    key is removed.
    """
    try:
        return root.model_validate(plain_values(tree)), tree
    except ValidationError as error:
        rejected = _rejected_nulls(error, root, tree)
        if not rejected:
            raise
    for path in rejected:
        tree = without_key(tree, path)
    return root.model_validate(plain_values(tree)), tree


def _rejected_nulls(error: ValidationError, root: type[BaseModel], tree: Node) -> list[KeyPath]:
    """Return the key paths of nulls over inherited mappings that the model rejects."""
    paths = [resolve_location(root, tree, detail["loc"])[0] for detail in error.errors(include_url=False)]
    nodes = [(path, descend(tree, path)) for path in dict.fromkeys(paths)]
    return [path for path, node in nodes if node is not None and node.removes]


EVENT_KEYS = frozenset({"observed", "accept", "unwound_of"})
"""Keys that only an event has."""


def is_event(name: str) -> bool:
    """Whether a name or file is an event; an unreadable file counts as a scenario."""
    if not is_path(name):
        return name in shipped_files("events") and name not in shipped_files("scenarios")
    try:
        layers = read_layers(find_file("events", name), "events")
    except ConfigError:
        return False
    content = layers.tree.content
    return extends_event(layers) or (isinstance(content, dict) and bool(EVENT_KEYS & content.keys()))


def extends_event(layers: LayeredConfig) -> bool:
    """Whether a file extends, directly or indirectly, a shipped event or a base of events."""
    shipped = {display_path(path) for path in shipped_and_base_files("events").values()}
    names_base = not any(problem.key == EXTENDS for problem in layers.problems)
    return names_base and any(source.name in shipped for source in layers.sources)


def read_scenario_or_event(name: str, settings: Sequence[str]) -> tuple[type[Any], LayeredConfig]:
    """The model and the values of a scenario or event, without validation."""
    if not is_event(name):
        return scenario_model(), read_with_overrides(name, settings, "scenarios")
    from simulation.scenario.event import Event

    return Event, read_with_overrides(name, settings, "events")


def load_scenario_or_event(name: str, settings: Sequence[str]) -> LoadedConfig[Any]:
    """Load a scenario or an event by name or path."""
    if not is_event(name):
        return load(name, settings)
    from simulation.scenario.event import Event

    return load(name, settings, root=Event, kind="events")
