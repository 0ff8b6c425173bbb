"""Central banks and the Ministry of Finance: rates, guidance, expected paths, intervention and the interest bill."""
