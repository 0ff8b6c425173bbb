"""The business day: officials, orders, clearing with margin calls, settlement and the record."""
