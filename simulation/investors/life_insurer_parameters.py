"""What a config may say of life insurers."""

from typing import Literal

from pydantic import Field

from simulation.investors.heterogeneity import Lognormal
from simulation.investors.population import PopulationParameters
from simulation.values.parameters import quantity


class LifeInsurerParameters(PopulationParameters):
    """Life insurers of MODEL section 3."""

    kind: Literal["life_insurers"] = "life_insurers"
    investors: int = Field(200, ge=1, le=20_000_000, description="number of insurers: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        620, "$bn", (0, 100_000), "foreign bonds", "Bank of Japan Financial System Report, 2025"
    )
    jgb_stock_jpy_bn: float = quantity(
        160_000,
        "JPY bn",
        (0, 1e7),
        "yen bonds at the start",
        "Life Insurance Association of Japan, fiscal 2024 (rounded)",
    )
    hedge_ratio: float = quantity(
        0.44, "share", (0, 1), "share of foreign bonds hedged", "insurers' 2025 reports, MODEL"
    )
    hedged_sale_per_pp: float = quantity(
        0.10,
        "share per pp",
        (0, 5),
        "hedged bonds sold per pp of lost incentive",
        "sales of fiscal 2022: a quarter for 2.5 pp",
    )
    unhedged_sale_per_pp: float = quantity(
        0.05, "share per pp", (0, 5), "unhedged bonds sold per pp of lost incentive", "assumption: half of the hedged"
    )
    hedge_ratio_per_pp: float = quantity(
        0.04, "share per pp", (0, 1), "fall of the ratio per pp of hedging cost", "MODEL"
    )
    hedge_ratio_per_stress: float = quantity(
        0.05,
        "share",
        (0, 1),
        "rise of the ratio when volatility doubles",
        "assumption: as much as 1.25 pp of hedging cost",
    )
    hedge_ratio_per_yen: float = quantity(
        0.01, "share per yen", (0, 1), "rise of the ratio per yen below the steep level",
        "about 80 % hedged near 80 yen (2010, press), 44 % near 150: .6 pp per yen on average; steeper by assumption",
    )  # fmt: skip
    steep_below_yen: float = quantity(
        140, "yen per dollar", (1, 1000), "level below which hedging rises", "MODEL section 3"
    )
    risk_charge: float = quantity(
        0.05,
        "per unit of volatility",
        (0, 10),
        "k: charge for annual currency volatility",
        "assumption: half a point of yield at 10 % volatility",
    )
    band_share: float = quantity(
        0.01,
        "share of the position",
        (0, 1),
        "gaps below are left alone",
        "assumption: a gap of 1 % is not worth a trade",
    )
    interim_share: float = quantity(
        0.5,
        "share",
        (0, 1),
        "part of a change of incentives that bond programmes follow before the next plan",
        "assumption: half now, half with the plans of April and October",
    )
    year_end_days: int = Field(
        20,
        ge=0,
        le=60,
        description="last business days of the fiscal year: slower trading, income brought home; 0: none",
        json_schema_extra={"source": "assumption: March, the last month of the fiscal year"},
    )
    year_end_speed_x: float = quantity(
        0.5,
        "multiple",
        (0, 1),
        "speed of programmes before the fiscal year ends",
        "assumption: half; press, March 2025, says less trading and not how much",
    )
    income_share: float = quantity(
        0.3,
        "share",
        (0, 1),
        "part of the year's dollar income converted to yen before the fiscal year ends",
        "assumption: press tells of purchases of yen before March, not how large",
    )
    speed_pct_per_day: Lognormal = Field(
        Lognormal(median=1, log_sd=0.5, highest=20),
        description="part of a gap closed a day: a plan takes a half-year",
        json_schema_extra={"source": "MODEL section 3: half-yearly plans; 1 % a day closes 72 % of a gap in 126 days"},
    )
