"""Fixtures for scenarios and events: shipped events with few investors, and records of the shipped scenarios."""

from tests.studies.replay.conftest import event
from tests.support.shipped_record import shipped_record

__all__ = ["event", "shipped_record"]
