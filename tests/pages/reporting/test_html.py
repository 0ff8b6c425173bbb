"""Text is always escaped."""

import pytest

from simulation.pages.reporting.html import Html, bullets, paragraphs, section, table, tag

HOSTILE = """<script>alert('x')</script>"><img src=x onerror="alert(1)">&amp;"""


@pytest.mark.parametrize(
    "html",
    [
        tag("p", HOSTILE), paragraphs(HOSTILE), bullets([HOSTILE]), section(HOSTILE, HOSTILE),
        table(HOSTILE, [HOSTILE, "n"], [[HOSTILE, HOSTILE]]), tag("svg", aria_label=HOSTILE),
    ],
)  # fmt: skip
def test_hostile_text_is_escaped(html: Html) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert "&amp;amp;" in html


def test_quotes_do_not_end_an_attribute() -> None:
    assert tag("p", aria_label='a" onclick="b') == '<p aria-label="a&quot; onclick=&quot;b"></p>'


def test_html_is_not_escaped_again() -> None:
    assert tag("p", "a < b ", tag("b", "c")) == "<p>a &lt; b <b>c</b></p>"


def test_a_table_names_its_rows_and_columns() -> None:
    html = table("Means", ["Metric", "value"], [["USDJPY", "1.0"]])
    assert '<th scope="col">Metric</th><th scope="col" class="number">value</th>' in html
    assert '<th scope="row">USDJPY</th><td class="number">1.0</td>' in html
    assert 'tabindex="0" role="region" aria-label="Means"' in html
