"""Figures inside a page: SVG with names of its own, described for those who do not see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulation.pages.reporting.html import Html, tag
from simulation.studies.experiment.experiment_figures import svg

if TYPE_CHECKING:
    from simulation.results.figures import Drawing

ROOT = re.compile(r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>")
METADATA = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
NAMES = re.compile(r'( id="|"#|url\(#)')


def picture(name: str, drawing: Drawing) -> Html:
    """A figure; the caption repeats its words where the screen is too narrow for them.

    `name` keeps its ids apart from those of other figures.
    """
    shown = tag("div", inline(name, drawing), class_="scroll picture", tabindex="0", role="region", aria_label="Figure")
    return tag("figure", shown, tag("figcaption", description(drawing)))


def description(drawing: Drawing) -> str:
    """What a figure says: its finding, how to read it, and its source."""
    lines = [line.get_text().rstrip(".") for line in drawing.figure.texts[:3]]
    return ". ".join(line for line in lines if line) + "."


def inline(name: str, drawing: Drawing) -> Html:
    """The SVG element alone: no prologue, no metadata, no style that would reach beyond it, ids of its own."""
    source = svg(drawing).decode("utf-8")
    body = METADATA.sub("", source[source.index("<svg") :])
    body = NAMES.sub(lambda found: f"{found[1]}{name}-", body)
    opening = tag("svg", xmlns="http://www.w3.org/2000/svg", role="img", aria_label=description(drawing))
    start = str(opening).removesuffix("></svg>")
    return Html(
        ROOT.sub(lambda found: f'{start} xmlns:xlink="http://www.w3.org/1999/xlink" {found[1]}>', body, count=1)
    )
