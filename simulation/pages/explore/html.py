"""The page: content and the files under page/ put into one HTML file that needs nothing else."""

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
"""What a page shows, as JSON: docs/explore.md lists it."""
ASSET_FOLDER: Final = Path(__file__).parent / "page"
TEMPLATE, STYLE = "index.html", "style.css"
SCRIPTS: Final = ("data.js", "states.js", "charts.js", "panels.js", "play.js", "main.js")
"""In this order; each is a part of one function, so that nothing of them is visible outside."""


@dataclass(frozen=True)
class PageExtension:
    """What a served page has beyond one that is a file.

    Attributes
    ----------
    script
        A further script.
    connect
        Source expression of what the page may ask; empty for nobody.
    """

    script: str = ""
    connect: str = ""


NO_EXTENSION: Final = PageExtension()


def render_page(content: Content, extra: PageExtension = NO_EXTENSION) -> str:
    """The whole page as HTML.

    The policy in its head allows the one script and the one style that it holds, by their digests, and without an extra no
    request at all.
    """
    parts = {
        "@POLICY@": content_security_policy(extra),
        "@TITLE@": html.escape(content["title"]),
        "@STYLE@": read_asset(STYLE),
        "@SCRIPT@": page_script(extra),
        "@CONTENT@": embed_json(content),
    }
    page = read_asset(TEMPLATE)
    for place, text in parts.items():
        before, found, after = page.partition(place)
        assert found, f"{place} is missing from {TEMPLATE}"
        page = before + text + after
    return page


def content_security_policy(extra: PageExtension = NO_EXTENSION) -> str:
    """Content-security policy of a page that asks nobody for anything, or only where it came from."""
    sources = [f"script-src {source_digest(page_script(extra))}", f"style-src {source_digest(read_asset(STYLE))}"]
    connect = [f"connect-src {extra.connect}"] if extra.connect else []
    return "; ".join(
        ["default-src 'none'", *sources, *connect, "img-src data:", "base-uri 'none'", "form-action 'none'"]
    )


def source_digest(text: str) -> str:
    """The source expression of an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def page_script(extra: PageExtension = NO_EXTENSION) -> str:
    """All scripts as one; the last of them begins."""
    *parts, last = (read_asset(name) for name in SCRIPTS)
    body = "\n".join([*parts, *filter(None, [extra.script]), last])
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def read_asset(name: str) -> str:
    """A file of the page."""
    return (ASSET_FOLDER / name).read_text(encoding="utf-8")


def embed_json(content: Content) -> str:
    """Content as JSON that cannot end the element it stands in."""
    return content_json(content).replace("<", "\\u003c")


def content_json(content: Content) -> str:
    """Content as JSON; the same content gives the same bytes."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def read_content(path: Path) -> Content:
    """Content as `carryflow explore --out FILE.json` wrote it.

    Raises
    ------
    OutputError
        If the file holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or "states" not in content:
        raise OutputError(f"{path} is no content of a page of format {FORMAT}; write it with `carryflow explore --out`")
    return content
