"""The chain of the audit: each entry is sealed together with the seal before it. Pure.

A seal is an HMAC, so that whoever can write the database but has not the key can
neither change an entry nor add one. The head, kept outside of the table, tells how
far the chain once went: entries that are cut off at its end are missed by it.
"""

import hmac
import json
from dataclasses import dataclass, field
from operator import attrgetter

FORM = "shipmate-audit-1"
"""Goes into every seal: another form of entries is another word."""
STARTED = ("bot", "started")
_SHOWN = 16
_ELSEWHERE = "the number is not of this database, or the history was rewritten."
_NOT_ONE = "Not one entry was sealed with the key that lies here, so no entry is proved."


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the audit. `detail` is JSON, as text."""

    number: int
    at: str
    kind: str
    """command, decision, refusal, effect or bot."""
    action: str
    outcome: str
    person: str
    workspace: str
    door: str
    service: str
    environment: str
    release: str
    digest: str
    detail: str
    previous: str
    """The seal of the entry before; of the first, a random word."""
    seal: str = ""


_VALUES = attrgetter(*(name for name in Entry.__slots__ if name != "seal"))
_WRITTEN = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain went: the number of an entry and its seal; number 0 before the first."""

    number: int
    seal: str

    @property
    def told(self) -> str:
        """Write it so that people can keep it elsewhere and compare it later: `312:3f2a9c81d0e45b17`."""
        return f"{self.number}:{self.seal[:_SHOWN]}"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that is not as it was written: a stable code, its number, and what is wrong there."""

    code: str
    number: int
    told: str


def _tells_of_new_key(entry: Entry) -> bool:
    return (entry.kind, entry.action) == STARTED and "key" in json.loads(entry.detail)


def seal_of(key: bytes, entry: Entry) -> str:
    """Seal an entry as it is, with its number and the seal before it."""
    return hmac.digest(key, _WRITTEN((FORM, *_VALUES(entry))).encode(), "sha256").hex()


@dataclass(slots=True)
class Examination:
    """Reads a chain from its first entry, and keeps the first fault. `expected` are heads known from elsewhere."""

    key: bytes = field(repr=False)
    head: Head | None
    """As kept outside of the table; None where it is missing or not what this key has written."""
    expected: tuple[Head, ...] = ()
    """Beginnings of seals that were told earlier, such as in Slack."""
    fault: Fault | None = None
    seen: int = 0
    _last: Head = field(default_factory=lambda: Head(0, ""))
    _unsealed: int = 0
    _before_renewal: int = 0
    """How many entries came before the one that tells of a new key, where none of them was sealed with it."""

    def take(self, entry: Entry) -> None:
        """Read the next entry, in order of number."""
        self.seen += 1
        sealed = hmac.compare_digest(seal_of(self.key, entry), entry.seal)
        self._unsealed += not sealed
        if sealed and self.seen == self._unsealed + 1 and _tells_of_new_key(entry):
            self._before_renewal = self._unsealed
        self._object(self._gap(entry) or self._broken(entry, sealed=sealed) or self._contradicted(entry))
        self._last = Head(entry.number, entry.seal)

    def end(self) -> Fault | None:
        """Tell the first fault, once every entry was read."""
        if self.seen > 1 and self._unsealed == self.seen:
            return Fault("another-key", 1, _NOT_ONE)
        if self._before_renewal and self._unsealed == self._before_renewal:
            since = self._before_renewal + 1
            told = (
                f"The key was missing, and entry {since} tells that a new one was made: no entry before it is proved."
            )
            return Fault("another-key", 1, told)
        self._object(self._cut_off())
        return self.fault

    @property
    def last(self) -> Head:
        """Tell the last entry that was read."""
        return self._last

    def _object(self, fault: Fault | None) -> None:
        self.fault = self.fault or fault

    def _gap(self, entry: Entry) -> Fault | None:
        wanted = self._last.number + 1
        if entry.number == wanted:
            return None
        if entry.number < wanted:
            return Fault("inserted", entry.number, f"A number that comes after {self._last.number} was expected.")
        last = entry.number - 1
        lost = f"Entry {wanted} is missing" if last == wanted else f"Entries {wanted} to {last} are missing"
        return Fault("missing", wanted, f"{lost}: the next one is {entry.number}.")

    def _broken(self, entry: Entry, *, sealed: bool) -> Fault | None:
        linked = entry.previous == self._last.seal or entry.number == 1
        if sealed and linked:
            return None
        if sealed:
            return Fault(
                "inserted", entry.number, "It is sealed, but belongs behind another entry than the one before."
            )
        if linked and hmac.compare_digest(seal_of(b"", entry), entry.seal):
            told = "It was written without the key, as while that was missing, or by somebody who has none."
            return Fault("without-key", entry.number, told)
        if linked:
            return Fault("changed", entry.number, "It is not what was sealed: something in it was changed.")
        return Fault("moved", entry.number, "It is not what was sealed here: it was moved, copied or put in.")

    def _contradicted(self, entry: Entry) -> Fault | None:
        """Compare an entry with what is known of it from outside of the table."""
        if self.head and self.head.number == entry.number and self.head.seal != entry.seal:
            told = (
                "The head file knows another entry under this number: entries were replaced, or a backup was put back."
            )
            return Fault("replaced", entry.number, told)
        for known in self.expected:
            if known.number == entry.number and not entry.seal.startswith(known.seal):
                return Fault("contradicted", entry.number, f"It was told with the seal {known.seal}: {_ELSEWHERE}")
        return None

    def _cut_off(self) -> Fault | None:
        beyond = self.head.number if self.head else 0
        if beyond > self._last.number:
            told = f"The table ends at {self._last.number}, but there was an entry {beyond}: its end was cut off."
            return Fault("cut-off", self._last.number + 1, told)
        beyond = max((known.number for known in self.expected), default=0)
        if beyond > self._last.number:
            told = f"The table ends at {self._last.number}, there is no entry {beyond}: {_ELSEWHERE}"
            return Fault("contradicted", self._last.number + 1, told)
        if self.head is None:
            told = "The head file is missing or not of this key, so nobody can tell whether the end was cut off."
            return Fault("no-head", self._last.number, told)
        return None
