"""What the bot says about what happened: one sentence per event, evidence below it. Numbers first, no praise."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.arrivals import shipped
from agents.entrypoints.canaries import compared
from agents.entrypoints.commands import VERBS, spelled
from agents.entrypoints.facts import MET, SET_OFF, condition_lines, finding_lines, suite_line
from agents.entrypoints.voice import Voice
from agents.events import Event

_DECIDED = re.compile(r"(?s)(approved|rejected|expired|cancelled|superseded|void) by (\S+?)(?:: (.*))?")
_MOST_CHECKS = 12
"""Of more, those that failed are told first."""
_TERMINAL_ONLY = frozenset({"check-config", "doctor", "serve", "export"})
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


def cause(text: str, voice: Voice) -> str:
    """Say why; where a person decided, name the person."""
    decided = _DECIDED.fullmatch(text)
    if decided is None:
        return voice.say("{text}", text=text)
    reason = voice.say(": {reason}", reason=decided[3]) if decided[3] else ""
    person = "" if decided[2] == "time" else f" by {voice.mention(decided[2])}"
    return f"{decided[1]}{person}{reason}"


def next_command(line: str, voice: Voice) -> str:
    """Write a command as it is typed at this door; a sentence stays a sentence."""
    first, *rest = line.split() or [""]
    if first in VERBS:
        return voice.say("{line:code}", line=spelled(voice.prefix, first, *rest))
    if first in _TERMINAL_ONLY:
        return voice.say("{line:code}", line=" ".join(("./shipmate", first, *rest)))
    return voice.say("{line}", line=line)


Say = Callable[[Any, Voice], str]


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


def _analyzed(event: events.Analyzed, voice: Voice) -> str:
    files = sum(map(len, event.categories.values()))
    told = f"{figures.count(len(event.commits), 'commit')}, {figures.count(files, 'changed file')}"
    since = voice.say("since {version:80}", version=event.from_version) if event.from_version else "as a first release"
    lines = [f"{told} {since}."]
    lines += [voice.say("{action:60}: {reason:200}", action=one.action, reason=one.reason) for one in event.decisions]
    return "\n".join(lines)


def _objected(event: events.Objected, voice: Voice) -> str:
    lines = finding_lines(event.findings, voice)
    return "\n".join((voice.say("Guardrails object in {stage:40}:", stage=event.stage), *_few(list(lines))))


def _few(lines: list[str], most: int = 8) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"... and {len(lines) - most} more (cut)"]


def _suite_ran(event: events.SuiteRan, voice: Voice) -> str:
    return f"Suite {suite_line(event, voice)}"


def _built(event: events.Built, voice: Voice) -> str:
    took = "taken over, since it was built from this commit before"
    return voice.say(
        "Image {image:160} {made}: {size}, digest {digest:code}",
        image=event.image,
        made=took if event.reused else f"built in {figures.duration(event.seconds)}",
        size=figures.growth(event.size_bytes, event.previous_size_bytes),
        digest=figures.digest(event.digest),
    )


def _diverted(event: events.Diverted, voice: Voice) -> str:
    return voice.say(
        "Warning: {image:160} was not taken by its registry, so it is {fallback:160} now, and deployed from there: "
        "{cause:400}",
        image=event.image,
        fallback=event.fallback,
        cause=event.cause,
    )


def _tag_missed(event: events.TagMissed, voice: Voice) -> str:
    return voice.say(
        "Warning: the further tag {image:160} was not pushed; nothing is deployed by it: {cause:400}",
        image=event.image,
        cause=event.cause,
    )


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


def _moved(event: events.Moved, voice: Voice) -> str:
    return voice.say(
        "{component:60} on {host:60} now runs {after:160}, before: {before:160} ({took}).",
        component=event.component,
        host=event.host,
        after=event.after,
        before=event.before or "nothing",
        took=figures.duration(event.seconds),
    )


def _settled(event: events.Settled, voice: Voice) -> str:
    where = voice.say("{component:60} on {host:60}", component=event.component, host=event.host)
    took = figures.duration(event.seconds)
    if event.healthy:
        return f"{where} is healthy after {took}."
    return f"{where} is NOT healthy after {took}: {cause(event.cause, voice)}{_log(event.log_tail, voice)}"


def _log(text: str, voice: Voice, most: int = 20) -> str:
    lines = text.strip().splitlines()
    if not lines:
        return ""
    told = "\n".join(voice.say("{line:code}", line=line) for line in lines[-most:] if line.strip())
    earlier = f" (the last {most} of {len(lines)} lines)" if len(lines) > most else ""
    return f"\nIts log{earlier}:\n{told}"


def _synced(event: events.Synced, voice: Voice) -> str:
    where = voice.say("{place:60}: {standing:200}", place=event.place, standing=event.standing)
    return f"{where} ({figures.duration(event.seconds)})."


def _checked(event: events.Checked, voice: Voice) -> str:
    bad = sum(check.met is False for check in event.checks)
    told = f"{bad} of {figures.count(len(event.checks), 'check')} failed" if bad else "All checks passed"
    many = len(event.checks) > _MOST_CHECKS
    checks = sorted(event.checks, key=lambda check: check.met is not False) if many else event.checks
    return "\n".join((f"{told}:", *_few(list(condition_lines(checks, voice)), _MOST_CHECKS)))


def _watched(event: events.Watched, voice: Voice) -> str:
    pace = ""
    if event.median_ms is not None:
        before = f" (before: {event.baseline_ms:.0f} ms)" if event.baseline_ms is not None else ""
        pace = f", median {event.median_ms:.0f} ms{before}"
    where = voice.say("{component:60} on {host:60}, ", component=event.component, host=event.host) if event.host else ""
    told = f"Watched {where}{figures.count(event.samples, 'sample')}{pace}: "
    lines = [voice.say("{line:200}", line=line) for line in event.measured]
    if not event.alarms:
        return "\n".join((f"{told}no alarm.", *lines))
    alarms = "; ".join(voice.say("{alarm:200}", alarm=alarm) for alarm in event.alarms)
    return "\n".join((f"{told}{alarms}", *lines))


def _rescued(event: events.Rescued, voice: Voice) -> str:
    what = voice.say(
        "{files} that only {container:120} on {host:60} had",
        files=figures.count(event.files, "file"),
        container=event.container,
        host=event.host,
    )
    if event.fault:
        return f"Could NOT save {what}: " + voice.say("{fault:600}", fault=event.fault)
    told = voice.say("{archive:code}", archive=event.archive)
    back = voice.say("{line:code}", line=f"docker cp - {event.container}:/ < {event.archive}")
    return f"Saved {what}: {told} ({figures.size(event.size_bytes)}). To put it back: {back}."


def _rolled_back(event: events.RolledBack, voice: Voice) -> str:
    where = {"component": event.component, "host": event.host, "to": event.to or "nothing"}
    detail = voice.say(" {detail}", detail=event.detail) if event.detail else ""
    if event.healthy:
        took = figures.duration(event.seconds)
        return voice.say("{component:60} on {host:60} is back at {to:160}, healthy", **where) + f" ({took}).{detail}"
    later = " It is put back as soon as it answers again." if event.away else ""
    return voice.say("{component:60} on {host:60} could NOT be brought back to {to:160}.", **where) + detail + later


def _backed_up(event: events.BackedUp, voice: Voice) -> str:
    """Say what was saved, how far it is of one moment, and how it is put back."""
    what = voice.say("{what:300} on {host:60}", what=", ".join(event.what), host=event.host)
    told = f"Saved before anything was touched, and read back: {what}, {figures.size(event.size_bytes)}"
    told = f"{told} ({figures.duration(event.seconds)})."
    moment = "" if event.stopped else " It ran meanwhile: files that belong together may be from different moments."
    back = voice.say("{line:code}", line=f"./shipmate {event.command}")
    return f"{told}{moment} " + voice.say("It lies in {place:code}. To put it back: ", place=event.directory) + back


def _returned(event: events.Returned, voice: Voice) -> str:
    """Say what a host that was away runs now, and whether the lock may be taken off."""
    where = {"component": event.component, "host": event.host, "to": event.to or "nothing"}
    detail = voice.say(" {detail}", detail=event.detail) if event.detail else ""
    if not event.healthy:
        told = voice.say("{host:60} answers again, and {component:60} could NOT be brought back to {to:160}.", **where)
        return f"{told}{detail} Leave the lock on, and look at that host."
    told = voice.say("{host:60} answers again: {component:60} was put back to {to:160} there, healthy", **where)
    told = f"{told} ({figures.duration(event.seconds)}).{detail}"
    if event.astray:
        still = voice.say("{astray:300}", astray=", ".join(event.astray))
        return f"{told} Leave the lock on: not as recorded yet: {still}."
    return f"{told} Everything runs as it was recorded, on every host: the lock may be taken off."


def _escalated(event: events.Escalated, voice: Voice) -> str:
    report = event.report
    told = {
        "outside": "Failed, and not counted.",
        "recorded": "Failure {count} in a row, recorded.",
        "reported": "Failure {count} in a row.",
        "locked": "Failure {count} in a row: the target is LOCKED until a person unlocks it.",
    }.get(event.level, "Failure {count} in a row.")
    lines = [told.replace("{count}", str(event.count))]
    for title in ("reason", "stage", "cause", "baseline", "last_good", "change", "comparison", "checklist"):
        lines += report_lines(title, report.get(title), voice)
    lines += _likely(plain_lines(report.get("likely")), voice)
    lines += report_lines("analysis", report.get("analysis"), voice)
    return "\n".join(lines) + (_log(str(report["log"]), voice, 40) if report.get("log") else "")


def _likely(said: list[str], voice: Voice) -> list[str]:
    """Tell the likeliest cause, which says itself how likely it is, and below it what it rests on."""
    return [voice.say("{cause:600}", cause=one) for one in said[:1]] + [
        voice.say("- {line:200}", line=line) for line in _few(said[1:], 12)
    ]


def report_lines(title: str, value: Any, voice: Voice) -> list[str]:
    """Tell one part of a failure report, whatever its shape."""
    said = list(plain_lines(value))
    name = title.replace("_", " ").capitalize()
    if not said:
        return []
    if len(said) == 1:
        return [voice.say("{name}: {said:600}", name=name, said=said[0])]
    return [f"{name}:", *(voice.say("- {line:200}", line=line) for line in _few(said, 12))]


def plain_lines(value: Any) -> list[str]:
    """Flatten JSON into lines: `key: value` for an object, one line per item of a list."""
    if value is None or value == "":
        return []
    if isinstance(value, Mapping):
        return [f"{key}: {_inline(inner)}" for key, inner in value.items() if inner not in (None, "", [], {})]
    if isinstance(value, (list, tuple)):
        return [_inline(item) for item in value]
    return [line for line in str(value).splitlines() if line.strip()]


def _inline(value: Any) -> str:
    if isinstance(value, Mapping) and {"name", "met", "detail"} <= value.keys():
        return f"{MET[value['met']]} {value['name']}: {value['detail']}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_inline(inner)}" for key, inner in value.items() if inner not in (None, ""))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_inline, value))
    return str(value)


def _acknowledged(event: events.Acknowledged, voice: Voice) -> str:
    return voice.say("{person:who} takes care of it.", person=event.person)


def _unlocked(event: events.Unlocked, voice: Voice) -> str:
    return voice.say("{person:who} unlocked the target; it takes releases again.", person=event.person)


def _reminded(event: events.Reminded, voice: Voice) -> str:
    who = voice.say("{person:who}, ", person=event.person) if event.person else ""
    since = voice.say("LOCKED since {when:when}", when=event.locked_at)
    return f"{who}nobody has taken care of this yet. {since}; reminder {event.number}. Press Acknowledge to take it."


def _resolved(event: events.Resolved, voice: Voice) -> str:
    if event.how == "unlocked":
        by = voice.say("{by:who}", by=event.by) if event.by else "a person"
        return f"RESOLVED: unlocked by {by}; it takes releases again."
    if event.how == "replaced":
        return voice.say("RESOLVED: a newer escalation, of {by:code}, took its place.", by=event.by)
    runs = voice.say("RESOLVED: {version:80} runs well since {by:code}", version=event.version, by=event.by)
    return f"{runs}, a rollback; it stays locked until a person unlocks it." if event.how == "rollback" else f"{runs}."


def _finished(event: events.Finished, voice: Voice) -> str:
    took = figures.duration(event.seconds) if event.seconds else ""
    because = f": {cause(event.cause, voice)}" if event.cause else ""
    after = f" after {took}" if took else ""
    audited = voice.say("\nOn record up to {audit:code}", audit=event.audit) if event.audit else ""
    return voice.say("Ended: {outcome:40}", outcome=event.outcome.replace("-", " ")) + f"{after}{because}{audited}"


def _published(event: events.Published, voice: Voice) -> str:
    if not event.url:
        return voice.say("No GitHub release: {reason}", reason=event.reason)
    return voice.say("GitHub release {tag:80}: {url:500}", tag=event.tag, url=event.url)


def _credited(event: events.Credited, voice: Voice) -> str:
    """Call only people whom the configuration knows by their GitHub login; every other author is a name."""
    if not event.pulls:
        return "No pull request is in this release."
    lines = [
        voice.say("#{number} {title:160} by ", number=pull.number, title=pull.title)
        + (voice.mention(pull.person) if pull.person else voice.say("{author:60}", author=pull.author))
        for pull in event.pulls
    ]
    more = [f"{figures.count(event.more, 'older commit')} not looked up."] if event.more else []
    return "\n".join(("Released with this:", *_few(lines, 20), *more))


_SENTENCES: Mapping[type, Say] = {
    events.Opened: _opened,
    events.ChecksAwaited: _checks_awaited,
    events.Queued: _queued,
    events.HeldBack: _held_back,
    events.TakenOver: _taken_over,
    events.Entered: _entered,
    events.Left: _left,
    events.Analyzed: _analyzed,
    events.Objected: _objected,
    events.SuiteRan: _suite_ran,
    events.Built: _built,
    events.Diverted: _diverted,
    events.TagMissed: _tag_missed,
    events.Shipped: shipped,
    events.Planned: _planned,
    events.Asked: _asked,
    events.Voted: _voted,
    events.CarriedOver: _carried_over,
    events.GlassBroken: _glass_broken,
    events.Reviewed: _reviewed,
    events.Decided: _decided,
    events.BackedUp: _backed_up,
    events.Moved: _moved,
    events.Settled: _settled,
    events.Synced: _synced,
    events.Compared: compared,
    events.Checked: _checked,
    events.Watched: _watched,
    events.Rescued: _rescued,
    events.RolledBack: _rolled_back,
    events.Returned: _returned,
    events.Escalated: _escalated,
    events.Acknowledged: _acknowledged,
    events.Unlocked: _unlocked,
    events.Reminded: _reminded,
    events.Resolved: _resolved,
    events.Finished: _finished,
    events.Published: _published,
    events.Credited: _credited,
}


def sentence(event: Event, voice: Voice) -> str:
    """Say what happened; a sentence, and lines of evidence below it where there are any."""
    return _SENTENCES[type(event)](event, voice)
