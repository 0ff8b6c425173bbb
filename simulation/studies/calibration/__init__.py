"""Calibration of parameters with declared priors to observed moments; the result is a posterior.

``problem`` defines priors, targets and simulators; ``emulator``, ``likelihood`` and ``sampler`` are the method; ``fitting`` and
``run`` carry out ``carryflow calibrate``; ``diagnostics`` and ``sbc`` assess the result.
"""
