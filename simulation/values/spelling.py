"""Names of the code as a reader writes them."""

from typing import Final

SPELLED: Final = {
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


def spoken(name: str) -> str:
    """Return a name within a sentence: ``foreigners in Japan``, ``retail FX``, ``USDJPY stress slope``."""
    return SPELLED.get(name) or " ".join(SPELLED.get(word, word) for word in name.replace("_", " ").split())


def sentence(words: str) -> str:
    """Return words with the first letter large and the others as they are."""
    return words[:1].upper() + words[1:]


def title(name: str) -> str:
    """Return a name as the label of a row: ``Retail FX``."""
    return sentence(spoken(name))
