"""CapitalFlowModel: the day as a Mesa model, its populations and sectors as Mesa agents.

The engine itself needs no Mesa, whose import takes twice as long as all of the engine's: commands and worker processes run
without it, to the same bits.  Nothing of the day is written here.
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

    Its `agents` are the populations and the sectors on the other side: each is of its own class and a `mesa.Agent`.

    Parameters
    ----------
    scenario
        A validated scenario.
    runs
        Run numbers, counted from 0; each is a row of every state array.
    variants
        A scenario for each run where parameters differ between runs (`simulation.scenario.batch` says which may); none: one for all.

    Raises
    ------
    ValueError
        If the populations hold more of an asset than is outstanding, or correlations or links make no sense.
    """

    # Mesa 3.5 has a property of this name whose setter would write into our frozen scenario; a plain attribute hides it.
    scenario: Scenario = None  # type: ignore[assignment]

    def __init__(
        self, scenario: Scenario, runs: Sequence[int] = (0,), variants: Sequence[Scenario] | None = None
    ) -> None:
        mesa.Model.__init__(self, rng=scenario.seed)
        CapitalFlows.__init__(self, scenario, runs, variants)

    def member(self, kind: Callable[..., Any], *given: Any) -> Any:
        """Make a population or a sector as an agent of this model."""
        return agent_class(kind)(self, *given)


class _AgentBase:
    """The first base of an agent's class: joins the model, then becomes what its kind is."""

    def __init__(self, model: mesa.Model, *given: Any) -> None:
        mesa.Agent.__init__(self, model)  # type: ignore[arg-type]
        super().__init__(*given)


@cache
def agent_class(kind: Any) -> Any:
    """A kind of population or sector that is a `mesa.Agent` too: the same name, the model as an argument before its own."""
    named = {"__module__": __name__, "__doc__": kind.__doc__}
    return type(kind.__name__, (_AgentBase, kind, mesa.Agent), named)


def __getattr__(name: str) -> Any:
    """The agent's class of a kind by its name, ``model.Banks``, where pickle looks for it."""
    kinds: tuple[Any, ...] = (*population_kinds(), *COUNTERPARTIES)
    for kind in kinds:
        if kind.__name__ == name:
            return agent_class(kind)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
