"""The declared priors: what is believed of each calibrated parameter before August 2024 and the stylised facts are seen.

Ranges are those of MODEL section 4 where it states them.  Positive quantities that are known up to a factor are uniform in
the logarithm.  Values are in the units of the config.
"""

from typing import Final

from simulation.studies.calibration.priors import Prior, Priors

MARKET, FUNDS, NOISE = "markets.usdjpy", "populations.carry_funds", "noise"
STATED = "MODEL section 4"
FALL, REBOUND, FACTS = "fall of 31 July to 5 August 2024", "path after 5 August 2024", "stylised facts of daily returns"

IMPACT: Final[Priors] = (
    Prior(
        "fast_impact", f"{MARKET}.fast_impact_pct_per_usd_bn", "log_uniform", 0.02, 0.08, "% per $bn",
        "Evans and Lyons (2002) with turnover of BIS (2025); MODEL section 4", "Fast impact λ", f"{FALL}, times the stock",
    ),
    Prior(
        "slow_impact", f"{MARKET}.slow_impact_pct_per_usd_bn", "log_uniform", 0.005, 0.025, "% per $bn",
        "MoF interventions 2022-24; MODEL section 4", "Slow impact", "path after the interventions of 11-12 July 2024",
    ),
    Prior(
        "release", f"{MARKET}.release_pct_per_day", "log_uniform", 5.0, 40.0, "% per day",
        STATED, "Dealers' release κ", REBOUND,
    ),
    Prior("decay", f"{MARKET}.decay_pct_per_day", "uniform", 1.5, 7.0, "% per day", STATED, "Decay of impact", REBOUND),
    Prior("lasting_share", f"{MARKET}.lasting_share", "uniform", 0.19, 0.86, "share", STATED, "Lasting share π", REBOUND),
    Prior(
        "stress_slope", f"{MARKET}.stress_slope", "uniform", 0.36, 1.35, "per unit of stress",
        STATED, "Stress slope ζ", "trough of 5 August 2024 against the days before",
    ),
)  # fmt: skip
RATES: Final[Priors] = (
    Prior(
        "announcement_beta", f"{MARKET}.announcement_beta_pct_per_bp", "uniform", 0.05, 0.30, "% per bp",
        "MODEL section 2", "Announcement beta", "31 July 2024: surprise of 7-8 bp",
    ),
    Prior(
        "spread_beta", f"{MARKET}.spread_beta_pct_per_pp", "uniform", 3.5, 8.0, "% per pp",
        "MODEL section 2", "Spread beta", "1-2 August 2024: US two-year yield",
    ),
)  # fmt: skip
FUNDS_PRIORS: Final[Priors] = (
    Prior(
        "stock_scale", f"{FUNDS}.position_scale_x", "log_uniform", 0.6, 2.0, "multiple of the stated stock",
        "BIS Bulletin 90 (2024): 150-500 $bn around 250", "Carry stock K", f"{FALL}, times the fast impact",
    ),
    Prior(
        "stop_median", f"{FUNDS}.trailing_stop.distance_pct.median", "log_uniform", 5.0, 12.0, "% below the high",
        "MODEL section 3: 7.6-8.8 from a trial, widened", "Stop distance, median", "day on which the fall accelerates",
    ),
    Prior(
        "stop_log_sd", f"{FUNDS}.trailing_stop.distance_pct.log_sd", "uniform", 0.2, 0.7, "of the logarithm",
        "MODEL section 3: 0.5, widened", "Stop distance, spread", "how sudden the fall is",
    ),
    Prior(
        "stop_cut", f"{FUNDS}.trailing_stop.cut_share", "uniform", 0.4, 0.8, "share of the position",
        "MODEL section 3: 0.6, widened", "Cut at the stop", "share unwound by 5 August 2024",
    ),
    Prior(
        "leverage_median", f"{FUNDS}.leverage_x.median", "log_uniform", 3.0, 6.0, "multiple of equity",
        "MODEL section 3: 4, widened (assumption)", "Leverage, median", "share unwound by 5 August 2024",
    ),
    Prior(
        "cut_speed", f"{FUNDS}.adjustment.cut_pct_per_day", "log_uniform", 4.0, 12.0, "% of the gap per day",
        "MODEL section 3: 7.5, widened", "Speed of cutting", "path of 11-30 July 2024",
    ),
    Prior(
        "rebuild_speed", f"{FUNDS}.adjustment.rebuild_pct_per_day", "log_uniform", 0.5, 4.0, "% of the gap per day",
        "MODEL section 3: 1, widened", "Speed of rebuilding", REBOUND,
    ),
)  # fmt: skip
NEWS: Final[Priors] = (
    Prior(
        "own_volatility", f"{MARKET}.own_volatility_pct", "uniform", 6.0, 10.0, "% per year",
        "H.10 1990-2024, less rates", "Volatility of other news", "daily standard deviation",
    ),
    Prior(
        "tail", f"{NOISE}.student_t_df", "log_uniform", 3.5, 20.0, "degrees of freedom",
        "CALIBRATION section 3: excess kurtosis 4.6, tail index 3.5", "Tails of news", FACTS,
    ),
    Prior(
        "clustering", f"{NOISE}.clustering", "uniform", 0.1, 0.6, "log standard deviation",
        "CALIBRATION section 3: autocorrelation of |returns|", "Clustering of news", FACTS,
    ),
    Prior(
        "clustering_memory", f"{NOISE}.clustering_memory", "uniform", 0.95, 0.995, "per day",
        "CALIBRATION section 3: autocorrelation of |returns| at 100 days", "Memory of clustering", FACTS,
    ),
)  # fmt: skip

PRIORS: Final[Priors] = (*IMPACT, *RATES, *FUNDS_PRIORS, *NEWS)
"""Every calibrated parameter, in the order of the columns of a parameter set."""
PRODUCT: Final = ("fast_impact", "stock_scale")
"""August 2024 tells lambda times K, not K (MODEL section 4, identification warning)."""
