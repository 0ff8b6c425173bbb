"""Contributions of each unwinding mechanism to a metric, as Shapley values under the same news."""
