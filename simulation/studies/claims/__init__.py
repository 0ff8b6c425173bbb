"""The article's claims, compared with official data and, where possible, with the model."""

from simulation.studies.claims.assessment import Assessment, ClaimsLedger, assess, load_ledger

__all__ = ["Assessment", "ClaimsLedger", "assess", "load_ledger"]
