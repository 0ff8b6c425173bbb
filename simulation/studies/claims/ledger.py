"""What the claims ledger may hold, and how it is read: configs/claims.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from simulation.scenario.config.catalog import PACKAGE
from simulation.scenario.config.loading import load
from simulation.studies.claims.judging import Bound, Figure, InBand, InRange, Judge
from simulation.studies.claims.measures import Measure
from simulation.values.parameters import Parameters

Verdict = Literal["correct", "roughly", "wrong", "inconsistent", "unverifiable"]
Basis = Literal["official", "computed", "press", "unverified", "none"]
LEDGER = Path("configs") / "claims.yaml"
YEAR = re.compile(r"\b(19|20)\d\d\b")


class OfficialFigure(Figure):
    """What official data say, from where, and how well it is known."""

    source: str = Field("", description="publisher and series or document, with its date")
    basis: Basis = Field(
        description="official: read from an official series; computed: from one; press: press or an institution's "
        "publication; unverified: from memory; none: no official figure was found"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.basis in ("official", "computed", "press") and not YEAR.search(self.source):
            raise ValueError(f"source: {self.source!r} has no year; name the publisher and the date")
        if self.basis == "none" and self.value is not None:
            raise ValueError("basis: 'none' says that there is no official figure, yet a value is given")
        return self


class Case(Parameters):
    """A scenario that is run for the claims: a shipped scenario and what is changed of it, as after ``--set``."""

    scenario: str = Field(min_length=1, description="name of a shipped scenario, or a file")
    settings: tuple[str, ...] = Field((), description="overrides such as boj.meetings[0].decision=50bp")
    about: str = Field(min_length=1, description="what it is, in a few words")


class Counterpart(Parameters):
    """What the model has to say about a claim: a measure of a case, and how to judge it."""

    about: str = Field(min_length=1, description="what is measured, in a few words")
    case: str = Field(description="one of the cases")
    against: str | None = Field(None, description="a second case: the difference, run by run, is measured")
    measure: Measure
    judge: Judge
    unit: str | None = Field(None, description="unit where it is not the claim's")
    by_construction: bool = Field(False, description="the scenario is built to give this: no test of the statement")
    checks_official: bool = Field(
        False, description="the official figure is the same thing: hold it against the band, too"
    )


class Claim(Parameters):
    """One quantitative statement of the article."""

    id: int = Field(ge=1, description="number of the claim")
    claim: str = Field(min_length=1, description="the statement, paraphrased")
    unit: str = Field("", description="unit of the article's and the official value")
    article: Figure
    official: OfficialFigure
    verdict: Verdict = Field(description="what official data say of the statement")
    remark: str = ""
    model: tuple[Counterpart, ...] = ()
    untested: str = Field("", description="why no model can test it; only where `model` is empty")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.model) == bool(self.untested):
            raise ValueError(f"claim {self.id} needs either a `model` counterpart or the reason why it is `untested`")
        for counterpart in self.model:
            judge = counterpart.judge
            compares = isinstance(judge, InBand) or not isinstance(judge, Bound) or judge.limit is None
            if compares and self.article.value is None:
                raise ValueError(f"article: the rule {judge.rule!r} compares with a value, and none is given")
            if isinstance(judge, InRange) and self.article.upper is None:
                raise ValueError("article: the rule 'in_range' needs `upper`, the end of the range")
            if counterpart.checks_official and self.official.value is None:
                raise ValueError("official: `checks_official` holds its value against the model, and none is given")
        return self


class ClaimsLedger(Parameters):
    """All claims and the cases that speak to them."""

    title: str = Field(min_length=1)
    source: str = Field(min_length=1, description="the article")
    cases: dict[str, Case]
    claims: tuple[Claim, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        for position, claim in enumerate(self.claims):
            if claim.id != position + 1:
                raise ValueError(f"claims[{position}].id: claims are numbered in order, {position + 1} comes here")
        return self

    @model_validator(mode="after")
    def _check_cases(self) -> Self:
        used = set()
        for key, name in self._case_names():
            if name not in self.cases:
                raise ValueError(f"{key}: there is no case {name!r}; known: {', '.join(self.cases)}")
            used.add(name)
        idle = [name for name in self.cases if name not in used]
        if idle:
            raise ValueError(f"cases.{idle[0]}: no claim uses this case")
        seen: dict[tuple[str, tuple[str, ...]], str] = {}
        for name, case in self.cases.items():
            first = seen.setdefault((case.scenario, case.settings), name)
            if first != name:
                raise ValueError(f"cases.{name}: the same run as the case {first}")
        return self

    def _case_names(self) -> Iterator[tuple[str, str]]:
        """Yield every mention of a case with its key."""
        for position, claim in enumerate(self.claims):
            for index, counterpart in enumerate(claim.model):
                key = f"claims[{position}].model[{index}]"
                yield f"{key}.case", counterpart.case
                if counterpart.against is not None:
                    yield f"{key}.against", counterpart.against


def ledger_path() -> Path:
    """The shipped ledger: below the package in a wheel, below the project in a checkout."""
    inside = PACKAGE / LEDGER
    return inside if inside.exists() else PACKAGE.parent / LEDGER


def load_ledger(path: Path | None = None) -> ClaimsLedger:
    """Read and check the ledger; every mistake comes with its line (`ConfigError`)."""
    return load(ledger_path() if path is None else path, root=ClaimsLedger).scenario
