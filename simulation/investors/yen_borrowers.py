"""Non-residents with on-balance-sheet yen loans: the carry rule at low leverage, with a covenant instead of margin calls."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulation.investors.carry_funds import (
    BASKET,
    MARGIN_TEXT,
    TRAILING_STOP_TEXT,
    VOLATILITY_TARGET_TEXT,
    Adjustment,
    CarryFunds,
    LeveredCarryParameters,
    MarginLimits,
    Switches,
)
from simulation.investors.population import Lognormal, personal_parameter
from simulation.investors.rules import TINY
from simulation.values.assets import Quote
from simulation.values.balance_sheet import BalanceSheet
from simulation.values.conventions import PERCENT, Array, Flags
from simulation.values.orders import Information, Trade
from simulation.values.parameters import Parameters, quantity


class BorrowerSwitches(Switches):
    """Active mechanisms: those of carry funds and the covenant, the only one that banks enforce by default."""

    volatility_target: bool = Field(False, description=VOLATILITY_TARGET_TEXT)
    margin: bool = Field(False, description=MARGIN_TEXT)
    trailing_stop: bool = Field(False, description=TRAILING_STOP_TEXT)
    covenant: bool = Field(True, description="a loss of equity reduces the loan, once")


class Covenant(Parameters):
    """Loss of equity at which the bank reduces the loan."""

    ACTS_WHEN: ClassVar = {
        "equity_fall_pct": "an investor loses about this part of its equity",
    }

    equity_fall_pct: float = quantity(
        25, "% of start equity", (0.1, 100), "loss of equity that violates the covenant", "MODEL section 3"
    )


class YenBorrowerParameters(LeveredCarryParameters):
    """Non-residents with yen loans on their balance sheets, MODEL section 3."""

    kind: Literal["yen_borrowers"] = "yen_borrowers"
    investors: int = Field(200, ge=1, le=20_000_000, description="number of borrowers: a resolution, not a quantity")
    stock_usd_bn: float = quantity(
        100,
        "$bn",
        (0, 100_000),
        "yen loans",
        "MODEL section 3; yen credit to non-banks abroad in BIS Bulletin 90 (2024)",
    )
    funding_spread_bp: float = quantity(
        80,
        "bp per year",
        (0, 5000),
        "bank margin on yen loans",
        "assumption: order of magnitude of margins on syndicated loans",
    )
    basket: dict[str, float] = Field(
        default_factory=lambda: {"ust10": 0.3, "us_equity": 0.2},
        description="shares of the position by asset; the rest (businesses and property) is held at par",
        json_schema_extra={"source": "assumption: half in businesses and property, which have no market in the model"},
    )
    leverage_x: Lognormal = personal_parameter(
        Lognormal(median=1.5, log_sd=0.25, highest=4),
        "multiple of equity",
        "position over equity",
        "MODEL section 3: about 1.5",
    )
    leverage_cap_x: float = quantity(
        4, "multiple of equity", (0.1, 200), "highest target leverage", "assumption: the highest leverage at the start"
    )
    adjustment: Adjustment = Field(
        Adjustment(rebuild_pct_per_day=0.25, cut_pct_per_day=1),
        description="speeds: cutting as in MODEL section 3, rebuilding at a quarter of that (assumption)",
    )
    covenant: Covenant = Covenant()
    switches: BorrowerSwitches = BorrowerSwitches()


def breaks_covenant(equity: Array, start_equity: Array, fall: float) -> Flags:
    """Whether equity has fallen by the share `fall` (decimal) or more from its initial value."""
    return np.asarray(equity <= (1.0 - fall) * start_equity)


def covenant_cut(equity: Array, notional: Array, leverage: Array) -> Array:
    """Reduction in the position, as a share, that restores `leverage`; zero if leverage is not above it, one without equity.

    ``1 - leverage equity+ / notional``, at least zero.

    Parameters
    ----------
    equity, notional
        Equity and position, USD bn, ``(runs, investors)``.
    leverage
        Leverage at which the loan was granted.

    Source: MODEL section 3; Roberts and Sufi (2009): debt falls after a covenant violation, default is rare.
    """
    remaining = leverage * np.maximum(equity, 0.0) / np.maximum(notional, TINY)
    return np.asarray(np.maximum(1.0 - remaining, 0.0) * (notional > 0.0))


class YenBorrowers(CarryFunds):
    """Yen borrowers.  A bank reduces the loan once and then waives the covenant."""

    Parameters = YenBorrowerParameters

    def endowment(self, now: Information) -> BalanceSheet:
        """As carry funds; no covenant has been violated."""
        sheet = super().endowment(now)
        zero = np.zeros_like(self.traits["stock"])
        self.memory |= {"reducing": zero, "waived": zero.copy()}
        return sheet

    def covenant_share(self, equity: Array, notional: Array) -> Array:
        """Share of the position closed under the covenant at this equity, ``(runs, investors)``."""
        own, leverage = self.parameters, self.traits["leverage"]
        if not own.switches.covenant:
            return np.zeros(equity.shape)
        broken = breaks_covenant(equity, self.traits["stock"] / leverage, own.covenant.equity_fall_pct * PERCENT)
        if not broken.any():
            return np.zeros(equity.shape)
        return np.asarray(covenant_cut(equity, notional, leverage) * (broken & (self.memory["waived"] == 0.0)))

    def forced_investors(self, quote: Quote, now: Information) -> Flags:
        """Borrowers whose loan is reduced or who face a margin call or a stop, ``(runs, investors)``."""
        reduced = self.covenant_share(self.sheet.equity_usd, self.notional(quote)) > 0.0
        return super().forced_investors(quote, now) | reduced

    def forced_shares(self, equity: Array, usdjpy: Array, limits: MarginLimits) -> tuple[Array, Array]:
        """Shares of the position closed by lenders (larger of margin and covenant) and additionally by stops."""
        called, stopped = super().forced_shares(equity, usdjpy, limits)
        lenders = np.maximum(called, self.covenant_share(equity, limits.notional))
        return lenders, np.maximum(called + stopped - lenders, 0.0)

    def forced_orders(self, quote: Quote, now: Information) -> Trade:
        """Loan reductions, margin calls and stops at these prices."""
        reduced = self.covenant_share(self.sheet.equity_usd, self.notional(quote)) > 0.0
        self.memory["reducing"] = reduced.astype(np.float64)
        return super().forced_orders(quote, now)

    def record_execution(self, trade: Trade, order_quote: Quote, now: Information, quote: Quote) -> None:
        """Waive the covenant after the loan is reduced; limit the risk budget to the remaining equity."""
        super().record_execution(trade, order_quote, now, quote)
        done = (self.memory["reducing"] > 0.0) & (trade.units[BASKET] < 0.0)
        left = np.minimum(self.memory["budget"], np.maximum(self.sheet.equity_usd, 0.0))
        self.memory["budget"] = np.where(done, left, self.memory["budget"])
        self.memory["waived"] = np.where(done, 1.0, self.memory["waived"])
