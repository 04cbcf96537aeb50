"""The history on real SQLite files: what it promises to many callers at once, and to a second process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import pytest

from tests.contract.histories import MORNING, address, history, opened, release
from tools.clock import SystemClock
from tools.history import Store, open_store
from tools.history.deployments import Deployment
from tools.history.messages import Message
from tools.history.releases import Outcome, Status
from tools.redaction import Redactor

ROOT = Path(__file__).parents[2]
LATER = MORNING + timedelta(minutes=30)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with history(tmp_path) as opened_history:
        yield opened_history


async def process(directory: Path, work: str, me: str, rounds: int) -> asyncio.subprocess.Process:
    """Start a second process on the same history; it waits for a line before it works."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.history_race", address(directory), work, me, str(rounds)),
        cwd=ROOT,
        env=dict(os.environ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"
    return child


async def test_one_request_delivered_many_times_at_once_is_one_release(store: Store) -> None:
    deliveries = [replace(release(), id=f"r{number}") for number in range(20)]
    answers = await asyncio.gather(*(store.releases.open(delivery) for delivery in deliveries))
    assert len({answer.id for answer in answers}) == 1
    assert len(await store.releases.recent()) == 1


async def test_the_cause_of_an_end_is_kept_without_known_secrets(tmp_path: Path) -> None:
    redactor, secret = Redactor(), token_hex(12)
    redactor.register("GITHUB_TOKEN", secret)
    store = await open_store(address(tmp_path), SystemClock(), redactor)
    try:
        await opened(store)
        await store.releases.finish("r1", Outcome.FAILED, f"bad {secret}")
        ended = await store.releases.get("r1")
    finally:
        await store.close()
    assert ended is not None
    assert ended.cause == "bad [redacted:GITHUB_TOKEN]"


async def test_whoever_opens_the_history_first_its_files_are_nobody_elses_to_read(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        async with history(tmp_path) as store:
            await opened(store)
            modes = {file.stat().st_mode & 0o777 for file in (tmp_path / "history").iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}


async def test_a_release_comes_back_as_it_was_stored(store: Store) -> None:
    assert await store.releases.open(release()) == release()
    assert await store.releases.get("r1") == release()
    assert await store.releases.get("nobody") is None


async def test_a_release_ends_once_whoever_ends_it(store: Store) -> None:
    await opened(store)
    ends = [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CANCELLED] * 4
    won = await asyncio.gather(*(store.releases.finish("r1", end, end) for end in ends))
    ended = await store.releases.get("r1")
    assert won.count(True) == 1
    assert ended is not None
    assert ended.outcome == ends[won.index(True)] == ended.cause
    assert ended.status is Status.FINISHED


async def test_a_release_is_cancelled_once_and_never_after_its_end(store: Store) -> None:
    await opened(store)
    won = await asyncio.gather(*(store.releases.cancel("r1", f"U0{number}") for number in range(8)))
    assert won.count(True) == 1
    await opened(store, 2)
    await store.releases.finish("r2", Outcome.SUCCEEDED, "")
    assert not await store.releases.cancel("r2", "U0ANA")


async def test_the_queue_names_the_holder_first_then_the_order_of_arrival(store: Store) -> None:
    for number in (3, 1, 2, 4):
        await opened(store, number)
    await opened(store, 5, environment="staging")
    await store.releases.change("r3", status=Status.WAITING)
    await store.releases.finish("r4", Outcome.SKIPPED, "")
    line = await store.releases.unfinished("observer", "production")
    assert [waiting.id for waiting in line] == ["r3", "r1", "r2"]


async def test_statistics_count_every_end_and_only_ends(store: Store) -> None:
    for number, outcome in enumerate((*[Outcome.SUCCEEDED] * 3, *Outcome), start=1):
        await opened(store, number)
        await store.releases.finish(f"r{number}", outcome, "")
    await opened(store, 99)
    counted = await store.releases.statistics("observer", "production")
    assert (counted.total, counted.succeeded, counted.failed) == (12, 4, 3)
    assert Outcome.CHECKED not in counted.by_outcome
    assert counted.by_outcome[Outcome.SUCCEEDED] == 4
    assert (await store.releases.statistics("observer", "staging")).total == 0


@pytest.mark.parametrize(("only", "counted"), [("analyze", 0), ("test", 0), ("build", 0), ("deploy", 1), ("", 1)])
async def test_statistics_leave_out_what_was_to_end_before_the_deploy(store: Store, only: str, counted: int) -> None:
    await store.releases.open(replace(release(), origin={"only": only}))
    await store.releases.finish("r1", Outcome.REFUSED, "")
    assert (await store.releases.statistics("observer")).total == counted


async def test_of_eight_callers_at_once_exactly_one_decides_a_hundred_times(store: Store) -> None:
    """P1, in the store."""
    await opened(store)
    for number in range(100):
        question = f"r1/{number}"
        await store.decisions.ask(question, "r1", "digest", LATER)
        choices = ["approved", "rejected"] * 4
        clicks = [store.decisions.decide(question, choice, f"U{i}") for i, choice in enumerate(choices)]
        won = await asyncio.gather(*clicks)
        decided = await store.decisions.question(question)
        assert won.count(True) == 1
        assert decided is not None
        assert (decided.choice, decided.decided_by) == (choices[won.index(True)], f"U{won.index(True)}")


async def test_of_two_processes_exactly_one_decides_each_question(store: Store, tmp_path: Path) -> None:
    """P1, across processes."""
    await opened(store)
    for number in range(100):
        await store.decisions.ask(f"r1/{number}", "r1", "digest", LATER)
    children = [await process(tmp_path, "decide", me, 100) for me in ("ana", "hana")]
    ended = await asyncio.gather(*(child.communicate(b"go\n") for child in children))
    won = [int(output) for output, _ in ended]
    decided = [await store.decisions.question(f"r1/{number}") for number in range(100)]
    assert sum(won) == 100
    assert won == [sum(q is not None and q.choice == me for q in decided) for me in ("ana", "hana")]


async def test_a_question_asked_again_keeps_its_decision(store: Store) -> None:
    await opened(store)
    await store.decisions.ask("q1", "r1", "digest", LATER)
    await store.decisions.decide("q1", "approved", "U0HANA", "looks good")
    await store.decisions.ask("q1", "r1", "digest", LATER + timedelta(hours=1))
    question = await store.decisions.question("q1")
    assert question is not None
    assert (question.choice, question.reason, question.expires_at) == ("approved", "looks good", LATER)


async def test_a_persons_later_answer_takes_the_place_of_the_earlier(store: Store) -> None:
    await opened(store)
    await store.decisions.ask("q1", "r1", "digest", LATER)
    for person, choice in (("U1", "approved"), ("U2", "approved"), ("U1", "rejected")):
        await store.decisions.vote("q1", person, choice)
    assert {(vote.person, vote.choice) for vote in await store.decisions.votes("q1")} == {
        ("U1", "rejected"),
        ("U2", "approved"),
    }


async def test_a_newer_plan_takes_the_place_of_the_older(store: Store) -> None:
    await opened(store)
    await store.decisions.save_plan("r1", "old", {"steps": [1]})
    await store.decisions.save_plan("r1", "new", {"steps": [1, 2]})
    assert await store.decisions.plan("r1") == ("new", {"steps": [1, 2]})
    assert await store.decisions.plan("r2") is None


async def test_fence_numbers_only_grow_in_any_number_of_processes(store: Store, tmp_path: Path) -> None:
    children = [await process(tmp_path, "fence", me, 50) for me in ("ana", "hana")]
    here = asyncio.gather(*(store.targets.take_fence("observer", "production") for _ in range(50)))
    ended = await asyncio.gather(*(child.communicate(b"go\n") for child in children))
    series = [[int(number) for number in output.split()] for output, _ in ended]
    assert sorted([*await here, *series[0], *series[1]]) == list(range(1, 151))
    assert all(numbers == sorted(numbers) for numbers in series)


async def test_a_release_that_fails_counts_once_however_often_it_is_told(store: Store) -> None:
    for number in (1, 1, 2, 2, 1):
        target = await store.targets.fail("observer", "production", {"release": f"r{number}", "cause": "unhealthy"})
    assert target.failures == 2
    assert [failure["release"] for failure in target.recent_failures] == ["r1", "r2"]


async def test_failures_of_many_releases_at_once_are_all_counted(store: Store) -> None:
    failures = [store.targets.fail("observer", "production", {"release": f"r{number}"}) for number in range(8)]
    await asyncio.gather(*failures)
    target = await store.targets.get("observer", "production")
    assert target.failures == 8
    assert len(target.recent_failures) == 3


async def test_a_success_forgets_failures_and_counts_warnings_in_a_row_once_per_release(store: Store) -> None:
    await store.targets.fail("observer", "production", {"release": "r1"})
    for number in (2, 2, 3):
        await store.targets.succeed("observer", "production", f"r{number}", warned=True)
    warned = await store.targets.get("observer", "production")
    assert (warned.failures, warned.recent_failures, warned.warnings) == (0, [], 2)
    await store.targets.succeed("observer", "production", "r4", warned=False)
    assert (await store.targets.get("observer", "production")).warnings == 0


async def test_a_lock_is_acknowledged_once_and_released_once(store: Store) -> None:
    assert not await store.targets.acknowledge("observer", "production", "U0ANA")
    await store.targets.fail("observer", "production", {"release": "r1"})
    await store.targets.lock("observer", "production", "r1")
    assert [target.locked_by for target in await store.targets.locked()] == ["r1"]
    people = await asyncio.gather(*(store.targets.acknowledge("observer", "production", f"U{i}") for i in range(8)))
    unlocked = await asyncio.gather(*(store.targets.unlock("observer", "production") for _ in range(8)))
    target = await store.targets.get("observer", "production")
    assert people.count(True) == unlocked.count("r1") == 1
    assert unlocked.count(None) == 7
    assert (target.locked_at, target.locked_by, target.failures) == (None, None, 0)


async def test_a_new_lock_waits_for_a_new_person(store: Store) -> None:
    await store.targets.lock("observer", "production", "r1")
    await store.targets.acknowledge("observer", "production", "U0ANA")
    await store.targets.unlock("observer", "production")
    await store.targets.lock("observer", "production", "r2")
    assert await store.targets.acknowledge("observer", "production", "U0HANA")


async def test_the_rollback_registry_remembers_one_version_back_whoever_repeats_it(store: Store) -> None:
    for number in (1, 2, 2, 3, 3):
        await store.deployments.succeed("observer", "production", "app", f"r{number}", {"version": f"v{number}"})
    known = (await store.deployments.of("observer", "production"))["app"]
    assert known == Deployment("app", {"version": "v3"}, {"version": "v2"}, "r3")
    assert [entry[:2] for entry in await store.deployments.everything()] == [("observer", "production")]


async def test_an_image_that_is_released_again_is_not_its_own_predecessor(store: Store) -> None:
    for number, digest in enumerate(("a", "b", "b")):
        running = {"version": f"v{number}", "digest": digest}
        await store.deployments.succeed("observer", "production", "app", f"r{number}", running)
    known = (await store.deployments.of("observer", "production"))["app"]
    assert (known.current, known.previous) == ({"version": "v2", "digest": "b"}, {"version": "v0", "digest": "a"})


async def test_what_was_rolled_away_from_is_nothing_to_go_back_to(store: Store) -> None:
    for number in (1, 2):
        running = {"version": f"v{number}", "digest": f"d{number}"}
        await store.deployments.succeed("observer", "production", "app", f"r{number}", running)
    for _ in range(2):
        await store.deployments.go_back("observer", "production", "app", "r3", {"version": "v1", "digest": "d1"}, None)
    known = (await store.deployments.of("observer", "production"))["app"]
    assert known == Deployment("app", {"version": "v1", "digest": "d1"}, None, "r3")


async def test_an_event_told_again_is_replaced_and_keeps_its_place(store: Store) -> None:
    await opened(store)
    for key, stage in (("a", "analyze"), ("b", "test"), ("a", "again")):
        await store.journal.record("r1", key, "entered", {"stage": stage})
    entries = await store.journal.of("r1")
    assert [(entry.key, entry.body["stage"]) for entry in entries] == [("a", "again"), ("b", "test")]
    assert entries[0].seq < entries[1].seq
    assert await store.journal.of("r1", after=entries[0].seq) == entries[1:]


async def test_the_journal_rings_when_it_grows(store: Store) -> None:
    await opened(store)
    waiting = asyncio.create_task(store.journal.wait(60))
    await asyncio.sleep(0)
    await store.journal.record("r1", "a", "entered", {"stage": "analyze"})
    async with asyncio.timeout(30):
        await waiting


async def test_a_delivery_is_new_once(store: Store) -> None:
    seen = await asyncio.gather(*(store.messages.first_seen("slack:Ev1") for _ in range(20)))
    assert seen.count(True) == 1


async def test_a_message_remembers_what_it_shows_now(store: Store) -> None:
    assert await store.messages.get("r1", "card") is None
    for rendering in ("one", "two"):
        await store.messages.put("r1", "card", Message("C0RELEASES", "1.2", rendering))
    assert await store.messages.get("r1", "card") == Message("C0RELEASES", "1.2", "two")


async def test_reading_goes_on_while_another_process_writes(store: Store, tmp_path: Path) -> None:
    await opened(store)
    child = await process(tmp_path, "write", "ana", 200)
    assert child.stdin is not None
    child.stdin.write(b"go\n")
    seen = [0]
    async with asyncio.timeout(60):
        while seen[-1] < 200:
            seen.append(len(await store.journal.of("r1")))
            await store.journal.record("r1", "here", "entered", {"stage": "here"})
    await child.communicate()
    assert seen == sorted(seen)
    assert len(set(seen)) > 2


async def test_many_processes_may_open_a_history_that_does_not_exist_yet(tmp_path: Path) -> None:
    children = await asyncio.gather(*(process(tmp_path, "fence", str(number), 1) for number in range(4)))
    ended = await asyncio.gather(*(child.communicate(b"go\n") for child in children))
    assert sorted(int(output) for output, _ in ended) == [1, 2, 3, 4]


async def test_an_event_that_is_replaced_is_noticed_like_a_new_one(store: Store) -> None:
    await opened(store, 1)
    await opened(store, 2)
    await store.journal.record("r1", "queued", "queued", {"position": 2})
    await store.journal.record("r2", "queued", "queued", {"position": 3})
    seen = await store.journal.last()
    assert await store.journal.touched(seen) == frozenset()
    await store.journal.record("r1", "queued", "queued", {"position": 1})
    assert await store.journal.last() > seen
    assert await store.journal.touched(seen) == {"r1"}


async def test_the_past_of_one_kind_of_event_is_told_of_good_deploys_only_newest_first(store: Store) -> None:
    ends = {1: Outcome.SUCCEEDED, 2: Outcome.ROLLED_BACK, 3: Outcome.SUCCEEDED, 4: Outcome.SUCCEEDED}
    for number, outcome in ends.items():
        await opened(store, number, kind="rollback" if number == 4 else "deploy")
        await store.journal.record(f"r{number}", "suite-ran:unit", "suite-ran", {"coverage": number})
        await store.journal.record(f"r{number}", "built:app", "built", {})
        await store.releases.finish(f"r{number}", outcome, "")
    await opened(store, 5, environment="staging")
    await store.journal.record("r5", "suite-ran:unit", "suite-ran", {"coverage": 5})
    await store.releases.finish("r5", Outcome.SUCCEEDED, "")
    past = await store.journal.in_succeeded("observer", "production", "suite-ran", 10)
    assert [(entry.version, entry.body["coverage"]) for entry in past] == [("v1.0.3", 3), ("v1.0.1", 1)]
    assert len(await store.journal.in_succeeded("observer", "production", "suite-ran", 1)) == 1
