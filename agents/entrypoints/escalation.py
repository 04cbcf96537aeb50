"""The escalation card: what the person on call must know when a target was locked, and the two things they can do."""

from collections.abc import Iterable, Mapping
from typing import Any

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.cards import CARD_LIMIT, TEXT_LIMIT, Block, Card, button, fenced, section, weight
from agents.entrypoints.facts import Fact, held
from agents.entrypoints.sentences.cause import cause
from agents.entrypoints.sentences.report import plain_lines
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import Voice, cut

MODEL_LABEL = "Analysis, written by the model from unreviewed text"
MOST_LOG_LINES = 40
_SHARES = (1, 0.75, 0.5, 0.25)


def escalation_card(view: ReleaseView, owners: Iterable[str], voice: Voice) -> Card:
    """Draw the escalation as it stands now: buttons only for what is still to be done."""
    title = standing(view, voice)
    ends = [*_people(view, owners, voice), *_buttons(view)]
    top: list[Block] = [section(f"*{title}*")]
    limit = CARD_LIMIT - weight([*top, *ends]) - 100
    shown: list[Block] = []
    for share in _SHARES:
        shown = [_draw(fact, share) for fact in evidence(view, voice) if fact.lines]
        if weight(shown) <= limit:
            break
    return Card(cut(title, TEXT_LIMIT), (*top, *shown, *ends))


def standing(view: ReleaseView, voice: Voice) -> str:
    """Say in one line how an escalation stands; after a rollback that went well it is resolved and still locked."""
    resolved = view.one(events.Resolved)
    state = "RESOLVED" if resolved else "Unlocked" if view.one(events.Unlocked) else "LOCKED"
    shut = state == "LOCKED" or (resolved is not None and resolved.how == "rollback" and not view.one(events.Unlocked))
    where = {"service": view.release.service, "environment": view.release.environment}
    told = voice.say("{state}: {service:60} in {environment:60}", state=state, **where)
    return f"{told} takes no releases" if shut else told


def evidence(view: ReleaseView, voice: Voice) -> tuple[Fact, ...]:
    """Put together all that is known of why the target was locked."""
    escalated = view.one(events.Escalated)
    report = escalated.report if escalated else {}
    fence = voice.unmarked
    return (
        Fact("What happened", tuple(_happened(view, voice)), 1500),
        Fact("Cause, found by rules", _told(report.get("likely"), voice), 900),
        Fact("The last failures", _told(report.get("failures"), fence), 1500, verbatim=True),
        Fact("Compared", _told(report.get("comparison"), voice), 900),
        Fact("What came since the last good version", _told(report.get("change"), fence), 1500, verbatim=True),
        Fact("Stages", tuple(_stages(view, voice)), 900),
        Fact("The log around the failure", _told(report.get("log"), fence)[-MOST_LOG_LINES:], 1800, verbatim=True),
        Fact("Checked on the hosts", _told(report.get("checklist"), fence), 1500, verbatim=True),
        Fact(MODEL_LABEL, _told(report.get("analysis"), voice), 1200),
    )


def _happened(view: ReleaseView, voice: Voice) -> Iterable[str]:
    escalated = view.one(events.Escalated)
    report = escalated.report if escalated else {}
    yield voice.say("Pipeline: {id:code}, version {version:80}", id=view.release.id, version=view.release.version)
    yield f"Failures in a row: {escalated.count if escalated else 'unknown'}"
    for line in plain_lines(report.get("reason")):
        yield voice.say("{line:200}", line=line)
    yield voice.say("Locked at: {when:when}", when=report.get("locked_at") or "unknown")
    yield voice.say("Failed stage: {stage:60}", stage=report.get("stage") or "unknown")
    yield f"Cause: {cause(str(report.get('cause') or view.cause or 'unknown'), voice)}"
    for line in plain_lines(report.get("baseline")):
        yield voice.say("Before: {line:400}", line=line)
    for line in plain_lines(report.get("last_good")):
        yield voice.say("Last good: {line:200}", line=line)
    yield from _involved(report, voice)


def _involved(report: Mapping[str, Any], voice: Voice) -> Iterable[str]:
    asked, approved = str(report.get("asked_by") or ""), plain_lines(report.get("approved_by"))
    if asked:
        by = f", approved by {voice.called(approved)}" if approved else ", approved by nobody"
        yield voice.say("Asked for by {asked:who}", asked=asked) + by


def _stages(view: ReleaseView, voice: Voice) -> Iterable[str]:
    for stage in view.stages:
        because = voice.say(" - {cause:160}", cause=stage.cause) if stage.cause else ""
        took = f" {figures.duration(stage.seconds)}" if stage.seconds else ""
        yield f"{stage.name.replace('_', ' ')}: {stage.status}{took}{because}"


def _told(value: object, voice: Voice) -> tuple[str, ...]:
    return tuple(voice.say("{line:240}", line=line) for line in plain_lines(value))


def _people(view: ReleaseView, owners: Iterable[str], voice: Voice) -> list[Block]:
    acknowledged, unlocked = view.one(events.Acknowledged), view.one(events.Unlocked)
    called = list(owners)
    lines = [f"Owners: {voice.called(called)}"] if called else []
    if acknowledged:
        lines.append(
            voice.say("{person:who} takes care of it.", person=acknowledged.person) + _since(view, acknowledged)
        )
    if unlocked:
        lines.append(voice.say("{person:who} unlocked it.", person=unlocked.person) + _since(view, unlocked))
    return [section("\n".join(lines))] if lines else []


def _since(view: ReleaseView, event: events.Acknowledged | events.Unlocked) -> str:
    at = view.moments.get(event.key)
    return f" ({figures.moment(at)})" if at else ""


def _buttons(view: ReleaseView) -> list[Block]:
    """Offer what is still to be done; every use takes its button away."""
    release, resolved = view.release, view.one(events.Resolved)
    if view.one(events.Unlocked) or (resolved and resolved.how != "rollback"):
        return []
    where = f"{release.service} in {release.environment}"
    unlock = button("Unlock", "unlock", release.id, style="danger", confirm=f"Let releases of {where} start again?")
    taken = resolved or view.one(events.Acknowledged)
    take = [] if taken else [button("Acknowledge", "acknowledge", release.id)]
    return [{"type": "actions", "block_id": "escalation", "elements": [*take, unlock]}]


def _draw(fact: Fact, share: float) -> Block:
    lines = held(fact, int(fact.room * share))
    return section(f"*{fact.title}*\n{fenced(lines) if fact.verbatim else chr(10).join(lines)}")
