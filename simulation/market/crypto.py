"""What a config may say of the market of bitcoin."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from simulation.market.parameters import LINEAR_SCALE, Impact, Market
from simulation.values.conventions import PERCENT
from simulation.values.parameters import quantity


class CryptoMarket(Market):
    """Bitcoin."""

    since: ClassVar[date] = date(2010, 7, 18)  # the first exchange (Mt. Gox) opens
    kind: Literal["crypto"] = "crypto"
    size_usd_bn: float = quantity(1_815, "$bn", (1, 1e6), "value of all coins", "19.95 million coins at 91,000 dollars")
    impact_pct_per_usd_bn: float = quantity(
        1.2, "% per $bn", (0, 1000), "lambda_0", "Citi; liquidations of October 2025; prior .6-3.4"
    )
    slow_impact_pct_per_usd_bn: float = quantity(
        0.6, "% per $bn", (0, 1000), "slow: half of the fast impact, assumption", "assumption: half of the fast impact"
    )
    scale_usd_bn: float = quantity(
        5,
        "$bn",
        (1e-3, LINEAR_SCALE),
        "q0 = q1: a large day of liquidations",
        "assumption: between the 1 $bn liquidated on 5 August 2024 (CALIBRATION section 1) and the far larger 10 October 2025",
    )
    own_volatility_pct: float = quantity(
        40,
        "% per year",
        (0, 500),
        "volatility of news of its own",
        "assumption: about realised volatility in 2025; with the link to equities 44, and liquidations add as much again",
    )
    thin_factor_x: float = quantity(2, "multiple", (1, 100), "fast impact in thin markets", "MODEL section 4")
    half_spread_bp: float = quantity(
        2,
        "bp of the trade",
        (0, 500),
        "half the bid-ask spread that dealers charge",
        "assumption: four times USDJPY, exchange fees left out",
    )
    links: dict[str, float] = Field(
        default_factory=lambda: {"us_equity": 1.3},
        description="as for equities; 1.3 x Nasdaq return",
        json_schema_extra={"source": "MODEL section 4: 1.3 x Nasdaq return"},
    )

    def outstanding(self) -> float:
        """Units outstanding at the start."""
        return self.size_usd_bn

    def impact(self) -> Impact:
        """Impact in log price per $bn."""
        fast, slow = self.impact_pct_per_usd_bn * PERCENT, self.slow_impact_pct_per_usd_bn * PERCENT
        return self._impact(fast, slow, self.scale_usd_bn, self.scale_usd_bn)
