"""Households' investment trusts: daily purchases of foreign assets, higher in January and after equity gains."""

from datetime import date
from typing import Final, Literal

import numpy as np
from pydantic import Field

from simulation.investors.basket_holder import BASKET, BasketHolder
from simulation.investors.population import PopulationParameters
from simulation.values.assets import US_EQUITY
from simulation.values.balance_sheet import BalanceSheet
from simulation.values.conventions import Array
from simulation.values.orders import Information, Trade
from simulation.values.parameters import quantity

JANUARY: Final = 1


class InvestmentTrustParameters(PopulationParameters):
    """Households' funds of MODEL section 3."""

    kind: Literal["investment_trusts"] = "investment_trusts"
    investors: int = Field(100, ge=1, le=20_000_000, description="number of trusts: a resolution, not a quantity")
    stock_usd_bn: float = quantity(600, "$bn", (0, 100_000), "foreign assets", "MODEL section 3")
    basket: dict[str, float] = Field(
        default_factory=lambda: {"us_equity": 0.7, "ust10": 0.1},
        description="shares by asset, world-equity funds with a few bonds; the rest is other dollar assets held at par",
        json_schema_extra={"source": "assumption: about the US weight in world-equity indices, and few bonds"},
    )
    flow_usd_bn_per_day: float = quantity(
        0.25, "$bn per business day", (0, 100), "expected purchases of foreign assets in an ordinary month; 0: no flows",
        "MODEL section 3; MoF Japan, securities transactions by investment trusts since 2024",
    )  # fmt: skip
    january_x: float = quantity(
        2, "multiple", (0, 20), "expected purchases in January, when a new tax-free (NISA) quota opens, relative to other months",
        "MoF Japan: foreign equities, 1.7 JPY tn in January 2025 and .7 in February",
    )  # fmt: skip
    momentum_x: float = quantity(
        3, "per unit of return", (0, 100), "response of the flow to US equity returns: 30 % less after three months at -10 %",
        "sign and order of magnitude as in Sirri and Tufano (1998); the size is an assumption",
    )  # fmt: skip
    momentum_days: float = quantity(
        63, "business days", (1, 2520), "averaging period of the return: three months", "assumption: three months"
    )
    deposits_jpy_bn: float = quantity(
        100_000, "JPY bn", (0, 1e7), "yen deposits from which purchases are paid",
        "a tenth of households' currency and deposits, Bank of Japan Flow of Funds, 2025 (assumption): some ten years of flows",
    )  # fmt: skip


def recent_return(trend: Array, log_return: Array, days: float) -> Array:
    """Exponentially weighted log return over about `days` days: ``R <- (1 - 1/days) R + r``, in the shape of `trend`."""
    return np.asarray((1.0 - 1.0 / days) * trend + log_return)


def expected_flow(day: date, daily_usd: float, january: float) -> float:
    """Purchases from savings plans that the market expects on a day, USD bn."""
    return daily_usd * (january if day.month == JANUARY else 1.0)


def flow_share(trend: Array, momentum: float) -> Array:
    """Purchases relative to expected purchases: ``1 + b R``; negative: households sell.

    Policy rates have no effect: small savers follow plans and past returns.
    Source: MODEL section 3; Sirri and Tufano (1998), flows follow past returns.
    """
    return np.asarray(1.0 + momentum * trend)


class InvestmentTrusts(BasketHolder):
    """Households' investment trusts.  Expected flows are part of fundamentals; only deviations from them move prices."""

    Parameters = InvestmentTrustParameters

    def draws(self, stream: np.random.Generator, count: int) -> dict[str, Array]:
        """Sizes, and the same shares for flows."""
        shares = self.parameters.size.shares(stream, count)
        return {"stock": self.parameters.stock_usd_bn * shares, "share": shares}

    def endowment(self, now: Information) -> BalanceSheet:
        """Foreign assets owned outright and yen deposits for further purchases."""
        self.memory = {"trend": np.zeros_like(self.traits["stock"])}
        sheet = super().endowment(now)
        sheet.jpy_cash = self.parameters.deposits_jpy_bn * self.traits["share"]
        return sheet

    def orders(self, now: Information) -> Trade | None:
        """Invest the flow of savings plans, scaled by recent equity returns."""
        own = self.parameters
        if US_EQUITY in now.roster.columns:
            last = now.roster.pick(now.log_return, US_EQUITY)
            self.memory["trend"] = recent_return(self.memory["trend"], last, own.momentum_days)
        daily = expected_flow(now.day, own.flow_usd_bn_per_day, own.january_x)
        if daily == 0.0:
            return None
        expected = self.traits["share"] * (daily / self.unit_value(now.quote))
        units = expected * flow_share(self.memory["trend"], own.momentum_x)
        return self.buy(np.maximum(units, -self.sheet.holdings[BASKET]), now, expected)
