"""Other Japanese real money: unhedged foreign assets of pension funds, banks and investment trusts combined."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulation.investors.basket_holder import BasketHolder
from simulation.investors.population import Lognormal, PopulationParameters, personal_parameter
from simulation.investors.rules import outside_band, unhedged_incentive
from simulation.values.balance_sheet import BalanceSheet
from simulation.values.conventions import PERCENT, Array
from simulation.values.orders import Information, Trade
from simulation.values.parameters import quantity


class RealMoneyJapanParameters(PopulationParameters):
    """Slow, unleveraged resident holders of unhedged foreign assets."""

    ACTS_WHEN: ClassVar = {
        "risk_charge": "the incentive changes enough for a gap outside `band_share`",
        "sale_per_pp": "the incentive changes enough for a gap outside `band_share`",
    }

    kind: Literal["real_money_japan"] = "real_money_japan"
    investors: int = Field(200, ge=1, le=20_000_000, description="number of holders: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        1750, "$bn", (0, 100_000), "foreign assets", "MODEL section 3: pension funds 800, banks 350, trusts 600"
    )
    basket: dict[str, float] = Field(
        default_factory=lambda: {"ust10": 0.35, "us_equity": 0.45},
        description="shares of the position by asset; the rest is other dollar assets held at par",
        json_schema_extra={"source": "assumption: between insurers, who hold bonds, and trusts, who hold equities"},
    )
    sale_per_pp: float = quantity(
        0.05,
        "share per pp",
        (0, 5),
        "share of the position sold per pp fall in the incentive",
        "assumption: as unhedged insurers",
    )
    risk_charge: float = quantity(
        0.05,
        "per unit of volatility",
        (0, 10),
        "k: charge for annual currency volatility",
        "assumption: as life insurers",
    )
    band_share: float = quantity(
        0.01,
        "share of the position",
        (0, 1),
        "inaction band: smaller gaps are not traded",
        "assumption: as life insurers",
    )
    speed_pct_per_day: Lognormal = personal_parameter(
        Lognormal(median=0.5, log_sd=0.5, highest=20),
        "% of the gap per day",
        "speed of the programme",
        "assumption: half the speed of life insurers",
    )


class RealMoneyJapan(BasketHolder):
    """Residents whose foreign position slowly follows the change in the unhedged incentive since the start."""

    Parameters = RealMoneyJapanParameters

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes and speeds."""
        speed = self.parameters.speed_pct_per_day.sample(stream, count) * PERCENT
        return super().draws(stream, count) | {"speed": speed}

    def endowment(self, now: Information) -> BalanceSheet:
        """Foreign assets owned outright; nothing sold yet."""
        self.memory = {"done": np.zeros_like(self.traits["stock"])}
        self.start_incentive = self.incentive(now)
        return super().endowment(now)

    def incentive(self, now: Information) -> Array:
        """Yield of an unhedged dollar bond over a JGB after the risk charge, decimal per year, ``(runs, 1)``."""
        return unhedged_incentive(now.ust10, now.jgb10, now.fx_variance(), self.parameters.risk_charge)

    def orders(self, now: Information) -> Trade | None:
        """Buy or sell foreign assets against yen."""
        own, stock = self.parameters, self.traits["stock"]
        change = (self.incentive(now) - self.start_incentive) / PERCENT
        gap = np.maximum(own.sale_per_pp * change, -1.0) * stock - self.memory["done"]
        step = self.traits["speed"] * outside_band(gap, stock, own.band_share)
        if not step.any():
            return None
        self.memory["done"] = self.memory["done"] + step
        return self.buy(step, now)
