"""The Federal Reserve and the Bank of Japan as a scenario describes them: rate, meetings, guidance, balance sheet."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from simulation.policy.meetings import Guidance, Meeting, Statement
from simulation.policy.reaction import BojReaction, FedReaction
from simulation.values.parameters import Parameters, quantity

GUIDANCE_AT_START = "guidance regime that the market expects to hold at the start"

BY_KEY: Final[dict[str, JsonValue]] = {"source": "by key, see the rows below"}

UNCHANGED = Guidance(step_probability=0, path_uncertainty_bp=0)

BOJ_GUIDANCE = {
    "six_monthly": Guidance(path_uncertainty_bp=2),
    "vague": Guidance(step_probability=0.75, path_uncertainty_bp=6),
    "wage_dependent": Guidance(months_between_steps=7.5, step_probability=0.85, path_uncertainty_bp=4),
    "hawkish": Guidance(months_between_steps=4, terminal_pct=2, path_uncertainty_bp=3),
    "dovish": Guidance(months_between_steps=12, step_probability=0.75, terminal_pct=1, path_uncertainty_bp=3),
    "unchanged": UNCHANGED,
}
"""Regimes of MODEL section 2.  `six_monthly` against `vague` from 0.75 % is 9.4 bp in the two-year mean; terminal rates
lie in the Bank's neutral band of 1-2.5 %.  Rhythms: BofA and JPMorgan, December 2025 (CLAIMS 39).  Path uncertainties are
assumptions, ordered as MODEL asks: a vague regime leaves more to later meetings."""

FED_GUIDANCE = {
    "gradual_cuts": Guidance.model_validate({"step": "-25bp", "terminal_pct": 3.125, "path_uncertainty_bp": 3}),
    "unchanged": UNCHANGED,
}
"""`gradual_cuts`: median of the December 2025 projections (one cut in 2026, 3.25-3.50 %, then 3.0-3.25 %)."""


class BalanceSheetFlow(Parameters):
    """Bonds that a central bank buys (positive) or runs off (negative) over a period."""

    first_day: date = Field(description="first day of the flow")
    last_day: date | None = Field(None, description="last day of the flow; none: to the end of the scenario")
    bought_usd_bn_per_month: float = quantity(
        0, "$bn per month", (-500, 500), "dollar bonds and bills bought", "0: nothing unless the scenario states it"
    )
    bought_jpy_bn_per_month: float = quantity(
        0, "JPY bn per month", (-50_000, 50_000), "yen bonds bought", "0: nothing unless the scenario states it"
    )
    ten_year_share: float = quantity(
        1,
        "share",
        (0, 1),
        "ten-year equivalent of one unit bought: about 0.03 for bills of 3-4 months",
        "1: ten-year bonds; bills by duration, 0.25 over 8.1 years",
    )


class CentralBank(Parameters):
    """A central bank with a given path."""

    rate_pct: float = quantity(..., "% per year", (-2, 25), "policy rate at the start (midpoint of a range)")
    meetings: tuple[Meeting, ...] = ()
    statements: tuple[Statement, ...] = ()
    guidance: str = Field(description=GUIDANCE_AT_START)
    guidance_regimes: dict[str, Guidance] = Field(default_factory=dict)
    signal_multiplier: float = quantity(
        0.8,
        "logits per standard signal",
        (0, 10),
        "k: how much one standard signal moves the log-odds",
        "OIS odds 62 % -> 78 % on 1 December 2025 (CLAIMS 7): logit .78 - logit .62 = .78",
    )
    balance_sheet: tuple[BalanceSheetFlow, ...] = ()
    bonds_held: float = quantity(..., "bn of own currency", (0, 1e7), "government bonds held at the start")
    reaction: FedReaction | BojReaction | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        days = [meeting.date for meeting in self.meetings]
        if days != sorted(set(days)):
            raise ValueError(f"meetings must be in order of date and each day once; got {', '.join(map(str, days))}")
        undecided = [str(meeting.date) for meeting in self.meetings if meeting.decision is None]
        if undecided and self.reaction is None:
            raise ValueError(
                f"the meeting of {undecided[0]} has no decision; give one, or a `reaction` to draw it from"
            )
        known = self.guidance_regimes
        pause = self.reaction.stress_pause if isinstance(self.reaction, BojReaction) else None
        said = [pause.guidance] if pause else []
        said += [meeting.guidance for meeting in self.meetings if meeting.guidance]
        said += [statement.guidance for statement in self.statements if statement.guidance]
        for name in [self.guidance, *said]:
            if name not in known:
                raise ValueError(f"guidance regime {name!r} is not defined; known: {', '.join(sorted(known))}")
        return self


def over_defaults(defaults: Mapping[str, Guidance], given: object) -> object:
    """The default regimes with the given ones laid over them, key by key."""
    if not isinstance(given, Mapping):
        return given
    merged: dict[Any, Any] = {name: regime.model_dump(mode="json") for name, regime in defaults.items()}
    for name, regime in given.items():
        merged[name] = merged.get(name, {}) | dict(regime) if isinstance(regime, Mapping) else regime
    return merged


class FederalReserve(CentralBank):
    """The Federal Reserve."""

    reaction: FedReaction | None = None
    guidance: str = Field(
        "gradual_cuts",
        description=GUIDANCE_AT_START,
        json_schema_extra={"source": "median of the FOMC projections of December 2025"},
    )
    guidance_regimes: dict[str, Guidance] = Field(default_factory=lambda: dict(FED_GUIDANCE), json_schema_extra=BY_KEY)
    bonds_held: float = quantity(
        4_200, "$bn", (0, 20_000), "Treasuries held", "Federal Reserve H.4.1, November 2025 (rounded)"
    )

    @field_validator("guidance_regimes", mode="before")
    @classmethod
    def _merge(cls, given: object) -> object:
        return over_defaults(FED_GUIDANCE, given)


class BankOfJapan(CentralBank):
    """The Bank of Japan."""

    reaction: BojReaction | None = None
    neutral_low_pct: float = quantity(
        1, "% per year", (-2, 25), "lower end of the neutral band", "BOJ staff; CLAIMS 38"
    )
    neutral_high_pct: float = quantity(
        2.5, "% per year", (-2, 25), "upper end of the neutral band", "BOJ staff; CLAIMS 38"
    )
    guidance: str = Field(
        "six_monthly",
        description=GUIDANCE_AT_START,
        json_schema_extra={"source": "BofA and JPMorgan, December 2025 (CLAIMS 39)"},
    )
    guidance_regimes: dict[str, Guidance] = Field(default_factory=lambda: dict(BOJ_GUIDANCE), json_schema_extra=BY_KEY)
    bonds_held: float = quantity(
        540_000, "JPY bn", (0, 2_000_000), "JGBs held", "Bank of Japan accounts, autumn 2025 (rounded)"
    )

    @field_validator("guidance_regimes", mode="before")
    @classmethod
    def _merge(cls, given: object) -> object:
        return over_defaults(BOJ_GUIDANCE, given)
