"""The records of the tests of results."""

from tests.results.conftest import make_record, small_record, small_scenario

__all__ = ["make_record", "small_record", "small_scenario"]
