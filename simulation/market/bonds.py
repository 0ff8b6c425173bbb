"""What a config may say of the bond markets: Treasuries and JGBs, quoted in yield."""

from typing import Literal

from pydantic import Field

from simulation.market.parameters import LINEAR_SCALE, PRICED_IN_YEN, Impact, Market
from simulation.values.conventions import BASIS_POINT
from simulation.values.parameters import quantity


class BondMarket(Market):
    """What Treasuries and JGBs share."""

    yield_volatility_bp: float = quantity(
        90,
        "bp per year",
        (0, 2000),
        "volatility of macro news at ten years",
        "H.15: 91 bp in 2005-24, 93 in 1990-2024 (daily changes)",
    )
    duration_years: float = quantity(
        8.1, "years", (0.1, 40), "modified duration of the ten-year bond", "a par bond at 4.1 %"
    )
    convexity_years2: float = quantity(
        78, "years squared", (0, 2000), "convexity of the ten-year bond", "a par bond at 4.1 %"
    )
    lasting_share: float = quantity(
        1,
        "share",
        (0, 1),
        "pi: part of the slow impact that stays for good",
        "Beltran, Kretchmer, Marquez and Thomas (2012): the slow impact is the lasting one",
    )
    half_spread_bp: float = quantity(
        1,
        "bp of the trade",
        (0, 500),
        "half the bid-ask spread that dealers charge",
        "assumption: half of 1/64 of a point, the tick of ten-year notes, rounded up",
    )


class TreasuryMarket(BondMarket):
    """The ten-year US Treasury."""

    kind: Literal["treasury"] = "treasury"
    outstanding_usd_bn: float = quantity(
        29_000, "$bn", (1, 1e6), "marketable Treasuries outstanding", "US Treasury, Monthly Statement, autumn 2025"
    )
    fast_impact_bp_per_100_usd_bn: float = quantity(
        7, "bp per 100 $bn", (0, 1e4), "lambda_0", "Beltran, Kretchmer, Marquez and Thomas (2012)"
    )
    slow_impact_bp_per_100_usd_bn: float = quantity(
        3, "bp per 100 $bn", (0, 1e4), "slow", "Beltran, Kretchmer, Marquez and Thomas (2012); prior 1.5-6"
    )
    fast_scale_usd_bn: float = quantity(
        500,
        "$bn",
        (1e-3, LINEAR_SCALE),
        "q1: ten times that of USDJPY, a deeper market",
        "assumption: ten times that of USDJPY, a deeper market",
    )
    slow_scale_usd_bn: float = quantity(
        2000,
        "$bn",
        (1e-3, LINEAR_SCALE),
        "q0: the largest flows of the cited estimates",
        "assumption: the largest flows in Beltran, Kretchmer, Marquez and Thomas (2012)",
    )
    release_pct_per_day: float = quantity(
        2.3, "% per day", (0, 100), "kappa: half-life of 30 days", "MODEL section 4: ln 2 / 30"
    )

    def outstanding(self) -> float:
        """Units outstanding at the start."""
        return self.outstanding_usd_bn

    def impact(self) -> Impact:
        """Impact in decimal yield per $bn."""
        per_bn = BASIS_POINT / 100
        fast, slow = self.fast_impact_bp_per_100_usd_bn * per_bn, self.slow_impact_bp_per_100_usd_bn * per_bn
        return self._impact(fast, slow, self.fast_scale_usd_bn, self.slow_scale_usd_bn)


class JgbMarket(BondMarket):
    """The ten-year Japanese government bond."""

    kind: Literal["jgb"] = "jgb"
    yen_priced: bool = Field(True, description=PRICED_IN_YEN, json_schema_extra={"source": "a fact of the asset"})
    yield_volatility_bp: float = quantity(
        45,
        "bp per year",
        (0, 2000),
        "volatility of macro news at ten years",
        "MoF Japan: 49 bp in 1990-2024, 33 in 2005-24 under yield control (daily changes)",
    )
    duration_years: float = quantity(
        9, "years", (0.1, 40), "modified duration of the ten-year bond", "a par bond at 1.8 % (9.1)"
    )
    convexity_years2: float = quantity(
        92, "years squared", (0, 2000), "convexity of the ten-year bond", "a par bond at 1.8 %"
    )
    outstanding_jpy_bn: float = quantity(
        1_100_000, "JPY bn", (1, 1e8), "JGBs outstanding", "MoF Japan, 2025 (rounded); CLAIMS 42"
    )
    impact_bp_per_10_jpy_tn: float = quantity(
        2, "bp per 10 JPY tn", (0, 1e4), "lambda_0 = slow", "MODEL section 4; 1-4"
    )
    scale_jpy_bn: float = quantity(
        100_000, "JPY bn", (1e-3, LINEAR_SCALE), "q0 = q1: a tenth of the market", "assumption: a tenth of the market"
    )

    def outstanding(self) -> float:
        """Units outstanding at the start."""
        return self.outstanding_jpy_bn

    def impact(self) -> Impact:
        """Impact in decimal yield per JPY bn."""
        slope = self.impact_bp_per_10_jpy_tn * BASIS_POINT / 10_000
        return self._impact(slope, slope, self.scale_jpy_bn, self.scale_jpy_bn)
