"""Conversations on real parts."""
