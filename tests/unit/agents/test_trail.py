"""What the audit is told of events: everything but what was only looked at or said."""

from typing import Any

import pytest

from agents import events
from agents.trail import SEEN_ONLY, TOLD_ELSEWHERE, trail
from guardrails.verdict import Finding, Level

KINDS: tuple[type, ...] = events.Event.__args__


def bare(kind: Any) -> Any:
    """Make an event of which nothing but the kind is known."""
    return kind.__new__(kind)


def test_every_event_goes_on_record_unless_it_is_named_as_one_that_changes_nothing() -> None:
    kept = {events.Objected, events.Decided}
    unnamed = [kind for kind in KINDS if kind not in {*SEEN_ONLY, *TOLD_ELSEWHERE, *kept}]
    assert {events.Moved, events.Built, events.RolledBack, events.Unlocked, events.Acknowledged} <= set(unnamed)
    assert set(SEEN_ONLY) | set(TOLD_ELSEWHERE) <= set(KINDS)


@pytest.mark.parametrize("kind", [*SEEN_ONLY, *TOLD_ELSEWHERE])
def test_what_was_only_seen_or_is_told_by_the_store_is_not_told_twice(kind: type) -> None:
    assert trail("r1", bare(kind)) is None


@pytest.mark.parametrize(
    ("event", "action", "outcome", "person"),
    [
        (events.Moved("app", "alpha", "v1", "v2", 1.5), "moved", "done", "shipmate"),
        (events.Built("app", "i:v2", "sha256:1", 5, None, 1.0), "built", "done", "shipmate"),
        (events.Built("app", "i:v2", "sha256:1", 5, None, 1.0, reused=True), "built", "reused", "shipmate"),
        (events.RolledBack("app", "alpha", "v1", healthy=True, seconds=1), "rolled-back", "done", "shipmate"),
        (events.RolledBack("app", "alpha", "v1", healthy=False, seconds=1), "rolled-back", "failed", "shipmate"),
        (events.TagMissed("app", "i:latest", "denied"), "tag-missed", "failed", "shipmate"),
        (events.Unlocked("U0HANA"), "unlocked", "done", "U0HANA"),
        (events.Acknowledged("U0HANA"), "acknowledged", "done", "U0HANA"),
        (events.Escalated("locked", 3, {"log": "never"}), "escalated", "locked", "shipmate"),
        (events.Published("v2", "", "no token"), "published", "left out", "shipmate"),
        (events.Decided("q", "void", "shipmate", "the commit changed"), "decide", "void", "shipmate"),
    ],
)
def test_an_effect_is_told_with_how_it_ended_and_by_whom(
    event: events.Event, action: str, outcome: str, person: str
) -> None:
    record = trail("r1", event)
    assert record is not None
    assert (record.action, record.outcome, record.person, record.release) == (action, outcome, person, "r1")
    assert "log" not in record.detail


def test_a_decision_is_told_by_the_store_that_takes_it() -> None:
    assert trail("r1", events.Decided("q", "approved", "U0HANA")) is None


def test_an_objection_is_a_refusal_only_where_it_blocks() -> None:
    block = Finding("volume-kept", "app: data", "It is gone.", "Mount it.")
    note = Finding("image-size", "app", "It grew.", "Look.", Level.NOTE)
    record = trail("r1", events.Objected("analyze", (block, note)))
    assert record is not None
    assert (record.kind, record.outcome, record.detail["rules"]) == ("refusal", "blocked", "volume-kept")
    assert trail("r1", events.Objected("analyze", (note,))) is None
