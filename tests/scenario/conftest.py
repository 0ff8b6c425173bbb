"""Shipped events with few investors, as in the tests of replays."""

from tests.studies.replay.conftest import event

__all__ = ["event"]
