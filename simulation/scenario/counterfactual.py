"""What a scenario is compared with: the same scenario without policy, or another one, both with the same news."""

from typing import Final

from simulation.scenario.scenario import Scenario
from simulation.values.given_news import GivenNews

NO_POLICY: Final = "no_policy"
"""Name of the counterfactual without policy."""
NO_COUNTERFACTUAL: Final = "none"
"""Name that leaves the counterfactual out."""


def without_policy(scenario: Scenario) -> Scenario:
    """The scenario in which no policy takes place.

    Warm-up, start state, traits and random draws are those of the scenario, since every other key stays.  The odds and the
    guidance of the start stay in the expected path, and a pending meeting keeps its distance in days.
    """
    return scenario.model_copy(update={"policy": "none"})


def effect_obstacle(scenario: Scenario) -> str | None:
    """Return why a scenario has no effect of policy that could be measured against `without_policy`; None where it has one.

    Given yields that contain what a decision moved would stay in the counterfactual.
    """
    days = [news.date for news in scenario.news if _has_yields(news) and not news.net_of_policy]
    if not days:
        return None
    return (
        f"the yields given for {days[0]} and {len(days) - 1} other days contain what policy moved; "
        "set net_of_policy on days whose yields do not, or name another scenario with --against"
    )


def _has_yields(news: GivenNews) -> bool:
    return any(change is not None for change in (news.ust2, news.ust10, news.jgb2, news.jgb10))
