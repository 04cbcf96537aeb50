"""How the first hosts with a new version compare with the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Compared:
    """Both versions were asked side by side, or are being asked."""

    KIND: ClassVar[str] = "compared"
    canaries: tuple[str, ...]
    others: tuple[str, ...]
    """Hosts that ran the old version meanwhile."""
    standing: str = ""
    """`worse`, `no worse` or `unclear`; empty as long as it goes on."""
    goes_on: bool = True
    """Whether the other hosts follow."""
    told: tuple[str, ...] = ()
    """Each comparison in numbers."""
    seconds: float = 0
    window_seconds: float = 0
    slower_before_ms: Mapping[str, float] = field(default_factory=dict)
    """By address: what the canaries took longer when both sides ran the old version; it is not held against the new."""

    alone: bool = False
    """Both versions stand on one host, and nobody else is asked."""

    @property
    def key(self) -> str:
        """One per release, or per instance that stands beside its old one; the newest replaces the former."""
        return f"{self.KIND}:{self.canaries[0]}" if self.alone else self.KIND
