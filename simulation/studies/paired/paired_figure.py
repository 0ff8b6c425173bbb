"""The figure of a comparison: differences of all metrics with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulation.results.figures.style import ACCENT, GREY, Drawing, Heading, house_style, new_figure
from simulation.studies.experiment.experiment_figures import bar_axes
from simulation.studies.paired.paired_words import mean_text, shown_unit

LONGEST_TITLE = 90
"""Letters of a title that is still read from a distance."""


def forest(compared: pd.DataFrame, names: tuple[str, str], about: str) -> Drawing:
    """Differences with their intervals, in standard deviations over runs of the first scenario, as dots on lines.

    Parameters
    ----------
    compared
        One row a metric, as from `simulation.studies.paired.paired.paired_table`.
    about
        Runs and seed, for the source line.
    """
    table = compared[compared["sd_a"] > 0.0].reset_index(drop=True)
    scaled = {name: table[name].to_numpy() / table["sd_a"].to_numpy() for name in ("difference", "low", "high")}
    subtitle = (
        "Mean difference over the standard deviation of the first over runs; lines: 95 % intervals; at the right: B − A"
    )
    with house_style():
        figure = new_figure(heading(names, subtitle, f"Source: carryflow compare, {about}"))
        axes = figure.add_axes((0.24, 0.09, 0.54, 0.76))
        rows = np.arange(len(table))
        bar_axes(
            axes, [f"{label}, {shown_unit(unit)}" for label, unit in zip(table["label"], table["unit"], strict=True)]
        )
        axes.hlines(rows, scaled["low"], scaled["high"], color=ACCENT, linewidth=2.2)
        axes.plot(scaled["difference"], rows, "o", color=ACCENT, markersize=5)
        for row, one in enumerate(table.to_dict("records")):
            text = "{}  [{}, {}]".format(*(mean_text(one[name], one["unit"]) for name in scaled))
            axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), fontsize=8, color=GREY, va="center")
    return Drawing(figure, {str(name): table[name].to_numpy() for name in table})


def heading(names: tuple[str, str], subtitle: str, source: str) -> Heading:
    """What is compared as the finding; names with many settings stand in the last line, where the title would be too small."""
    finding = f"{names[1]} less {names[0]}, run by run"
    if len(finding) <= LONGEST_TITLE:
        return Heading(finding, subtitle, source)
    return Heading("B less A, run by run", subtitle, f"A: {names[0]}; B: {names[1]}. {source}")
