"""The page of explore with a local HTTP server that computes any state on demand."""
