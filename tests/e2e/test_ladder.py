"""P18 failures in a row: recorded, reported, locked, taken care of; resolved by what runs well or by a person."""

from collections.abc import Iterator

import pytest

from tests.stage.conversation import ANA, HANA, MAX, ON_CALL, Conversation
from tests.stage.observer.site import ObserverSite
from tests.stage.stage import Stage

HOST = "observer-1: "
CHECKLIST = (
    "network: reached, commands run",
    "disk: ",
    "env file: 4 names in the env file",
    "observer container: running, health healthy",
    "observer restarts: 0 restarts",
    "observer mounts: /app/config, /app/data/observer, /app/logs",
    "observer environment: complete",
)


@pytest.fixture
def site(stage: Stage) -> Iterator[ObserverSite]:
    """The observer service with v1.2.2 running, and the failure policy that ships with the bot."""
    place = ObserverSite(stage, stage.scratch("ladder"))
    place.prepare()
    yield place
    place.clear()


async def test_three_failures_in_a_row_lock_the_target_until_a_person_unlocks_it(site: ObserverSite) -> None:
    async with Conversation(site) as chat:
        await climbs(chat)
        await is_escalated_with_evidence(chat)
        await somebody_takes_care(chat)
        await stays_locked_but_for_the_way_back(chat)
        await is_unlocked_by_an_approver(chat)
        await ends_with_a_good_release(chat)


async def climbs(chat: Conversation) -> None:
    """Release a good version and then three bad ones; the good one keeps running."""
    assert "observer v1.2.3 in production runs" in await chat.release("v1.2.3")
    assert "Failure 1 in a row, recorded." in await chat.release("v1.3.5")
    reported = await chat.release("v1.3.5")
    assert "Failure 2 in a row." in reported
    assert "v1.3.5 and v1.3.5 failed both in test, for the same cause: unit: 2 of 15 tests failed." in reported
    assert not chat.slack.messages(ON_CALL)
    locked = await chat.release("v1.3.1")
    assert "Failure 3 in a row: the target is LOCKED until a person unlocks it." in locked
    assert "v1.3.5 and v1.3.1 failed first in test, then in verify, for different causes" in locked
    assert chat.site.running() == "v1.2.3"
    assert (chat.site.server_directory / "last_good_tag").read_text() == "v1.2.3\n"


async def is_escalated_with_evidence(chat: Conversation) -> None:
    """The person on call gets one message with everything that is known."""
    card = await chat.escalated("LOCKED: observer in production takes no releases")
    told = chat.slack.shows(card)
    for fact in (
        "version v1.3.1",
        "Failures in a row: 3",
        "Failed stage: verify",
        "Last good: v1.2.3",
        "Asked for by @ana, approved by @hana",
        "Before: The service was well before this release touched it.",
        "Owners: @hana",
    ):
        assert fact in told
    assert "KIS_API_KEY" in told
    assert told.count("version v1.3.5, stage test, cause unit: 2 of 15 tests failed.") == 2
    assert "version v1.3.1, stage verify, cause observer-observer-1: " in told
    for line in CHECKLIST:
        assert f"✓ {HOST}{line}" in told
    assert chat.slack.messages(ON_CALL) == [card]


async def somebody_takes_care(chat: Conversation) -> None:
    """Anybody may say so, and then nobody is reminded any more."""
    await chat.clicks("Acknowledge", as_=ANA, channel=ON_CALL)
    await chat.escalated("@ana takes care of it.")


async def stays_locked_but_for_the_way_back(chat: Conversation) -> None:
    """No release starts, and a rollback does; the service runs well by it, and stays locked."""
    chat.says("/deploy observer v1.2.8")
    await chat.whispered("Not done (locked)")
    assert "LOCKED since" in chat.slack.shows(await chat.answered("/deploy status observer"))
    story = await chat.end(await chat.asks("/deploy rollback observer", as_=MAX))
    assert "Rollback of observer to v1.2.2 in production runs" in story
    assert chat.site.running() == "v1.2.2"
    assert (chat.site.server_directory / "last_good_tag").read_text() == "v1.2.2\n"
    assert "LOCKED since" in chat.slack.shows(await chat.answered("/deploy status observer"))
    card = await chat.escalated("RESOLVED: observer in production takes no releases")
    await chat.slack.until(lambda: chat.slack.thread(card.ts), 30)
    (resolved,) = chat.slack.thread(card.ts)
    assert "RESOLVED: v1.2.2 runs well since" in chat.slack.shows(resolved)


async def is_unlocked_by_an_approver(chat: Conversation) -> None:
    """Only approvers and owners may unlock."""
    await chat.clicks("Unlock", as_=MAX, channel=ON_CALL)
    await chat.whispered("Not done (not-an-operator)", to=MAX)
    await chat.clicks("Unlock", as_=HANA, channel=ON_CALL)
    told = chat.slack.shows(await chat.escalated("@hana unlocked it."))
    assert "[Unlock]" not in told
    assert "[Acknowledge]" not in told


async def ends_with_a_good_release(chat: Conversation) -> None:
    """The next good version is released as if nothing had been, and nobody is told a second time."""
    assert "observer v1.2.8 in production runs" in await chat.release("v1.2.8")
    assert chat.site.running() == "v1.2.8"
    card = await chat.escalated("RESOLVED: observer in production")
    assert len(chat.slack.thread(card.ts)) == 1
    assert "failures in a row" not in chat.slack.shows(await chat.answered("/deploy status observer"))
