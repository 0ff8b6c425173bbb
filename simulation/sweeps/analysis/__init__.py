"""Analysis of a sweep: response curves, heat maps, Sobol indices, scenario discovery, and the most influential parameters."""
