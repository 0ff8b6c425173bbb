"""The kinds of market a scenario may hold, and the six standard markets: what differs from the defaults of their kind."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from simulation.market.bonds import JgbMarket, TreasuryMarket
from simulation.market.crypto import CryptoMarket
from simulation.market.parameters import CurrencyMarket, EquityMarket, Market

if TYPE_CHECKING:
    AnyMarket = Market
else:
    AnyMarket = Annotated[
        CurrencyMarket | TreasuryMarket | JgbMarket | EquityMarket | CryptoMarket, Field(discriminator="kind")
    ]

STANDARD_MARKETS: dict[str, dict[str, Any]] = {
    "usdjpy": {"kind": "currency"},
    "ust10": {"kind": "treasury"},
    "jgb10": {"kind": "jgb"},
    "us_equity": {"kind": "equity", "links": {"ust10": -3.0}},
    "japan_equity": {
        "kind": "equity",
        "yen_priced": True,
        "size": 1_090_000.0,
        "own_volatility_pct": 14.0,
        "dividend_pct": 2.1,
        "links": {"usdjpy": 0.4, "us_equity": 0.6},
    },
    "bitcoin": {"kind": "crypto"},
}
"""Values that differ from the kind's defaults.  Equity links: -3 = equity duration to the ten-year yield (assumption within
the range of empirical estimates, -2 to -6); exporters' earnings .4 and global beta .6 (MODEL section 4; the beta is an
assumption); Japanese market about 7 $tn at 156 yen (MODEL section 4)."""

KINDS = {
    kind.model_fields["kind"].default: kind
    for kind in (CurrencyMarket, TreasuryMarket, JgbMarket, EquityMarket, CryptoMarket)
}
"""The kinds of market by the name that a config gives them."""


def first_day(name: str) -> date:
    """First day on which a standard market had a price."""
    return KINDS[STANDARD_MARKETS[name]["kind"]].since
