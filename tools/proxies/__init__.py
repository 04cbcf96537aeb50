"""Reverse proxies on a host: which instances of a service take new requests."""
