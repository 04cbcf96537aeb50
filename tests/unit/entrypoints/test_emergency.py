"""P3: what is told of a release before anybody has approved, at once and as long as its review is owed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agents.entrypoints.emergency import messages, reminders
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import slack_voice
from agents.events import GlassBroken, Reviewed
from tests.unit.entrypoints.material import view
from tools.history.reviews import Review

VOICE = slack_voice("/deploy", frozenset({"U0HANA", "U0MAX"}))
BROKEN = GlassBroken("U0MAX", "the shop is down <!channel>")
STORED = view((BROKEN,)).release
OWED = Review("r1", "observer", "production", "v1.2.3", "U0MAX", "the shop is down", STORED.requested_at)


def told(shown: ReleaseView, review: Review | None, after: timedelta) -> dict[str, str]:
    now: datetime = STORED.requested_at + after
    return {purpose: card.text for purpose, card in messages(shown, review, ("U0HANA",), now, VOICE).items()}


@pytest.mark.parametrize(
    ("hours", "due"), [(0, 0), (0.9, 0), (1, 1), (3.9, 1), (4, 2), (23.9, 2), (24, 3), (47.9, 3), (48, 4), (240, 12)]
)
def test_a_review_that_stays_owed_is_asked_for_after_an_hour_after_four_and_once_a_day(hours: float, due: int) -> None:
    assert reminders(timedelta(hours=hours)) == due


def test_everybody_is_told_at_once_by_whom_why_and_what_is_owed() -> None:
    found = told(view((BROKEN,)), OWED, timedelta(0))
    assert set(found) == {"break-glass"}
    text = found["break-glass"]
    assert "observer v1.2.3 in production" in text
    assert "BREAK-GLASS: <@U0MAX> releases this before anybody has approved. Reason: the shop is down" in text
    assert "The guardrails hold as always" in text
    assert "A review by somebody else stays owed (<@U0HANA>): `/deploy review observer production NOTE`" in text
    assert "<!channel>" not in text


def test_only_the_newest_reminder_is_drawn_so_that_a_bot_that_was_away_does_not_repeat_itself() -> None:
    found = told(view((BROKEN,)), OWED, timedelta(days=3))
    assert set(found) == {"break-glass", "review-owed:5"}
    assert "Nobody has reviewed this yet. <@U0MAX> released it without an approval" in found["review-owed:5"]


def test_a_review_that_was_given_is_shown_and_asked_for_no_more() -> None:
    given = replace(OWED, given_by="U0HANA", given_at=OWED.owed_at, note="all well")
    found = told(view((BROKEN, Reviewed("U0HANA", "all well"))), given, timedelta(days=3))
    assert set(found) == {"break-glass"}
    assert "<@U0HANA> has reviewed what was released without an approval: all well" in found["break-glass"]
    assert "stays owed" not in found["break-glass"]


def test_of_an_ordinary_release_nothing_is_told() -> None:
    assert told(view(()), None, timedelta(days=3)) == {}
