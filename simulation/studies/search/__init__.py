"""Search: the tipping value of a key, and the mildest combination of shocks that reaches an outcome."""
