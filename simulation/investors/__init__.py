"""The investor populations.  Adding one takes one file, one line in `ROSTER` and one table in a config."""

from simulation.investors.banks import Banks
from simulation.investors.bitcoin_etf_holders import BitcoinEtfHolders
from simulation.investors.carry_funds import CarryFunds
from simulation.investors.crypto_traders import CryptoTraders
from simulation.investors.foreigners_in_japan import ForeignersInJapan
from simulation.investors.investment_trusts import InvestmentTrusts
from simulation.investors.life_insurers import LifeInsurers
from simulation.investors.pension_funds import PensionFunds
from simulation.investors.population import Population, PopulationParameters
from simulation.investors.real_money_japan import RealMoneyJapan
from simulation.investors.retail_fx import RetailFx
from simulation.investors.yen_borrowers import YenBorrowers

ROSTER: tuple[type[Population], ...] = (
    CarryFunds,
    LifeInsurers,
    PensionFunds,
    Banks,
    InvestmentTrusts,
    RealMoneyJapan,
    CryptoTraders,
    YenBorrowers,
    RetailFx,
    BitcoinEtfHolders,
    ForeignersInJapan,
)
"""All populations of the package."""

REGISTERED: dict[str, type[Population]] = {}
"""Populations registered in this process (`simulation.scenario.registration`), by kind."""


def population_kinds() -> tuple[type[Population], ...]:
    """All populations that a scenario may contain: those of the package, then those registered in this process."""
    return (*ROSTER, *REGISTERED.values())


def share_in_japan(parameters: PopulationParameters) -> float:
    """Share of a population with these parameters that resides in Japan, 0 to 1; 0 for an unknown kind."""
    kinds = {kind.Parameters: kind for kind in population_kinds()}
    kind = kinds.get(type(parameters))
    return 0.0 if kind is None else kind.share_in_japan(parameters)
