"""Servers with a compose file: everything that knows hosts, containers and compose files."""
