"""Readable labels for names used in the code and in configs."""

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
    """Label of a name inside a sentence: ``foreigners in Japan``, ``retail FX``, ``USDJPY stress slope``."""
    return READABLE_WORDS.get(name) or " ".join(
        READABLE_WORDS.get(word, word) for word in name.replace("_", " ").split()
    )


def capitalized(words: str) -> str:
    """Text with its first letter capitalised and the rest unchanged."""
    return words[:1].upper() + words[1:]


def capitalized_name(name: str) -> str:
    """Label of a table row: ``Retail FX``."""
    return capitalized(readable_name(name))
