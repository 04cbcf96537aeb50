"""P1-P3, P6 with the real crew: approvals carried over, groups, releases without an approval and their reviews."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from agents.answers import Accepted, Answer, Order, Person, Refusal, Wish
from agents.crew import Crew
from agents.membership import Membership
from agents.toolbox import Toolbox
from tests.contract.crews import (
    ANA,
    APPROVERS,
    HANA,
    HUGO,
    STRANGER,
    Movable,
    Office,
    asked,
    crew_of,
    opened,
    order,
    reaches,
)
from tests.contract.histories import address, history, release
from tools.clock import SystemClock
from tools.errors import TimedOut
from tools.history.journal import Entry
from tools.history.releases import Outcome, Release, Status

ROOT = Path(__file__).parents[2]
BOB = Person("U0BOB", "T0HOME")
SAME = "digest of a plan that stays what it was"


@pytest.fixture
def office() -> Office:
    return Office(drawn=SAME)


@pytest.fixture
async def crew(tmp_path: Path, office: Office) -> AsyncIterator[Crew]:
    async with crew_of(tmp_path, office) as working:
        yield working


def again(wanted: Order, key: str = "again") -> Order:
    """Ask for the same version once more."""
    return replace(wanted, key=f"{wanted.key}/{key}")


async def asked_again(crew: Crew, wanted: Order) -> tuple[str, str]:
    """Ask for the same version once more, and wait until whatever counts of earlier approvals was counted."""
    release, digest = await asked(crew, wanted)
    await crew.drive(release)
    return release, digest


async def ended(crew: Crew, release_id: str) -> Release:
    return await reaches(crew, release_id, Status.FINISHED)


async def told(crew: Crew, release_id: str, kind: str) -> list[Entry]:
    return [entry for entry in await crew.store.journal.of(release_id) if entry.kind == kind]


def code(answer: Answer) -> str:
    return answer.code if isinstance(answer, Refusal) else "accepted"


async def expired_after_one_of_two(crew: Crew, wanted: Order) -> str:
    """Let a release run out of time with one of its two approvals given."""
    release, digest = await asked(crew, wanted)
    assert await crew.decide(release, digest, HANA, "approved") == Accepted(release, "1 of 2 approvals given.")
    await crew.expire(f"{release}/plan")
    assert (await ended(crew, release)).outcome is Outcome.EXPIRED
    return release


async def test_p2_an_approval_that_came_to_nothing_counts_for_the_same_plan_and_that_is_said(crew: Crew) -> None:
    wanted = order(environment="staging")
    first = await expired_after_one_of_two(crew, wanted)
    second, digest = await asked_again(crew, again(wanted))
    (carried,) = await told(crew, second, "carried-over")
    assert (carried.body["person"], carried.body["release"]) == (HANA.id, first)
    assert code(await crew.decide(second, digest, HANA, "approved")) == "already-voted"
    assert await crew.decide(second, digest, HUGO, "approved") == Accepted(second, "approved")
    assert (await ended(crew, second)).outcome is Outcome.SUCCEEDED


async def test_p2_an_approval_is_not_carried_over_to_another_plan(crew: Crew, office: Office) -> None:
    wanted = order(environment="staging")
    await expired_after_one_of_two(crew, wanted)
    office.drawn = "digest of another plan"
    second, _ = await asked_again(crew, again(wanted))
    assert await told(crew, second, "carried-over") == []
    assert (await crew.store.decisions.votes(f"{second}/plan")) == ()


async def test_p2_an_approval_is_carried_over_to_nobody_who_may_not_be_approved_by_it(crew: Crew) -> None:
    """P3: whoever approved the first release and asks for the second would otherwise approve their own."""
    wanted = order(environment="staging")
    await expired_after_one_of_two(crew, wanted)
    second, _ = await asked_again(crew, replace(again(wanted), person=HANA))
    assert await told(crew, second, "carried-over") == []


async def test_p2_an_approval_grows_old_however_often_it_is_carried_over(crew: Crew) -> None:
    wanted = order(environment="staging")
    await expired_after_one_of_two(crew, wanted)
    second, _ = await asked_again(crew, again(wanted))
    release = await crew.store.releases.get(second)
    assert release is not None
    now = crew.clock.now()
    (first,) = await crew.store.precedents.approvals(release, SAME, now - timedelta(hours=1))
    assert await crew.store.precedents.approvals(release, SAME, now + timedelta(seconds=1)) == ()
    await crew.expire(f"{second}/plan")
    await ended(crew, second)
    third, _ = await asked_again(crew, again(wanted, "twice"))
    release = await crew.store.releases.get(third)
    assert release is not None
    found = await crew.store.precedents.approvals(release, SAME, now - timedelta(hours=1))
    assert {one.at for one in found} == {first.at}


async def test_p2_an_approval_that_was_used_or_taken_back_is_never_carried_over(crew: Crew) -> None:
    wanted = order()
    used, digest = await asked(crew, wanted)
    await crew.decide(used, digest, HANA, "approved")
    assert (await ended(crew, used)).outcome is Outcome.SUCCEEDED
    stopped, _ = await asked(crew, replace(again(wanted), environment="staging"))
    await crew.decide(stopped, digest, HANA, "approved")
    await crew.cancel(stopped, ANA)
    await ended(crew, stopped)
    for environment in ("production", "staging"):
        second, _ = await asked_again(crew, replace(again(wanted, f"{environment}/2"), environment=environment))
        assert await told(crew, second, "carried-over") == []


async def test_p6_an_approval_voided_by_an_upgrade_counts_for_the_next_release_with_the_same_plan(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = order()
    async with crew_of(tmp_path, office) as crew:
        first, _ = await asked(crew, wanted)
        await crew.store.decisions.vote(f"{first}/plan", HANA.id, "approved")
        await crew.store.decisions.decide(f"{first}/plan", "approved", HANA.id)
    with monkeypatch.context() as patch:
        patch.setattr("agents.driver.GRAPH_VERSION", 1000)
        async with crew_of(tmp_path, office) as crew:
            voided = await ended(crew, first)
    assert (voided.outcome, office.count("deploy")) == (Outcome.FAILED, 0)
    assert "upgraded" in voided.cause
    async with crew_of(tmp_path, office) as crew:
        second = await opened(crew, again(wanted))
        assert (await ended(crew, second)).outcome is Outcome.SUCCEEDED
        (carried,) = await told(crew, second, "carried-over")
    assert carried.body["release"] == first
    assert office.count("deploy", second) == 1


async def test_p6_a_question_whose_time_ran_out_while_nobody_worked_is_closed_at_the_start(
    tmp_path: Path, office: Office
) -> None:
    async with crew_of(tmp_path, office) as crew:
        release = await opened(crew, order(environment="quick"))
    async with crew_of(tmp_path, office) as crew:
        assert (await ended(crew, release)).outcome is Outcome.EXPIRED
        assert code(await crew.decide(release, SAME, HANA, "approved")) == "no-question"
        question = await crew.store.decisions.latest(release)
    assert question is not None
    assert (question.choice, office.count("deploy")) == ("expired", 0)


async def test_p3_members_of_a_group_approve_as_slack_tells_and_nobody_else(crew: Crew) -> None:
    async def tell(group: str) -> frozenset[str]:
        assert group == "S0CREW1"
        return frozenset({BOB.id, ANA.id})

    release, digest = await asked(crew, order(environment="crew"))
    assert code(await crew.decide(release, digest, BOB, "approved")) == "not-an-approver"
    crew.membership.tell = tell
    answers = [await crew.decide(release, digest, who, "approved") for who in (HANA, ANA, STRANGER, BOB)]
    assert [code(one) for one in answers] == ["not-an-approver", "self-approval", "foreign-workspace", "accepted"]
    assert (await ended(crew, release)).outcome is Outcome.SUCCEEDED


@dataclass
class Slack:
    """Who is in a group; a silent one does not tell."""

    members: frozenset[str] | None = frozenset()

    async def tell(self, group: str) -> frozenset[str]:
        """Tell, or time out."""
        if self.members is None:
            raise TimedOut(f"Slack was asked who is in {group} and has not answered.")
        return self.members

    def says(self, crew: Crew, members: frozenset[str] | None) -> None:
        """Tell something else from now on."""
        self.members = members
        crew.membership = Membership(crew.clock, {}, "T0HOME", self.tell)
        crew.ballots = replace(crew.ballots, membership=crew.membership)


async def one_of_two_while_slack_is_silent(crew: Crew, slack: Slack) -> str:
    """Let a member of a group approve, and then another approver, when Slack does not tell any more who is in it."""
    settings = crew.configuration.services["observer"].environments["staging"]
    mixed = settings.approval.model_copy(update={"approvers": ("S0CREW1", HUGO.id)})
    object.__setattr__(settings, "approval", mixed)
    slack.says(crew, frozenset({HANA.id}))
    release, digest = await asked(crew, order(environment="staging"))
    assert await crew.decide(release, digest, HANA, "approved") == Accepted(release, "1 of 2 approvals given.")
    slack.says(crew, None)
    answer = await crew.decide(release, digest, HUGO, "approved")
    assert isinstance(answer, Accepted)
    assert answer.text.startswith("1 of 2 approvals given. Slack does not tell now who is in S0CREW1")
    assert [one.body["given"] for one in await told(crew, release, "voted")] == [1, 1]
    return release


async def test_p3_what_slack_does_not_tell_is_said_and_counted_again_once_it_tells(crew: Crew) -> None:
    slack = Slack()
    release = await one_of_two_while_slack_is_silent(crew, slack)
    await crew.look_again("observer/staging")
    question = await crew.store.decisions.latest(release)
    assert question is not None
    assert question.choice is None
    slack.says(crew, frozenset({HANA.id}))
    await crew.look_again("observer/staging")
    assert (await ended(crew, release)).outcome is Outcome.SUCCEEDED


async def test_p2_a_question_whose_time_is_over_is_never_approved_by_counting_again(
    tmp_path: Path, office: Office
) -> None:
    clock = Movable(SystemClock().now())
    async with crew_of(tmp_path, office, clock=clock) as crew:
        slack = Slack()
        release = await one_of_two_while_slack_is_silent(crew, slack)
        slack.says(crew, frozenset({HANA.id}))
        clock.move(SystemClock().now() + timedelta(minutes=31))
        await crew.look_again("observer/staging")
        await crew.expire(f"{release}/plan")
        assert (await ended(crew, release)).outcome is Outcome.EXPIRED
    assert office.count("deploy") == 0


async def test_p5_votes_that_a_crash_left_uncounted_approve_nothing_while_the_target_is_locked(
    tmp_path: Path, office: Office
) -> None:
    async with crew_of(tmp_path, office) as crew:
        release, _ = await asked(crew, order())
        await crew.store.decisions.vote(f"{release}/plan", HUGO.id, "approved")
        await crew.lock(Wish("observer", "production", HANA.id, "the database moves", None, "slack:lock", ""), HANA)
    async with crew_of(tmp_path, office) as crew:
        question = await crew.store.decisions.latest(release)
        assert question is not None
        assert (question.choice, office.count("deploy")) == (None, 0)
        assert code(await crew.unlock("observer", "production", HANA)) == "accepted"
        assert (await ended(crew, release)).outcome is Outcome.SUCCEEDED


async def test_an_emergency_waits_for_nothing_that_nobody_has_let_through(crew: Crew, office: Office) -> None:
    waiting, _ = await asked(crew, order("1"))
    queued = await opened(crew, order("2"))
    emergency = await opened(crew, replace(order("3"), break_glass="the shop is down"))
    assert (await ended(crew, emergency)).outcome is Outcome.SUCCEEDED
    for overtaken in (waiting, queued):
        gone = await ended(crew, overtaken)
        assert (gone.outcome, office.count("deploy", overtaken)) == (Outcome.CANCELLED, 0)
        assert gone.cause == f"superseded by {emergency}: v1.0.3 is an emergency"


async def test_an_emergency_lets_a_release_that_moves_and_another_emergency_come_to_their_ends(
    crew: Crew, office: Office
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def busy(_: Toolbox) -> None:
        begun.set()
        await go_on.wait()

    office.on_deploy = busy
    first, digest = await asked(crew, order("1"))
    await crew.decide(first, digest, HANA, "approved")
    await begun.wait()
    emergencies = [await opened(crew, replace(order(key), break_glass="the shop is down")) for key in ("2", "3")]
    go_on.set()
    for one in (first, *emergencies):
        assert (await ended(crew, one)).outcome is Outcome.SUCCEEDED


async def test_p3_breaking_the_glass_asks_nobody_is_told_and_owes_a_review_until_somebody_else_gives_it(
    crew: Crew, office: Office
) -> None:
    wanted = replace(order(), break_glass="the shop is down")
    release = await opened(crew, wanted)
    assert (await ended(crew, release)).outcome is Outcome.SUCCEEDED
    assert (office.count("deploy"), await crew.store.decisions.latest(release)) == (1, None)
    (broken,) = await told(crew, release, "glass-broken")
    assert broken.body == {"person": ANA.id, "reason": "the shop is down"}
    (owed,) = await crew.store.reviews.owed()
    assert (owed.release, owed.person, owed.reason) == (release, ANA.id, "the shop is down")
    place = ("observer", "production")
    refused = [await crew.review(*place, who, "fine") for who in (ANA, BOB, STRANGER)]
    assert [code(one) for one in refused] == ["self-review", "not-an-approver", "foreign-workspace"]
    assert code(await crew.review(*place, HANA, "logs looked at, all well")) == "accepted"
    assert code(await crew.review(*place, HUGO, "me too")) == "no-review-owed"
    assert await crew.store.reviews.owed() == ()
    (given,) = await told(crew, release, "reviewed")
    assert given.body == {"person": HANA.id, "note": "logs looked at, all well"}


async def test_p3_only_people_named_for_it_break_the_glass_and_an_ordinary_release_still_asks(crew: Crew) -> None:
    for person, reason, refused in ((HANA, "now", "not-for-break-glass"), (ANA, "", "reason-missing")):
        wanted = replace(order(person=person), break_glass=reason)
        assert code(await crew.open(wanted)) == refused
    release, _ = await asked(crew, order())
    assert await told(crew, release, "glass-broken") == []
    assert await crew.store.reviews.owed() == ()


async def test_p3_a_review_is_given_once_by_whoever_is_first(crew: Crew) -> None:
    release = await opened(crew, replace(order(), break_glass="now"))
    await ended(crew, release)
    people = [Person(name, "T0HOME") for name in APPROVERS]
    given = await asyncio.gather(*(crew.review("observer", "production", who, who.id) for who in people))
    assert sum(isinstance(one, Accepted) for one in given) == 1
    assert len(await told(crew, release, "reviewed")) == 1


async def racing(directory: Path, people: tuple[str, ...], questions: tuple[str, ...]) -> asyncio.subprocess.Process:
    """Start a process full of people on the history of a directory; it waits for a line before they answer."""
    what = (address(directory), ",".join(people), ",".join(questions))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.decision_race", *what),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"
    return child


async def test_p1_eight_people_in_two_processes_decide_each_question_once(tmp_path: Path) -> None:
    questions = tuple(f"r{number}/plan" for number in range(15))
    async with history(tmp_path) as store:
        for number, question in enumerate(questions):
            asked_for = replace(release(number), requested_by=ANA.id, status=Status.WAITING)
            await store.releases.open(asked_for)
            expires = SystemClock().now() + timedelta(hours=1)
            await store.decisions.ask(question, asked_for.id, f"digest of {question}", expires)
        halves = (APPROVERS[:4], APPROVERS[4:])
        children = await asyncio.gather(*(racing(tmp_path, people, questions) for people in halves))
        ended_ = await asyncio.gather(*(child.communicate(b"go\n") for child in children))
        told_by = [json.loads(output) for output, _ in ended_]
        for number, question in enumerate(questions):
            assert sum(one["won"][number] for one in told_by) == 1
            decided = await store.decisions.question(question)
            assert decided is not None
            votes = {vote.person: vote.choice for vote in await store.decisions.votes(question)}
            assert votes[str(decided.decided_by)] == decided.choice
            entries = await store.journal.of(f"r{number}")
            assert [entry.body["by"] for entry in entries if entry.kind == "decided"] == [decided.decided_by]
    woken = [wake for one in told_by for wake in one["woken"]]
    assert sorted(woken) == sorted(f"{question.partition('/')[0]}/answer-{question}" for question in questions)
