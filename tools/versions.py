"""Versions: their order, and what a commit without a tag is called.

By number, and a pre-release before its release. A commit is called by the first twelve digits of its sha.
"""

import re
from collections.abc import Iterable

_COMMIT = re.compile(r"[0-9a-f]{12}")
_Key = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...], str]


def newest_first(versions: Iterable[str]) -> tuple[str, ...]:
    """Sort versions as Semantic Versioning orders them; other names by the numbers in them."""
    return tuple(sorted(versions, key=_key, reverse=True))


def commit_version(sha: str) -> str:
    """Name the version that a commit without a tag is."""
    return sha[:12]


def is_commit_version(version: str) -> bool:
    """Tell whether a version names a commit."""
    return _COMMIT.fullmatch(version) is not None


def _key(version: str) -> _Key:
    core, _, pre_release = version.partition("+")[0].partition("-")
    numbers = tuple(int(number) for number in re.findall(r"[0-9]+", core))
    identifiers = tuple(_identifier(part) for part in pre_release.split("."))
    return numbers, 0 if pre_release else 1, identifiers, version


def _identifier(part: str) -> tuple[int, int, str]:
    is_number = part.isascii() and part.isdigit()
    return (0, int(part), "") if is_number else (1, 0, part)
