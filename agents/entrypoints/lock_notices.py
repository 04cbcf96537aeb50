"""Locks that people set, told where releases are shown: one message per lock, and its end below it. Pure."""

from collections.abc import Mapping

from agents.entrypoints.cards import Card, detail_card
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import next_command
from tools.history.locks import TIME, Lock


def messages(lock: Lock, voice: Voice) -> Mapping[str, Card]:
    """Draw what is to be seen of a lock, by purpose; its end is a message of its own, since edits call nobody."""
    where = voice.say("{service:60} in {environment:60}", service=lock.service, environment=lock.environment)
    until = voice.say(" until {when:when}", when=lock.until) if lock.until else ""
    who = voice.say("{who:who} at {since:when}{until:ours}", who=lock.by, since=lock.since, until=until)
    reason = voice.say("{reason:300}", reason=lock.reason)
    if lock.ended_at is None:
        unlock = next_command(f"unlock {lock.service} {lock.environment}", voice)
        told = f"LOCKED: {where} takes no releases\nBy {who}: {reason}\nRollbacks go through. To end it: {unlock}"
        return {"lock": detail_card(told)}
    by = "its time is over" if lock.ended_by == TIME else voice.say("unlocked by {who:who}", who=lock.ended_by)
    over = f"The lock of {where} is over: {by}."
    return {"lock": detail_card(f"Unlocked: {where}\nIt was locked by {who}: {reason}"), "lock-over": detail_card(over)}
