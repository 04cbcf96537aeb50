"""What a change takes away, told once: by the files that were compared, else by the lines that go. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from agents.words.differences import Difference, Sort
from agents.words.patch import RemovedProtection

_SUBJECTS = {
    "health check": re.compile(r"health check"),
    "volume": re.compile(r"^(?:mount|volume)\b"),
    "limit": re.compile(r"limit|reservation|cpus|timeout"),
    "least privilege": re.compile(r"(?:^|\s)(?:user|cap_drop|security_opt|security|read_only)\b"),
}
"""How the comparison of files calls what `patch.PROTECTIONS` finds in lines."""
_WEAKENED = re.compile(r"^(?:health check(?: \w+ of .+)?|mount .+|user|setting user|read_only|security .+)$")
_FROM_ROOT = re.compile(r"^(?:root|0)(?::\w+)? -> ")
_NAMED = re.compile(r"^(?:[\w-]+:(?:\s|$)|(?:HEALTHCHECK|USER|VOLUME)\s)", re.IGNORECASE)
"""The part of a line that says what the rest of it is."""
_WORD = re.compile(r"[\w.$@-][\w./$@:-]*|/[\w./$@:-]+")


def taken_by(settings: Iterable[Difference]) -> tuple[Difference, ...]:
    """Choose what is gone, and protections that are other than before."""
    return tuple(one for one in settings if one.sort is Sort.REMOVED or _weakened(one))


def untold(found: Iterable[RemovedProtection], settings: Sequence[Difference]) -> tuple[RemovedProtection, ...]:
    """Choose the lines that no difference of their file tells of already."""
    return tuple(one for one in found if not any(_tells(difference, one) for difference in settings))


def _weakened(one: Difference) -> bool:
    return one.sort is Sort.CHANGED and bool(_WEAKENED.match(one.subject)) and not _FROM_ROOT.match(one.detail)


def _tells(difference: Difference, gone: RemovedProtection) -> bool:
    """Tell whether a difference is about the same kind of thing and names all that the line says."""
    if difference.sort is Sort.ADDED or not f"{difference.service} ".startswith(f"{gone.path} "):
        return False
    subjects = _SUBJECTS.get(gone.kind)
    if subjects is None or not subjects.search(difference.subject):
        return False
    said = f"{difference.subject} {difference.detail}".lower()
    return all(word in said for word in _words(gone))


def _words(gone: RemovedProtection) -> Iterator[str]:
    """Give the values of a line; a bare key has those of the lines below it."""
    for line in (gone.line, *gone.within):
        plain = line.lstrip("- ")
        for word in _WORD.findall(_NAMED.sub("", plain)):
            yield from (part for part in word.lower().split(":") if part not in ("", "ro", "rw"))
