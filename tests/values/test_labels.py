"""Labels of names in tables, figures and sentences."""

import pytest

from simulation.values.labels import capitalized, capitalized_name, readable_name


@pytest.mark.parametrize(
    ("name", "within", "first"),
    [
        ("retail_fx", "retail FX", "Retail FX"),
        ("foreigners_in_japan", "foreigners in Japan", "Foreigners in Japan"),
        ("bitcoin_etf_holders", "bitcoin ETF holders", "Bitcoin ETF holders"),
        ("ministry_of_finance", "Ministry of Finance", "Ministry of Finance"),
        ("usdjpy stress_slope", "USDJPY stress slope", "USDJPY stress slope"),
        ("us_equity", "US equity", "US equity"),
    ],
)
def test_names_are_spelled_as_readers_write_them(name: str, within: str, first: str) -> None:
    assert (readable_name(name), capitalized_name(name)) == (within, first)


def test_the_rest_of_a_sentence_stays_as_it_is() -> None:
    assert capitalized("the BOJ holds") == "The BOJ holds"
