"""Prices from aggregated positions: parameters, price impact, fundamentals and the market's state."""
