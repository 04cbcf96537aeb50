"""Watches a price feed and keeps what it saw."""

__version__ = "0.0.0"
