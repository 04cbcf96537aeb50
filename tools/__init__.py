"""What can be done to the world: deterministic, typed, one subject per module."""
