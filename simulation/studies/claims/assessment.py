"""The claims ledger (configs/claims.yaml) and the assessment of its claims by simulation; each case runs once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from simulation.compute.ensemble import load_scenario, run_ensemble, with_seed
from simulation.scenario.config.catalog import PACKAGE_FOLDER
from simulation.scenario.config.errors import ConfigError, ConfigProblem
from simulation.scenario.config.loading import canonical_json, config_hash, load
from simulation.studies.claims.comparison import (
    BoundRule,
    ClaimMeasure,
    InBandRule,
    InRangeRule,
    JudgementRule,
    MeasureError,
    ModelFinding,
    StatedFigure,
    band_contains,
    judge_values,
    measured_values,
)
from simulation.values.parameters import Parameters

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.scenario import Scenario

OfficialVerdict = Literal["correct", "roughly", "wrong", "inconsistent", "unverifiable"]
SourceBasis = Literal["official", "computed", "press", "unverified", "none"]
LEDGER_FILE = Path("configs") / "claims.yaml"
YEAR_PATTERN = re.compile(r"\b(19|20)\d\d\b")


class OfficialFigure(StatedFigure):
    """The official figure, its source and how well it is documented."""

    source: str = Field("", description="publisher and series or document, with its date")
    basis: SourceBasis = Field(
        description="official: taken from an official series; computed: derived from one; press: from the press or an "
        "institution's publication; unverified: from memory; none: no official figure was found"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.basis in ("official", "computed", "press") and not YEAR_PATTERN.search(self.source):
            raise ValueError(f"source: {self.source!r} has no year; name the publisher and the date")
        if self.basis == "none" and self.value is not None:
            raise ValueError("basis: 'none' means that there is no official figure, but a value is given")
        return self


class ClaimCase(Parameters):
    """A scenario to simulate for the claims, with overrides as after ``--set``."""

    scenario: str = Field(min_length=1, description="name of a shipped scenario, or a file")
    settings: tuple[str, ...] = Field((), description="overrides such as boj.meetings[0].decision=50bp")
    about: str = Field(min_length=1, description="short description")


class ModelCounterpart(Parameters):
    """The model's counterpart of a claim: a measure of a case, and the rule to judge it by."""

    about: str = Field(min_length=1, description="short description of the measure")
    case: str = Field(description="one of the cases")
    against: str | None = Field(
        None, description="a second case: the measure is the difference between both, run by run"
    )
    measure: ClaimMeasure
    judge: JudgementRule
    unit: str | None = Field(None, description="unit, if it differs from the claim's")
    by_construction: bool = Field(False, description="the scenario is built to give this value: no test of the claim")
    checks_official: bool = Field(
        False, description="the official figure measures the same quantity: compare it with the band as well"
    )


class Claim(Parameters):
    """One quantitative statement of the article."""

    id: int = Field(ge=1, description="number of the claim")
    claim: str = Field(min_length=1, description="the statement, paraphrased")
    unit: str = Field("", description="unit of the article's and the official value")
    article: StatedFigure
    official: OfficialFigure
    verdict: OfficialVerdict = Field(description="assessment of the statement by official data")
    remark: str = ""
    model: tuple[ModelCounterpart, ...] = ()
    untested: str = Field("", description="why the model cannot test it; only if `model` is empty")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.model) == bool(self.untested):
            raise ValueError(f"claim {self.id} needs either a `model` counterpart or a reason under `untested`")
        for counterpart in self.model:
            judge = counterpart.judge
            compares = isinstance(judge, InBandRule) or not isinstance(judge, BoundRule) or judge.limit is None
            if compares and self.article.value is None:
                raise ValueError(f"article: the rule {judge.rule!r} needs a `value` to compare with")
            if isinstance(judge, InRangeRule) and self.article.upper is None:
                raise ValueError("article: the rule 'in_range' needs `upper`, the upper end of the range")
            if counterpart.checks_official and self.official.value is None:
                raise ValueError("official: `checks_official` needs a `value` to compare with the model")
        return self


