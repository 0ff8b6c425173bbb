"""Parameters of the markets: base classes, currency, bonds, equities and bitcoin, and the six standard markets."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from simulation.values.conventions import BASIS_POINT, PERCENT
from simulation.values.parameters import CALIBRATED, EVERY_KEY, Parameters, quantity

MULTIPLIER_SOURCE = "Gabaix and Koijen (2021); Koijen and Yogo (2020)"
DEALER_KEYS = ("release_pct_per_day", "half_spread_bp", "thin_factor_x", "stress_slope", "stress_cap")
DEALERS_TRADE = "dealers take the other side of unannounced trades in the asset (`stress_cap`: at stress beyond it)"
OUTSTANDING_ONLY = "a stock: it limits what investors may hold; impact is stated per amount traded"
PRICED_IN_YEN = "whether the price is in yen; otherwise in dollars"
LINEAR_SCALE = 1e9
"""Curvature scale above which impact is linear for any realistic flow."""


@dataclass(frozen=True)
class Impact:
    """Price impact of one market in engine units: log price (bonds: decimal yield) per unit of flow.

    Attributes
    ----------
    fast, slow
        Slopes at zero of F and g.
    fast_scale, slow_scale
        q1 and q0, the flows at which concavity sets in, in units.
    release
        kappa, share of the dealers' inventory transferred to value investors each day.
    decay
        Share of the temporary part of G that fades each day.
    lasting_share
        pi, permanent share of the change of g.
    """

    fast: float
    slow: float
    fast_scale: float
    slow_scale: float
    release: float
    decay: float
    lasting_share: float


class Market(Parameters):
    """Parameters common to all markets; `since` is the first day with a price."""

    ACTS_WHEN: ClassVar = dict.fromkeys(DEALER_KEYS, DEALERS_TRADE) | {
        EVERY_KEY: "an investor of the scenario trades or holds the asset",
    }
    since: ClassVar[date] = date.min

    yen_priced: bool = Field(False, description=PRICED_IN_YEN, json_schema_extra={"source": "a fact of the asset"})
    release_pct_per_day: float = quantity(
        12,
        "% per day",
        (0, 100),
        "kappa: share of the dealers' inventory transferred to value investors",
        "MODEL section 4, prior 5-40",
    )
    decay_pct_per_day: float = quantity(
        3.7, "% per day", (0, 100), "decay of the temporary part of the slow impact", "MODEL section 4, prior 1.5-7"
    )
    lasting_share: float = quantity(
        0.57, "share", (0, 1), "pi: permanent share of the slow impact", "MODEL section 4, prior .19-.86"
    )
    half_spread_bp: float = quantity(
        0.5, "bp of the trade", (0, 500), "half of the dealers' bid-ask spread", "BIS (2022), major pairs"
    )
    thin_factor_x: float = quantity(
        1.3,
        "multiple",
        (1, 100),
        "fast impact in thin holiday markets relative to normal",
        "assumption: a quarter less depth, between none and the half that MODEL section 4 gives bitcoin",
    )
    stress_slope: float = quantity(
        0.8,
        "per unit of stress",
        (0, 100),
        "zeta: increase of the fast impact with volatility",
        "MODEL section 4, .36-1.35",
    )
    stress_cap: float = quantity(
        2, "multiple", (1, 100), "stress above which the fast impact no longer increases", "MODEL section 4"
    )

    def impact(self) -> Impact:
        """Impact in engine units."""
        raise TypeError(f"{type(self).__name__} defines no impact")

    def outstanding(self) -> float:
        """Units outstanding at the start, billions of the market's currency; zero for a currency."""
        return 0.0

    def _impact(self, fast: float, slow: float, fast_scale: float, slow_scale: float) -> Impact:
        return Impact(
            fast, slow, fast_scale, slow_scale,
            self.release_pct_per_day * PERCENT, self.decay_pct_per_day * PERCENT, self.lasting_share,
        )  # fmt: skip


