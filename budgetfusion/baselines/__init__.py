"""What OURS has to beat at the same cost: samplers, feature caches, patch parallelism."""
