"""Rank histograms of the simulation-based calibration check."""

import numpy as np
from matplotlib.axes import Axes

from simulation.results.figures.style import (
    ACCENT,
    COLOURS,
    GREY,
    INK,
    LIGHT,
    Drawing,
    Heading,
    house_style,
    new_figure,
    plain,
)
from simulation.results.figures.style import Columns as Numbers
from simulation.studies.calibration.sbc import BINS, LIKELIHOOD, Ranks

COLUMNS = 7
OUTSIDE = COLOURS["carry_funds"]
SUBTITLE = (
    "Rank of the truth in its posterior, data sets per bin; grey: 99 % band for all bins together; a trough is too narrow, "
    "a hump too wide"
)


def rank_chart(ranks: Ranks, title: str, source: str) -> Drawing:
    """Draw one small histogram per parameter, with the band in which all should lie."""
    width, error = ranks.width()
    verdict = "calibrated" if ranks.passed else "not calibrated"
    text = f"{title}: {verdict}; ranks spread {width:.2f} ± {2 * error:.2f} times as uniform ones"
    with house_style():
        figure = new_figure(Heading(text, SUBTITLE, source))
        rows = -(-len(ranks.names) // COLUMNS)
        counts = ranks.histogram()
        for place, name in enumerate(ranks.names):
            row, column = divmod(place, COLUMNS)
            height = 0.80 / rows
            axes = figure.add_axes((0.03 + column * 0.135, 0.07 + (rows - 1 - row) * height, 0.12, 0.68 * height))
            _draw(axes, counts[:, place], ranks.band(), len(ranks.values))
            judged = " (mean judged)" if name == LIKELIHOOD else ""
            axes.set_title(name.replace("_", " ") + judged, loc="left", fontsize=7.5, color=INK, pad=3)
    return Drawing(figure, numbers(ranks))


def _draw(
    axes: Axes, counts: np.ndarray[tuple[int], np.dtype[np.float64]], band: tuple[float, float], cases: int
) -> None:
    plain(axes)
    axes.grid(visible=False)
    axes.axhspan(*band, color=LIGHT, alpha=0.6, linewidth=0)
    axes.axhline(cases / BINS, color=GREY, linewidth=0.8)
    inside = (counts >= band[0]) & (counts <= band[1])
    axes.bar(np.arange(BINS), counts, width=0.85, color=np.where(inside, ACCENT, OUTSIDE))
    axes.set_xticks([])
    axes.set_ylim(0.0, 1.05 * max(float(counts.max()), band[1]))
    axes.set_yticks([round(cases / BINS)])
    axes.tick_params(labelsize=7)


def numbers(ranks: Ranks) -> Numbers:
    """Return the counts, one row per bin, and the band."""
    low, high = ranks.band()
    columns: Numbers = {"bin": np.arange(BINS), "band_low": np.full(BINS, low), "band_high": np.full(BINS, high)}
    return columns | dict(zip(ranks.names, ranks.histogram().T, strict=True))
