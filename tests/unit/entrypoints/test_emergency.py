"""P3: what is told of a release before anybody has approved, at once and as long as its review is owed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agents.entrypoints.emergency import messages, reminders
from agents.entrypoints.headlines import OWES_NOTHING, way_on
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import slack_voice
from agents.events import Finished, GlassBroken, Reviewed
from tests.unit.entrypoints.material import ended, planned, view
from tools.history.releases import Outcome
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


def test_before_anything_is_planned_a_review_is_announced_but_nothing_is_asked_for() -> None:
    text = told(view((BROKEN,)), None, timedelta(0))["break-glass"]
    assert "A review by somebody else is owed as soon as anything is to be moved." in text
    assert "stays owed" not in text
    assert OWES_NOTHING not in text


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.REFUSED, Outcome.SKIPPED, Outcome.CANCELLED])
def test_an_emergency_that_ended_before_a_plan_takes_the_promise_of_a_review_back(outcome: Outcome) -> None:
    shown = view((BROKEN, Finished(outcome.value, "There is no tag v9.9.9.", 2.0)), **ended(outcome))
    found = told(shown, None, timedelta(days=3))
    assert set(found) == {"break-glass"}
    assert OWES_NOTHING in found["break-glass"]
    assert OWES_NOTHING in way_on(shown, VOICE).splitlines()


def test_a_planned_emergency_and_an_ordinary_release_do_not_speak_of_no_review() -> None:
    done, failed = Finished("failed", "unhealthy", 2.0), ended(Outcome.FAILED)
    assert OWES_NOTHING not in way_on(view((BROKEN, planned(), done), **failed), VOICE)
    assert OWES_NOTHING not in way_on(view((done,), **failed), VOICE)
    assert "stays owed" in told(view((BROKEN, planned(), done), **failed), OWED, timedelta(0))["break-glass"]


def test_of_an_ordinary_release_nothing_is_told() -> None:
    assert told(view(()), None, timedelta(days=3)) == {}
