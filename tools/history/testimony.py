"""What the chain says of decisions: a table tells what was decided, and only a sealed entry proves it. Pure."""

import hmac
import json
from dataclasses import dataclass, field

from tools.history.chain import Entry, Fault, seal_of

UNPROVED = "unproved-decision"
DECIDE = ("decision", "decide")
OPENED = ("effect", "opened")


@dataclass(frozen=True, slots=True)
class Claim:
    """A decided question, as its table has it."""

    question: str
    release: str
    digest: str
    choice: str
    asked_at: str


@dataclass(slots=True)
class Testimony:
    """Hears the entries of a chain, its first one among them, and holds claims against them."""

    key: bytes = field(repr=False)
    _begun: str = ""
    _opened: set[str] = field(default_factory=set)
    _decided: dict[str, Entry] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Hear the next entry, in order of number."""
        self._begun = self._begun or entry.at
        if (entry.kind, entry.action) == OPENED:
            self._opened.add(entry.release)
        elif (entry.kind, entry.action) == DECIDE and hmac.compare_digest(seal_of(self.key, entry), entry.seal):
            self._decided.setdefault(json.loads(entry.detail).get("question", ""), entry)

    def doubt(self, claim: Claim) -> Fault | None:
        """Tell what speaks against a claim; what was asked before there was an audit is believed."""
        entry = self._decided.get(claim.question)
        about = f"The table says {claim.choice} to question {claim.question} about plan {claim.digest[:12]}"
        if entry is None:
            old = claim.release not in self._opened and (not self._begun or claim.asked_at < self._begun)
            return None if old else Fault(UNPROVED, 0, f"{about}, but no sealed entry tells of that decision.")
        if (entry.release, entry.digest, entry.outcome) == (claim.release, claim.digest, claim.choice):
            return None
        sealed = f"{entry.outcome} about plan {entry.digest[:12]} of release {entry.release}"
        return Fault(UNPROVED, entry.number, f"{about}, but entry {entry.number} says {sealed}.")
