"""What the audit is told of an event: everything that changed the world or stood in its way. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from agents import events
from agents.events import Event
from guardrails.verdict import Level
from tools.history.ledger import Record

BOT = "shipmate"
TOLD_ELSEWHERE = (events.Opened, events.Voted, events.Finished)
"""The store writes these down itself, in the transaction of the order, the vote or the end."""
SEEN_ONLY = (
    events.ChecksAwaited,
    events.Queued,
    events.Entered,
    events.Left,
    events.Analyzed,
    events.SuiteRan,
    events.Planned,
    events.Asked,
    events.Settled,
    events.Synced,
    events.Compared,
    events.Checked,
    events.Watched,
    events.Credited,
)
"""What was looked at or said; nothing is different for it. Every event that is not named here is put on record."""


def trail(release: str, event: Event) -> Record | None:
    """Say what goes into the audit; None where nothing does."""
    if isinstance(event, (*TOLD_ELSEWHERE, *SEEN_ONLY)):
        return None
    if isinstance(event, events.Objected):
        return _objection(release, event)
    if isinstance(event, events.Decided):
        return _void(release, event)
    outcome = _OUTCOMES.get(type(event), _done)(event)
    person = str(getattr(event, "person", "") or getattr(event, "by", "") or BOT)
    return Record("effect", event.KIND, outcome, person, release=release, detail=_detail(event))


def _objection(release: str, event: events.Objected) -> Record | None:
    rules = {finding.rule for finding in event.findings if finding.level is Level.BLOCKING}
    detail = {"stage": event.stage, "rules": ", ".join(sorted(rules))}
    return Record("refusal", "guardrails", "blocked", BOT, release=release, detail=detail) if rules else None


def _void(release: str, event: events.Decided) -> Record | None:
    """Every other decision is put on record by the store that takes it."""
    if event.choice != "void":
        return None
    return Record("decision", "decide", event.choice, event.by, release=release, detail={"reason": event.reason})


def _detail(event: Event) -> Mapping[str, Any]:
    """Keep names, numbers and sentences; logs and reports stay in the journal."""
    plain = {field.name: getattr(event, field.name) for field in fields(event)}
    left_out = {"person", "by", "log_tail"}
    return {
        name: value for name, value in plain.items() if isinstance(value, (str, int, float)) and name not in left_out
    }


def _done(_event: Any) -> str:
    return "done"


_OUTCOMES: Mapping[type, Callable[[Any], str]] = {
    events.Built: lambda event: "reused" if event.reused else "done",
    events.TagMissed: lambda _: "failed",
    events.RolledBack: lambda event: "done" if event.healthy else "failed",
    events.Returned: lambda event: "done" if event.healthy else "failed",
    events.Escalated: lambda event: event.level,
    events.Published: lambda event: "done" if event.url else "left out",
}
