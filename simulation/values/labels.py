"""Names of the code as a reader writes them."""

from typing import Final

READABLE_WORDS: Final = {
    "ministry_of_finance": "Ministry of Finance",
    "six_monthly": "a step every six months",
    "boj": "BOJ",
    "etf": "ETF",
    "fed": "Fed",
    "fx": "FX",
    "japan": "Japan",
    "us": "US",
    "usd": "USD",
    "usdjpy": "USDJPY",
}


def readable_name(name: str) -> str:
    """Return a name within a sentence: ``foreigners in Japan``, ``retail FX``, ``USDJPY stress slope``."""
    return READABLE_WORDS.get(name) or " ".join(
        READABLE_WORDS.get(word, word) for word in name.replace("_", " ").split()
    )


def capitalized(words: str) -> str:
    """Return words with the first letter large and the others as they are."""
    return words[:1].upper() + words[1:]


def capitalized_name(name: str) -> str:
    """Return a name as the label of a row: ``Retail FX``."""
    return capitalized(readable_name(name))
