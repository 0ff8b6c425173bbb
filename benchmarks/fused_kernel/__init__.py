"""The practical limit: one fused compiled loop of the same day, for funds only.

``python -m benchmarks.fused_kernel`` holds it equal to the engine and measures both in turn; ``prepared`` is what
``make bench`` measures.  Needs numba, which carryflow itself does not.
"""

from benchmarks.fused_kernel.check import prepared

__all__ = ["prepared"]
