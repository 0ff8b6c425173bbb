"""Exogenous news: correlated, fat-tailed daily shocks with volatility clustering, and the long-run volatility they imply."""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from simulation.market.parameters import CurrencyMarket, Market
from simulation.market.prices import own_news_volatility
from simulation.values.assets import JGB10, USDJPY, UST10, Roster
from simulation.values.conventions import Array, daily_volatility
from simulation.values.parameters import CALIBRATED, Parameters, quantity
from simulation.values.randomness import Streams

TWO_YEAR_SHARE = {UST10: 0.9, JGB10: 0.5}
"""Response of the two-year yield to macro news that moves the ten-year yield by one.

Source: daily sd of the two-year over the ten-year yield, H.15 and MoF Japan 2005-24: about .9 and .5."""


class Noise(Parameters):
    """Exogenous daily news."""

    scale_x: float = quantity(
        1,
        "multiple",
        (0, 10),
        "scale of all news; 0 disables news",
        "1: volatilities as in the parameters of the markets",
    )
    student_t_df: float = quantity(
        7.6, "degrees of freedom", (2.5, 200), "tail thickness of daily news", f"{CALIBRATED}; prior 3.5-20"
    )
    clustering: float = quantity(
        0.34,
        "log standard deviation",
        (0, 2),
        "standard deviation of the common log volatility",
        f"{CALIBRATED}; prior .1-.6",
    )
    clustering_memory: float = quantity(
        0.991, "per day", (0, 0.9999), "persistence of the common log volatility", f"{CALIBRATED}; prior .95-.995"
    )
    correlations: dict[str, dict[str, float]] = Field(
        default_factory=lambda: {"jgb10": {"ust10": 0.35}, "us_equity": {"ust10": 0.1}, "usdjpy": {"us_equity": 0.1}},
        description="correlation of daily news between two assets",
        json_schema_extra={
            "source": "bonds: daily .15, weekly .50 (H.15, MoF Japan 2005-24); others: assumption, low as in calm times"
        },
    )


def correlation_matrix(roster: Roster, correlations: Mapping[str, Mapping[str, float]]) -> Array:
    """Correlation of daily news, ``(assets, assets)``.

    Raises
    ------
    ValueError
        If the matrix is not positive definite.
    """
    matrix = np.eye(len(roster))
    for first, row in correlations.items():
        for second, value in row.items():
            if first in roster.columns and second in roster.columns:
                matrix[roster.columns[first], roster.columns[second]] = value
                matrix[roster.columns[second], roster.columns[first]] = value
    if np.linalg.eigvalsh(matrix).min() <= 1e-9:
        raise ValueError(
            "noise.correlations: the correlation matrix is not positive definite; move correlations closer to zero"
        )
    return matrix


def clustered_scale(normal: Array, spread: float, memory: float) -> Array:
    """Common scale of news from a persistent log volatility, ``(days,)``, with mean square one; `normal` is ``(days,)``.

    ``h' = m h + sqrt(1 - m^2) s e, scale = exp(h - s^2)``.  Source: Taylor (1986), stochastic volatility.
    """
    log_scale = spread * normal
    for day in range(1, normal.size):
        log_scale[day] = memory * log_scale[day - 1] + np.sqrt(1.0 - memory**2) * log_scale[day]
    return np.exp(log_scale - spread**2)


def daily_news(roster: Roster, markets: Mapping[str, Market], noise: Noise, days: int, streams: Streams) -> Array:
    """News of every day, ``(days, runs, assets)``: decimal log return, or decimal yield for a bond.

    Each asset has its own random stream, so removing an asset does not change the draws of the others.
    """
    unit_variance = np.sqrt((noise.student_t_df - 2.0) / noise.student_t_df)
    independent = np.stack(
        [
            streams.draw(f"news:{name}", lambda stream: stream.standard_t(noise.student_t_df, days)) * unit_variance
            for name in roster.names
        ],
        axis=-1,
    )
    scale = streams.draw(
        "news:clustering",
        lambda stream: clustered_scale(stream.standard_normal(days), noise.clustering, noise.clustering_memory),
    )
    factor = np.linalg.cholesky(correlation_matrix(roster, noise.correlations))
    size = np.array([daily_volatility(own_news_volatility(markets[name])) for name in roster.names])
    mixed = np.einsum("rda,ba->drb", independent, factor * size[:, None])
    return np.ascontiguousarray(mixed * scale.T[:, :, None] * noise.scale_x)


def price_response_to_news(roster: Roster, markets: Mapping[str, Market]) -> Array:
    """Response of each log price to each asset's news, ``(assets, assets)``, through durations, rate betas and links."""
    response = np.eye(len(roster))
    fx = markets[USDJPY]
    beta = fx.spread_beta_pct_per_pp if isinstance(fx, CurrencyMarket) else 0.0
    response[0, roster.columns[UST10]] = beta * TWO_YEAR_SHARE[UST10]
    response[0, roster.columns[JGB10]] = -beta * TWO_YEAR_SHARE[JGB10]
    for column, name in enumerate(roster.names):
        for earlier, coefficient in getattr(markets[name], "links", {}).items():
            response[column] += coefficient * response[roster.columns[earlier]]
    for column, name in enumerate(roster.names):
        response[column] *= -getattr(markets[name], "duration_years", -1.0)
    return response


def long_run_variance(roster: Roster, markets: Mapping[str, Market], noise: Noise) -> Array:
    """Daily variance of each log price without flows, ``(assets,)``: sigma_bar squared."""
    size = np.array([daily_volatility(own_news_volatility(markets[name])) for name in roster.names])
    covariance = correlation_matrix(roster, noise.correlations) * size[:, None] * size
    response = price_response_to_news(roster, markets)
    return np.asarray(np.einsum("ab,bc,ac->a", response, covariance, response))
