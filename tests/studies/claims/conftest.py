"""Ledgers of a few claims on a small scenario, and the shipped ledger run once."""

from collections.abc import Callable
from typing import Any

import pytest

from simulation.studies.claims.assessment import Assessment, ClaimsLedger, assess, load_ledger
from tests.support.places import SMALL_SCENARIO

SMALL = SMALL_SCENARIO

Claim = dict[str, Any]
MakeLedger = Callable[..., ClaimsLedger]


def claim_of(number: int, **changes: Any) -> Claim:
    """A claim about the Treasury yield at the start of the small scenario."""
    claim: Claim = {
        "id": number,
        "claim": f"statement {number}",
        "unit": "%",
        "article": {"value": 4.0},
        "official": {"value": 4.02, "source": "H.15, 2025", "basis": "official"},
        "verdict": "roughly",
        "model": [counterpart()],
    }
    return claim | changes


def counterpart(**changes: Any) -> Claim:
    told: Claim = {
        "about": "yield at the start",
        "case": "base",
        "measure": {"kind": "level", "column": "ust10_pct", "day": "2025-12-01"},
        "judge": {"rule": "near", "tolerance": 0.05},
    }
    return told | changes


def case_of(*settings: str) -> Claim:
    return {"about": "a small scenario", "scenario": str(SMALL), "settings": list(settings)}


def ledger_of(*claims: Claim, **cases: Claim) -> ClaimsLedger:
    """A ledger with the case `base` and others by name."""
    held = {"title": "A ledger", "source": "a test", "cases": {"base": case_of()} | cases, "claims": list(claims)}
    return ClaimsLedger.model_validate(held)


@pytest.fixture(scope="session")
def shipped() -> Assessment:
    """The shipped ledger with two runs of each case: enough for what does not depend on chance."""
    return assess(load_ledger(), 2)