class CurrencyMarket(Market):
    """USDJPY: spot dollars against yen."""

    ACTS_WHEN: ClassVar = {
        "announcement_beta_pct_per_bp": "a central bank surprises or speaks",
        "credibility_beta_pct_per_bp": "guidance of the Bank of Japan lowers the expected path",
    }
    kind: Literal["currency"] = "currency"
    release_pct_per_day: float = quantity(
        7.5,
        "% per day",
        (0, 100),
        "kappa: share of the dealers' inventory transferred to value investors",
        f"{CALIBRATED}; prior 5-40",
    )
    decay_pct_per_day: float = quantity(
        4.2, "% per day", (0, 100), "decay of the temporary part of the slow impact", f"{CALIBRATED}; prior 1.5-7"
    )
    lasting_share: float = quantity(
        0.54, "share", (0, 1), "pi: permanent share of the slow impact", f"{CALIBRATED}; prior .19-.86"
    )
    stress_slope: float = quantity(
        0.88,
        "per unit of stress",
        (0, 100),
        "zeta: increase of the fast impact with volatility",
        f"{CALIBRATED}; prior .36-1.35",
    )
    fast_impact_pct_per_usd_bn: float = quantity(
        0.031,
        "% per $bn",
        (0, 100),
        "lambda_0: fast impact; August 2024 identifies its product with the carry stock K",
        f"lambda K: {CALIBRATED}; prior .02-.08: Evans and Lyons (2002), turnover of BIS (2025)",
    )
    slow_impact_pct_per_usd_bn: float = quantity(
        0.014, "% per $bn", (0, 100), "slow impact", f"{CALIBRATED}; prior .005-.025: MoF interventions 2022-24"
    )
    fast_scale_usd_bn: float = quantity(
        50, "$bn", (1e-3, LINEAR_SCALE), "q1: scale of the fast impact", "MODEL section 4"
    )
    slow_scale_usd_bn: float = quantity(
        50, "$bn", (1e-3, LINEAR_SCALE), "q0: scale of the slow impact", "MODEL section 4"
    )
    depth_x: float = quantity(
        1, "multiple", (0.001, 1000),
        "market depth relative to 2024: divides impacts and multiplies their scales",
        "turnover in USDJPY, BIS Triennial Survey of the episode's year over that of 2022-25",
    )  # fmt: skip
    own_volatility_pct: float = quantity(
        8.5,
        "% per year",
        (0, 200),
        "volatility of news other than rates and flows",
        f"{CALIBRATED}; prior 6-10: H.10, less rates",
    )
    announcement_beta_pct_per_bp: float = quantity(
        0.14,
        "% per bp",
        (0, 5),
        "B_e: response to an announced rate surprise",
        f"{CALIBRATED}; prior .05-.30: MODEL section 2",
    )
    spread_beta_pct_per_pp: float = quantity(
        6.2,
        "% per pp",
        (0, 50),
        "beta_2: response to other news about the two-year spread",
        f"{CALIBRATED}; prior 3.5-8: MODEL section 2",
    )
    credibility_beta_pct_per_bp: float = quantity(
        0.05,
        "% per bp",
        (0, 5),
        "yen depreciation per bp of announced term premium",
        "assumption: a third of announcement_beta_pct_per_bp; sign from MODEL section 2",
    )

    def impact(self) -> Impact:
        """Impact in log price per $bn."""
        fast, slow = self.fast_impact_pct_per_usd_bn * PERCENT, self.slow_impact_pct_per_usd_bn * PERCENT
        depth = self.depth_x
        return self._impact(fast / depth, slow / depth, self.fast_scale_usd_bn * depth, self.slow_scale_usd_bn * depth)


