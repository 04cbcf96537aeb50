"""The lines of a log that tell why something failed: around the first error, and the last ones. Pure."""

import re
from collections.abc import Iterator, Sequence

LONGEST_LINE = 300
BEFORE, AFTER, LAST = 2, 8, 20
"""Lines that are kept before and after the first error, and at the end."""
_WHOLE = BEFORE + 1 + AFTER + LAST + 2
"""A log of so few lines, what is left of a longer one with its gaps too, stays as it is."""
_FAILING = re.compile(
    r"\b(fatal|panic|traceback|\w*exception|\w*error|failed|failure|refused|denied|killed|cannot|could not|no such|"
    r"not found|abort(?:ed|ing)?|unable to|OOM)\b",
    re.IGNORECASE,
)
_NONE = re.compile(r"\b(?:0|no|without|zero)\s+(?:\w+\s+)?(?:errors?|failures?|failed|exceptions?)\b", re.IGNORECASE)


def first_error(lines: Sequence[str]) -> int | None:
    """Find the first line that tells of something failing; None where none does."""
    return next((number for number, line in enumerate(lines) if _fails(line)), None)


def around_failure(log: str) -> str:
    """Keep the lines around the first error and the last ones, and say how many are left out between them."""
    lines = [line[:LONGEST_LINE] for line in log.splitlines() if line.strip()]
    if len(lines) <= _WHOLE:
        return "\n".join(lines)
    found = first_error(lines)
    kept = set(range(max(0, len(lines) - LAST), len(lines)))
    if found is not None:
        kept |= set(range(max(0, found - BEFORE), min(len(lines), found + AFTER + 1)))
    return "\n".join(_told(lines, sorted(kept)))


def _fails(line: str) -> bool:
    return bool(_FAILING.search(_NONE.sub("", line)))


def _told(lines: Sequence[str], kept: Sequence[int]) -> Iterator[str]:
    expected = kept[0] if kept else 0
    for number in kept:
        if number != expected:
            yield f"[{number - expected} lines left out]"
        yield lines[number]
        expected = number + 1
