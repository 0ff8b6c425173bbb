"""Assemble page content and the assets under page/ into one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulation.results.output_folder import OutputError

FORMAT: Final = 1
Content = dict[str, Any]
"""Data of a page as JSON (fields in docs/explore.md)."""
ASSET_FOLDER: Final = Path(__file__).parent / "page"
TEMPLATE, STYLE = "index.html", "style.css"
SCRIPTS: Final = ("data.js", "states.js", "charts.js", "panels.js", "play.js", "main.js")
"""Concatenated in this order inside one function, so that the page defines no global names."""


@dataclass(frozen=True)
class PageExtension:
    """Additions to a page that is served instead of opened from a file.

    Attributes
    ----------
    script
        Additional script.
    connect
        Source expression of the allowed connections; empty allows none.
    """

    script: str = ""
    connect: str = ""


NO_EXTENSION: Final = PageExtension()


def render_page(content: Content, extra: PageExtension = NO_EXTENSION) -> str:
    """The complete page as HTML.

    Its content-security policy allows only the embedded script and style, by their digests, and no network request unless
    the extension allows one.
    """
    parts = {
        "@POLICY@": content_security_policy(extra),
        "@TITLE@": html.escape(content["title"]),
        "@STYLE@": read_asset(STYLE),
        "@SCRIPT@": page_script(extra),
        "@CONTENT@": embed_json(content),
    }
    page = read_asset(TEMPLATE)
    for placeholder, text in parts.items():
        before, separator, after = page.partition(placeholder)
        assert separator, f"{placeholder} is missing from {TEMPLATE}"
        page = before + text + after
    return page


def content_security_policy(extra: PageExtension = NO_EXTENSION) -> str:
    """Content-security policy of a page; without an extension it allows no connection."""
    sources = [f"script-src {source_digest(page_script(extra))}", f"style-src {source_digest(read_asset(STYLE))}"]
    connect = [f"connect-src {extra.connect}"] if extra.connect else []
    return "; ".join(
        ["default-src 'none'", *sources, *connect, "img-src data:", "base-uri 'none'", "form-action 'none'"]
    )


def source_digest(text: str) -> str:
    """Source expression (SHA-256) of an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def page_script(extra: PageExtension = NO_EXTENSION) -> str:
    """All scripts in one function; the additional script comes before the last, which starts the page."""
    *parts, last = (read_asset(name) for name in SCRIPTS)
    body = "\n".join([*parts, *filter(None, [extra.script]), last])
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def read_asset(name: str) -> str:
    """Text of a file under page/."""
    return (ASSET_FOLDER / name).read_text(encoding="utf-8")


def embed_json(content: Content) -> str:
    """Content as JSON that is safe inside a script element."""
    return content_json(content).replace("<", "\\u003c")


def content_json(content: Content) -> str:
    """Content as JSON; equal content gives equal bytes."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def read_content(path: Path) -> Content:
    """Read content written by `carryflow explore --out FILE.json`.

    Raises
    ------
    OutputError
        If the file cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or "states" not in content:
        raise OutputError(
            f"{path} is not page data of format {FORMAT}; write it with `carryflow explore --out FILE.json`"
        )
    return content
