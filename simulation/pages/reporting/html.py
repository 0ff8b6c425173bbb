"""HTML from parts: everything that is not marked as HTML is escaped, so that no text of a config can become markup.

The page: head with a content-security policy, style for screen and paper, contents, sections.

Figures inside a page: SVG with names of its own, described for those who do not see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from simulation.studies.experiment.figures import svg_bytes

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing

MAX_UNBROKEN_ROWS = 18
"""Rows of a table that is not broken over two sheets of paper."""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape_text(part: str) -> Html:
    """A part as HTML: escaped unless it is HTML already."""
    return part if isinstance(part, Html) else Html(escape(part, quote=False))


def concatenate(parts: Iterable[str]) -> Html:
    """Parts one after the other."""
    return Html("".join(escape_text(part) for part in parts))


def tag(name: str, *children: str, **attributes: str | None) -> Html:
    """An element.

    Parameters
    ----------
    children
        Text, which is escaped, or HTML.
    attributes
        ``class_`` for class, ``aria_label`` for aria-label; none: left out.
    """
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    written = "".join(f' {key}="{escape(value, quote=True)}"' for key, value in given.items())
    return Html(f"<{name}{written}>{concatenate(children)}</{name}>")


def paragraphs(*texts: str) -> Html:
    """Paragraphs of those texts that are not empty."""
    return concatenate(tag("p", part) for part in texts if part)


def bullets(items: Iterable[str]) -> Html:
    """A list."""
    return tag("ul", *(tag("li", item) for item in items))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int = 1) -> Html:
    """A table with a caption; the first cell of a row is its heading.

    Parameters
    ----------
    numbers_from
        First column that is set flush right; beyond the last: none.
    """

    def kind(column: int) -> str | None:
        return "number" if column >= numbers_from else None

    heads = [tag("th", cell, scope="col", class_=kind(at)) for at, cell in enumerate(head)]
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", cell, class_=kind(at)) for at, cell in enumerate(row[1:], 1)),
        )
        for row in rows
    ]
    prose = "prose" if numbers_from >= len(head) > 2 else None
    parts = tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *body)
    short = "scroll keep" if len(body) <= MAX_UNBROKEN_ROWS else "scroll"
    # A wide table scrolls by itself; the keyboard must reach what scrolls.
    return tag("div", tag("table", *parts, class_=prose), class_=short, tabindex="0", role="region", aria_label=caption)


def section(heading: str, *parts: str) -> Html:
    """A section with its heading."""
    return tag("section", tag("h2", heading), *parts)


POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Nothing is fetched and no script runs; SVG needs styles in its attributes, and heat maps are images within it."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #222; font: 1rem/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 60rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1.5rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; padding-top: .75rem; border-top: 2px solid #d9d9d9; }
h3 { font-size: 1.05rem; margin: 1.25rem 0 .25rem; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; }
.facts { color: #595959; margin: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; }
a { color: #00558b; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid #00558b; outline-offset: 2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .75rem 0; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th, td { padding: .2rem .75rem .2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #e3e3e3; }
thead th { color: #595959; font-weight: 400; border-bottom-color: #767676; }
tbody th { font-weight: 400; }
.number { text-align: right; }
td.number { white-space: nowrap; }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; min-width: 38rem; height: auto; }
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
figcaption { display: none; color: #595959; font-size: .85rem; }
.prose { min-width: 38rem; }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; }
@media screen and (max-width: 42rem) { figcaption { display: block; } }
pre { background: #f4f4f4; padding: .75rem; overflow-x: auto; font-size: .8rem; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; overflow-wrap: anywhere; }
.note { border-left: 4px solid #a33c00; padding-left: .75rem; }
footer { color: #595959; font-size: .85rem; padding-bottom: 2rem; }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  body { font-size: 9.5pt; }
  main, header, footer { max-width: none; padding: 0; }
  nav, details { display: none; }
  .scroll { overflow: visible; }
  figure, tr, p, li, .keep { break-inside: avoid; }
  h2 + p { break-after: avoid; }
  .prose { min-width: 0; }
  figure svg { min-width: 0; max-height: 105mm; }
  h2, h3, caption { break-after: avoid; }
  thead { display: table-header-group; }
  table { font-size: 8pt; }
  pre { white-space: pre-wrap; }
  a { color: inherit; text-decoration: none; }
}
"""


def render_document(title: str, facts: str, sections: Mapping[str, Html], closing: str) -> str:
    """The whole document.

    Parameters
    ----------
    title, facts
        Heading, and one line below it.
    sections
        Content by heading, in order; empty ones are left out.
    closing
        Last line.
    """
    kept = {heading: body for heading, body in sections.items() if body}
    links = [tag("li", tag("a", heading, href=f"#{section_id(heading)}")) for heading in kept]
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        tag("style", Html(STYLE)),
    )
    body = tag(
        "body",
        tag(
            "header",
            tag("h1", title),
            tag("p", facts, class_="facts"),
            tag("nav", tag("ul", *links), aria_label="Contents"),
        ),
        tag("main", *(linked_section(heading, content) for heading, content in kept.items())),
        tag("footer", tag("p", closing)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def linked_section(heading: str, content: Html) -> Html:
    """A section that the contents can point at."""
    whole = section(heading, content)
    return Html(whole.replace("<section>", f'<section id="{section_id(heading)}">', 1))


def section_id(heading: str) -> str:
    """Name of a section within the page."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def code(command: str) -> Html:
    """A command or a name of code."""
    return tag("code", command)


def code_block(*parts: str) -> Html:
    """Code over several lines."""
    return tag("pre", concatenate(escape_text(f"{part}\n") for part in parts), tabindex="0")


SVG_ROOT = re.compile(r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>")
SVG_METADATA = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
SVG_IDS = re.compile(r'( id="|"#|url\(#)')


def figure_element(name: str, drawing: Drawing) -> Html:
    """A figure; the caption repeats its words where the screen is too narrow for them.

    `name` keeps its ids apart from those of other figures.
    """
    shown = tag(
        "div", inline_svg(name, drawing), class_="scroll picture", tabindex="0", role="region", aria_label="Figure"
    )
    return tag("figure", shown, tag("figcaption", figure_description(drawing)))


def figure_description(drawing: Drawing) -> str:
    """What a figure says: its finding, how to read it, and its source."""
    lines = [line.get_text().rstrip(".") for line in drawing.figure.texts[:3]]
    return ". ".join(line for line in lines if line) + "."


def inline_svg(name: str, drawing: Drawing) -> Html:
    """The SVG element alone: no prologue, no metadata, no style that would reach beyond it, ids of its own."""
    source = svg_bytes(drawing).decode("utf-8")
    body = SVG_METADATA.sub("", source[source.index("<svg") :])
    body = SVG_IDS.sub(lambda found: f"{found[1]}{name}-", body)
    opening = tag("svg", xmlns="http://www.w3.org/2000/svg", role="img", aria_label=figure_description(drawing))
    start = str(opening).removesuffix("></svg>")
    return Html(
        SVG_ROOT.sub(lambda found: f'{start} xmlns:xlink="http://www.w3.org/1999/xlink" {found[1]}>', body, count=1)
    )
