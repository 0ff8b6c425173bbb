"""What the market expects of both central banks, and the news of a day."""
