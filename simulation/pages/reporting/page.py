"""The page: head with a content-security policy, style for screen and paper, contents, sections."""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulation.pages.reporting.html import Html, joined, section, tag, text

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


def page(title: str, facts: str, sections: Mapping[str, Html], closing: str) -> str:
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
    links = [tag("li", tag("a", heading, href=f"#{anchor(heading)}")) for heading in kept]
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
        tag("main", *(placed(heading, content) for heading, content in kept.items())),
        tag("footer", tag("p", closing)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def placed(heading: str, content: Html) -> Html:
    """A section that the contents can point at."""
    whole = section(heading, content)
    return Html(whole.replace("<section>", f'<section id="{anchor(heading)}">', 1))


def anchor(heading: str) -> str:
    """Name of a section within the page."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def code(command: str) -> Html:
    """A command or a name of code."""
    return tag("code", command)


def lines(*parts: str) -> Html:
    """Code over several lines."""
    return tag("pre", joined(text(f"{part}\n") for part in parts), tabindex="0")
