"""What people type and press, and who may: typos, questions, lines, second thoughts."""

import pytest

from tests.stage.conversation import ANA, HANA, MAX, Conversation
from tests.stage.observer.tree import replaced
from tests.stage.versions import publish

SLEEP_SECONDS = 60
SLEEP = f"import time\n\ntime.sleep({SLEEP_SECONDS})\n"


async def answer(chat: Conversation, text: str, as_: str = ANA) -> str:
    """Type a command that is answered to its author alone, and read the answer."""
    return chat.slack.shows(await chat.answered(text, as_))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("observr v1.2.3", "observer v1.2.3"),
        ("observer v1.2.3 prod", "observer v1.2.3 to production"),
        ("rolback observer v1.2.2", "rollback observer to v1.2.2"),
        ("v1.2.3 observer", "observer v1.2.3"),
    ],
)
async def test_a_typo_is_answered_with_the_line_that_was_meant(chat: Conversation, typed: str, meant: str) -> None:
    before = len(chat.cards())
    assert f"Did you mean `/deploy {meant}`?" in await answer(chat, f"/deploy {typed}")
    assert len(chat.cards()) == before


async def test_status_history_stats_and_help_answer_whoever_asks(chat: Conversation) -> None:
    assert "`/deploy rollback SERVICE [to VERSION] [in ENV]`" in await answer(chat, "/deploy help", as_=MAX)
    await chat.verdict("/deploy observer v1.2.5")
    assert "observer in production" in await answer(chat, "/deploy status")
    history = await answer(chat, "/deploy history observer")
    assert "deploy observer v1.2.5 production: refused" in history
    assert "The declared mount of ./data at /app/data/observer is gone" in history
    assert "1 release ended: 0 succeeded, 0 failed." in await answer(chat, "/deploy stats observer")


async def test_nobody_approves_alone_and_a_release_can_be_taken_back_while_it_waits(chat: Conversation) -> None:
    card = await chat.asks("/deploy observer v1.2.3", as_=HANA)
    await chat.shows(card, "[Approve]")
    await chat.clicks("Approve", as_=HANA)
    await chat.whispered("Not done (self-approval)", to=HANA)
    chat.says("/deploy cancel observer", as_=HANA)
    ended = await chat.shows(card, "observer v1.2.3 in production: cancelled")
    assert "Why: cancelled by @hana" in ended
    assert "[Approve]" not in ended
    chat.slack.clicks(MAX, "Approve", card, stale=True)
    await chat.whispered("Not done (no-question)", to=MAX)
    assert chat.site.running() == "v1.2.2"


async def test_a_release_waits_in_line_and_starts_by_itself(chat: Conversation) -> None:
    first = await chat.asks("/deploy observer v1.2.3")
    await chat.shows(first, "[Approve]")
    second = await chat.asks("/deploy observer v1.2.8", as_=MAX)
    waiting = await chat.shows(second, "waiting in line")
    assert "v1.2.3" in waiting
    await chat.rejects(first, "v1.2.8 goes first")
    assert "rejected" in await chat.shows(first, "nothing was touched")
    assert "v1.2.8 goes first" in chat.slack.shows(first)
    await chat.shows(second, "[Approve]")
    chat.slack.clicks(HANA, "Approve", first, stale=True)
    await chat.whispered("Not done (no-question)", to=HANA)
    assert "[Approve]" in chat.slack.shows(second)
    chat.says("/deploy cancel observer", as_=MAX)
    await chat.shows(second, "observer v1.2.8 in production: cancelled")


async def test_a_release_stops_at_once_while_it_is_tested(chat: Conversation) -> None:
    slow = replaced("tests/test_metrics.py", "from observer import metrics", f"{SLEEP}from observer import metrics")
    publish(chat.site.bare, "v2.2.0", on="v1.2.3", change=slow)
    card = await chat.asks("/deploy observer v2.2.0")
    await chat.shows(card, "◐ test")
    chat.says("/deploy cancel observer")
    assert "observer v2.2.0 in production: cancelled" in await chat.shows(card, "Took ", within=SLEEP_SECONDS / 2)


async def test_a_release_that_is_stopped_while_it_deploys_is_put_back_and_counts_as_no_failure(
    chat: Conversation,
) -> None:
    card = await chat.asks("/deploy observer v1.2.3")
    await chat.shows(card, "[Approve]")
    chat.slack.clicks(HANA, "Approve", card)
    await chat.runs("v1.2.3")
    chat.says("/deploy cancel observer")
    story = await chat.end(card)
    assert "observer v1.2.3 in production: cancelled" in story
    assert "observer on observer-1 is back at v1.2.2, healthy" in story
    assert "in a row" not in story
    assert chat.site.running() == "v1.2.2"
    assert not (chat.site.server_directory / "last_good_tag").exists()


async def test_a_question_that_nobody_answers_closes_itself(chat: Conversation) -> None:
    card = await chat.asks("/deploy observer v1.2.3 to hasty")
    ended = await chat.shows(card, "observer v1.2.3 in hasty: nobody decided in time, nothing was touched")
    assert "[Approve]" not in ended
    assert "Next: `/deploy observer v1.2.3 to hasty`" in ended


async def releases_in_an_emergency(chat: Conversation, version: str) -> None:
    """P3: nobody is asked, everybody is told, and a review stays owed until somebody else gives it."""
    refused = await answer(chat, f"/deploy break-glass observer {version} the shop is down", as_=ANA)
    assert "Not done (not-for-break-glass)" in refused
    card = await chat.asks(f"/deploy break-glass observer {version} the shop is down", as_=MAX)
    loud = await chat.escalated("BREAK-GLASS: @max releases this before anybody has approved")
    assert f"observer {version} in production runs" in await chat.end(card)
    assert "REVIEW OWED" in await answer(chat, "/deploy status observer")
    assert "Not done (self-review)" in await answer(chat, "/deploy review observer all well", as_=MAX)
    assert "is reviewed" in await answer(chat, "/deploy review observer read the log", as_=HANA)
    await chat.shows(loud, "@hana has reviewed what was released without an approval: read the log")


async def test_a_rollback_goes_before_whatever_waits(chat: Conversation) -> None:
    await releases_in_an_emergency(chat, "v1.2.3")
    waiting = await chat.asks("/deploy observer v1.2.8")
    await chat.shows(waiting, "[Approve]")
    queued = await chat.asks("/deploy observer v1.2.1")
    back = await chat.end(await chat.asks("/deploy rollback observer to v1.2.2", as_=MAX))
    assert "Rollback of observer to v1.2.2 in production runs" in back
    assert chat.site.running() == "v1.2.2"
    for card in (waiting, queued):
        assert "cancelled by @max" in await chat.shows(card, "cancelled")
