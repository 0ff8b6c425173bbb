"""What an asset is exposed to in a scenario: yields, USDJPY, and holders who bought it on credit or with borrowed yen."""

from simulation.market.bonds import BondMarket
from simulation.results.metrics import LEVERED
from simulation.results.results import Result
from simulation.scenario.scenario import Scenario

BITCOIN_HOLDERS = ("crypto_traders", "bitcoin_etf_holders")
"""Kinds of population that hold bitcoin and nothing else."""


def exposures(result: Result, asset: str) -> dict[str, float]:
    """Return what may explain how hard an asset is hit: duration, share bought on credit, with borrowed yen, link to USDJPY."""
    credit, yen = funded(result, asset)
    return {
        "duration_years": duration(result.scenario, asset),
        "on_credit_pct": 100.0 * credit,
        "yen_funded_pct": 100.0 * yen,
        "usdjpy_link": link_to(result.scenario, asset, "usdjpy"),
    }


def duration(scenario: Scenario, asset: str) -> float:
    """Return the fall of the log price per rise of the ten-year US yield; of JGBs, per rise of their own."""
    market = scenario.markets[asset]
    return market.duration_years if isinstance(market, BondMarket) else -link_to(scenario, asset, "ust10")


def link_to(scenario: Scenario, asset: str, other: str) -> float:
    """Return the response of an asset to another one, through all links between them."""
    if asset == other:
        return 1.0
    links: dict[str, float] = getattr(scenario.markets[asset], "links", {})
    return sum(size * link_to(scenario, through, other) for through, size in links.items())


def funded(result: Result, asset: str) -> tuple[float, float]:
    """Return the shares of a market that are bought on credit and with borrowed yen at the start; none for a currency."""
    size, credit, yen = result.scenario.markets[asset].outstanding(), 0.0, 0.0
    for name, population in result.scenario.populations.items():
        flows = result.record.flows[name]
        stock, equity = float(flows["stock_usd_bn"][0, 0]), float(flows["equity_usd_bn"][0, 0])
        borrowed = max(0.0, stock - equity) * share_of(population, asset)
        credit += borrowed
        yen += borrowed if result.record.roles[name] == LEVERED else 0.0
    return (credit / size, yen / size) if size else (0.0, 0.0)


def share_of(population: object, asset: str) -> float:
    """Return the share of an asset in the position of a population; those without a basket hold the one they are named after."""
    basket: dict[str, float] | None = getattr(population, "basket", None)
    if basket is not None:
        return basket.get(asset, 0.0)
    return float(asset == "bitcoin" and getattr(population, "kind", "") in BITCOIN_HOLDERS)
