"""Hostile input: texts that try to act, and readers held against whatever anybody may send them."""
