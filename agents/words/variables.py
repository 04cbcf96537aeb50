"""Which variables of the environment a program begins or ceases to read, told from the lines of a diff. Pure."""

import re
from collections import Counter
from collections.abc import Iterable

from agents.words.differences import Difference, Sort
from agents.words.patch import FilePatch

_READS = (
    re.compile(r"environ(?:\.get)?\s*[\[(]\s*[\"']([A-Za-z_]\w*)[\"']"),
    re.compile(r"\b(?:getenv|Getenv|LookupEnv|env::var)\s*\(\s*[\"']([A-Za-z_]\w*)[\"']"),
    re.compile(r"\bprocess\.env\.([A-Za-z_]\w*)"),
    re.compile(r"\b(?:process\.env|ENV)(?:\.fetch)?\s*[\[(]\s*[\"']([A-Za-z_]\w*)[\"']"),
)
_SOURCE = re.compile(r"\.(?:py|js|jsx|ts|tsx|mjs|cjs|go|rb|rs|sh)$")


def variables_read(patches: Iterable[FilePatch]) -> tuple[Difference, ...]:
    """Compare the two sides of a diff: a variable that is still read elsewhere in the diff has not gone."""
    gone: Counter[tuple[str, str]] = Counter()
    came: Counter[tuple[str, str]] = Counter()
    for patch in patches:
        if _SOURCE.search(patch.path):
            gone.update((name, patch.path) for line in patch.removed for name in _names(line))
            came.update((name, patch.path) for line in patch.added for name in _names(line))
    still, before = {name for name, _ in came}, {name for name, _ in gone}
    found = {Difference(Sort.REMOVED, path, f"reading of {name}") for name, path in gone if name not in still}
    found |= {Difference(Sort.ADDED, path, f"reading of {name}") for name, path in came if name not in before}
    return tuple(sorted(found))


def _names(line: str) -> list[str]:
    return [name for pattern in _READS for name in pattern.findall(line)]
