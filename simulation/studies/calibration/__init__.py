"""Calibration of parameters with declared priors to observed moments; the result is a posterior.

``problem`` holds the types of any calibration problem: prior, target, simulator, and the problem that combines them.  The
priors, targets and simulators of ``carryflow calibrate`` are in ``august_2024``.  ``emulator``, ``likelihood`` and ``sampler``
are the method; ``fitting`` and ``run`` carry out the command; ``diagnostics`` and ``sbc`` assess the result.
"""
