"""What the crew reports: plain facts, past participles, JSON inside and out.

Nodes report events, the journal keeps them, `entrypoints/words.py` and
`entrypoints/cards.py` turn them into sentences and cards. An event's `key`
names its place in a release: reporting the same key again replaces the event.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from agents.events.comparison import Compared
from agents.events.decision import (
    Asked,
    CarriedOver,
    ConditionLine,
    Decided,
    GlassBroken,
    Planned,
    Reviewed,
    Voted,
)
from agents.events.ending import (
    Acknowledged,
    Credited,
    CreditLine,
    Escalated,
    Finished,
    Published,
    Reminded,
    Resolved,
    Unlocked,
)
from agents.events.line import (
    ChecksAwaited,
    Entered,
    HeldBack,
    Left,
    Opened,
    Queued,
    TakenOver,
)
from agents.events.move import (
    BackedUp,
    Checked,
    Look,
    Moved,
    Rescued,
    Returned,
    RolledBack,
    Settled,
    Synced,
    Watched,
)
from agents.events.proof import (
    Analyzed,
    ArrivalLine,
    Built,
    CommitLine,
    Covered,
    DecisionLine,
    Diverted,
    Objected,
    Shipped,
    SuiteRan,
    TagMissed,
)

__all__ = [
    "Acknowledged",
    "Analyzed",
    "ArrivalLine",
    "Asked",
    "BackedUp",
    "Built",
    "CarriedOver",
    "Checked",
    "ChecksAwaited",
    "CommitLine",
    "Compared",
    "ConditionLine",
    "Covered",
    "CreditLine",
    "Credited",
    "Decided",
    "DecisionLine",
    "Diverted",
    "Entered",
    "Escalated",
    "Event",
    "Finished",
    "GlassBroken",
    "HeldBack",
    "Left",
    "Look",
    "Moved",
    "Objected",
    "Opened",
    "Planned",
    "Published",
    "Queued",
    "Reminded",
    "Rescued",
    "Resolved",
    "Returned",
    "Reviewed",
    "RolledBack",
    "Settled",
    "Shipped",
    "SuiteRan",
    "Synced",
    "TagMissed",
    "TakenOver",
    "Unlocked",
    "Voted",
    "Watched",
    "dump",
    "load",
]

Event = (
    Opened
    | ChecksAwaited
    | Queued
    | HeldBack
    | TakenOver
    | Entered
    | Left
    | Analyzed
    | Objected
    | SuiteRan
    | Built
    | Diverted
    | TagMissed
    | Shipped
    | Planned
    | Asked
    | Voted
    | CarriedOver
    | GlassBroken
    | Reviewed
    | Decided
    | BackedUp
    | Moved
    | Settled
    | Synced
    | Compared
    | Checked
    | Watched
    | Rescued
    | RolledBack
    | Returned
    | Escalated
    | Acknowledged
    | Unlocked
    | Reminded
    | Resolved
    | Finished
    | Published
    | Credited
)

_ADAPTERS: Mapping[str, TypeAdapter[Event]] = {kind.KIND: TypeAdapter(kind) for kind in Event.__args__}


def dump(event: Event) -> dict[str, Any]:
    """Write an event as plain JSON values."""
    body: dict[str, Any] = _ADAPTERS[event.KIND].dump_python(event, mode="json")
    return body


def load(kind: str, body: Mapping[str, Any]) -> Event:
    """Read an event back from the journal."""
    return _ADAPTERS[kind].validate_python(dict(body))
