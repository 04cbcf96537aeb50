"""P7: locks by people and freezes: what they keep away, what they let through, and that they end by themselves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from agents.answers import Accepted, Order, Person, Refusal, Wish
from agents.crew import Crew
from agents.deployer import held
from agents.holds import Hold, Holds
from agents.orders import release_of
from agents.segments import Segments
from agents.toolbox import Toolbox
from config.freezes import Freeze
from tests.contract.crews import (
    ANA,
    HANA,
    HUGO,
    STRANGER,
    Movable,
    Office,
    asked,
    code,
    crew_of,
    opened,
    order,
    reaches,
)
from tools.history.journal import Entry
from tools.history.releases import Outcome, Status

PLACE = ("observer", "production")
ALWAYS = Freeze(starts="* * * * *", lasts=timedelta(hours=1), reason="moving house")
NIGHT = Freeze(starts="0 3 * * *", lasts=timedelta(hours=1), zone="UTC", reason="backups run")


def before_four(left: timedelta) -> datetime:
    """Give a moment soon before the end of the nightly freeze."""
    return datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0) + timedelta(days=1) - left


def wish(reason: str = "the database moves", seconds: float | None = None, key: str = "1") -> Wish:
    return Wish(*PLACE, "", reason, seconds, f"slack:lock:{key}", "C0RELEASES")


async def held_back(crew: Crew, release: str) -> list[Entry]:
    return [entry for entry in await crew.store.journal.of(release) if entry.kind == "held-back"]


async def outcome(crew: Crew, release: str) -> Outcome | None:
    return (await reaches(crew, release, Status.FINISHED)).outcome


@pytest.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Crew]:
    async with crew_of(tmp_path, Office()) as working:
        yield working


async def test_a_lock_refuses_what_is_asked_for_and_says_who_why_and_until_when(crew: Crew) -> None:
    answer = await crew.lock(wish(seconds=7200), HANA)
    assert isinstance(answer, Accepted)
    lock = await crew.store.locks.of(*PLACE)
    assert lock is not None
    assert lock.until is not None
    refused = await crew.open(order("1"))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.next_step) == ("locked", "status observer production")
    for part in (HANA.id, "the database moves", f"{lock.until:%Y-%m-%d %H:%M} UTC", "A rollback is still possible"):
        assert part in refused.standing
    assert code(await crew.open(order("2", environment="staging"))) == "accepted"
    assert code(await crew.unlock(*PLACE, HUGO)) == "accepted"
    assert code(await crew.unlock(*PLACE, HUGO)) == "not-locked"
    assert code(await crew.open(order("3"))) == "accepted"


async def locked_by_a_failure(crew: Crew) -> str:
    failed = (await crew.store.releases.open(release_of(order("0"), crew.clock.now()))).id
    await crew.store.releases.finish(failed, Outcome.FAILED, "")
    await crew.store.targets.lock(*PLACE, failed)
    return failed


async def test_one_unlock_ends_one_lock_and_tells_of_the_other(crew: Crew) -> None:
    await crew.lock(wish(), HANA)
    failed = await locked_by_a_failure(crew)
    first = await crew.unlock(*PLACE, HUGO)
    assert isinstance(first, Accepted)
    assert f"still locked by the failure of {failed}" in first.text
    assert first.release == ""
    assert code(await crew.open(order("1"))) == "locked"
    second = await crew.unlock(*PLACE, HUGO)
    assert second == Accepted(failed, "The lock is gone. observer in production takes releases again.")
    assert code(await crew.unlock(*PLACE, HUGO)) == "not-locked"


async def test_of_several_who_unlock_at_once_one_does(crew: Crew) -> None:
    failed = await locked_by_a_failure(crew)
    answers = await asyncio.gather(*(crew.unlock(*PLACE, HUGO) for _ in range(4)))
    assert sorted(map(code, answers)) == ["accepted", *["not-locked"] * 3]
    assert [answer.release for answer in answers if isinstance(answer, Accepted)] == [failed]


async def test_one_lock_holds_and_the_same_wish_delivered_twice_is_one(crew: Crew) -> None:
    assert [code(await crew.lock(wish(), HANA)) for _ in range(2)] == ["accepted", "accepted"]
    second = await crew.lock(wish("something else", key="2"), HUGO)
    assert code(second) == "already-locked"
    assert "the database moves" in str(second)
    assert [lock.by for lock in await crew.store.locks.unended()] == [HANA.id]


@pytest.mark.parametrize(
    ("person", "refused"), [(STRANGER, "foreign-workspace"), (Person("U0BOB", "T0HOME"), "not-an-operator")]
)
async def test_whoever_may_not_unlock_may_not_lock_nor_take_over(crew: Crew, person: Person, refused: str) -> None:
    answers = [await crew.lock(wish(), person), await crew.unlock(*PLACE, person), await crew.take_over(*PLACE, person)]
    assert [code(answer) for answer in answers] == [refused] * 3
    assert await crew.store.locks.unended() == ()


async def test_a_plan_that_waits_is_not_let_through_while_its_target_is_locked(crew: Crew) -> None:
    release, digest = await asked(crew, order("1"))
    await crew.lock(wish(), HANA)
    assert [entry.body["by"] for entry in await held_back(crew, release)] == [HANA.id]
    assert code(await crew.decide(release, digest, HUGO, "approved")) == "locked"
    question = await crew.store.decisions.latest(release)
    assert question is not None
    assert await crew.store.decisions.votes(question.id) == ()
    await crew.unlock(*PLACE, HUGO)
    assert [entry.body["over"] for entry in await held_back(crew, release)] == [HUGO.id]
    assert code(await crew.decide(release, digest, HUGO, "approved")) == "accepted"
    assert await outcome(crew, release) is Outcome.SUCCEEDED


@pytest.mark.parametrize("way_out", ["reject", "cancel"])
async def test_a_plan_under_a_lock_may_still_be_rejected_and_cancelled(crew: Crew, way_out: str) -> None:
    release, digest = await asked(crew, order("1"))
    await crew.lock(wish(), HANA)
    if way_out == "reject":
        assert code(await crew.decide(release, digest, HANA, "rejected")) == "accepted"
    else:
        assert code(await crew.cancel(release, HUGO)) == "accepted"
    assert await outcome(crew, release) is {"reject": Outcome.REJECTED, "cancel": Outcome.CANCELLED}[way_out]


async def test_a_lock_ends_by_itself_and_what_a_push_set_off_meanwhile_goes_on(crew: Crew) -> None:
    await crew.lock(wish(seconds=4), HANA)
    push = await opened(crew, replace(order("1"), trigger="push"))
    assert (await reaches(crew, push, Status.HELD)).stage == ""
    await reaches(crew, push, Status.WAITING)
    (told,) = await held_back(crew, push)
    assert (told.body["code"], told.body["over"]) == ("locked", "time")
    (lock,) = await crew.store.locks.since(datetime(2026, 1, 1, tzinfo=UTC))
    assert lock.ended_by == "time"


async def test_a_lock_that_ended_while_nobody_worked_is_ended_at_the_next_start(tmp_path: Path) -> None:
    async with crew_of(tmp_path, Office()) as crew:
        await crew.lock(wish(seconds=3600), HANA)
        push = await opened(crew, replace(order("1"), trigger="push"))
        await reaches(crew, push, Status.HELD)
    later = Movable(datetime.now(UTC) + timedelta(hours=2))
    async with crew_of(tmp_path, Office(), clock=later) as crew:
        assert [lock.ended_by for lock in await crew.store.locks.since(datetime(2026, 1, 1, tzinfo=UTC))] == ["time"]
        await reaches(crew, push, Status.WAITING)


async def test_a_freeze_refuses_people_keeps_pushes_and_stops_no_rollback_and_no_emergency(tmp_path: Path) -> None:
    async with crew_of(tmp_path, Office(), freezes=[ALWAYS]) as crew:
        refused = await crew.open(order("1"))
        assert isinstance(refused, Refusal)
        assert (refused.code, refused.next_step) == ("frozen", "status observer production")
        assert "moving house" in refused.standing
        push = await opened(crew, replace(order("2"), trigger="push"))
        newer = await opened(crew, replace(order("3"), trigger="push"))
        assert await outcome(crew, push) is Outcome.CANCELLED  # the newer takes its place
        await reaches(crew, newer, Status.HELD)
        rollback = await opened(crew, order("4", kind="rollback"))
        assert await outcome(crew, rollback) is Outcome.SUCCEEDED
        await opened(crew, replace(order("5"), break_glass="the shop is down", person=ANA))
        assert await outcome(crew, newer) is Outcome.CANCELLED  # it came before the rollback
        last = await opened(crew, replace(order("6", environment="staging"), trigger="push"))
        await reaches(crew, last, Status.HELD)
        assert code(await crew.cancel(last, HANA)) == "accepted"
        assert await outcome(crew, last) is Outcome.CANCELLED


async def test_a_push_waits_for_the_end_of_the_freeze_and_then_goes_on_by_itself(tmp_path: Path) -> None:
    clock = Movable(before_four(timedelta(minutes=30)))
    async with crew_of(tmp_path, Office(), freezes=[NIGHT], clock=clock) as crew:
        clock.move(before_four(timedelta(seconds=4)))
        push = await opened(crew, replace(order("1"), trigger="push"))
        await reaches(crew, push, Status.HELD)
        (told,) = await held_back(crew, push)
        assert (told.body["code"], told.body["reason"], told.body["over"]) == ("frozen", "backups run", "")
        await reaches(crew, push, Status.WAITING)
        assert clock.now().hour == 4
        assert [entry.body["over"] for entry in await held_back(crew, push)] == ["time"]


class EndsAtOnce(Holds):
    """The holds of a target whose lock is ended right after it was seen, and looked at before anybody is held back."""

    async def on(self, service: str, environment: str) -> Hold | None:
        """Tell what holds the target now, and then end it."""
        hold = await super().on(service, environment)
        lock = await self.store.locks.of(service, environment)
        if lock:
            await self.store.locks.lift(lock, HUGO.id)
        return hold


async def test_a_lock_that_ends_while_a_push_is_being_held_back_leaves_nothing_held(crew: Crew) -> None:
    await crew.lock(wish(), HANA)
    real = crew.standstill.holds
    crew.standstill = replace(crew.standstill, holds=EndsAtOnce(real.configuration, real.store, real.clock))
    push = await opened(crew, replace(order("1"), trigger="push"))
    await reaches(crew, push, Status.WAITING)
    assert [entry.body["over"] for entry in await held_back(crew, push)] == [HUGO.id]


async def test_a_push_under_a_freeze_without_an_end_in_sight_is_looked_at_again_after_a_day(crew: Crew) -> None:
    looks: list[tuple[str, timedelta]] = []

    class Diary:
        async def look_after(self, target: str, delay: timedelta) -> None:
            looks.append((target, delay))

    push = await crew.store.releases.open(release_of(replace(order("1"), trigger="push"), crew.clock.now()))
    real = crew.standstill.holds
    frozen = real.configuration.model_copy(
        update={"shipmate": real.configuration.shipmate.model_copy(update={"freezes": (ALWAYS,)})}
    )
    holds = replace(real, configuration=frozen)
    still = replace(crew.standstill, segments=cast("Segments", Diary()), holds=holds)
    hold = await holds.on(*PLACE)
    assert hold is not None
    assert hold.until is None
    assert await still.holds_back(push)
    await still.look_again(push.target)
    assert looks == [("observer/production", timedelta(days=1))] * 2


async def test_a_plan_that_waits_when_the_freeze_begins_is_let_through_only_after_it(tmp_path: Path) -> None:
    async with crew_of(tmp_path, Office()) as crew:
        release, digest = await asked(crew, order("1"))
    async with crew_of(tmp_path, Office(), freezes=[ALWAYS]) as crew:
        refused = await crew.decide(release, digest, HANA, "approved")
        assert code(refused) == "frozen"
        assert "reject or cancel it now" in str(refused)
        assert code(await crew.decide(release, digest, HANA, "rejected")) == "accepted"
        assert await outcome(crew, release) is Outcome.REJECTED


@pytest.mark.parametrize(
    ("asked_for", "told"),
    [
        (order("1"), "observer in production is locked by U0APPROVER0: the database moves."),
        (order("1", kind="rollback"), ""),
        (replace(order("1"), break_glass="the shop is down"), ""),
    ],
    ids=["deploy", "rollback", "break-glass"],
)
async def test_what_began_before_the_lock_is_stopped_right_before_its_first_effect(
    tmp_path: Path, asked_for: Order, told: str
) -> None:
    """Where nobody is asked, and where the lock comes between the approval and the first effect."""
    found: list[str] = []
    office = Office()

    async def look(tools: Toolbox) -> None:
        wanted = replace(wish(), person=HANA.id)
        await working.standstill.lock(wanted)
        found.extend(await held(tools))
        await working.unlock(*PLACE, HANA)
        assert await held(tools) == ()
        assert (await held(replace(tools, freezes=(ALWAYS,))) == ()) is (told == "")

    office.on_deploy = look
    async with crew_of(tmp_path, office) as working:
        release = await opened(working, asked_for)
        if asked_for.kind == "deploy" and asked_for.break_glass is None:
            await reaches(working, release, Status.WAITING)
            await working.decide(release, f"digest of {release}", HANA, "approved")
        assert await outcome(working, release) is Outcome.SUCCEEDED
    assert found == ([told] if told else [])


async def test_a_version_that_shares_characters_with_a_secret_is_kept_as_it_was_asked_for(crew: Crew) -> None:
    """P16: what is masked is told, and never carried out."""
    assert crew.store.redactor.register("DB_PASSWORD", "release-2026-" + "pw!") is None
    answer = await crew.open(replace(order("1"), version="release-2026.4"))
    assert isinstance(answer, Accepted)
    stored = await crew.store.releases.get(answer.release)
    assert stored is not None
    assert stored.version == "release-2026.4"
    assert stored.id == answer.release


async def test_a_version_with_a_whole_secret_in_it_is_refused_and_not_stored(crew: Crew) -> None:
    """P16, and P4: it is said whose value it is, and not which."""
    secret = "release-2026-" + "pw!"
    assert crew.store.redactor.register("DB_PASSWORD", secret) is None
    refused = await crew.open(replace(order("1"), version=f"v1-{secret}"))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.next_step) == ("secret-in-version", "status observer")
    assert "the value of DB_PASSWORD" in refused.standing
    assert secret not in refused.standing
    assert await crew.store.releases.unfinished(*PLACE) == ()
    await crew.open(replace(order("2"), version=f"v1-{secret}", trigger="tag"))
    (ended,) = await crew.store.releases.recent(*PLACE)
    assert (ended.version, ended.outcome) == ("v1-[redacted:DB_PASSWORD]", Outcome.REFUSED)
