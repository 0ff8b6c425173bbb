"""The article's claims: what it says, what official data say, and what the model gives where it has a counterpart."""

from simulation.studies.claims.assessment import Assessment, assess
from simulation.studies.claims.ledger import ClaimsLedger, load_ledger

__all__ = ["Assessment", "ClaimsLedger", "assess", "load_ledger"]
