"""Registration of user-defined kinds of investors for the current process, from a notebook or a script.

To make a kind available to all commands and worker processes, add it to the package (docs/extending.md).
"""

from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from simulation.investors import REGISTERED, ROSTER
from simulation.investors.population import Population
from simulation.scenario.scenario import Scenario, population_type

Kind = TypeVar("Kind", bound=type[Population])


def register(kind: Kind) -> Kind:
    """Register a kind of investor for scenarios in this process; also usable as a class decorator.

    Registering the same name again replaces the kind, so a notebook cell can be run twice.

    Parameters
    ----------
    kind
        A class derived from `Population` whose ``Parameters`` name it: ``kind: Literal["treasurers"] = "treasurers"``.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    TypeError
        If the class is not derived from `Population`, or its parameters do not name the kind.
    ValueError
        If the name is that of a shipped kind.
    """
    name = kind_name(kind)
    if name in {kind_name(shipped) for shipped in ROSTER}:
        raise ValueError(f"{name!r} is the name of a shipped kind of investor; choose another name for {kind.__name__}")
    REGISTERED[name] = kind
    allow_registered_kinds(Scenario)
    return kind


def kind_name(kind: Any) -> str:
    """The name of a kind, as stated by its parameters.

    Raises
    ------
    TypeError
        If the class is not derived from `Population`, or its parameters do not name the kind.
    """
    if not (isinstance(kind, type) and issubclass(kind, Population)):
        raise TypeError(f"register needs a class derived from Population, got {kind!r}")
    field = kind.Parameters.model_fields.get("kind")
    names = () if field is None else get_args(field.annotation)
    if len(names) != 1 or field is None or field.default != names[0]:
        raise TypeError(f'{kind.__name__}.Parameters must define: kind: Literal["name"] = "name"')
    return str(names[0])


def allow_registered_kinds(model: type[BaseModel]) -> None:
    """Allow every kind known now in the ``populations`` of a model and of its subclasses."""
    populations: Any = model.model_fields["populations"]
    populations.annotation = dict[str, population_type()]  # type: ignore[misc]
    model.model_rebuild(force=True)
    for derived in model.__subclasses__():
        allow_registered_kinds(derived)
