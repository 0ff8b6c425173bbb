"""Run what the claims need, each case once, and hold every claim against it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulation.compute.ensemble import resolved, run_ensemble, with_seed
from simulation.scenario.config.errors import ConfigError, Problem
from simulation.scenario.config.loading import canonical, config_hash
from simulation.studies.claims.judging import Finding, finding, inside
from simulation.studies.claims.ledger import Case, Claim, ClaimsLedger, Counterpart
from simulation.studies.claims.measures import MeasureError, measured

if TYPE_CHECKING:
    from simulation.day.recorder import Record
    from simulation.scenario.scenario import Scenario

Runner = Callable[["str", "Scenario"], "Record"]
"""Simulates the scenario of a named case."""


@dataclass(frozen=True)
class Assessed:
    """A claim with what the model found for each of its counterparts."""

    claim: Claim
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Assessment:
    """All claims assessed, the scenarios that were run for it and the runs that stopped early, by case."""

    ledger: ClaimsLedger
    scenarios: Mapping[str, Scenario]
    runs: int
    claims: tuple[Assessed, ...]
    stopped: Mapping[str, int]

    @property
    def config_hash(self) -> str:
        """One hash for the ledger and every resolved scenario."""
        return ledger_hash(self.ledger, self.scenarios)


def ledger_hash(ledger: ClaimsLedger, scenarios: Mapping[str, Scenario]) -> str:
    """One hash for a ledger and its resolved scenarios."""
    parts = [canonical(ledger), *(f"{name} {config_hash(scenario)}" for name, scenario in scenarios.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def scenario_of(case: Case, seed: int | None) -> Scenario:
    """The scenario of a case, with its overrides and another seed if one is given."""
    scenario = resolved(case.scenario, case.settings)
    return scenario if seed is None else with_seed(scenario, seed)


def scenarios_of(ledger: ClaimsLedger, seed: int | None = None) -> dict[str, Scenario]:
    """Every case's scenario, by name."""
    return {name: scenario_of(case, seed) for name, case in ledger.cases.items()}


def assess(ledger: ClaimsLedger, runs: int, seed: int | None = None, workers: int | None = 1) -> Assessment:
    """Run every case of a ledger and assess its claims.

    Parameters
    ----------
    ledger : ClaimsLedger
        The claims; `load_ledger()` reads the shipped ones.
    runs : int
        Runs of each case.
    seed : int, optional
        Replaces the scenarios' seed.
    workers : int, optional
        Processes for each case; None chooses by the size of the work.
    """

    def simulated(_name: str, scenario: Scenario) -> Record:
        return run_ensemble(scenario, runs, workers)

    return assess_with(ledger, scenarios_of(ledger, seed), runs, simulated)


def assess_with(ledger: ClaimsLedger, scenarios: Mapping[str, Scenario], runs: int, runner: Runner) -> Assessment:
    """Assess with a runner of the caller's, for instance one that shows its progress."""
    records = {name: runner(name, scenario) for name, scenario in scenarios.items()}
    claims = tuple(Assessed(claim, findings_of(claim, records)) for claim in ledger.claims)
    stopped = {name: len(record.stopped) for name, record in records.items() if record.stopped}
    return Assessment(ledger, scenarios, runs, claims, stopped)


def findings_of(claim: Claim, records: Mapping[str, Record]) -> tuple[Finding, ...]:
    """What the model says of each counterpart of a claim."""
    return tuple(finding_of(claim, counterpart, records) for counterpart in claim.model)


def finding_of(claim: Claim, counterpart: Counterpart, records: Mapping[str, Record]) -> Finding:
    """Measure one counterpart and judge it; a number that the scenario was given is no test of the statement."""
    against = None if counterpart.against is None else records[counterpart.against]
    try:
        values = measured(counterpart.measure, records[counterpart.case], against)
    except MeasureError as error:
        raise ConfigError([Problem("claims", None, None, f"claim {claim.id}", str(error))]) from error
    unit = claim.unit if counterpart.unit is None else counterpart.unit
    found = finding(values, unit, counterpart.judge, claim.article)
    if counterpart.by_construction and found.outcome in ("agrees", "compatible"):
        found = replace(found, outcome="by construction")
    official = claim.official.value
    if counterpart.checks_official and official is not None and found.band.p50 is not None:
        found = replace(found, official_inside=inside(found.band, official))
    return found
