"""Market parameters, price impact, fundamentals and the state of the market."""
