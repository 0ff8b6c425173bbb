"""HTML from parts: everything that is not marked as HTML is escaped, so that no text of a config can become markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

MOST_ON_ONE_PAGE = 18
"""Rows of a table that is not broken over two sheets of paper."""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(part: str) -> Html:
    """A part as HTML: escaped unless it is HTML already."""
    return part if isinstance(part, Html) else Html(escape(part, quote=False))


def joined(parts: Iterable[str]) -> Html:
    """Parts one after the other."""
    return Html("".join(text(part) for part in parts))


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
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def paragraphs(*texts: str) -> Html:
    """Paragraphs of those texts that are not empty."""
    return joined(tag("p", part) for part in texts if part)


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
    short = "scroll keep" if len(body) <= MOST_ON_ONE_PAGE else "scroll"
    # A wide table scrolls by itself; the keyboard must reach what scrolls.
    return tag("div", tag("table", *parts, class_=prose), class_=short, tabindex="0", role="region", aria_label=caption)


def section(heading: str, *parts: str) -> Html:
    """A section with its heading."""
    return tag("section", tag("h2", heading), *parts)
