"""One number that was looked at, or why there is none."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one look came to. Silence is no number: `value` is None then, and `unseen` says why."""

    name: str
    """`cpu`, `memory` and `gpu` in percent, or `metric NAME`, a query of the service's own."""
    value: float | None
    unseen: str = ""
