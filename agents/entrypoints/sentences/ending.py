"""What is said of how a release ended, and of what a locked target needs from people."""

from collections.abc import Mapping

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.sentences.cause import cause
from agents.entrypoints.sentences.excerpts import few, log
from agents.entrypoints.sentences.report import likely_lines, plain_lines, report_lines
from agents.entrypoints.voice import Say, Voice


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
    lines += likely_lines(plain_lines(report.get("likely")), voice)
    lines += report_lines("analysis", report.get("analysis"), voice)
    return "\n".join(lines) + (log(str(report["log"]), voice, 40) if report.get("log") else "")


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
    return "\n".join(("Released with this:", *few(lines, 20), *more))


SENTENCES: Mapping[type, Say] = {
    events.Escalated: _escalated,
    events.Acknowledged: _acknowledged,
    events.Unlocked: _unlocked,
    events.Reminded: _reminded,
    events.Resolved: _resolved,
    events.Finished: _finished,
    events.Published: _published,
    events.Credited: _credited,
}
