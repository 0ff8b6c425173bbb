"""Whether everybody who leaves under the threshold rule has left when a scenario ends: only then is its answer the rule's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulation.scenario.config.errors import ConfigError
from simulation.studies.search.keys import SPREAD

if TYPE_CHECKING:
    from simulation.scenario.scenario import Scenario

LENGTH: Final = "spread_path.over_days"


def days_cut_off(scenario: Scenario) -> int:
    """Business days that the last exits still need when the scenario ends; 0 where they are complete.

    The spread arrives after `over_days`; an investor whose threshold it crosses on the last of them leaves over `exit_days`.
    """
    from simulation.day.capital_flows import scenario_days

    path, rule = scenario.spread_path, scenario.unwind
    if path is None or rule.rule != "threshold":
        return 0
    arrival = 1 if path.surprise else path.over_days
    return max(0, arrival + rule.exit_days - (len(scenario_days(scenario)) - 1))


def room_for_exits(name: str, settings: tuple[str, ...], key: str, start: float | None) -> tuple[str, ...]:
    """The setting that lets a path of the spread, where the search itself brings one in, end early enough for the last exits.

    Parameters
    ----------
    name, settings
        The scenario; nothing is added where it has a path of its own.
    key, start
        The key that the search moves, and where it starts.
    """
    from simulation.compute.ensemble import resolved

    if key != SPREAD or start is None:
        return ()
    try:
        if resolved(name, settings).spread_path is not None:
            return ()
    except ConfigError:
        # A part of the path is set already and needs the target that the search moves.
        return ()
    whole = resolved(name, (*settings, f"{SPREAD}={start!r}"))
    assert whole.spread_path is not None
    days, cut = whole.spread_path.over_days, days_cut_off(whole)
    return (f"{LENGTH}={days - cut}",) if 0 < cut < days else ()


def told(scenario: Scenario, added: tuple[str, ...]) -> str:
    """What a reader must know of the exits; empty where there is nothing to say."""
    cut = days_cut_off(scenario)
    if cut:
        return (
            f"The scenario ends {cut} business days before the last exits are complete (unwind.exit_days is "
            f"{scenario.unwind.exit_days}): part of who left is not counted. A later end or a smaller {LENGTH} lets them finish."
        )
    if added:
        days = scenario.unwind.exit_days
        return f"{added[0]} was set, so that exits of {days} business days are complete when the scenario ends."
    return ""
