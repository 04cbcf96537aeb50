"""Whether a sentence says of the lines of a change what they do: come, go, or stay. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Flag, auto

from agents.words.patch import PROTECTIONS, FilePatch

_ADDS = re.compile(
    r"\b(?:add\w*|introduc\w+|creat\w+|enabl\w+|gain\w*|restor\w+|tighten\w*|strengthen\w*|new)\b", re.IGNORECASE
)
_REMOVES = re.compile(
    r"\b(?:remov\w+|drop(?:s|ped|ping)?|delet\w+|disabl\w+|no longer|without|gone|los(?:es|ing|e|t)"
    r"|strip(?:s|ped|ping)?|eliminat\w+|tak(?:es|en|ing) away|discard\w*|lacks?)\b",
    re.IGNORECASE,
)
_REPLACES = re.compile(
    r"\b(?:replac\w+|chang\w+|loosen\w*|lower\w*|reduc\w+|weaken\w*|rais\w+|increas\w+|mov\w+|renam\w+|switch\w*|rewrit\w+"
    r"|differ\w*|instead|shrink\w*|grow\w*|narrow\w*|wid\w+|now)\b",
    re.IGNORECASE,
)
_KEEPS = re.compile(
    r"\b(?:keep\w*|kept|remain\w*|stay\w*|still|unchanged|intact|preserv\w+|retain\w*|untouched|continu\w+|as before)\b"
    r"|\b(?:not|never|n't|without|nothing|none|no)\b\s+(?:\w+\s+){0,3}(?:remov|drop|delet|disabl|chang|touch|affect)\w*",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[.;:](?:\s|$)|,\s|\b(?:but|while|whereas|although|and|yet)\b", re.IGNORECASE)

_TOPICS: dict[str, re.Pattern[str]] = {
    "health check": re.compile(r"\b(?:health\w*|liveness|readiness|probes?)\b", re.IGNORECASE),
    "volume": re.compile(r"\b(?:volumes?|mounts?|mounted|persist\w*|storage)\b", re.IGNORECASE),
    "access check": re.compile(
        r"\b(?:auth\w*|log[- ]?in|permissions?|access (?:checks?|control)|csrf|admin)\b", re.IGNORECASE
    ),
    "limit": re.compile(r"\b(?:limit\w*|throttl\w*|timeouts?)\b", re.IGNORECASE),
    "least privilege": re.compile(r"\b(?:non-?root|root|privileg\w*|capabilit\w+|read-?only)\b", re.IGNORECASE),
    "encryption": re.compile(r"\b(?:tls|ssl|encrypt\w*|certificates?|https)\b", re.IGNORECASE),
}
"""How people speak of what `patch.PROTECTIONS` finds in lines."""


class Says(Flag):
    """What a clause says of its subject."""

    NOTHING = 0
    ADDED = auto()
    REMOVED = auto()
    REPLACED = auto()
    KEPT = auto()


@dataclass(frozen=True, slots=True)
class _Lines:
    """Whether lines about a subject came and went; lines that only moved did neither."""

    came: bool
    went: bool


def direction_objection(
    text: str, patches: Sequence[FilePatch], quoted: Sequence[str], statuses: Collection[str]
) -> str:
    """Say where a sentence is the opposite of the lines and files it rests on; empty where it is not."""
    said = tuple(_clauses(text))
    overall = Says.NOTHING
    for _, says in said:
        overall |= says
    about_files = _about_files(overall, quoted, statuses)
    if about_files:
        return about_files
    found = (
        _about_topic(topic, says, _lines(topic, patches))
        for clause, says in said
        for topic, pattern in _TOPICS.items()
        if patches and pattern.search(clause)
    )
    stays = "says that something stays, which no line of a diff shows" if overall == Says.KEPT else ""
    return next((objection for objection in found if objection), stays)


def _about_files(says: Says, quoted: Sequence[str], statuses: Collection[str]) -> str:
    signs = {line[:1] for line in quoted}
    only_adds = Says.ADDED in says and not says & (Says.REMOVED | Says.REPLACED)
    only_removes = Says.REMOVED in says and not says & (Says.ADDED | Says.REPLACED)
    if only_adds and (signs == {"-"} or set(statuses) == {"deleted"}):
        return "says added of what goes"
    itself_removes = any(_REMOVES.search(line.replace("_", " ")) for line in quoted)  # a migration that drops
    if only_removes and not itself_removes and (signs == {"+"} or set(statuses) == {"added"}):
        return "says removed of what comes"
    return ""


def _about_topic(topic: str, says: Says, lines: _Lines) -> str:
    if lines.went and says & Says.KEPT:
        return f"the change takes a {topic} away, or changes it"
    if lines.went and not lines.came and Says.REMOVED not in says:
        return f"the change takes a {topic} away"
    if Says.REMOVED in says and not lines.went and not says & Says.KEPT:
        return f"no {topic} goes there"
    if Says.ADDED in says and not lines.came and Says.REMOVED not in says:
        return f"no {topic} comes there"
    return ""


def _lines(topic: str, patches: Sequence[FilePatch]) -> _Lines:
    pattern = PROTECTIONS[topic]
    gone = Counter(line.strip() for patch in patches for line in patch.removed if pattern.search(line))
    came = Counter(line.strip() for patch in patches for line in patch.added if pattern.search(line))
    return _Lines(came=bool(came - gone), went=bool(gone - came))


def _clauses(text: str) -> Iterator[tuple[str, Says]]:
    """Cut a sentence where its verb may change; a piece without one of its own has that of the piece before."""
    before = Says.NOTHING
    for clause in _CLAUSE.split(text):
        says = _says(clause)
        before = says or before
        yield clause, before


def _says(clause: str) -> Says:
    if _KEEPS.search(clause):
        return Says.KEPT
    says = Says.NOTHING
    for pattern, meaning in ((_ADDS, Says.ADDED), (_REMOVES, Says.REMOVED), (_REPLACES, Says.REPLACED)):
        says |= meaning if pattern.search(clause) else Says.NOTHING
    return says
