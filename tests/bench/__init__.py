"""Measurements on real parts: how fast a release is, and what the crew itself costs."""
