"""From when on somebody is told."""

LIMITS = {"latency_ms": 500, "error_percent": 1}
