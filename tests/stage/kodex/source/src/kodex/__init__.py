"""Finds passages and reads them out."""

__version__ = "0.0.0"
