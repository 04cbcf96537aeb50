"""The real parts that tests and the demo start for themselves."""
