"""The real crew: real files, real wake-ups, a real graph of a few nodes; see `crews.py`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiosqlite
import pytest

from agents.answers import Accepted, Answer, Person, Refusal
from agents.crew import Crew
from agents.toolbox import Toolbox
from tests.contract.crews import (
    ANA,
    APPROVERS,
    HANA,
    HUGO,
    STRANGER,
    Office,
    asked,
    crew_of,
    opened,
    order,
    reaches,
)
from tools.errors import Unreachable
from tools.history.journal import Entry
from tools.history.releases import Outcome, Status


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def crew(tmp_path: Path, office: Office) -> AsyncIterator[Crew]:
    async with crew_of(tmp_path, office) as working:
        yield working


async def ends(crew: Crew, release_id: str) -> tuple[Outcome | None, str]:
    release = await reaches(crew, release_id, Status.FINISHED)
    return release.outcome, release.cause


async def told(crew: Crew, release_id: str, kind: str) -> list[Entry]:
    return [entry for entry in await crew.store.journal.of(release_id) if entry.kind == kind]


async def threads(directory: Path) -> set[str]:
    async with aiosqlite.connect(directory / "memory.db") as memory:
        return {row[0] for row in await memory.execute_fetchall("SELECT thread_id FROM checkpoints")}


def code(answer: Answer) -> str:
    return answer.code if isinstance(answer, Refusal) else "accepted"


async def test_an_analysis_does_not_wait_for_people_to_decide_about_the_release_before_it(crew: Crew) -> None:
    await asked(crew, order("1"))
    analysis = await opened(crew, replace(order("2"), only="analyze"))
    tests = await opened(crew, replace(order("3"), only="test"))
    await reaches(crew, analysis, Status.WAITING)  # the small graph asks about everything
    stored = await crew.store.releases.get(tests)
    assert stored is not None
    assert stored.status is Status.QUEUED
    assert await told(crew, analysis, "queued") == []
    assert len(await told(crew, tests, "queued")) == 1


async def test_an_analysis_that_came_while_a_release_was_prepared_begins_when_that_one_waits(
    crew: Crew, office: Office
) -> None:
    ready = asyncio.Event()

    async def hold(_: Toolbox) -> None:
        await ready.wait()

    office.on_asked = hold
    first = await opened(crew, order("1"))
    analysis = await opened(crew, replace(order("2"), only="analyze"))
    ready.set()
    await reaches(crew, first, Status.WAITING)
    await reaches(crew, analysis, Status.WAITING)


async def test_the_graph_remembers_nothing_of_a_release_that_has_ended(crew: Crew, tmp_path: Path) -> None:
    release, digest = await asked(crew, order())
    waiting, _ = await asked(crew, order(environment="staging"))
    assert await threads(tmp_path) == {release, waiting}
    await crew.decide(release, digest, HANA, "approved")
    await ends(crew, release)
    async with asyncio.timeout(30):
        while await threads(tmp_path) != {waiting}:
            await crew.store.journal.wait(0.02)


async def test_an_approved_release_goes_its_way_and_tells_it(crew: Crew, office: Office) -> None:
    release, digest = await asked(crew, order())
    assert await crew.decide(release, digest, HANA, "approved") == Accepted(release, "approved")
    assert await ends(crew, release) == (Outcome.SUCCEEDED, "")
    assert office.visits == [("plan", release), ("deploy", release), ("verify", release)]
    entries = await crew.store.journal.of(release)
    passed = ["entered:approve", "decided:" + release + "/plan", "left:approve", "entered:deploy", "finished"]
    assert [entry.key for entry in entries if entry.key in passed] == passed


async def test_a_rejected_release_touches_nothing_and_keeps_the_reason(crew: Crew, office: Office) -> None:
    release, digest = await asked(crew, order())
    await crew.decide(release, digest, HANA, "rejected", "not before the holidays")
    assert await ends(crew, release) == (Outcome.REJECTED, f"rejected by {HANA.id}: not before the holidays")
    assert office.count("deploy") == 0


@pytest.mark.parametrize(
    ("person", "digest", "refused"),
    [
        (ANA, "", "self-approval"),
        (STRANGER, "", "foreign-workspace"),
        (Person(HANA.id, "T0OTHER"), "", "foreign-workspace"),
        (Person("U0BOB", "T0HOME"), "", "not-an-approver"),
        (HANA, "digest of an older plan", "superseded"),
    ],
)
async def test_whoever_may_not_approve_is_told_why_and_nothing_moves(
    crew: Crew, office: Office, person: Person, digest: str, refused: str
) -> None:
    release, current = await asked(crew, order())
    assert code(await crew.decide(release, digest or current, person, "approved")) == refused
    question = await crew.store.decisions.latest(release)
    assert question is not None
    assert question.choice is None
    assert await crew.store.decisions.votes(question.id) == ()
    assert office.count("deploy") == 0


async def test_whoever_asked_may_take_it_back(crew: Crew) -> None:
    release, digest = await asked(crew, order())
    await crew.decide(release, digest, ANA, "rejected")
    assert (await ends(crew, release))[0] is Outcome.REJECTED


async def test_two_approvals_are_two_people(crew: Crew) -> None:
    release, digest = await asked(crew, order(environment="staging"))
    first = await crew.decide(release, digest, HANA, "approved")
    again = await crew.decide(release, digest, HANA, "approved")
    second = await crew.decide(release, digest, HUGO, "approved")
    assert (first, code(again), second) == (
        Accepted(release, "1 of 2 approvals given."),
        "already-voted",
        Accepted(release, "approved"),
    )
    assert (await ends(crew, release))[0] is Outcome.SUCCEEDED


async def test_an_order_delivered_twice_is_one_release(crew: Crew, office: Office) -> None:
    answers = await asyncio.gather(*(crew.open(order()) for _ in range(8)))
    release, _ = await asked(crew, order())
    assert set(answers) == {Accepted(release)}
    assert office.count("plan") == 1


async def test_the_queue_tells_everybody_their_place_and_moves_up(crew: Crew) -> None:
    first, digest = await asked(crew, order("1"))
    second, third = await opened(crew, order("2")), await opened(crew, order("3"))
    places = [(await told(crew, waiting, "queued"))[0].body for waiting in (second, third)]
    assert [(place["holder"], place["holder_version"], place["position"]) for place in places] == [
        (first, "v1.0.1", 1),
        (first, "v1.0.1", 2),
    ]
    await crew.decide(first, digest, HANA, "rejected")
    await reaches(crew, second, Status.WAITING)
    place = (await told(crew, third, "queued"))[0].body
    assert (place["holder"], place["position"]) == (second, 1)


async def test_targets_do_not_wait_for_each_other(crew: Crew) -> None:
    first, _ = await asked(crew, order("1"))
    other, _ = await asked(crew, order("2", environment="staging"))
    assert first != other


async def test_those_behind_a_cancelled_release_move_up_at_once(crew: Crew, office: Office) -> None:
    first, _ = await asked(crew, order("1"))
    second, third = await opened(crew, order("2")), await opened(crew, order("3"))
    assert await crew.cancel(second, HUGO) == Accepted(second)
    assert await ends(crew, second) == (Outcome.CANCELLED, f"cancelled by {HUGO.id}")
    assert (await told(crew, third, "queued"))[0].body["position"] == 1
    assert office.count("plan", second) == 0
    assert first


async def test_cancelling_a_waiting_release_closes_its_question(crew: Crew, office: Office) -> None:
    release, digest = await asked(crew, order())
    await crew.cancel(release, HUGO)
    assert await ends(crew, release) == (Outcome.CANCELLED, f"cancelled by {HUGO.id}")
    assert code(await crew.decide(release, digest, HANA, "approved")) == "no-question"
    assert code(await crew.cancel(release, HUGO)) == "nothing-to-cancel"
    assert office.count("deploy") == 0


async def test_a_release_cancelled_while_its_question_is_put_does_not_wait_for_an_answer(
    crew: Crew, office: Office
) -> None:
    async def cancel(tools: Toolbox) -> None:
        await tools.store.releases.cancel(tools.release_id, HUGO.id)

    office.on_asked = cancel
    release = await opened(crew, order())
    assert await ends(crew, release) == (Outcome.CANCELLED, f"cancelled by {HUGO.id}")
    assert "entered:approve" in [entry.key for entry in await crew.store.journal.of(release)]


async def test_no_question_outlives_a_plan_that_was_cut_short(crew: Crew, office: Office) -> None:
    async def cancel(tools: Toolbox) -> None:
        await tools.store.releases.cancel(tools.release_id, HUGO.id)
        await asyncio.Event().wait()

    office.on_asked = cancel
    release = await opened(crew, order())
    assert (await ends(crew, release))[0] is Outcome.CANCELLED
    question = await crew.store.decisions.latest(release)
    assert question is not None
    assert (question.choice, question.decided_by) == ("cancelled", HUGO.id)
    assert [entry.body["choice"] for entry in await told(crew, release, "decided")] == ["cancelled"]


async def test_cancelling_in_mid_deploy_puts_back_what_was_moved(crew: Crew, office: Office) -> None:
    begun, door = asyncio.Event(), asyncio.Event()

    async def hold(_: Toolbox) -> None:
        begun.set()
        await door.wait()

    office.on_deploy = hold
    release, digest = await asked(crew, order())
    await crew.decide(release, digest, HANA, "approved")
    await begun.wait()
    assert await crew.cancel(release, HUGO) == Accepted(release)
    assert code(await crew.cancel(release, ANA)) == "already-cancelled"
    door.set()
    assert await ends(crew, release) == (Outcome.CANCELLED, f"cancelled by {HUGO.id}")
    assert (office.count("verify"), office.count("roll_back")) == (0, 1)


async def test_a_stranger_cancels_acknowledges_and_unlocks_nothing(crew: Crew) -> None:
    release, _ = await asked(crew, order())
    await crew.store.targets.lock("observer", "production", release)
    place = ("observer", "production", STRANGER)
    answers = [await crew.cancel(release, STRANGER), await crew.unlock(*place), await crew.acknowledge(*place)]
    assert [code(answer) for answer in answers] == ["foreign-workspace"] * 3
    stored = await crew.store.releases.get(release)
    assert stored is not None
    assert stored.cancelled_by is None


async def test_nobody_decides_in_time_and_the_release_ends(crew: Crew, office: Office) -> None:
    release, digest = await asked(crew, order(environment="quick"))
    assert await ends(crew, release) == (Outcome.EXPIRED, "expired by time")
    assert code(await crew.decide(release, digest, HANA, "approved")) == "no-question"
    assert office.count("deploy") == 0


async def test_time_loses_against_a_person_who_was_first(crew: Crew) -> None:
    release, digest = await asked(crew, order())
    await crew.decide(release, digest, HANA, "approved")
    await crew.expire(f"{release}/plan")
    assert (await ends(crew, release))[0] is Outcome.SUCCEEDED
    assert [entry.body["choice"] for entry in await told(crew, release, "decided")] == ["approved"]


async def test_an_answer_whose_wake_up_was_lost_is_found_when_its_time_is_over(crew: Crew) -> None:
    release, _ = await asked(crew, order(environment="quick"))
    await crew.store.decisions.decide(f"{release}/plan", "approved", HANA.id)
    assert (await ends(crew, release))[0] is Outcome.SUCCEEDED


async def test_a_locked_target_takes_rollbacks_only_until_an_approver_unlocks_it(crew: Crew) -> None:
    release, digest = await asked(crew, order("1"))
    await crew.decide(release, digest, HANA, "rejected")
    await ends(crew, release)
    await crew.store.targets.lock("observer", "production", release)
    place = ("observer", "production")
    assert code(await crew.open(order("2"))) == "locked"
    rollback = await opened(crew, order("3", kind="rollback"))
    assert (await ends(crew, rollback))[0] is Outcome.SUCCEEDED
    assert code(await crew.unlock(*place, Person("U0BOB", "T0HOME"))) == "not-an-operator"
    assert code(await crew.unlock(*place, HANA)) == "accepted"
    assert code(await crew.unlock(*place, HANA)) == "not-locked"
    assert code(await crew.open(order("4"))) == "accepted"
    assert [entry.body["person"] for entry in await told(crew, release, "unlocked")] == [HANA.id]


async def test_one_person_acknowledges_a_lock(crew: Crew) -> None:
    release, _ = await asked(crew, order())
    assert code(await crew.acknowledge("observer", "production", HANA)) == "not-open"
    await crew.store.targets.lock("observer", "production", release)
    answers = [await crew.acknowledge("observer", "production", person) for person in (HANA, HUGO)]
    assert answers == [Accepted(release), Refusal("not-open", f"{HANA.id} takes care already.", "status observer")]


async def test_a_rollback_makes_its_way_and_asks_nobody(crew: Crew, office: Office) -> None:
    holder, _ = await asked(crew, order("1"))
    waiting = [await opened(crew, order("2")), await opened(crew, order("3"))]
    rollback = await opened(crew, order("4", kind="rollback"))
    assert (await ends(crew, rollback))[0] is Outcome.SUCCEEDED
    for release in (holder, *waiting):
        assert (await ends(crew, release))[0] is Outcome.CANCELLED
    assert {of for node, of in office.visits if node == "deploy"} == {rollback}


async def test_a_rollback_delivered_again_after_its_end_stops_nobody(crew: Crew) -> None:
    rollback = await opened(crew, order("1", kind="rollback"))
    await ends(crew, rollback)
    release, _ = await asked(crew, order("2"))
    assert await opened(crew, order("1", kind="rollback")) == rollback
    stored = await crew.store.releases.get(release)
    assert stored is not None
    assert stored.cancelled_by is None


async def test_a_tool_that_fails_in_mid_deploy_brings_everything_back(crew: Crew, office: Office) -> None:
    async def cut(_: Toolbox) -> None:
        raise Unreachable("web-1 does not answer.")

    office.on_deploy = cut
    release, digest = await asked(crew, order())
    await crew.decide(release, digest, HANA, "approved")
    assert await ends(crew, release) == (Outcome.ROLLED_BACK, "web-1 does not answer.")
    assert (office.count("roll_back"), office.count("escalate")) == (1, 1)


async def test_a_mishap_at_the_end_of_a_good_release_is_tried_again_and_is_no_failure(
    crew: Crew, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed, failures = crew.store.targets.succeed, [OSError("disk full")]

    async def once(*place: str, warned: bool) -> None:
        if failures:
            raise failures.pop()
        await succeed(*place, warned=warned)

    monkeypatch.setattr(crew.store.targets, "succeed", once)
    release, digest = await asked(crew, order())
    await crew.decide(release, digest, HANA, "approved")
    assert await ends(crew, release) == (Outcome.SUCCEEDED, "")
    assert (failures, office.count("escalate"), office.count("verify")) == ([], 0, 1)


async def test_a_release_that_cannot_be_equipped_ends_and_frees_its_target(crew: Crew, office: Office) -> None:
    async def fail(tools: Toolbox) -> None:
        if (await tools.release()).version == "v1.0.1":
            raise LookupError("web-1")

    office.on_equip = fail
    first, second = await opened(crew, order("1")), await opened(crew, order("2"))
    outcome, cause = await ends(crew, first)
    assert outcome is Outcome.FAILED
    assert "Nothing was touched" in cause
    await reaches(crew, second, Status.WAITING)


async def test_of_eight_people_who_click_at_once_one_decides_and_the_release_deploys_once(
    tmp_path: Path, office: Office
) -> None:
    """P1: a hundred releases, eight clicks each, at once."""

    async def race(crew: Crew, number: int, environment: str) -> None:
        release, digest = await asked(crew, order(str(number), environment=environment))
        choices = ["approved" if (number + i) % 2 else "rejected" for i in range(8)]
        clicks = zip(APPROVERS, choices, strict=True)
        answers = await asyncio.gather(
            *(crew.decide(release, digest, Person(who, "T0HOME"), choice) for who, choice in clicks)
        )
        decided = [answer for answer in answers if isinstance(answer, Accepted)]
        outcome, _ = await ends(crew, release)
        assert len(decided) == 1
        assert len(await told(crew, release, "decided")) == 1
        assert decided[0].text == ("approved" if outcome is Outcome.SUCCEEDED else "rejected")
        assert office.count("deploy", release) == (1 if outcome is Outcome.SUCCEEDED else 0)

    async def lane(crew: Crew, environment: str) -> None:
        for number in range(10):
            await race(crew, number, environment)

    async with crew_of(tmp_path, office) as crew:
        await asyncio.gather(*(lane(crew, f"lane{number}") for number in range(10)))
    assert office.count("plan") == 100
    assert 0 < office.count("deploy") < 100
