"""What is said of a plan, of who was asked about it, and of what they decided."""

from collections.abc import Mapping

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.voice import Say, Voice


def _planned(event: events.Planned, voice: Voice) -> str:
    return voice.say("The plan stands; its digest is {digest:code}.", digest=figures.digest(event.digest))


def _asked(event: events.Asked, voice: Voice) -> str:
    people = voice.called(event.approvers)
    needed = figures.count(event.required, "approval")
    return f"{needed} needed from {people}, " + voice.say("until {when:when}.", when=event.expires_at)


def _voted(event: events.Voted, voice: Voice) -> str:
    return voice.say(
        "{person:who}: {choice:20} ({given} of {required} approvals).",
        person=event.person,
        choice=event.choice,
        given=event.given,
        required=event.required,
    )


def _carried_over(event: events.CarriedOver, voice: Voice) -> str:
    return voice.say(
        "{person:who} need not answer again: the approval given for {release:code} at {at:when} was for exactly this "
        "plan, and nothing came of it.",
        person=event.person,
        release=event.release,
        at=event.at,
    )


def _glass_broken(event: events.GlassBroken, voice: Voice) -> str:
    return voice.say(
        "BREAK-GLASS: {person:who} releases this before anybody has approved. Reason: {reason:500}",
        person=event.person,
        reason=event.reason,
    )


def _reviewed(event: events.Reviewed, voice: Voice) -> str:
    told = voice.say("{person:who} has reviewed what was released without an approval", person=event.person)
    return told + voice.say(": {note:500}", note=event.note)


def _decided(event: events.Decided, voice: Voice) -> str:
    by = "" if event.by in {"", "time"} else f" by {voice.mention(event.by)}"
    reason = voice.say(": {reason:500}", reason=event.reason) if event.reason else ""
    told = {"expired": "Nobody decided in time; nothing was touched."}.get(event.choice)
    return told or voice.say("The plan was {choice:20}", choice=event.choice) + f"{by}{reason}."


SENTENCES: Mapping[type, Say] = {
    events.Planned: _planned,
    events.Asked: _asked,
    events.Voted: _voted,
    events.CarriedOver: _carried_over,
    events.GlassBroken: _glass_broken,
    events.Reviewed: _reviewed,
    events.Decided: _decided,
}
