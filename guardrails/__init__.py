"""What may not happen: pure functions from facts to a verdict."""
