"""The cast.  Adding a population is one file, one line in `ROSTER` and one table in a config."""

from simulation.investors.banks import Banks
from simulation.investors.bitcoin_etf_holders import BitcoinEtfHolders
from simulation.investors.carry_funds import CarryFunds
from simulation.investors.crypto_traders import CryptoTraders
from simulation.investors.foreigners_in_japan import ForeignersInJapan
from simulation.investors.investment_trusts import InvestmentTrusts
from simulation.investors.life_insurers import LifeInsurers
from simulation.investors.pension_funds import PensionFunds
from simulation.investors.population import Population
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
"""Every shipped kind of population."""

REGISTERED: dict[str, type[Population]] = {}
"""Kinds that this process was told of (`simulation.scenario.registration`), by name."""


def population_kinds() -> tuple[type[Population], ...]:
    """Every kind of population that a scenario may hold: the shipped ones, then those registered in this process."""
    return (*ROSTER, *REGISTERED.values())
