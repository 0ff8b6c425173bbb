"""Explanation of a day of a run: which orders and news moved a price, and which trading rules caused the orders."""