class EquityMarket(Market):
    """An equity market; price impact is a multiplier on flow over market size."""

    kind: Literal["equity"] = "equity"
    size: float = quantity(
        62_000,
        "bn of own currency",
        (1, 1e8),
        "market capitalisation",
        "SIFMA Capital Markets Fact Book 2025: 62.2 $tn",
    )
    multiplier_x: float = quantity(3, "multiple", (0, 1000), "price per flow over market size", MULTIPLIER_SOURCE)
    scale_share: float = quantity(
        0.01,
        "share of the market",
        (1e-9, 1e3),
        "q0 = q1 as a share of the market",
        "assumption: the order of the flows in Gabaix and Koijen (2021)",
    )
    own_volatility_pct: float = quantity(
        15,
        "% per year",
        (0, 300),
        "volatility of the market's own news",
        "assumption: links and flows raise it to the 16-19 % of the S&P 500",
    )
    growth_pct: float = quantity(
        0,
        "% per year",
        (-50, 50),
        "expected growth of fundamental value (earnings)",
        "0: no own trend; trends come from yields, links and flows",
    )
    dividend_pct: float = quantity(1.2, "% per year", (0, 20), "dividend yield", "S&P Dow Jones Indices, 2025")
    links: dict[str, float] = Field(
        default_factory=dict,
        description="response of the log price to an earlier asset, per unit of log price, or of decimal yield for a bond",
        json_schema_extra={"source": "none unless the market defines them"},
    )
    lasting_share: float = quantity(
        1,
        "share",
        (0, 1),
        "pi: permanent share of the slow impact",
        "Gabaix and Koijen (2021): permanent price effect of flows",
    )

    def outstanding(self) -> float:
        """Units outstanding at the start."""
        return self.size

    def impact(self) -> Impact:
        """Impact in log price per unit."""
        slope, scale = self.multiplier_x / self.size, self.scale_share * self.size
        return self._impact(slope, slope, scale, scale)


class BondMarket(Market):
    """Parameters common to Treasuries and JGBs; bonds are quoted in yield."""

    yield_volatility_bp: float = quantity(
        90,
        "bp per year",
        (0, 2000),
        "volatility of macro news in the ten-year yield",
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
        "pi: permanent share of the slow impact",
        "Beltran, Kretchmer, Marquez and Thomas (2012): the slow impact is permanent",
    )
    half_spread_bp: float = quantity(
        1,
        "bp of the trade",
        (0, 500),
        "half of the dealers' bid-ask spread",
        "assumption: half of 1/64 of a point, the tick of ten-year notes, rounded up",
    )


