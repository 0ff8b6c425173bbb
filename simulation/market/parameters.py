"""What a config may say of each market, and the common engine units in which the impact equations read it."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from simulation.values.conventions import PERCENT
from simulation.values.parameters import CALIBRATED, Parameters, quantity

MULTIPLIER_SOURCE = "Gabaix and Koijen (2021); Koijen and Yogo (2020)"
PRICED_IN_YEN = "whether the price is in yen; else in dollars"
LINEAR_SCALE = 1e9
"""Curvature scale at which an impact function is linear for any flow."""


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
        kappa, share of the dealers' inventory that passes to value investors each day.
    decay
        Share of the temporary part of G that fades each day.
    lasting_share
        pi, share of the change of g that stays for good.
    """

    fast: float
    slow: float
    fast_scale: float
    slow_scale: float
    release: float
    decay: float
    lasting_share: float


class Market(Parameters):
    """Parameters that every market has; `since` is the first day on which it had a price."""

    since: ClassVar[date] = date.min

    yen_priced: bool = Field(False, description=PRICED_IN_YEN, json_schema_extra={"source": "a fact of the asset"})
    release_pct_per_day: float = quantity(
        12, "% per day", (0, 100), "kappa: dealers' inventory passed to value investors", "MODEL section 4, prior 5-40"
    )
    decay_pct_per_day: float = quantity(
        3.7, "% per day", (0, 100), "fading of the temporary part of the slow impact", "MODEL section 4, prior 1.5-7"
    )
    lasting_share: float = quantity(
        0.57, "share", (0, 1), "pi: part of the slow impact that stays for good", "MODEL section 4, prior .19-.86"
    )
    half_spread_bp: float = quantity(
        0.5, "bp of the trade", (0, 500), "half the bid-ask spread that dealers charge", "BIS (2022), major pairs"
    )
    thin_factor_x: float = quantity(
        1.3,
        "multiple",
        (1, 100),
        "fast impact in thin holiday markets, times normal",
        "assumption: a quarter less depth, between none and the half that MODEL section 4 gives bitcoin",
    )
    stress_slope: float = quantity(
        0.8,
        "per unit of stress",
        (0, 100),
        "zeta: rise of the fast impact with volatility",
        "MODEL section 4, .36-1.35",
    )
    stress_cap: float = quantity(
        2, "multiple", (1, 100), "stress beyond which impact rises no further", "MODEL section 4"
    )

    def impact(self) -> Impact:
        """Impact in engine units."""
        raise TypeError(f"{type(self).__name__} states no impact")

    def outstanding(self) -> float:
        """Units outstanding at the start, billions of the own currency; a currency has none."""
        return 0.0

    def _impact(self, fast: float, slow: float, fast_scale: float, slow_scale: float) -> Impact:
        return Impact(
            fast, slow, fast_scale, slow_scale,
            self.release_pct_per_day * PERCENT, self.decay_pct_per_day * PERCENT, self.lasting_share,
        )  # fmt: skip


class CurrencyMarket(Market):
    """USDJPY: spot dollars against yen."""

    kind: Literal["currency"] = "currency"
    release_pct_per_day: float = quantity(
        7.5, "% per day", (0, 100), "kappa: dealers' inventory passed to value investors", f"{CALIBRATED}; prior 5-40"
    )
    decay_pct_per_day: float = quantity(
        4.2, "% per day", (0, 100), "fading of the temporary part of the slow impact", f"{CALIBRATED}; prior 1.5-7"
    )
    lasting_share: float = quantity(
        0.54, "share", (0, 1), "pi: part of the slow impact that stays for good", f"{CALIBRATED}; prior .19-.86"
    )
    stress_slope: float = quantity(
        0.88,
        "per unit of stress",
        (0, 100),
        "zeta: rise of the fast impact with volatility",
        f"{CALIBRATED}; prior .36-1.35",
    )
    fast_impact_pct_per_usd_bn: float = quantity(
        0.031,
        "% per $bn",
        (0, 100),
        "lambda_0; with the stated stock, for August 2024 tells lambda K",
        f"of lambda K: {CALIBRATED}; prior .02-.08: Evans and Lyons (2002), turnover of BIS (2025)",
    )
    slow_impact_pct_per_usd_bn: float = quantity(
        0.014, "% per $bn", (0, 100), "slow", f"{CALIBRATED}; prior .005-.025: MoF interventions 2022-24"
    )
    fast_scale_usd_bn: float = quantity(50, "$bn", (1e-3, LINEAR_SCALE), "q1", "MODEL section 4")
    slow_scale_usd_bn: float = quantity(50, "$bn", (1e-3, LINEAR_SCALE), "q0", "MODEL section 4")
    depth_x: float = quantity(
        1, "multiple", (0.001, 1000),
        "depth of the market relative to 2024: impacts are divided by it, their scales multiplied",
        "turnover in USDJPY, BIS Triennial Survey of the episode's year over that of 2022-25",
    )  # fmt: skip
    own_volatility_pct: float = quantity(
        8.5,
        "% per year",
        (0, 200),
        "volatility of news that are neither rates nor flows",
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
        "beta_2: response to other news on the two-year spread",
        f"{CALIBRATED}; prior 3.5-8: MODEL section 2",
    )
    credibility_beta_pct_per_bp: float = quantity(
        0.05,
        "% per bp",
        (0, 5),
        "weakening of the yen per bp of announced term premium",
        "assumption: a third of announcement_beta_pct_per_bp; sign from MODEL section 2",
    )

    def impact(self) -> Impact:
        """Impact in log price per $bn."""
        fast, slow = self.fast_impact_pct_per_usd_bn * PERCENT, self.slow_impact_pct_per_usd_bn * PERCENT
        depth = self.depth_x
        return self._impact(fast / depth, slow / depth, self.fast_scale_usd_bn * depth, self.slow_scale_usd_bn * depth)


class EquityMarket(Market):
    """An equity market with a multiplier on flow over market size."""

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
        "q0 = q1 as a share of the market: the flows of the cited estimates",
        "assumption: the order of the flows in Gabaix and Koijen (2021)",
    )
    own_volatility_pct: float = quantity(
        15,
        "% per year",
        (0, 300),
        "volatility of news of its own",
        "assumption: links and flows add what is missing to the 16-19 % of the S&P 500",
    )
    growth_pct: float = quantity(
        0,
        "% per year",
        (-50, 50),
        "expected growth of value (earnings)",
        "0: no trend of its own, so that trends come from yields, links and flows",
    )
    dividend_pct: float = quantity(1.2, "% per year", (0, 20), "dividend yield", "S&P Dow Jones Indices, 2025")
    links: dict[str, float] = Field(
        default_factory=dict,
        description="response of the log price to an earlier asset: per log price, or per decimal yield for a bond",
        json_schema_extra={"source": "none unless the market states them"},
    )
    lasting_share: float = quantity(
        1,
        "share",
        (0, 1),
        "pi: part of the slow impact that stays for good",
        "Gabaix and Koijen (2021): flows move prices for good",
    )

    def outstanding(self) -> float:
        """Units outstanding at the start."""
        return self.size

    def impact(self) -> Impact:
        """Impact in log price per unit."""
        slope, scale = self.multiplier_x / self.size, self.scale_share * self.size
        return self._impact(slope, slope, scale, scale)
