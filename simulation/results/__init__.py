"""Tables, metrics, summaries and figures of a batch of runs, and the folder that holds them."""
