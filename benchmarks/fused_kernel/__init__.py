"""The practical limit of speed: the day of carry funds as one compiled loop.

``python -m benchmarks.fused_kernel`` compares it with the engine and measures both alternately; ``make bench`` runs ``prepared``.
Requires numba, which carryflow itself does not.
"""

from benchmarks.fused_kernel.check import prepared

__all__ = ["prepared"]
