"""Releases before anybody has approved, told loudly: at once, and again as long as their review is owed. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from agents.entrypoints.cards import Card, section
from agents.entrypoints.headlines import OWES_NOTHING, what
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import next_command, sentence
from agents.events import GlassBroken, Reviewed
from tools.history.reviews import Review

FIRST = (timedelta(hours=1), timedelta(hours=4))
"""When people are reminded first; then once a day."""
DAY = timedelta(days=1)


def reminders(owed_for: timedelta) -> int:
    """Count the reminders that are due after so long."""
    return sum(owed_for >= after for after in FIRST) + max(owed_for // DAY, 0)


def messages(
    view: ReleaseView, review: Review | None, owners: Iterable[str], now: datetime, voice: Voice
) -> dict[str, Card]:
    """Draw what is to be seen of a release without an approval, by purpose; of the reminders the newest only."""
    broken = view.one(GlassBroken)
    if broken is None:
        return {}
    drawn = {"break-glass": _announcement(view, broken, review, owners, voice)}
    due = reminders(now - review.owed_at) if review and review.given_by is None else 0
    if review and due:
        drawn[f"review-owed:{due}"] = _reminder(view, review, owners, voice)
    return drawn


def _announcement(
    view: ReleaseView, broken: GlassBroken, review: Review | None, owners: Iterable[str], voice: Voice
) -> Card:
    given = view.one(Reviewed)
    lines = [f"*{what(view, voice)}*", sentence(broken, voice), "The guardrails hold as always; nobody was asked."]
    lines.append(sentence(given, voice) if given else _owed(view, review, owners, voice))
    return _card(lines)


def _owed(view: ReleaseView, review: Review | None, owners: Iterable[str], voice: Voice) -> str:
    """Promise a review only where the store will ask for one: from the plan on, which is what may touch anything."""
    if review is not None:
        return _wanted(view, owners, voice)
    return OWES_NOTHING if view.outcome else "A review by somebody else is owed as soon as anything is to be moved."


def _reminder(view: ReleaseView, review: Review, owners: Iterable[str], voice: Voice) -> Card:
    told = voice.say(
        "Nobody has reviewed this yet. {who:who} released it without an approval at {when:when}: {reason:300}",
        who=review.person,
        when=review.owed_at,
        reason=review.reason,
    )
    return _card([f"*{what(view, voice)}*", told, _wanted(view, owners, voice)])


def _wanted(view: ReleaseView, owners: Iterable[str], voice: Voice) -> str:
    release = view.release
    called = ", ".join(map(voice.mention, owners))
    command = next_command(f"review {release.service} {release.environment} NOTE", voice)
    return f"A review by somebody else stays owed{f' ({called})' if called else ''}: {command}"


def _card(lines: list[str]) -> Card:
    text = "\n".join(lines)
    return Card(text, (section(text),))