class ClaimsLedger(Parameters):
    """All claims and the cases that test them."""

    title: str = Field(min_length=1)
    source: str = Field(min_length=1, description="the article")
    cases: dict[str, ClaimCase]
    claims: tuple[Claim, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        for position, claim in enumerate(self.claims):
            if claim.id != position + 1:
                raise ValueError(
                    f"claims[{position}].id: got {claim.id}, must be {position + 1}; number the claims in order"
                )
        return self

    @model_validator(mode="after")
    def _check_cases(self) -> Self:
        used = set()
        for key, name in self._case_names():
            if name not in self.cases:
                raise ValueError(f"{key}: there is no case {name!r}; known: {', '.join(self.cases)}")
            used.add(name)
        unused = [name for name in self.cases if name not in used]
        if unused:
            raise ValueError(f"cases.{unused[0]}: no claim uses this case")
        seen: dict[tuple[str, tuple[str, ...]], str] = {}
        for name, case in self.cases.items():
            first = seen.setdefault((case.scenario, case.settings), name)
            if first != name:
                raise ValueError(f"cases.{name}: same scenario and settings as the case {first}")
        return self

    def _case_names(self) -> Iterator[tuple[str, str]]:
        """Yield every reference to a case with its key."""
        for position, claim in enumerate(self.claims):
            for index, counterpart in enumerate(claim.model):
                key = f"claims[{position}].model[{index}]"
                yield f"{key}.case", counterpart.case
                if counterpart.against is not None:
                    yield f"{key}.against", counterpart.against


def ledger_path() -> Path:
    """Return the path of the shipped ledger: inside the package in a wheel, beside it in a checkout."""
    inside = PACKAGE_FOLDER / LEDGER_FILE
    return inside if inside.exists() else PACKAGE_FOLDER.parent / LEDGER_FILE


def load_ledger(path: Path | None = None) -> ClaimsLedger:
    """Return the validated ledger; `ConfigError` lists every error with its line."""
    return load(ledger_path() if path is None else path, root=ClaimsLedger).scenario


CaseRunner = Callable[["str", "Scenario"], "Record"]
"""Simulates the scenario of a named case."""


@dataclass(frozen=True)
class AssessedClaim:
    """A claim with the model's finding for each counterpart."""

    claim: Claim
    findings: tuple[ModelFinding, ...]


@dataclass(frozen=True)
class Assessment:
    """All assessed claims, the simulated scenarios and the number of runs that stopped early, by case."""

    ledger: ClaimsLedger
    scenarios: Mapping[str, Scenario]
    runs: int
    claims: tuple[AssessedClaim, ...]
    stopped: Mapping[str, int]

    @property
    def config_hash(self) -> str:
        """Hash of the ledger and every resolved scenario."""
        return ledger_hash(self.ledger, self.scenarios)


def ledger_hash(ledger: ClaimsLedger, scenarios: Mapping[str, Scenario]) -> str:
    """Return a hash of a ledger and its resolved scenarios."""
    parts = [canonical_json(ledger), *(f"{name} {config_hash(scenario)}" for name, scenario in scenarios.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def case_scenario(case: ClaimCase, seed: int | None) -> Scenario:
    """Return the scenario of a case with its overrides, and a new seed if one is given."""
    scenario = load_scenario(case.scenario, case.settings)
    return scenario if seed is None else with_seed(scenario, seed)


def case_scenarios(ledger: ClaimsLedger, seed: int | None = None) -> dict[str, Scenario]:
    """Return the scenario of every case by name."""
    return {name: case_scenario(case, seed) for name, case in ledger.cases.items()}


def assess(ledger: ClaimsLedger, runs: int, seed: int | None = None, workers: int | None = 1) -> Assessment:
    """Simulate every case of a ledger and return the assessment of its claims.

    Parameters
    ----------
    ledger : ClaimsLedger
        The claims; `load_ledger()` returns the shipped ones.
    runs : int
        Runs of each case.
    seed : int, optional
        Replaces the seed of all scenarios.
    workers : int, optional
        Processes for each case; None chooses by the amount of work.
    """

    def simulated(_name: str, scenario: Scenario) -> Record:
        return run_ensemble(scenario, runs, workers)

    return assess_with_runner(ledger, case_scenarios(ledger, seed), runs, simulated)


def assess_with_runner(
    ledger: ClaimsLedger, scenarios: Mapping[str, Scenario], runs: int, runner: CaseRunner
) -> Assessment:
    """Assess with a caller-supplied runner, for example one that shows progress."""
    records = {name: runner(name, scenario) for name, scenario in scenarios.items()}
    claims = tuple(AssessedClaim(claim, claim_findings(claim, records)) for claim in ledger.claims)
    stopped = {name: len(record.stopped) for name, record in records.items() if record.stopped}
    return Assessment(ledger, scenarios, runs, claims, stopped)


def claim_findings(claim: Claim, records: Mapping[str, Record]) -> tuple[ModelFinding, ...]:
    """Return the model's finding for each counterpart of a claim."""
    return tuple(counterpart_finding(claim, counterpart, records) for counterpart in claim.model)


def counterpart_finding(claim: Claim, counterpart: ModelCounterpart, records: Mapping[str, Record]) -> ModelFinding:
    """Return the finding for one counterpart; values the scenario is built to give are marked `by construction`."""
    against = None if counterpart.against is None else records[counterpart.against]
    try:
        values = measured_values(counterpart.measure, records[counterpart.case], against)
    except MeasureError as error:
        raise ConfigError([ConfigProblem("claims", None, None, f"claim {claim.id}", str(error))]) from error
    unit = claim.unit if counterpart.unit is None else counterpart.unit
    finding = judge_values(values, unit, counterpart.judge, claim.article)
    if counterpart.by_construction and finding.outcome in ("agrees", "compatible"):
        finding = replace(finding, outcome="by construction")
    official = claim.official.value
    if counterpart.checks_official and official is not None and finding.band.p50 is not None:
        finding = replace(finding, official_inside=band_contains(finding.band, official))
    return finding
