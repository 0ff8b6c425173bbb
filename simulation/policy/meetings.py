"""A policy meeting: what was priced, what signals moved the odds, what was decided and said."""

from datetime import date
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from simulation.values.conventions import BASIS_POINT, Array
from simulation.values.parameters import Parameters, Rate, quantity

REFERENCE_STEP = 25 * BASIS_POINT
"""The step at which a signal of strength one has its full effect."""


class Signal(Parameters):
    """A speech, leak or data release that changes the odds of a coming meeting."""

    date: Annotated[date, Field(description="day of the signal, not after the meeting")]
    strength: float = quantity(..., "standard signals", (-20, 20), "strength, positive towards a higher rate")
    label: str = Field("", description="what was said or published")


class Meeting(Parameters):
    """One policy meeting with the probabilities held at the start, dated signals, and its outcome."""

    date: Annotated[date, Field(description="day of the decision")]
    decision: Rate | None = Field(None, description="change of the policy rate; none: drawn from the reaction function")
    step: Rate = Field(
        "25bp",
        description="the change that `priced_probability` speaks about",
        validate_default=True,
        json_schema_extra={"source": "the usual step of both banks"},
    )
    priced_probability: float = quantity(
        0,
        "probability",
        (0, 1),
        "probability of `step` at the start; the rest is no change; a reaction function sets its own",
        "0: nothing is priced unless the scenario states it",
    )
    other_outcomes: dict[Rate, float] = Field(
        default_factory=dict, description="further outcomes and their probabilities, e.g. {50bp: 0.02}"
    )
    guidance: str | None = Field(None, description="guidance regime announced at this meeting; none: no statement")
    path_surprise: Rate | None = Field(
        None, description="Z2 as measured, in place of guidance: change of the two-year mean beyond the target surprise"
    )
    ten_year_surprise: Rate = Field(
        "0bp",
        description="surprise at ten years alone, such as a change of a yield band",
        validate_default=True,
        json_schema_extra={"source": "0bp: none unless the scenario states it"},
    )
    signals: tuple[Signal, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.guidance is not None and self.path_surprise is not None:
            raise ValueError(
                f"the meeting of {self.date} has both guidance and path_surprise: two accounts of the same words; "
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
    """What a central bank says between meetings: a guidance regime, or the measured change of the expected path."""

    date: Annotated[date, Field(description="day of the statement")]
    guidance: str | None = Field(None, description="guidance regime announced")
    path_surprise: Rate | None = Field(
        None, description="change of the two-year mean of the expected rate, as measured"
    )
    label: str = Field("", description="what was said")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.guidance is None) == (self.path_surprise is None):
            raise ValueError(f"the statement of {self.date} needs either guidance or path_surprise, and not both")
        return self


class Guidance(Parameters):
    """The path that a central bank's words lead the market to expect after the meeting."""

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
        "share of each step that the market believes",
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
        "standard deviation of what each later meeting without a statement reveals about the path",
        "assumption: in the order that MODEL section 2 asks for, a vague regime leaves more to later meetings",
    )


def tilted(probabilities: Array, steps: Array, strength: float) -> Array:
    """Outcome probabilities after a signal.

    ``p_j <- p_j exp(strength * step_j / 25 bp) / sum``: for two outcomes this is ``logit p += strength``.

    Parameters
    ----------
    probabilities
        Shape ``(runs, outcomes)``, rows add to one.
    steps
        Decimal change of the rate of each outcome, shape ``(outcomes,)``.
    strength
        Signal strength times its multiplier, in logits per 25 bp.

    Source: MODEL section 2 (logit updating); exponential tilting, Csiszar (1975).
    """
    weights = probabilities * np.exp(strength * steps / REFERENCE_STEP)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def expected_step(probabilities: Array, steps: Array) -> Array:
    """Mean change of the rate, decimal, shape ``(runs, 1)``."""
    return np.asarray((probabilities * steps).sum(axis=1, keepdims=True))


def adverse_surprise(probabilities: Array, steps: Array) -> Array:
    """How much of a 25 bp step may still come as a hawkish surprise: ``sum p_j (step_j - E step)+ / 25 bp``.

    For two outcomes this is ``p (1 - p)``: nothing when the decision is certain either way.  Shape ``(runs, 1)``.
    """
    above = np.maximum(steps - expected_step(probabilities, steps), 0.0)
    return np.asarray((probabilities * above).sum(axis=1, keepdims=True)) / REFERENCE_STEP
