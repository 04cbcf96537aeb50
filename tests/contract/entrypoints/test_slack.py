"""Slack from both sides: what people type and click, and what they see, through Slack's own library."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from agents import events
from agents.answers import Accepted, Order, Origin
from agents.answers import Person as Somebody
from agents.entrypoints.pace import Pace
from agents.entrypoints.slack import open_slack, told_apart
from tests.contract.entrypoints.house import ON_CALL, RELEASES, House, configuration, living_in
from tests.emulators.slack import PUBLISHED_LIMITS, Channel, Person, SlackEmulator
from tests.emulators.slack.blocks import interactive_elements
from tests.unit.entrypoints.material import BUILT, UNIT, stage
from tools.errors import Denied, Unreachable
from tools.history.releases import Outcome
from tools.history.tables import reviews

STRANGER = Person("U0EVE", "eve", team="T0OTHER")
PEOPLE = (Person("U0ANA", "ana"), Person("U0HANA", "hana"), Person("U0MAX", "max"), STRANGER)


@pytest.fixture
async def emulator() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator(people=PEOPLE) as slack:
        yield slack


@pytest.fixture
async def house(emulator: SlackEmulator, tmp_path: Path) -> AsyncIterator[House]:
    async with living_in(emulator, tmp_path / "shipmate.db") as house:
        yield house


def has_buttons(house: House, ts: str) -> bool:
    message = house.emulator.world.find(RELEASES, ts) or house.emulator.world.find(ON_CALL, ts)
    assert message is not None
    return any(interactive_elements(block) for block in message.blocks)


# opening the door


@pytest.mark.parametrize("name", ["slack_bot_token", "slack_app_token"])
@pytest.mark.parametrize("broken", [None, "", "wrong", "swapped"])
async def test_a_missing_or_wrong_token_is_one_clear_line(
    emulator: SlackEmulator, house: House, name: str, broken: str | None
) -> None:
    declared = configuration(emulator)
    other = {"slack_bot_token": "slack_app_token", "slack_app_token": "slack_bot_token"}[name]
    secret = getattr(declared.credentials, other) if broken == "swapped" else broken
    credentials = type(declared.credentials).model_validate(declared.credentials.model_dump() | {name: secret})
    with pytest.raises(Denied) as told:
        await open_slack(house.crew, declared.model_copy(update={"credentials": credentials}))
    assert name.upper() in str(told.value)
    assert "\n" not in str(told.value)
    assert told.value.remedy


async def test_slack_being_away_at_the_start_is_no_fault_of_a_token(house: House, emulator: SlackEmulator) -> None:
    await emulator.down()
    with pytest.raises(Unreachable):
        await open_slack(house.crew, configuration(emulator))


# commands


async def test_an_order_is_answered_and_gets_one_card_in_the_releases_channel(house: House) -> None:
    told = await house.asks("/deploy observer v1.2.3")
    release = await house.release()
    await house.shown()
    assert f"The release of observer v1.2.3 in production is under way as `{release.id}`." in told
    assert "Its card is in #releases." in told
    assert (release.requested_by, release.version, release.environment) == ("U0ANA", "v1.2.3", "production")
    (card,) = house.cards()
    assert "observer v1.2.3 in production: starting" in house.emulator.shows(card)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/deploy obsever v1.2.3", "Did you mean `/deploy observer v1.2.3`?"),
        ("/deploy observer 1.2.3 to prod", "Did you mean `/deploy observer v1.2.3 to production`?"),
        ("/deploy observer --force", "(option)"),
        ("/deploy", "`/deploy SERVICE VERSION [to ENV] [--dry-run | "),
        ("/deploy help", "`/deploy rollback SERVICE [to VERSION] [in ENV]`"),
        ("/deploy status", "observer in production"),
        ("/deploy history observer", "No release yet."),
        ("/deploy stats", "0 releases ended"),
        ("/deploy cancel observer", "(nothing-to-cancel)"),
        ("/deploy unlock observer", "(not-locked)"),
        ("/deploy rollback observer", "(nothing-to-roll-back-to)"),
        ("/deploy approve observer", "(use-the-card)"),
        ("/deploy <!channel> v1", "<!channel>"),
    ],
)
async def test_what_cannot_be_done_is_told_to_the_one_who_asked_only(house: House, typed: str, told: str) -> None:
    assert told in await house.asks(typed)
    assert house.cards() == []
    assert house.emulator.notified(house.emulator.ephemerals("U0ANA")[-1]) == []


async def test_a_mention_is_a_command_and_is_answered_in_its_thread(house: House) -> None:
    house.emulator.mentions("U0ANA", RELEASES, "observer v1.2.3 to staging")
    await house.emulator.until(lambda: [m for m in house.emulator.messages(RELEASES) if m.thread_ts])
    question = next(m for m in house.emulator.messages(RELEASES) if m.author == "U0ANA")
    assert "observer v1.2.3 in staging is under way" in house.thread(question)


async def test_the_same_gesture_delivered_twice_is_one_order(house: House) -> None:
    first = house.emulator.mentions("U0ANA", RELEASES, "observer v1.2.3")
    assert first is not None
    await first.settled()
    await house.emulator.redelivers(first).settled()
    question = next(m for m in house.emulator.messages(RELEASES) if m.author == "U0ANA")
    await house.emulator.until(lambda: house.emulator.thread(question.ts))
    await house.asks("/deploy status observer")
    await house.shown()
    assert len(await house.store.releases.recent()) == 1
    assert len(house.emulator.thread(question.ts)) == 1


async def test_a_stranger_from_a_shared_channel_is_turned_away(house: House) -> None:
    assert "foreign-workspace" in await house.asks("/deploy observer v1.2.3", person="U0EVE")
    assert await house.store.releases.recent() == ()


async def test_what_slack_sends_besides_is_acknowledged(house: House) -> None:
    payload = {
        "type": "shortcut",
        "callback_id": "x",
        "user": {"id": "U0ANA", "team_id": "T0ACME"},
        "team": {"id": "T0ACME"},
    }
    delivery = house.emulator.sockets.deliver("interactive", payload)
    assert (await delivery.settled()).outcome == "acked"


async def test_many_commands_at_once_are_all_acknowledged_in_time(house: House) -> None:
    deliveries = [house.emulator.types("U0ANA", RELEASES, "/deploy status") for _ in range(50)]
    settled = await asyncio.gather(*(delivery.settled() for delivery in deliveries if delivery))
    assert {one.outcome for one in settled} == {"acked"}
    assert max(one.latency or timedelta.max for one in settled) < timedelta(seconds=3)
    await house.emulator.until(lambda: len(house.emulator.ephemerals("U0ANA")) == 50)


async def test_status_history_and_statistics_tell_what_happened(house: House) -> None:
    await house.asks()
    release = await house.release()
    running = {"version": "v1.2.3", "commit": "a1b2c3d4e5", "image": "ghcr.io/acme/observer", "tag": "v1.2.3"}
    await house.store.deployments.succeed("observer", "production", "observer", release.id, running)
    await house.crew.finish(release.id, Outcome.SUCCEEDED)
    await house.asks("/deploy observer v1.2.4")
    assert "observer: v1.2.3 at commit `a1b2c3d`" in await house.asks("/deploy status observer production")
    assert "deploy of v1.2.4: starting, asked for by @ana" in await house.asks("/deploy status observer")
    assert "deploy observer v1.2.3 production: succeeded after" in await house.asks("/deploy history")
    assert "1 release ended: 1 succeeded, 0 failed." in await house.asks("/deploy stats observer")


async def test_a_rollback_without_a_version_goes_back_to_the_one_before(house: House) -> None:
    for number, version in enumerate(("v1.2.1", "v1.2.2")):
        running = {"version": version, "commit": "c", "image": "i", "tag": version}
        await house.store.deployments.succeed("observer", "production", "observer", f"r{number}", running)
    assert "The rollback of observer v1.2.1 in production is under way" in await house.asks("/deploy rollback observer")
    assert (await house.release()).kind == "rollback"


async def test_cancel_stops_ones_own_release_and_not_the_one_in_front(house: House) -> None:
    await house.asks("/deploy observer v1.2.3", person="U0MAX")
    await house.asks("/deploy observer v1.2.4", person="U0ANA")
    assert "v1.2.4" in await house.asks("/deploy cancel observer", person="U0ANA")
    assert [one.version for one in await house.store.releases.unfinished()] == ["v1.2.3"]


# the card


async def test_approving_takes_the_buttons_away_and_keeps_the_plan_in_the_thread(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.crew.ask(release.id)
    await house.shown()
    (card,) = house.cards()
    assert "[Approve] [Reject]" in house.emulator.shows(card)
    assert "1 approval needed from @hana, @max" in house.thread(card)

    assert "Your answer was counted: approved." in await house.clicks("U0HANA", "Approve", card)
    await house.shown()
    assert not has_buttons(house, card.ts)
    assert "The plan was approved by @hana." in house.thread(card)
    assert "environment: + KIS_RETRY" in house.thread(card)
    assert len(house.cards()) == 1


async def test_a_refused_click_says_why_and_leaves_the_card_as_it_is(house: House) -> None:
    await house.asks()
    await house.crew.ask((await house.release()).id)
    await house.shown()
    (card,) = house.cards()
    told = await house.clicks("U0ANA", "Approve", card)
    assert told == "Not done (not-an-approver). Approvers of observer: @hana, @max.\nNext: `/deploy status observer`"
    await house.shown()
    assert has_buttons(house, card.ts)


async def test_a_stale_click_and_an_old_plan_change_nothing(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.crew.ask(release.id)
    await house.shown()
    (card,) = house.cards()
    await house.crew.ask(release.id, version="v1.2.4")
    await house.shown()
    old = card.versions[-1]
    first = next(version for version in card.versions if any(interactive_elements(b) for b in version.blocks))
    card.versions = [old, first]  # what a client shows that has not heard of the edit
    assert "(superseded)" in await house.clicks("U0HANA", "Approve", card)
    card.versions = [first, old]
    await house.rejects("U0HANA", card)
    assert "(already-decided)" in await house.clicks("U0MAX", "Approve", card, stale=True)
    question = await house.store.decisions.latest(release.id)
    assert question is not None
    assert (question.choice, question.decided_by) == ("rejected", "U0HANA")


async def test_p6_a_rejection_names_what_and_asks_why_and_the_card_tells_it(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.crew.ask(release.id)
    await house.shown()
    (card,) = house.cards()
    house.emulator.clicks("U0HANA", "Reject", card)
    dialog = await house.emulator.until(lambda: house.emulator.view("U0HANA"))
    assert "*observer v1.2.3* in *production*" in str(dialog.definition["blocks"])
    question = await house.store.decisions.latest(release.id)
    assert question is not None
    assert question.choice is None  # nothing is decided before the dialog is sent off
    house.emulator.submits("U0HANA", {"reason": "not before the <!channel> holidays"})
    await house.emulator.until(lambda: house.emulator.ephemerals("U0HANA"))
    await house.shown()
    assert "rejected by @hana: not before the" in house.thread(card)
    assert set(house.emulator.notified(house.emulator.thread(card.ts)[-1])) == {"U0HANA"}
    assert not has_buttons(house, card.ts)
    assert "(already-decided)" in await house.clicks("U0MAX", "Reject", card, stale=True)
    assert house.emulator.view("U0MAX") is None


async def test_p6_a_dialog_that_is_sent_off_too_late_decides_nothing(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.crew.ask(release.id)
    await house.shown()
    (card,) = house.cards()
    house.emulator.clicks("U0HANA", "Reject", card)
    await house.emulator.until(lambda: house.emulator.view("U0HANA"))
    await house.clicks("U0MAX", "Approve", card)
    before = len(house.emulator.ephemerals("U0HANA"))
    house.emulator.submits("U0HANA", {"reason": "wait"})
    await house.emulator.until(lambda: len(house.emulator.ephemerals("U0HANA")) > before)
    assert "(already-decided)" in house.emulator.shows(house.emulator.ephemerals("U0HANA")[-1])
    question = await house.store.decisions.latest(release.id)
    assert question is not None
    assert (question.choice, question.decided_by) == ("approved", "U0MAX")


async def test_p3_slack_tells_who_is_in_a_group_and_knows_of_none_but_its_own(house: House) -> None:
    house.emulator.world.groups["S0CREW1"] = ["U0HANA"]
    assert await house.slack.members("S0CREW1") == {"U0HANA"}
    assert await house.slack.members("S0NOBODY") == frozenset()
    house.emulator.faults.fail(path="/api/usergroups.users.list")
    with pytest.raises(Unreachable):
        await house.slack.members("S0CREW1")


async def test_p3_a_release_without_an_approval_is_told_loudly_and_shown_until_it_is_reviewed(house: House) -> None:
    told = await house.asks("/deploy break-glass observer v1.2.3 the shop is down", person="U0MAX")
    release = await house.release()
    assert told.startswith("BREAK-GLASS: nobody is asked, everybody is told")
    assert release.break_glass == "the shop is down"
    await house.crew.report(release.id, events.GlassBroken("U0MAX", "the shop is down"))
    await house.store.reviews.owe(release)
    await house.shown()
    (loud,) = house.cards(ON_CALL)
    assert "BREAK-GLASS: @max releases this before anybody has approved" in house.emulator.shows(loud)
    assert "U0ANA" in house.emulator.notified(loud)  # who looks after the service
    (card,) = house.cards()
    assert "BREAK-GLASS, nobody was asked. Reason: the shop is down" in house.emulator.shows(card)
    assert "REVIEW OWED for v1.2.3, which @max released" in await house.asks("/deploy status observer production")
    long_ago = (house.crew.clock.now() - timedelta(hours=2)).isoformat(timespec="milliseconds")
    async with house.store.engine.begin() as connection:
        await connection.execute(update(reviews).values(owed_at=long_ago))
    await house.crew.report(release.id, *stage("analyze"))
    await house.shown()
    assert "Nobody has reviewed this yet. @max released it" in house.emulator.shows(house.cards(ON_CALL)[-1])
    assert "reviewed" in await house.asks("/deploy review observer log looked at", person="U0HANA")
    await house.shown()
    assert "@hana has reviewed what was released without an approval: log" in house.emulator.shows(loud)
    assert "REVIEW OWED" not in await house.asks("/deploy status observer production")
    assert len(house.cards(ON_CALL)) == 2


async def test_a_question_that_expires_takes_its_buttons_along(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.crew.ask(release.id)
    await house.shown()
    question = await house.store.decisions.latest(release.id)
    assert question is not None
    await house.crew.report(release.id, events.Decided(question.id, "expired", "time"))
    await house.crew.finish(release.id, Outcome.EXPIRED, "expired by time")
    await house.shown()
    (card,) = house.cards()
    assert not has_buttons(house, card.ts)
    assert "nobody decided in time" in house.emulator.shows(card)
    assert "`/deploy deploy" not in house.emulator.shows(card)
    assert "`/deploy observer v1.2.3 to production`" in house.emulator.shows(card)


async def test_a_release_from_a_terminal_has_its_card_in_the_releases_channel(house: House) -> None:
    order = Order("deploy", "observer", "production", "v1.2.3", Somebody("terminal:ana"), Origin(), "terminal/1")
    assert isinstance(await house.crew.open(order), Accepted)
    await house.shown()
    (card,) = house.cards()
    assert "Asked for by ana (terminal)" in house.emulator.shows(card)


# restarts, outages, limits


async def test_after_a_restart_there_is_still_one_card_and_its_buttons_work(
    emulator: SlackEmulator, tmp_path: Path
) -> None:
    async with living_in(emulator, tmp_path / "shipmate.db") as first:
        await first.asks()
        release = await first.release()
        await first.crew.ask(release.id)
        await first.shown()
    posts = len(emulator.messages(RELEASES))
    async with living_in(emulator, tmp_path / "shipmate.db") as second:
        await second.shown()
        assert len(emulator.messages(RELEASES)) == posts
        (card,) = second.cards()
        await second.clicks("U0HANA", "Approve", card)
        await second.shown()
        assert not has_buttons(second, card.ts)


async def test_what_happened_while_nobody_wrote_is_caught_up(emulator: SlackEmulator, tmp_path: Path) -> None:
    async with living_in(emulator, tmp_path / "shipmate.db") as first:
        await first.asks()
        release = await first.release()
        await first.shown()
    async with living_in(emulator, tmp_path / "shipmate.db") as second:
        await second.crew.finish(release.id, Outcome.SUCCEEDED)
        await second.shown()
        (card,) = second.cards()
        assert "observer v1.2.3 in production runs" in emulator.shows(card)


async def test_a_release_goes_on_while_slack_is_away_and_everything_is_shown_once_later(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.shown()
    await house.emulator.down()
    await house.crew.report(release.id, *stage("test"), UNIT, *stage("build"), BUILT)
    await house.crew.finish(release.id, Outcome.SUCCEEDED)
    assert not await house.feed.caught_up(timedelta(seconds=0.3))
    await house.emulator.up()
    await house.shown()
    (card,) = house.cards()
    assert "observer v1.2.3 in production runs" in house.emulator.shows(card)
    told = [house.emulator.shows(one).split()[0] for one in house.emulator.thread(card.ts)]
    assert told == ["Suite", "Image", "Ended:"]


async def test_an_answer_that_got_lost_posts_nothing_twice(house: House) -> None:
    house.emulator.faults.lose_answers(path="chat.postMessage", times=1)
    await house.asks()
    await house.shown()
    assert len(house.cards()) == 1
    house.emulator.faults.lose_answers(path="chat.postMessage", times=1)
    release = await house.release()
    await house.crew.report(release.id, UNIT, BUILT)
    await house.shown()
    (card,) = house.cards()
    assert len(house.emulator.thread(card.ts)) == 2


async def test_where_searching_is_not_allowed_a_card_comes_again_and_a_detail_is_left_out(house: House) -> None:
    refusal = '{"ok": false, "error": "missing_scope"}'
    house.emulator.faults.lose_answers(path="chat.postMessage", times=1)
    house.emulator.faults.fail(200, path="conversations.", times=99, body=refusal)
    await house.asks()
    await house.shown()
    assert len(house.cards()) == 2
    house.emulator.faults.lose_answers(path="chat.postMessage", times=1)
    release = await house.release()
    await house.crew.report(release.id, UNIT, BUILT)
    await house.shown()
    assert len(house.emulator.thread(house.cards()[-1].ts)) == 2


@pytest.mark.parametrize("status", [500, 503, 200])
async def test_a_slack_that_talks_nonsense_is_asked_again(house: House, status: int) -> None:
    if status == 200:
        house.emulator.faults.show_a_web_page(path="chat.postMessage", times=2)
    else:
        house.emulator.faults.fail(status, path="chat.postMessage", times=2)
    await house.asks()
    await house.shown()
    assert len(house.cards()) == 1


async def test_blocks_that_slack_refuses_are_shown_as_text(house: House) -> None:
    house.emulator.faults.fail(200, path="chat.postMessage", body='{"ok": false, "error": "invalid_blocks"}')
    await house.asks()
    await house.shown()
    (card,) = house.cards()
    assert house.emulator.shows(card) == "observer v1.2.3 in production: starting"


async def test_a_card_that_somebody_deleted_comes_back(house: House) -> None:
    await house.asks()
    await house.shown()
    house.cards()[0].deleted = True
    release = await house.release()
    await house.crew.report(release.id, events.Entered("test"))
    await house.shown()
    (card,) = house.cards()
    assert "testing" in house.emulator.shows(card)


async def test_nothing_is_edited_unless_something_changed(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.crew.report(release.id, events.Entered("test"))
    await house.shown()
    edits = [method for method, _ in house.emulator.world.calls if method == "chat.update"]
    house.feed._swept = 0.0  # noqa: SLF001 - as if the time of a sweep had come
    await house.shown()
    await house.crew.report(release.id, events.Entered("test"))
    await house.shown()
    assert [method for method, _ in house.emulator.world.calls if method == "chat.update"] == edits


async def test_slacks_published_limits_are_never_run_into(tmp_path: Path) -> None:
    async with (
        SlackEmulator(limits=PUBLISHED_LIMITS) as emulator,
        living_in(emulator, tmp_path / "shipmate.db", pace=Pace()) as house,
    ):
        await house.asks()
        await house.asks("/deploy observer v1.2.4 to staging")
        for release in await house.store.releases.recent():
            for name in ("analyze", "test", "build", "plan"):
                await house.crew.report(release.id, *stage(name))
            await house.crew.report(release.id, UNIT, BUILT)
            await house.crew.finish(release.id, Outcome.SUCCEEDED)
        await house.shown()
        assert emulator.meter.refused == 0
        assert all("runs" in emulator.shows(card) for card in house.cards())
        assert len(house.cards()) == 2


async def test_a_slack_that_asks_to_wait_is_waited_for(house: House) -> None:
    house.emulator.faults.fail(429, path="chat.postMessage", times=2, retry_after=1)
    await house.asks()
    await house.shown()
    assert len(house.cards()) == 1


async def test_one_channel_that_cannot_be_written_to_does_not_silence_the_others(tmp_path: Path) -> None:
    channels = (Channel(RELEASES, "releases"), Channel("C0SHUT", "shut", has_app=False), Channel(ON_CALL, "on-call"))
    async with (
        SlackEmulator(channels=channels) as emulator,
        living_in(emulator, tmp_path / "shipmate.db", releases_channel=None) as house,
    ):
        emulator.types("U0ANA", "C0SHUT", "/deploy observer v1.2.3")
        await emulator.until(lambda: emulator.ephemerals("U0ANA"))
        await house.asks("/deploy observer v1.2.4")
        await emulator.until(house.cards)
        assert "v1.2.4" in emulator.shows(house.cards()[0])


# escalation


async def test_an_escalation_lives_from_lock_to_resolved(house: House) -> None:
    await house.asks("/deploy observer v1.2.2")
    await house.crew.finish((await house.release()).id, Outcome.SUCCEEDED)
    await house.asks()
    failed = await house.release()
    await house.crew.breaks(failed.id)
    await house.shown()
    (alarm,) = house.cards(ON_CALL)
    assert "LOCKED: observer in production takes no releases" in house.emulator.shows(alarm)
    assert "answered 500" in house.emulator.shows(alarm)
    assert "U0ANA" in house.emulator.notified(alarm)
    assert "(locked)" in await house.asks("/deploy observer v1.2.4")

    assert "You take care of it" in await house.clicks("U0MAX", "Acknowledge", alarm)
    await house.shown()
    assert "@max takes care of it." in house.emulator.shows(alarm)
    assert "(not-open)" in await house.asks("/deploy acknowledge observer production")
    assert "[Acknowledge]" not in house.emulator.shows(alarm)
    assert "It is unlocked" in await house.clicks("U0MAX", "Unlock", alarm)
    await house.emulator.until(lambda: house.thread(alarm) != "")
    await house.shown()
    assert not has_buttons(house, alarm.ts)
    assert "(not-locked)" in await house.clicks("U0MAX", "Unlock", alarm, stale=True)
    assert house.thread(alarm) == "RESOLVED: unlocked by @max; it takes releases again."
    assert house.emulator.shows(alarm).startswith("RESOLVED")

    await house.asks("/deploy observer v1.2.4")
    good = await house.release()
    await house.crew.finish(good.id, Outcome.SUCCEEDED)
    await house.shown()
    assert house.thread(alarm).count("RESOLVED") == 1
    assert len(house.cards(ON_CALL)) == 1


async def test_a_persons_lock_is_told_where_releases_are_shown_and_its_end_below_it(house: House) -> None:
    assert "is locked by @ana" in await house.asks("/deploy lock observer production the database moves for 2h")
    status = await house.asks("/deploy status observer production")
    assert "LOCKED by @ana until" in status
    assert "/deploy unlock observer production" in status
    assert "(by @hana, @max, @ana)" in status
    await house.shown()
    (told,) = house.cards()
    shown = house.emulator.shows(told)
    assert shown.startswith("LOCKED: observer in production takes no releases")
    assert "the database moves" in shown
    assert "/deploy unlock observer production" in shown
    assert "takes releases again" in await house.asks("/deploy unlock observer production")
    await house.shown()
    assert house.emulator.shows(told).startswith("Unlocked: observer in production")
    assert house.thread(told) == "The lock of observer in production is over: unlocked by @ana."
    assert len(house.cards()) == 1


async def test_a_lock_for_what_is_no_time_locks_nothing(house: House) -> None:
    assert "(bad-time)" in await house.asks("/deploy lock observer production the database moves for 2 hours")
    assert await house.crew.store.locks.unended() == ()


async def test_an_escalation_is_taken_care_of_by_a_typed_command_too(house: House) -> None:
    await house.asks()
    await house.crew.breaks((await house.release()).id)
    await house.shown()
    assert "You take care of it" in await house.asks("/deploy acknowledge observer", "U0MAX")
    await house.shown()
    (alarm,) = house.cards(ON_CALL)
    assert "@max takes care of it." in house.emulator.shows(alarm)


async def test_an_escalation_is_told_once_even_across_a_restart(emulator: SlackEmulator, tmp_path: Path) -> None:
    async with living_in(emulator, tmp_path / "shipmate.db") as first:
        await first.asks()
        await first.crew.breaks((await first.release()).id)
        await first.shown()
    async with living_in(emulator, tmp_path / "shipmate.db") as second:
        await second.shown()
        assert len(second.cards(ON_CALL)) == 1


async def test_the_buttons_of_an_older_lock_do_not_open_a_newer_one(house: House) -> None:
    await house.asks()
    await house.crew.breaks((await house.release()).id)
    await house.shown()
    (old,) = house.cards(ON_CALL)
    await house.store.targets.lock("observer", "production", "20990101-000000-fffffff")
    assert "(stale-escalation)" in await house.clicks("U0MAX", "Unlock", old)
    assert (await house.store.targets.get("observer", "production")).locked_at is not None


def test_tokens_in_each_other_s_place_are_told_before_anything_is_sent() -> None:
    with pytest.raises(Denied, match="each other's kind of token"):
        told_apart("xapp-" + "1", "xoxb-" + "1")
    told_apart("xoxb-" + "1", "xapp-" + "1")
