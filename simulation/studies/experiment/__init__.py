"""Experiments: one question, its variants, a table, a figure and a finding."""
