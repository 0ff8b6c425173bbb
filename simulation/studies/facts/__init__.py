"""Stylised facts of USDJPY: historical values, simulated values, and the comparison of the two."""
