"""What a config may say of carry funds."""

from typing import Literal

from pydantic import Field

from simulation.investors.heterogeneity import Lognormal, personal
from simulation.investors.population import PopulationParameters
from simulation.values.parameters import CALIBRATED, Parameters, quantity

BY_VOLATILITY = "positions shrink when the volatility of USDJPY rises"
BY_MARGIN = "lenders call margin within the day"
BY_STOP = "trailing stops cut positions within the day"


class Switches(Parameters):
    """Which mechanisms act; each can be switched off by itself."""

    incentive: bool = Field(True, description="target leverage follows expected carry")
    momentum: bool = Field(True, description="the trend of USDJPY counts as expected return")
    risk_budget: bool = Field(True, description="the risk budget follows equity")
    volatility_target: bool = Field(True, description=BY_VOLATILITY)
    margin: bool = Field(True, description=BY_MARGIN)
    trailing_stop: bool = Field(True, description=BY_STOP)


class CarryIncentive(Parameters):
    """What makes carry attractive: ``mu = carry + alpha momentum - rho P(adverse surprise)``."""

    momentum_weight: float = quantity(
        0.02,
        "per unit",
        (0, 10),
        "alpha: weight of the trend of USDJPY",
        "assumption: a trend of 10 % a year counts as 0.2 % a year of carry",
    )
    surprise_aversion_pct: float = quantity(
        1,
        "% per year",
        (0, 100),
        "rho: charge for an unpriced 25 bp step",
        "assumption: even odds of a hike (p(1-p) = .25) cost a quarter of a point of carry",
    )
    least_start_pct: float = quantity(
        0.5,
        "% per year",
        (0.01, 100),
        "expected return at the start below which the target reacts as if it were this",
        "assumption: keeps responses finite where carry at the start is near nothing",
    )


class Adjustment(Parameters):
    """How fast positions and risk budgets follow their targets."""

    band_pct: float = quantity(10, "% of the position", (0, 100), "inaction band", "MODEL section 3")
    rebuild_pct_per_day: float = quantity(1, "% of the gap per day", (0, 100), "speed of rebuilding", "MODEL section 3")
    cut_pct_per_day: float = quantity(7.5, "% of the gap per day", (0, 100), "speed of cutting", "MODEL section 3")
    budget_pct_per_day: float = quantity(
        3, "% of the gap per day", (0, 100), "risk budget follows equity", "MODEL section 3"
    )


class Margin(Parameters):
    """What prime brokers ask: ``max(m0, z sigma sqrt(h))``."""

    floor_pct: float = quantity(
        4,
        "% of the position",
        (0.1, 100),
        "m0: CME margin on yen futures is 3-5 %",
        "CME, margin on yen futures: 3-5 %",
    )
    quantile: float = quantity(2.33, "standard deviations", (0, 10), "z: 99 %", "Brunnermeier and Pedersen (2009)")
    days: float = quantity(10, "business days", (0, 250), "h: close-out period", "BCBS-IOSCO (2020), 10 days")
    restore_share: float = quantity(
        0.9, "share", (0.1, 1), "a call restores this share of the limit", "MODEL section 3"
    )


class TrailingStop(Parameters):
    """A fall of USDJPY from its high of 120 days that makes an investor cut."""

    distance_pct: Lognormal = personal(
        Lognormal(median=8.8, log_sd=0.5),
        "% of the high",
        "theta: fall at which an investor cuts",
        "MODEL section 3: 7.6-8.8",
    )
    cut_share: float = quantity(
        0.6, "share", (0, 1), "part of the position cut when the stop is hit", "MODEL section 3"
    )


class LeveredCarryParameters(PopulationParameters):
    """What every population that borrows yen against dollar assets states; the defaults are those of hedge funds."""

    investors: int = Field(1000, ge=1, le=20_000_000, description="number of funds: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        250, "$bn", (0, 100_000), "notional", "BIS Bulletin 90 (2024): about 40 JPY tn; 150-500"
    )
    position_scale_x: float = quantity(
        1, "multiple of the stated stock", (0.01, 100),
        "true positions over the estimate in stock_usd_bn: what is uncertain about any estimate of them",
        "150-500 around 250 $bn, BIS Bulletin 90 (2024)",
    )  # fmt: skip
    funding_spread_bp: float = quantity(
        40,
        "bp per year",
        (0, 5000),
        "prime-broker spread on yen loans",
        "assumption: order of prime brokers' financing spreads",
    )
    basket: dict[str, float] = Field(
        default_factory=lambda: {"ust10": 0.45, "us_equity": 0.35, "bitcoin": 0.05},
        description="shares of the position by asset; the rest is other dollar assets held at par",
        json_schema_extra={"source": "MODEL section 3"},
    )
    leverage_x: Lognormal = Lognormal(median=4, log_sd=0.35, highest=12)
    leverage_cap_x: float = quantity(
        15,
        "multiple of equity",
        (0.1, 200),
        "highest target leverage",
        "assumption: above the highest leverage at the start, 12",
    )
    volatility_target_cap_x: float = quantity(
        1.2, "multiple", (0.1, 10), "cap on re-levering in calm", "MODEL section 3"
    )
    incentive: CarryIncentive = CarryIncentive()
    adjustment: Adjustment = Adjustment()
    margin: Margin = Margin()
    trailing_stop: TrailingStop = TrailingStop()
    switches: Switches = Switches()


class CarryFundParameters(LeveredCarryParameters):
    """Hedge-fund carry traders of MODEL section 3."""

    kind: Literal["carry_funds"] = "carry_funds"
    leverage_x: Lognormal = personal(
        Lognormal(median=4.5, log_sd=0.35, highest=12),
        "multiple of equity",
        "position over equity",
        f"{CALIBRATED}; prior 3-6",
    )
    adjustment: Adjustment = Field(
        Adjustment(rebuild_pct_per_day=1.2, cut_pct_per_day=7.0),
        description=f"speeds, {CALIBRATED}; priors .5-4 (rebuilding) and 4-12 (cutting) around MODEL section 3",
    )
    trailing_stop: TrailingStop = Field(
        TrailingStop(distance_pct=Lognormal(median=8.4, log_sd=0.47), cut_share=0.58),
        description=f"stops, {CALIBRATED}; priors 5-12 % (median), .2-.7 (log sd), .4-.8 (cut)",
    )
