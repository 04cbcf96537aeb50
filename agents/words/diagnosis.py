"""The likeliest cause of a failure, by code alone: signs in the facts, each with the lines it rests on. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.words.failure_log import LONGEST_LINE, first_error

MOST_LINES = 3
_CAUSES: Mapping[str, tuple[str, ...]] = {
    "it ran out of memory and was ended.": (
        *(r"\bOOM\b", "out of memory", "cannot allocate memory", "MemoryError"),
        r"exit(?:ed with)? code 137\b",
    ),
    "the disk is full.": ("no space left on device", "disk quota exceeded"),
    "its port is taken by something else.": (
        *("address already in use", "port is already allocated", r"\bEADDRINUSE\b", "bind: address"),
    ),
    "a variable that it needs is missing.": (
        r"KeyError: '[A-Z][A-Z0-9_]+'",
        r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+ (?:is )?(?:required|not set|missing|undefined)\b",
        "missing (?:required )?(?:environment )?variable",
        r"environment variable \S+ (?:is )?(?:not|missing)",
    ),
    "a module or package that it needs is not in the image.": (
        *("ModuleNotFoundError", "ImportError", "cannot find module", "ERR_MODULE_NOT_FOUND"),
        "error while loading shared libraries",
    ),
    "it may not read or write something.": (
        *("permission denied", r"\bEACCES\b", "operation not permitted", "read-only file system"),
    ),
    "the database is not as the version expects it.": (
        *("no such (?:table|column)", r"(?:relation|column|table) \S+ does not exist"),
        *("UndefinedTable", "UndefinedColumn", r"migration\S* (?:failed|pending)", "duplicate column"),
    ),
    "something that it depends on does not answer.": (
        *("connection refused", r"\bECONNREFUSED\b", "could not connect to", "connection timed out"),
        "no route to host",
        *("name or service not known", "temporary failure in name resolution", "getaddrinfo", r"\bENOTFOUND\b"),
    ),
    "a certificate is not accepted.": ("certificate (?:verify failed|has expired)", "CERT_HAS_EXPIRED", "x509:"),
    "a login or a key is refused.": (
        *("authentication failed", "invalid (?:api key|credentials|password)", "password authentication"),
        r"\b(?:401|403)\b.{0,20}(?:unauthori[sz]ed|forbidden)",
    ),
    "the code does not even load.": ("SyntaxError", "IndentationError", "exec format error", "unexpected token"),
    "a file that it needs is not there.": (
        *("no such file or directory", "FileNotFoundError", r"\bENOENT\b", "not found: /"),
    ),
}
_SIGNS = {cause: re.compile("|".join(patterns), re.IGNORECASE) for cause, patterns in _CAUSES.items()}
"""The weightiest cause first: what follows from a cause stands in the log, too."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A cause in one sentence, and the lines of evidence that it rests on."""

    cause: str
    lines: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Tell it line by line, the cause first."""
        return (self.cause, *self.lines)


def diagnose(cause: str, log: str, checklist: Sequence[Mapping[str, object]] = (), before: str = "") -> Diagnosis:
    """Name the likeliest cause that the facts show; where they show none, say so with the first line that complains.

    `cause` is what the stage said, `checklist` holds `name met detail` each, `before` how the service stood before.
    """
    found = _sign(cause, log.splitlines()) or _on_hosts(checklist) or _complaint(log)
    if before and "failing before" in before:
        return Diagnosis(f"Perhaps not this version: it was failing before. {found.cause}", (before, *found.lines))
    return found


def _sign(told: str, log: Sequence[str]) -> Diagnosis | None:
    """Look in what the stage said, too, but do not quote that: it stands above."""
    said = told.strip()[:LONGEST_LINE]
    shown = tuple(dict.fromkeys((said, *(line.strip()[:LONGEST_LINE] for line in log))))
    for cause, pattern in _SIGNS.items():
        hits = tuple(line for line in shown if pattern.search(line))
        if hits:
            return Diagnosis(f"Likely: {cause}", tuple(line for line in hits if line != said)[:MOST_LINES])
    return None


def _on_hosts(checklist: Sequence[Mapping[str, object]]) -> Diagnosis | None:
    bad = tuple(_bad(checklist))
    if not bad:
        return None
    return Diagnosis("Likely: the host is not as it should be.", bad[:MOST_LINES])


def _bad(checklist: Sequence[Mapping[str, object]]) -> Iterator[str]:
    for line in checklist:
        if line.get("met") is False:
            yield f"{line.get('name')}: {line.get('detail')}"[:LONGEST_LINE]


def _complaint(log: str) -> Diagnosis:
    lines = [line for line in log.splitlines() if line.strip()]
    first = first_error(lines)
    if first is None:
        return Diagnosis("Not known: nothing in the facts or in the log names a cause.")
    return Diagnosis("Not known; this is the first line that complains.", (lines[first].strip()[:LONGEST_LINE],))
