"""The order of versions: by number, and a pre-release before its release."""

import re
from collections.abc import Iterable

_Key = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...], str]


def newest_first(versions: Iterable[str]) -> tuple[str, ...]:
    """Sort versions as Semantic Versioning orders them; other names by the numbers in them."""
    return tuple(sorted(versions, key=_key, reverse=True))


def _key(version: str) -> _Key:
    core, _, pre_release = version.partition("+")[0].partition("-")
    numbers = tuple(int(number) for number in re.findall(r"[0-9]+", core))
    identifiers = tuple(_identifier(part) for part in pre_release.split("."))
    return numbers, 0 if pre_release else 1, identifiers, version


def _identifier(part: str) -> tuple[int, int, str]:
    is_number = part.isascii() and part.isdigit()
    return (0, int(part), "") if is_number else (1, 0, part)
