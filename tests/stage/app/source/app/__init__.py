"""A service that greets."""

__version__ = "0.0.0"
