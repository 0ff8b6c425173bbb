"""What a sweep says: response curves, heat maps, Sobol indices, the corner of a crash, and the most influential parameters."""
