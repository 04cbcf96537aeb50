"""Whether a service was failing before a release touched it: it changes who is blamed, never what is let through."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

RESTARTS = 3
"""As many restarts since a container was made are a sign that something is wrong with it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One part of a service as a release found it."""

    where: str
    status: str = "running"
    """As the engine names it: running, restarting, exited."""
    health: str | None = None
    """None without a health check."""
    restarts: int = 0


def failing_before(parts: Iterable[Standing], faults: Sequence[str]) -> tuple[str, ...]:
    """List what was wrong, parts first; `faults` are what was wrong with the answers of its addresses."""
    return (*(sign for part in parts for sign in _signs(part)), *faults)


def blame(before: Sequence[str] | None) -> str:
    """Say what the state before means for the blame; empty where nobody looked."""
    if before is None:
        return ""
    if not before:
        return "The service was well before this release touched it."
    signs = "; ".join(before)
    return f"The service was failing before this release touched it, so the release need not be the cause: {signs}."


def _signs(part: Standing) -> Iterable[str]:
    if part.status != "running":
        yield f"{part.where} was {part.status}"
    elif part.health == "unhealthy":
        yield f"{part.where} was unhealthy"
    if part.restarts >= RESTARTS:
        yield f"{part.where} had restarted {part.restarts} times"
