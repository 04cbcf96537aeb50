"""What is said of a release on its way: opened, waiting in line, entering and leaving its stages."""

from collections.abc import Mapping

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.facts import SET_OFF
from agents.entrypoints.sentences.cause import cause
from agents.entrypoints.voice import Say, Voice

DOING: Mapping[str, str] = {
    "analyze": "reading the change",
    "test": "testing",
    "build": "building",
    "plan": "planning",
    "approve": "waiting for approval",
    "deploy": "deploying",
    "verify": "verifying",
    "roll_back": "rolling back",
    "escalate": "reporting the failure",
}
ONLY: Mapping[str, str] = {
    "analyze": ", analysis only",
    "test": ", tests only",
    "build": ", without the deploy",
    "deploy": ", deploy only",
}
"""How much of a release was asked for."""


def _opened(event: events.Opened, voice: Voice) -> str:
    template = "{who:who} asked for {service:60} {version:80} in {environment:60}."
    if event.kind == "rollback":
        template = "{who:who} asked to roll {service:60} in {environment:60} back to {version:80}."
    if event.trigger in SET_OFF:
        template = f"{SET_OFF[event.trigger]}: {{service:60}} {{version:80}} in {{environment:60}}."
    template = template.removesuffix(".") + ONLY.get(event.only, "") + "."
    return voice.say(
        template,
        who=event.requested_by,
        service=event.service,
        version=event.version,
        environment=event.environment,
        branch=event.branch,
    )


def _checks_awaited(event: events.ChecksAwaited, voice: Voice) -> str:
    told = {"waiting": "Waits for the checks of the commit", "passed": "The checks of the commit have passed"}
    return told.get(event.verdict, "The checks of the commit have failed") + voice.say(
        ": {detail:300}", detail=event.detail
    )


def _queued(event: events.Queued, voice: Voice) -> str:
    return voice.say(
        "Waiting in line at place {place}: {version:80} ({holder:60}) holds the target.",
        place=event.position,
        version=event.holder_version,
        holder=event.holder,
    )


def _held_back(event: events.HeldBack, voice: Voice) -> str:
    by = voice.mention(event.by) if event.by else ""
    what = f"the lock by {by}" if event.code == "locked" else "the freeze"
    reason = voice.say(": {reason:300}", reason=event.reason)
    if event.over:
        ended = f" was ended by {voice.mention(event.over)}" if event.over != "time" else " is over"
        return f"{what[0].upper()}{what[1:]}{ended}{reason}."
    until = voice.say(" until {when:when}", when=event.until) if event.until else ""
    return f"Held back by {what}{until}{reason}. It may be cancelled; a rollback is still possible."


def _taken_over(event: events.TakenOver, voice: Voice) -> str:
    if event.by:
        then = "another goes on with the rollback" if event.goes_on else "what it had moved is put back"
        return voice.say("{who:who} took the target over: this run was cut off, and ", who=event.by) + f"{then}."
    return voice.say(
        "The run of this release gave no sign of life after {when:when}. {successor:60} holds the target now; whatever "
        "the silent run may still say is refused.",
        when=event.silent_since,
        successor=event.successor,
    )


def _entered(event: events.Entered, voice: Voice) -> str:
    return voice.say("{doing:60} ...", doing=DOING.get(event.stage, event.stage).capitalize())


def _left(event: events.Left, voice: Voice) -> str:
    because = f": {cause(event.cause, voice)}" if event.cause else ""
    took = figures.duration(event.seconds)
    return voice.say("{stage:40} {status:20} after {took}", stage=event.stage, status=event.status, took=took) + because


SENTENCES: Mapping[type, Say] = {
    events.Opened: _opened,
    events.ChecksAwaited: _checks_awaited,
    events.Queued: _queued,
    events.HeldBack: _held_back,
    events.TakenOver: _taken_over,
    events.Entered: _entered,
    events.Left: _left,
}
