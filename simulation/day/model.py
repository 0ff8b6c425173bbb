"""CapitalFlowModel: the simulation as a Mesa model, with populations and sectors as Mesa agents.

Commands and worker processes use `CapitalFlows` directly, with identical results, because importing Mesa is slow.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mesa

from simulation.day.capital_flows import CapitalFlows
from simulation.day.economy import COUNTERPARTIES
from simulation.investors import population_kinds
from simulation.scenario.scenario import Scenario


class CapitalFlowModel(CapitalFlows, mesa.Model):
    """A batch of runs of one scenario as a Mesa model; one `step` is one business day.

    Its `agents` are the populations and the counterparty sectors, each an instance of its own class and of `mesa.Agent`.

    Parameters
    ----------
    scenario
        A validated scenario.
    runs
        Run numbers, counted from 0; each is a row of every state array.
    variants
        One scenario per run if parameters differ between runs (`simulation.scenario.batch` lists those that may); none:
        `scenario` for all runs.

    Raises
    ------
    ValueError
        If the populations hold more of an asset than is outstanding, or if correlations or links are invalid.
    """

    # Mesa 3.5 defines a property of this name whose setter would write to the frozen scenario; this attribute overrides it.
    scenario: Scenario = None  # type: ignore[assignment]

    def __init__(
        self, scenario: Scenario, runs: Sequence[int] = (0,), variants: Sequence[Scenario] | None = None
    ) -> None:
        mesa.Model.__init__(self, rng=scenario.seed)
        CapitalFlows.__init__(self, scenario, runs, variants)

    def create_participant(self, kind: Callable[..., Any], *given: Any) -> Any:
        """Create a population or a sector as an agent of this model."""
        return agent_class(kind)(self, *given)


class _AgentBase:
    """First base of an agent class: registers the agent with the model, then initializes the population or sector."""

    def __init__(self, model: mesa.Model, *given: Any) -> None:
        mesa.Agent.__init__(self, model)  # type: ignore[arg-type]
        super().__init__(*given)


@cache
def agent_class(kind: Any) -> Any:
    """Subclass of a population or sector that is also a `mesa.Agent`; its first argument is the model."""
    named = {"__module__": __name__, "__doc__": kind.__doc__}
    return type(kind.__name__, (_AgentBase, kind, mesa.Agent), named)


def __getattr__(name: str) -> Any:
    """Agent classes by name, such as ``model.Banks``, for pickle."""
    kinds: tuple[Any, ...] = (*population_kinds(), *COUNTERPARTIES)
    for kind in kinds:
        if kind.__name__ == name:
            return agent_class(kind)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
