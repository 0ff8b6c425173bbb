"""The shipped page with finer sliders, and the scenario that computes further states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from simulation.pages.explore.columns import PageColumn
from simulation.pages.explore.content import slider_json
from simulation.pages.explore.html import Content, read_content
from simulation.pages.explore.sliders import SLIDERS, Slider, level_index
from simulation.pages.serve.controls import Values, drop_base_values, fine_slider
from simulation.results.output_folder import OutputError
from simulation.scenario.config.catalog import find_file, shipped_files
from simulation.scenario.config.loading import load
from simulation.scenario.scenario import Scenario
from simulation.sweeps.checking import load_base_scenario, serialized_base
from simulation.sweeps.kernel import SweepWork
from simulation.sweeps.points import canonical_json
from simulation.sweeps.schema import Sweep

SWEEP_NAME: Final = "explore"
PAGE_NAME: Final = "december_2025"


@dataclass(frozen=True)
class ServedPage:
    """A page whose states can be computed on demand.

    Attributes
    ----------
    content
        Initial content: the shipped states on the finer sliders.
    scenario
        The base scenario.
    work
        Scenario, metrics and daily series of a state.
    columns
        Columns of the page.
    """

    content: Content
    scenario: Scenario
    work: SweepWork
    columns: tuple[PageColumn, ...]

    def key(self, values: Values) -> str:
        """Canonical key of a state; equal states have equal keys."""
        return canonical_json(drop_base_values(values, self.scenario))


def shipped_page(settings: tuple[str, ...] = ()) -> ServedPage:
    """The page of December 2025, as shipped with `carryflow explore`.

    Parameters
    ----------
    settings
        Changes to the sweep of the page, such as a smaller scenario.

    Raises
    ------
    OutputError
        If the sliders of the shipped data differ from those of this version.
    """
    config = load(find_file("sweeps", SWEEP_NAME), settings, root=Sweep, kind="sweeps")
    sweep, loaded = config.scenario, load_base_scenario(config, shipped_files("sweeps")[SWEEP_NAME].parent)
    content = read_content(shipped_files("explore")[PAGE_NAME])
    if [slider["key"] for slider in content["sliders"]] != [slider.key for slider in SLIDERS]:
        raise OutputError(
            f"the shipped data {PAGE_NAME} has other sliders than this version; rebuild it with `make explore-data`"
        )
    sliders = [fine_slider(slider, loaded.scenario) for slider in SLIDERS]
    work = SweepWork(serialized_base(loaded, sweep), False, sweep.measured, sweep.kept_series)
    columns = tuple(PageColumn(**column) for column in content["columns"])
    return ServedPage(content_on_sliders(content, sliders), loaded.scenario, work, columns)


def content_on_sliders(content: Content, sliders: list[Slider]) -> Content:
    """The content with finer sliders; the values of its states stay the same."""
    positions = [
        [level_index(fine, level.value) for level in coarse.levels]
        for coarse, fine in zip(SLIDERS, sliders, strict=True)
    ]
    states = [[positions[at][level] for at, level in enumerate(levels)] for levels in content["states"]]
    return {**content, "sliders": [slider_with_values(slider) for slider in sliders], "states": states}


def slider_with_values(slider: Slider) -> dict[str, Any]:
    """Slider as JSON; each position has the value to send to the server."""
    content = slider_json(slider)
    levels = [{**level, "value": one.value} for level, one in zip(content["levels"], slider.levels, strict=True)]
    return {**content, "levels": levels}


def neighbour_keys(page: ServedPage) -> list[str]:
    """Keys of states that are not shipped and differ from the baseline in one slider, nearest first."""
    content = page.content
    home, shipped = content["states"][content["baseline"]], {tuple(levels) for levels in content["states"]}
    moved = [
        (abs(level - home[at]), [*home[:at], level, *home[at + 1 :]])
        for at, slider in enumerate(content["sliders"])
        for level in range(len(slider["levels"]))
    ]
    missing = [levels for _, levels in sorted(moved) if tuple(levels) not in shipped]
    return [page.key(state_values(content, levels)) for levels in missing]


def state_values(content: Content, levels: list[int]) -> Values:
    """Values of a state by config key, from its slider levels."""
    values = {one["key"]: one["levels"][at]["value"] for one, at in zip(content["sliders"], levels, strict=True)}
    return {key: value for key, value in values.items() if value is not None}