class TreasuryMarket(BondMarket):
    """The ten-year US Treasury."""

    INERT: ClassVar = {"outstanding_usd_bn": OUTSTANDING_ONLY}
    kind: Literal["treasury"] = "treasury"
    outstanding_usd_bn: float = quantity(
        29_000, "$bn", (1, 1e6), "marketable Treasuries outstanding", "US Treasury, Monthly Statement, autumn 2025"
    )
    fast_impact_bp_per_100_usd_bn: float = quantity(
        7, "bp per 100 $bn", (0, 1e4), "lambda_0: fast impact", "Beltran, Kretchmer, Marquez and Thomas (2012)"
    )
    slow_impact_bp_per_100_usd_bn: float = quantity(
        3, "bp per 100 $bn", (0, 1e4), "slow impact", "Beltran, Kretchmer, Marquez and Thomas (2012); prior 1.5-6"
    )
    fast_scale_usd_bn: float = quantity(
        500,
        "$bn",
        (1e-3, LINEAR_SCALE),
        "q1: scale of the fast impact",
        "assumption: ten times that of USDJPY, a deeper market",
    )
    slow_scale_usd_bn: float = quantity(
        2000,
        "$bn",
        (1e-3, LINEAR_SCALE),
        "q0: scale of the slow impact",
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

    INERT: ClassVar = {"outstanding_jpy_bn": OUTSTANDING_ONLY}
    kind: Literal["jgb"] = "jgb"
    yen_priced: bool = Field(True, description=PRICED_IN_YEN, json_schema_extra={"source": "a fact of the asset"})
    yield_volatility_bp: float = quantity(
        45,
        "bp per year",
        (0, 2000),
        "volatility of macro news in the ten-year yield",
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
        2, "bp per 10 JPY tn", (0, 1e4), "lambda_0: fast impact, equal to the slow impact", "MODEL section 4; 1-4"
    )
    scale_jpy_bn: float = quantity(
        100_000, "JPY bn", (1e-3, LINEAR_SCALE), "q0 = q1: scale of both impacts", "assumption: a tenth of the market"
    )

    def outstanding(self) -> float:
        """Units outstanding at the start."""
        return self.outstanding_jpy_bn

    def impact(self) -> Impact:
        """Impact in decimal yield per JPY bn."""
        slope = self.impact_bp_per_10_jpy_tn * BASIS_POINT / 10_000
        return self._impact(slope, slope, self.scale_jpy_bn, self.scale_jpy_bn)


class CryptoMarket(Market):
    """Bitcoin."""

    INERT: ClassVar = {"size_usd_bn": OUTSTANDING_ONLY}
    since: ClassVar[date] = date(2010, 7, 18)  # opening of the first exchange, Mt. Gox
    kind: Literal["crypto"] = "crypto"
    size_usd_bn: float = quantity(
        1_815, "$bn", (1, 1e6), "market capitalisation", "19.95 million coins at 91,000 dollars"
    )
    impact_pct_per_usd_bn: float = quantity(
        1.2, "% per $bn", (0, 1000), "lambda_0: fast impact", "Citi; liquidations of October 2025; prior .6-3.4"
    )
    slow_impact_pct_per_usd_bn: float = quantity(
        0.6, "% per $bn", (0, 1000), "slow impact", "assumption: half of the fast impact"
    )
    scale_usd_bn: float = quantity(
        5,
        "$bn",
        (1e-3, LINEAR_SCALE),
        "q0 = q1: scale of both impacts, a day of large liquidations",
        "assumption: between the 1 $bn liquidated on 5 August 2024 (CALIBRATION section 1) and the far larger 10 October 2025",
    )
    own_volatility_pct: float = quantity(
        40,
        "% per year",
        (0, 500),
        "volatility of the market's own news",
        "assumption: about realised volatility in 2025; with the link to equities 44, and liquidations add as much again",
    )
    thin_factor_x: float = quantity(2, "multiple", (1, 100), "fast impact in thin markets", "MODEL section 4")
    half_spread_bp: float = quantity(
        2,
        "bp of the trade",
        (0, 500),
        "half of the dealers' bid-ask spread",
        "assumption: four times USDJPY, without exchange fees",
    )
    links: dict[str, float] = Field(
        default_factory=lambda: {"us_equity": 1.3},
        description="as for equities",
        json_schema_extra={"source": "MODEL section 4: 1.3 x Nasdaq return"},
    )

    def outstanding(self) -> float:
        """Units outstanding at the start."""
        return self.size_usd_bn

    def impact(self) -> Impact:
        """Impact in log price per $bn."""
        fast, slow = self.impact_pct_per_usd_bn * PERCENT, self.slow_impact_pct_per_usd_bn * PERCENT
        return self._impact(fast, slow, self.scale_usd_bn, self.scale_usd_bn)


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
"""Values that differ from the defaults of the kind.  Equity links: -3 = equity duration to the ten-year yield (assumption within
the range of empirical estimates, -2 to -6); exporters' earnings .4 and global beta .6 (MODEL section 4; the beta is an
assumption); Japanese market about 7 $tn at 156 yen (MODEL section 4)."""

MARKET_KINDS = {
    kind.model_fields["kind"].default: kind
    for kind in (CurrencyMarket, TreasuryMarket, JgbMarket, EquityMarket, CryptoMarket)
}
"""Market classes by their config name."""


def first_price_day(name: str) -> date:
    """First day on which a standard market had a price."""
    return MARKET_KINDS[STANDARD_MARKETS[name]["kind"]].since
