"""What a scenario is compared with: the same scenario without policy, or another one, both with the same news."""

from typing import Final

from simulation.scenario.scenario import Scenario

NO_POLICY: Final = "no_policy"
"""Name of the counterfactual without policy."""


def without_policy(scenario: Scenario) -> Scenario:
    """The scenario in which no policy takes place.

    Warm-up, start state, traits and random draws are those of the scenario, since every other key stays.  The odds and the
    guidance of the start stay in the expected path, and a pending meeting keeps its distance in days.
    """
    return scenario.model_copy(update={"policy": "none"})
