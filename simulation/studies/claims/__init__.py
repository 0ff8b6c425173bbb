"""The article's claims: what it says, what official data say, and what the model gives where it has a counterpart."""

from simulation.studies.claims.assessment import Assessment, ClaimsLedger, assess, load_ledger

__all__ = ["Assessment", "ClaimsLedger", "assess", "load_ledger"]
