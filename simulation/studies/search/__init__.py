"""Searches: the tipping point of a key, and the mildest combination of shocks that reaches an outcome."""
