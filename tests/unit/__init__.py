"""Pure code, no I/O."""
