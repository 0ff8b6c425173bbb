"""Central banks as a scenario describes them: policy rate, meetings, statements, forward guidance and balance sheet."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Final, Self

import numpy as np
from pydantic import Field, JsonValue, field_validator, model_validator

from simulation.policy.reaction import BojReaction, FedReaction
from simulation.values.conventions import BASIS_POINT, Array
from simulation.values.parameters import Parameters, Rate, quantity

REFERENCE_STEP = 25 * BASIS_POINT
"""Rate step to which signal strengths refer."""


class Signal(Parameters):
    """A speech, leak or data release that changes the outcome probabilities of a later meeting."""

    date: Annotated[date, Field(description="day of the signal, on or before the day of the meeting")]
    strength: float = quantity(
        ..., "standard signals", (-20, 20), "strength; positive raises the probability of a higher rate"
    )
    label: str = Field("", description="content of the signal")


class Meeting(Parameters):
    """A policy meeting: outcome probabilities at the start of the scenario, dated signals, decision and statement."""

    date: Annotated[date, Field(description="day of the decision")]
    decision: Rate | None = Field(None, description="change of the policy rate; none: drawn from the reaction function")
    step: Rate = Field(
        "25bp",
        description="rate change to which `priced_probability` refers",
        validate_default=True,
        json_schema_extra={"source": "the usual step of both banks"},
    )
    priced_probability: float = quantity(
        0,
        "probability",
        (0, 1),
        "market probability of `step` at the start, the rest being no change; a reaction function replaces it",
        "0: nothing is priced unless the scenario states it",
    )
    other_outcomes: dict[Rate, float] = Field(
        default_factory=dict, description="other outcomes and their probabilities, such as {50bp: 0.02}"
    )
    guidance: str | None = Field(None, description="guidance regime announced at this meeting; none: no statement")
    path_surprise: Rate | None = Field(
        None,
        description="Z2 as measured, instead of guidance: change of the expected two-year mean rate beyond the target surprise",
    )
    ten_year_surprise: Rate = Field(
        "0bp",
        description="surprise in the ten-year yield alone, such as a change of a yield band",
        validate_default=True,
        json_schema_extra={"source": "0bp: none unless the scenario states it"},
    )
    signals: tuple[Signal, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.guidance is not None and self.path_surprise is not None:
            raise ValueError(
                f"the meeting of {self.date} has both guidance and path_surprise, which describe the same statement; "
                "leave one out"
            )
        late = [signal.date for signal in self.signals if signal.date > self.date]
        if late:
            raise ValueError(
                f"a signal on {late[0]} comes after the meeting of {self.date}; move it to or before that day"
            )
        if self.priced_probability + sum(self.other_outcomes.values()) > 1 + 1e-12:
            raise ValueError(
                f"probabilities add up to {self.priced_probability + sum(self.other_outcomes.values()):g}, at most 1 "
                "is allowed: lower priced_probability or other_outcomes"
            )
        return self


class Statement(Parameters):
    """A statement between meetings: a guidance regime, or the measured change of the expected path."""

    date: Annotated[date, Field(description="day of the statement")]
    guidance: str | None = Field(None, description="guidance regime announced")
    path_surprise: Rate | None = Field(None, description="measured change of the expected two-year mean rate")
    label: str = Field("", description="content of the statement")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.guidance is None) == (self.path_surprise is None):
            raise ValueError(f"the statement of {self.date} needs either guidance or path_surprise, and not both")
        return self


STEP_EXPECTED: Final = "the market expects a step: the rate is short of `terminal_pct`, and `step_probability` is not 0"
"""When the keys of a guidance regime that describe steps act."""


class Guidance(Parameters):
    """Forward guidance: the path of the policy rate that the market expects after a statement."""

    ACTS_WHEN: ClassVar = {
        "months_between_steps": STEP_EXPECTED,
        "step": STEP_EXPECTED,
        "step_probability": STEP_EXPECTED,
        "terminal_pct": STEP_EXPECTED,
        "path_uncertainty_bp": "a meeting takes place without guidance of its own while the regime holds",
    }

    months_between_steps: float = quantity(
        6,
        "months",
        (0.5, 120),
        "time between two steps",
        "six: BofA and JPMorgan, December 2025 (CLAIMS 39); others: assumption, in the order of their names",
    )
    step: Rate = Field(
        "25bp",
        description="size of each step, negative for cuts",
        validate_default=True,
        json_schema_extra={"source": "the usual step of both banks"},
    )
    step_probability: float = quantity(
        1,
        "probability",
        (0, 1),
        "probability that the market assigns to each step",
        "assumption: six_monthly and vague differ by 9 bp over two years (MODEL section 2)",
    )
    terminal_pct: float = quantity(
        1.75,
        "% per year",
        (-1, 20),
        "policy rate at which the steps end",
        "Bank of Japan: inside its neutral band of 1-2.5 % (CLAIMS 38); gradual_cuts: FOMC projections, December 2025",
    )
    path_uncertainty_bp: float = quantity(
        2,
        "bp",
        (0, 100),
        "standard deviation of the path news from each later meeting without a statement",
        "assumption: in the order that MODEL section 2 asks for, a vague regime leaves more to later meetings",
    )


def tilt_probabilities(probabilities: Array, steps: Array, strength: float) -> Array:
    """Outcome probabilities after a signal.

    ``p_j <- p_j exp(strength * step_j / 25 bp) / sum``; for two outcomes ``logit p += strength``.

    Parameters
    ----------
    probabilities
        Shape ``(runs, outcomes)``; each row sums to one.
    steps
        Decimal change of the rate of each outcome, shape ``(outcomes,)``.
    strength
        Signal strength times its multiplier, in logits per 25 bp.

    Source: MODEL section 2 (logit updating); exponential tilting, Csiszar (1975).
    """
    weights = probabilities * np.exp(strength * steps / REFERENCE_STEP)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def expected_step(probabilities: Array, steps: Array) -> Array:
    """Expected change of the policy rate, decimal, shape ``(runs, 1)``."""
    return np.asarray((probabilities * steps).sum(axis=1, keepdims=True))


def adverse_surprise(probabilities: Array, steps: Array) -> Array:
    """Expected hawkish surprise in units of a 25 bp step, ``sum p_j (step_j - E step)+ / 25 bp``, shape ``(runs, 1)``.

    For two outcomes ``p (1 - p)``: zero when either outcome is certain.
    """
    above = np.maximum(steps - expected_step(probabilities, steps), 0.0)
    return np.asarray((probabilities * above).sum(axis=1, keepdims=True)) / REFERENCE_STEP


GUIDANCE_AT_START = "guidance regime in force at the start"

SOURCE_BY_KEY: Final[dict[str, JsonValue]] = {"source": "by key, see the rows below"}

UNCHANGED = Guidance(step_probability=0, path_uncertainty_bp=0)

BOJ_GUIDANCE = {
    "six_monthly": Guidance(path_uncertainty_bp=2),
    "vague": Guidance(step_probability=0.75, path_uncertainty_bp=6),
    "wage_dependent": Guidance(months_between_steps=7.5, step_probability=0.85, path_uncertainty_bp=4),
    "hawkish": Guidance(months_between_steps=4, terminal_pct=2, path_uncertainty_bp=3),
    "dovish": Guidance(months_between_steps=12, step_probability=0.75, terminal_pct=1, path_uncertainty_bp=3),
    "unchanged": UNCHANGED,
}
"""Guidance regimes of MODEL section 2.  From 0.75 %, `six_monthly` and `vague` differ by 9.4 bp in the two-year mean rate;
terminal rates lie in the Bank's neutral band of 1-2.5 %.  Time between steps: BofA and JPMorgan, December 2025 (CLAIMS 39).
Path uncertainties are assumptions in the order of MODEL: vague guidance leaves more news to later meetings."""

FED_GUIDANCE = {
    "gradual_cuts": Guidance.model_validate({"step": "-25bp", "terminal_pct": 3.125, "path_uncertainty_bp": 3}),
    "unchanged": UNCHANGED,
}
"""`gradual_cuts`: median of the December 2025 projections (one cut in 2026, 3.25-3.50 %, then 3.0-3.25 %)."""


class BalanceSheetFlow(Parameters):
    """Bond purchases (positive) or run-off (negative) of a central bank over a period."""

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
        "ten-year equivalent of one unit bought; about 0.03 for bills of 3-4 months",
        "1: ten-year bonds; bills by duration, 0.25 over 8.1 years",
    )


class CentralBank(Parameters):
    """A central bank: policy rate, meetings, guidance and balance sheet."""

    INERT: ClassVar = {
        "bonds_held": "a stock: it limits how much may run off; purchases move yields, holdings do not",
    }

    rate_pct: float = quantity(..., "% per year", (-2, 25), "policy rate at the start (midpoint of a range)")
    meetings: tuple[Meeting, ...] = ()
    statements: tuple[Statement, ...] = ()
    guidance: str = Field(description=GUIDANCE_AT_START)
    guidance_regimes: dict[str, Guidance] = Field(default_factory=dict)
    signal_multiplier: float = quantity(
        0.8,
        "logits per standard signal",
        (0, 10),
        "k: change of the log-odds per standard signal",
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
        announced = [pause.guidance] if pause else []
        announced += [meeting.guidance for meeting in self.meetings if meeting.guidance]
        announced += [statement.guidance for statement in self.statements if statement.guidance]
        for name in [self.guidance, *announced]:
            if name not in known:
                raise ValueError(f"guidance regime {name!r} is not defined; known: {', '.join(sorted(known))}")
        return self


def merge_regimes(defaults: Mapping[str, Guidance], given: object) -> object:
    """Default regimes updated with the given ones, key by key."""
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
    guidance_regimes: dict[str, Guidance] = Field(
        default_factory=lambda: dict(FED_GUIDANCE), json_schema_extra=SOURCE_BY_KEY
    )
    bonds_held: float = quantity(
        4_200, "$bn", (0, 20_000), "Treasuries held", "Federal Reserve H.4.1, November 2025 (rounded)"
    )

    @field_validator("guidance_regimes", mode="before")
    @classmethod
    def _merge(cls, given: object) -> object:
        return merge_regimes(FED_GUIDANCE, given)


class BankOfJapan(CentralBank):
    """The Bank of Japan."""

    INERT: ClassVar = {
        "neutral_low_pct": "no rule reads it: it shifts the column `neutral_gap_pp`",
        "neutral_high_pct": "no rule reads it: it shifts the column `neutral_gap_pp`",
    }

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
    guidance_regimes: dict[str, Guidance] = Field(
        default_factory=lambda: dict(BOJ_GUIDANCE), json_schema_extra=SOURCE_BY_KEY
    )
    bonds_held: float = quantity(
        540_000, "JPY bn", (0, 2_000_000), "JGBs held", "Bank of Japan accounts, autumn 2025 (rounded)"
    )

    @field_validator("guidance_regimes", mode="before")
    @classmethod
    def _merge(cls, given: object) -> object:
        return merge_regimes(BOJ_GUIDANCE, given)
