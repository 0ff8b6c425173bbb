"""Investors of one's own, from a notebook or a script: told to this process, without a change of the package.

A kind that is to be found by every command and worker belongs into the package (docs/extending.md).
"""

from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from simulation.investors import REGISTERED, ROSTER
from simulation.investors.population import Population
from simulation.scenario.scenario import Scenario, population_type

Kind = TypeVar("Kind", bound=type[Population])


def register(kind: Kind) -> Kind:
    """Let scenarios of this process hold a population of this kind; also a class decorator.

    Registering a kind of the same name again replaces it, so that a cell of a notebook can be run twice.

    Parameters
    ----------
    kind
        A class derived from `Population`, with ``Parameters`` that name it: ``kind: Literal["treasurers"] = "treasurers"``.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    TypeError
        If it is no population, or its parameters do not name the kind.
    ValueError
        If a shipped kind has this name.
    """
    name = kind_name(kind)
    if name in {kind_name(shipped) for shipped in ROSTER}:
        raise ValueError(f"{name!r} is the name of a shipped kind of investor; choose another for {kind.__name__}")
    REGISTERED[name] = kind
    allow_registered_kinds(Scenario)
    return kind


def kind_name(kind: Any) -> str:
    """The name of a kind, as its parameters state it.

    Raises
    ------
    TypeError
        If the class is no population or its parameters state no name.
    """
    if not (isinstance(kind, type) and issubclass(kind, Population)):
        raise TypeError(f"register takes a class derived from Population, not {kind!r}")
    field = kind.Parameters.model_fields.get("kind")
    names = () if field is None else get_args(field.annotation)
    if len(names) != 1 or field is None or field.default != names[0]:
        raise TypeError(f'{kind.__name__}.Parameters must say: kind: Literal["name"] = "name"')
    return str(names[0])


def allow_registered_kinds(model: type[BaseModel]) -> None:
    """Let the ``populations`` of a model, and of those derived from it, be of every kind known by now."""
    populations: Any = model.model_fields["populations"]
    populations.annotation = dict[str, population_type()]  # type: ignore[misc]
    model.model_rebuild(force=True)
    for derived in model.__subclasses__():
        allow_registered_kinds(derived)
