"""The sectors that take the other side: one row each, no orders of their own.

Value investors and dealers are the demand curve of the market equations; the money market lends and holds deposits.
"""

from typing import ClassVar

from simulation.values.balance_sheet import Account, empty_account

ABROAD = "abroad"
"""Name of the buyers of dollars outside the model."""


class Counterparty:
    """A passive sector with one account."""

    role: ClassVar[str]

    def __init__(self, name: str, runs: int, assets: int) -> None:
        self.name = name
        self.account: Account = empty_account(runs, assets)


class RealMoney(Counterparty):
    """Value investors outside Japan: they supply what customers buy, at the prices of the slow impact, and own the funds.

    Source: MODEL sections 3 and 4; Gabaix and Koijen (2021).
    """

    role = "value"


class Dealers(Counterparty):
    """Dealers absorb every order, charge half the spread, and pass inventory to value investors; short legs are loans.

    Source: MODEL section 4; Evans and Lyons (2002).
    """

    role = "dealer"


class MoneyMarket(Counterparty):
    """Lends and borrows yen and dollars at policy rates plus spreads, holds deposits, takes the other leg of swaps.

    Source: MODEL section 3.
    """

    role = "money_market"


class Abroad(Counterparty):
    """Buyers of dollars outside the model, whose purchases a scenario gives: a funding shock."""

    role = "other"


COUNTERPARTIES: tuple[type[Counterparty], ...] = (RealMoney, Dealers, MoneyMarket, Abroad)
"""Every kind of sector on the other side."""
