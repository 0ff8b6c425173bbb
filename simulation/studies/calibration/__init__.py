"""Fitting parameters with declared priors to observed moments, with a posterior instead of one best point.

Read in this order: ``priors`` and ``problem`` (what is asked), ``emulator``, ``likelihood`` and ``sampler`` (the method),
``fitting`` and ``conduct`` (what ``carryflow calibrate`` does), ``diagnostics`` and ``sbc`` (whether to trust it).
"""
