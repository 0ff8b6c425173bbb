"""News given by date, statements, surprises at ten years, drawn rate paths: hand-worked numbers."""

from tests.engine.outcomes import finished  # noqa: F401
