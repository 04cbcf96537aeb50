"""What further channels are told of an escalation: plain text for people, and the same facts for machines. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from agents import events
from agents.entrypoints.escalation import evidence, standing
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import sentence

OCCASIONS = {
    events.Escalated: "escalation",
    events.Reminded: "reminder",
    events.Returned: "return",
    events.Resolved: "resolution",
}
_STATES = {
    events.Escalated: "LOCKED",
    events.Reminded: "Still LOCKED",
    events.Returned: "A host is back",
    events.Resolved: "RESOLVED",
}
LONGEST_SUBJECT, LONGEST_TEXT = 150, 20_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, for a channel to give its own form."""

    occasion: str
    """escalation, reminder, return (of a host) or resolution."""
    thread: str
    """What belongs together: the release that locked its target."""
    subject: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Write it as plain JSON values."""
        return asdict(self)


def letter(view: ReleaseView, event: events.Event, at: datetime, voice: Voice) -> Letter:
    """Write about one occasion of an escalation."""
    occasion, release = OCCASIONS[type(event)], view.release
    told = sentence(event, voice)
    text = "\n".join(_whole(view, voice)) if occasion == "escalation" else f"{standing(view, voice)}\n\n{told}\n"
    facts = {
        "service": release.service,
        "environment": release.environment,
        "release": release.id,
        "version": release.version,
        "at": at.isoformat(timespec="seconds"),
        **events.dump(event),
    }
    return Letter(occasion, release.id, _subject(view, event, voice), text[:LONGEST_TEXT], facts)


def _subject(view: ReleaseView, event: events.Event, voice: Voice) -> str:
    state = _STATES[type(event)]
    where = {"service": view.release.service, "environment": view.release.environment}
    return voice.say("[shipmate] {state}: {service:60} in {environment:60}", state=state, **where)[:LONGEST_SUBJECT]


def _whole(view: ReleaseView, voice: Voice) -> Iterator[str]:
    where = {"service": view.release.service, "environment": view.release.environment}
    yield voice.say("{service:60} in {environment:60} is LOCKED and takes no releases.", **where)
    for fact in evidence(view, voice):
        if fact.lines:
            yield from ("", f"{fact.title}:", *(f"  {line}" for line in fact.lines))
    yield ""
    command = _command(view, voice)
    yield "To take care of it and end the reminders, press Acknowledge in Slack, or type:"
    yield voice.say("  {prefix:ours} acknowledge {service:60} {environment:60}", **command)
    yield "When it is safe again:"
    yield voice.say("  {prefix:ours} unlock {service:60} {environment:60}", **command)
    yield ""


def _command(view: ReleaseView, voice: Voice) -> Mapping[str, str]:
    return {"prefix": voice.prefix, "service": view.release.service, "environment": view.release.environment}
