"""The cast.  Adding a population is one file, one line in `ROSTER` and one table in a config."""

from simulation.investors.carry_funds import CarryFunds
from simulation.investors.crypto_traders import CryptoTraders
from simulation.investors.life_insurers import LifeInsurers
from simulation.investors.population import Population
from simulation.investors.real_money_japan import RealMoneyJapan

ROSTER: tuple[type[Population], ...] = (
    CarryFunds,
    LifeInsurers,
    RealMoneyJapan,
    CryptoTraders,
)
"""Every kind of population that a scenario may hold."""
