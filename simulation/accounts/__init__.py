"""Settlement of trades and the accounting identities that every day must satisfy."""
