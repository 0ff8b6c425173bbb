"""Text never becomes markup."""

import pytest

from simulation.pages.reporting.html import Html, bullets, paragraphs, section, table, tag

HOSTILE = """<script>alert('x')</script>"><img src=x onerror="alert(1)">&amp;"""


@pytest.mark.parametrize(
    "made",
    [
        tag("p", HOSTILE), paragraphs(HOSTILE), bullets([HOSTILE]), section(HOSTILE, HOSTILE),
        table(HOSTILE, [HOSTILE, "n"], [[HOSTILE, HOSTILE]]), tag("svg", aria_label=HOSTILE),
    ],
)  # fmt: skip
def test_hostile_text_stays_text(made: Html) -> None:
    assert "<script" not in made
    assert "<img" not in made
    assert "&lt;script&gt;" in made
    assert "&amp;amp;" in made


def test_quotes_do_not_end_an_attribute() -> None:
    assert tag("p", aria_label='a" onclick="b') == '<p aria-label="a&quot; onclick=&quot;b"></p>'


def test_html_is_kept_and_nothing_is_lost() -> None:
    assert tag("p", "a < b ", tag("b", "c")) == "<p>a &lt; b <b>c</b></p>"


def test_a_table_names_its_rows_and_columns() -> None:
    made = table("Means", ["Metric", "value"], [["USDJPY", "1.0"]])
    assert '<th scope="col">Metric</th><th scope="col" class="number">value</th>' in made
    assert '<th scope="row">USDJPY</th><td class="number">1.0</td>' in made
    assert 'tabindex="0" role="region" aria-label="Means"' in made
