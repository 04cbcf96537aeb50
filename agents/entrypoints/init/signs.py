"""Signs that mean the same in every language: which route tells health, which directory must be kept."""

import re
from collections.abc import Iterable, Iterator, Mapping

from agents.entrypoints.init.found import Health, Reading, Storage

_HEALTH = re.compile(r"/(?:[\w-]+/){0,3}(?P<word>health|healthz|health[-_]?check|livez|readyz|ready|live|alive|ping)/?")
_BEST = ("health", "healthz", "healthcheck", "readyz", "ready", "livez", "live", "alive", "ping")
_KEPT = re.compile(
    r"(?:\./|/app/)?(?P<path>static/tts|data|uploads|media|storage|logs|models)(?:/[\w.*{}%$-]*)*", re.ASCII
)
_OWN = frozenset(
    {"PORT", "HOST", "HOSTNAME", "PATH", "HOME", "PWD", "USER", "NODE_ENV", "PYTHONPATH", "TZ", "CI", "LANG"}
)
"""Names that the image or the system sets."""
BUILD_TIME = ("VITE_", "NEXT_PUBLIC_", "REACT_APP_", "PUBLIC_")
"""Prefixes of names that a front end's build takes in: in a running container nobody reads them."""


def health_of(routes: Iterable[tuple[str, str]]) -> Health | None:
    """Choose the route that tells whether the program works, among (path, place); the shortest of the best name."""
    named = [(path, place, found["word"]) for path, place in routes if (found := _HEALTH.fullmatch(path))]
    named.sort(key=lambda one: (_BEST.index(re.sub("[-_]", "", one[2])), one[0].count("/"), len(one[0]), one[1]))
    return Health(named[0][0], named[0][1]) if named else None


def front_page(routes: Iterable[tuple[str, str]]) -> Health | None:
    """Choose the front page, where the sources answer it."""
    return next((Health("/", place) for path, place in routes if path == "/"), None)


def storage_of(texts: Iterable[tuple[str, str]]) -> tuple[Storage, ...]:
    """Choose the directories that must be kept, among (text used as a path, place); the first place of each."""
    found: dict[str, str] = {}
    for text, place in texts:
        if match := _KEPT.fullmatch(text):
            found.setdefault(match["path"], place)
    return tuple(Storage(path, place) for path, place in sorted(found.items()))


def settled(readings: Iterable[Reading], fixed: Mapping[str, str]) -> tuple[Reading, ...]:
    """List each variable that somebody must or may set, once, by name; required where any reading is."""
    found: dict[str, Reading] = {}
    for one in _of_the_operator(readings, fixed):
        before = found.setdefault(one.name, one)
        if one.required and not before.required:
            found[one.name] = one
    return tuple(found[name] for name in sorted(found))


def _of_the_operator(readings: Iterable[Reading], fixed: Mapping[str, str]) -> Iterator[Reading]:
    for one in readings:
        if one.name not in _OWN and one.name not in fixed and not one.name.startswith(BUILD_TIME):
            yield one
