"""HTML elements, documents and inline figures of reports; text is escaped unless it is marked as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from simulation.studies.experiment.figures import svg_bytes

if TYPE_CHECKING:
    from simulation.results.figures.style import Drawing

MAX_UNBROKEN_ROWS = 18
"""Largest number of rows of a table that is printed on one sheet."""


class Html(str):
    """Text that is already HTML and is not escaped again."""

    __slots__ = ()


def escape_text(part: str) -> Html:
    """The text as HTML, escaped unless it is `Html`."""
    return part if isinstance(part, Html) else Html(escape(part, quote=False))


def concatenate(parts: Iterable[str]) -> Html:
    """Concatenate texts and HTML."""
    return Html("".join(escape_text(part) for part in parts))


def tag(name: str, *children: str, **attributes: str | None) -> Html:
    """HTML element.

    Parameters
    ----------
    children
        Text, which is escaped, or HTML.
    attributes
        Attributes, such as ``class_`` for class and ``aria_label`` for aria-label; None leaves an attribute out.
    """
    names = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    pairs = "".join(f' {key}="{escape(value, quote=True)}"' for key, value in names.items())
    return Html(f"<{name}{pairs}>{concatenate(children)}</{name}>")


def paragraphs(*texts: str) -> Html:
    """Paragraphs of the non-empty texts."""
    return concatenate(tag("p", part) for part in texts if part)


def bullets(items: Iterable[str]) -> Html:
    """Unordered list."""
    return tag("ul", *(tag("li", item) for item in items))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int = 1) -> Html:
    """Table with a caption; the first cell of each row is its heading.

    Parameters
    ----------
    numbers_from
        First right-aligned column; a value beyond the last column aligns none.
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
    # A wide table scrolls in its own region, which must be focusable by keyboard.
    return tag("div", tag("table", *parts, class_=prose), class_=short, tabindex="0", role="region", aria_label=caption)


def section(heading: str, *parts: str) -> Html:
    """Section with a heading."""
    return tag("section", tag("h2", heading), *parts)


POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""No request and no script is allowed; SVG needs inline styles, and heat maps contain embedded images."""

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
    """The complete HTML document.

    Parameters
    ----------
    title, facts
        Heading and the line below it.
    sections
        Content by heading, in order; empty sections are left out.
    closing
        Text of the footer.
    """
    contents = {heading: body for heading, body in sections.items() if body}
    links = [tag("li", tag("a", heading, href=f"#{section_id(heading)}")) for heading in contents]
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
        tag("main", *(linked_section(heading, content) for heading, content in contents.items())),
        tag("footer", tag("p", closing)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def linked_section(heading: str, content: Html) -> Html:
    """Section with an id, as a target of the table of contents."""
    whole = section(heading, content)
    return Html(whole.replace("<section>", f'<section id="{section_id(heading)}">', 1))


def section_id(heading: str) -> str:
    """Id of a section."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def code(command: str) -> Html:
    """Inline code."""
    return tag("code", command)


def code_block(*parts: str) -> Html:
    """Block of code lines."""
    return tag("pre", concatenate(escape_text(f"{part}\n") for part in parts), tabindex="0")


SVG_ROOT = re.compile(r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>")
SVG_METADATA = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
SVG_IDS = re.compile(r'( id="|"#|url\(#)')


def figure_element(name: str, drawing: Drawing) -> Html:
    """Figure with a caption that is shown on narrow screens.

    `name` makes the ids of the figure unique in the document.
    """
    region = tag(
        "div", inline_svg(name, drawing), class_="scroll picture", tabindex="0", role="region", aria_label="Figure"
    )
    return tag("figure", region, tag("figcaption", figure_description(drawing)))


def figure_description(drawing: Drawing) -> str:
    """Text alternative of a figure: its finding, how to read it, and its source."""
    lines = [line.get_text().rstrip(".") for line in drawing.figure.texts[:3]]
    return ". ".join(line for line in lines if line) + "."


def inline_svg(name: str, drawing: Drawing) -> Html:
    """The SVG element without prologue, metadata and style element, with unique ids."""
    source = svg_bytes(drawing).decode("utf-8")
    body = SVG_METADATA.sub("", source[source.index("<svg") :])
    body = SVG_IDS.sub(lambda match: f"{match[1]}{name}-", body)
    opening = tag("svg", xmlns="http://www.w3.org/2000/svg", role="img", aria_label=figure_description(drawing))
    start = str(opening).removesuffix("></svg>")
    return Html(
        SVG_ROOT.sub(lambda match: f'{start} xmlns:xlink="http://www.w3.org/1999/xlink" {match[1]}>', body, count=1)
    )
