"""Stylised facts of USDJPY: what history says, what the model gives, and how far the two may lie apart."""
