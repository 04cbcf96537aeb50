"""What is left over, in portions."""

from collections.abc import Iterator, Sequence
from typing import Any

PORTION = 100


def portions(work: Sequence[int], size: int = PORTION) -> Iterator[Sequence[int]]:
    """Cut work into portions."""
    for start in range(0, len(work), size):
        yield work[start : start + size]


def status(path: str) -> dict[str, Any] | None:
    """Tell how large a portion is."""
    return {"portion": PORTION} if path == "/status" else None
